import { isIcebergError, normalLocation, openReader, reachable } from '../../base/iceberg/index.ts';
import { DEFAULT_LAKE_POLICY } from '../../contract/lake.ts';
import type { Parts } from './parts.ts';
import {
  type DroppedTable,
  deleteGarbage,
  deleteStagedPrefixes,
  deleteTableRows,
  dueGarbage,
  type EndedPrefix,
  endedPrefixes,
  type Garbage,
  locationNow,
  purgeableTables,
  putOffGarbage,
  removeLatePins,
} from './store/staging.ts';
import { attemptIn, attemptName } from './tasks/given.ts';
import { KEPT_A_DAY, madeAt } from './uploads.ts';

// Deleting, by one server. In each of these the row that says what is to go outlives the file: who dies in between does it again.

const BATCH = 1000;
const AT_ONCE = 16;
/** What could not be deleted now waits so long, and keeps nothing else waiting. */
const PUT_OFF_SECONDS = 3600;

/** Files that nothing refers to any more and nobody reads; a folder, where a location ends with a slash. */
export async function sweepGarbage({ store, filesOf, storage }: Parts): Promise<number> {
  await store.withInstance('pins of readers that are gone', removeLatePins);
  const due = await store.withInstance('garbage of the lake', tx => dueGarbage(tx, BATCH), {
    read_only: true,
  });
  const done: string[] = [];
  const failed: string[] = [];
  const remove = async ({ id, workspace_id, location }: Garbage) => {
    try {
      if (location.endsWith('/')) await removeFolder({ storage }, workspace_id, location);
      else await filesOf(workspace_id).remove(location);
      done.push(id);
    } catch (error) {
      // A name that leads out of the workspace's part is nobody's garbage: it is forgotten, and the file stays.
      if (isIcebergError(error, 'outside')) done.push(id);
      else failed.push(id);
    }
  };
  for (let at = 0; at < due.length; at += AT_ONCE) await Promise.all(due.slice(at, at + AT_ONCE).map(remove));
  await store.withInstance('garbage that is gone', async tx => {
    await deleteGarbage(tx, done);
    if (failed.length > 0) await putOffGarbage(tx, failed, PUT_OFF_SECONDS);
  });
  return done.length;
}

/** Everything below, without reading any of it. */
async function removeFolder(
  { storage }: Pick<Parts, 'storage'>,
  workspace_id: string,
  location: string,
): Promise<void> {
  const key = storage.keyOf(location.replace(/\/+$/, ''));
  if (!key?.startsWith(`${workspace_id}/`)) return;
  for (let after: string | null = ''; after !== null; ) {
    const page: Awaited<ReturnType<typeof storage.list>> = await storage.list(`${key}/`, { after });
    await storage.delete(page.items.map(item => item.key));
    after = page.next;
  }
}

/** Dropped tables whose time has come. Their rows go last. */
export async function purgeDropped({ store, storage }: Parts): Promise<number> {
  const days = DEFAULT_LAKE_POLICY.dropped_days;
  const tables = await store.withInstance('dropped tables', tx => purgeableTables(tx, days, BATCH), {
    read_only: true,
  });
  await eachAlone(tables, async table => {
    if (!keepsFiles(table)) await removeFolder({ storage }, table.workspace_id, `${table.location}/`);
    await store.withInstance('a dropped table is gone', tx => deleteTableRows(tx, [table.id]));
  });
  return tables.length;
}

function keepsFiles({ keeps_files, location }: DroppedTable): boolean {
  return keeps_files || location === '';
}

/** A request of a server is over after this, whatever became of it. */
const REQUEST_SECONDS = 3600;

/** What attempts and requests left behind that ended without a commit: their files, if no snapshot has them. */
export async function sweepEnded(parts: Parts, request_seconds = REQUEST_SECONDS): Promise<number> {
  const { store } = parts;
  const ended = await store.withInstance(
    'what ended attempts left',
    tx => endedPrefixes(tx, request_seconds, BATCH),
    {
      read_only: true,
    },
  );
  const byPlace = Map.groupBy(ended, ({ workspace_id, prefix }) => `${workspace_id} ${prefix}`);
  await eachAlone(byPlace.values(), async group => {
    const [first] = group;
    if (!first) return;
    const left = await leftBy(parts, first, group);
    const files = parts.filesOf(first.workspace_id);
    for (const location of left) await files.remove(location);
    await store.withInstance('ended attempts are cleared away', tx =>
      deleteStagedPrefixes(
        tx,
        group.map(({ id }) => id),
      ),
    );
  });
  return ended.length;
}

/** One table that is damaged keeps no other one waiting. Of what failed, the first is told. */
async function eachAlone<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) await work(item).catch(error => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** Listed before the table is loaded: what is committed in between is known to be needed. */
async function leftBy(parts: Parts, place: EndedPrefix, group: readonly EndedPrefix[]): Promise<string[]> {
  const { workspace_id, prefix } = place;
  const files = parts.filesOf(workspace_id);
  const attempts = new Set(
    group.flatMap(({ task_id, attempt }) =>
      task_id !== null && attempt !== null ? [attemptName(task_id, attempt)] : [],
    ),
  );
  const found = new Map<string, string>();
  if (!prefix.endsWith('/')) {
    if (await files.exists(prefix)) found.set(normalLocation(prefix), prefix);
  } else
    for await (const { location } of files.list(prefix))
      if (attempts.has(attemptIn(location) ?? '')) found.set(normalLocation(location), location);
  if (found.size === 0) return [];
  for (const needed of await neededOf(parts, place)) found.delete(normalLocation(needed));
  return [...found.values()];
}

/** All that the table needs now: it may have been dropped, and still be read. */
async function neededOf(
  { store, filesOf, cache }: Parts,
  { workspace_id, table_id, prefix }: EndedPrefix,
): Promise<string[]> {
  const place = await store.withInstance(
    'where a table is now',
    tx => locationNow(tx, workspace_id, table_id, prefix),
    {
      read_only: true,
    },
  );
  if (place === undefined) return [];
  const files = filesOf(workspace_id);
  const metadata = await cache.read(files, place);
  const needed: string[] = [];
  for await (const { location } of reachable(metadata, place, openReader(files))) needed.push(location);
  return needed;
}

const DAY_MS = 86_400_000;

/** Uploads nobody took, exports nobody fetches any more. */
export async function sweepTransfers({ storage, clock }: Parts): Promise<number> {
  let count = 0;
  for (const prefix of KEPT_A_DAY)
    for (let after: string | null = ''; after !== null; ) {
      const page: Awaited<ReturnType<typeof storage.list>> = await storage.list(prefix, { after });
      const old = page.items
        .filter(({ key }) => (madeAt(key) ?? 0) < clock.now() - DAY_MS)
        .map(({ key }) => key);
      await storage.delete(old);
      count += old.length;
      after = page.next;
    }
  return count;
}
