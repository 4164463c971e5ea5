import { z } from 'zod';
import { readSortedCursor, rowsOf, toSortedPage } from '../../../base/kit/pages.ts';
import type { AuditEntry, accessRoutes } from '../../../contract/access.ts';
import type { Call, Handlers, StreamReply } from '../../../contract/route.ts';
import type { Parts } from '../parts.ts';
import { actorOf } from './actor.ts';
import type { Changes } from './entry.ts';
import { CONTENT_TYPES, exportEntries } from './export.ts';
import { type AuditFilter, type AuditKey, type AuditWalk, entriesAfter } from './store.ts';

type Routes = Pick<
  typeof accessRoutes,
  'audit.list' | 'audit.export' | 'instance_audit.list' | 'instance_audit.export'
>;

const auditKey = z.tuple([
  z.iso.datetime({ precision: 6 }).refine(at => !at.startsWith('0000')),
  z.string().regex(/^\d{1,18}$/),
]);
const EXPORT_PAGE = 500;

export function auditHandlers(parts: Parts): Handlers<Routes> {
  return {
    'audit.list': ({ workspace_id, query }) => list(parts, { ...filterOf(query), workspace_id }, query),
    'audit.export': call => exportAll(parts, call, call.workspace_id),
    'instance_audit.list': ({ query }) => list(parts, { ...filterOf(query), workspace_id: null }, query),
    'instance_audit.export': call => exportAll(parts, call, null),
  };
}

type Query = Call<Routes['audit.list']>['query'];

type AuditFields = Omit<Query, 'limit' | 'cursor' | 'sort'>;

function filterOf({ actor_id, action, object_kind, object_id, from, to }: AuditFields) {
  return { actor_id, action, object_kind, object_id, from, to };
}

async function list(parts: Parts, filter: AuditFilter, query: Pick<Query, 'limit' | 'cursor' | 'sort'>) {
  const walk: AuditWalk = {
    order: query.sort === 'at' ? 'oldest' : 'newest',
    after: readSortedCursor(query, auditKey),
  };
  return toSortedPage(await readPage(parts, filter, walk, rowsOf(query.limit)), query, keyOf);
}

/** The installation's own log is seen through the instance door, each workspace's only through its own. */
async function readPage(
  { store }: Parts,
  filter: AuditFilter,
  walk: AuditWalk,
  rows: number,
): Promise<AuditEntry[]> {
  const read = (tx: Parameters<typeof entriesAfter>[0]) => entriesAfter(tx, filter, walk, rows);
  const { workspace_id } = filter;
  const found =
    workspace_id === null
      ? await store.withInstance('audit log', read, { read_only: true })
      : await store.withWorkspace({ workspace_id }, read, { read_only: true });
  return found.map(entry => ({ ...entry, changes: entry.changes as Changes }));
}

async function exportAll(
  parts: Parts,
  call: Call<Routes['audit.export']> | Call<Routes['instance_audit.export']>,
  workspace_id: string | null,
): Promise<StreamReply> {
  const { query, signal } = call;
  // Who took the whole log with them is itself worth an entry; written first, so that it is in the file.
  const note = {
    workspace_id,
    action: 'audit.exported' as const,
    changes: { format: { after: query.format } },
  };
  await parts.store.withInstance('audit export', tx => parts.record(tx, actorOf(call), note));
  const pages = allPages(parts, { ...filterOf(query), workspace_id }, signal);
  return {
    content_type: CONTENT_TYPES[query.format],
    file_name: `${workspace_id === null ? 'installation-' : ''}audit.${query.format}`,
    body: exportEntries(query.format, pages),
  };
}

async function* allPages(
  parts: Parts,
  filter: AuditFilter,
  signal: AbortSignal,
): AsyncIterable<readonly AuditEntry[]> {
  let after: AuditKey | undefined;
  for (;;) {
    signal.throwIfAborted();
    const page = await readPage(parts, filter, { order: 'newest', after }, EXPORT_PAGE);
    yield page;
    const last = page.at(-1);
    if (page.length < EXPORT_PAGE || !last) return;
    after = keyOf(last);
  }
}

function keyOf(entry: AuditEntry): AuditKey {
  return [entry.at, entry.position];
}
