import { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import {
  applyUpdates,
  expireSnapshots,
  findOrphans,
  garbage,
  isIcebergError,
  keepTo,
  type ManifestReader,
  openReader,
  type TableMetadata,
  unusedSpecs,
  withPrevious,
} from '../../../base/iceberg/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { LakePolicy } from '../../../contract/lake.ts';
import { LAKE_CARE } from '../../../contract/lake-words.ts';
import {
  type Commit,
  type CommitContext,
  defineTask,
  type PrepareContext,
  type TaskKind,
} from '../../runs/index.ts';
import { snapshotIdOf, versionsToDelete, type WrittenMetadata, writeMetadata } from '../commit.ts';
import { expiryOf, policyFor } from '../health.ts';
import type { LakeContext, LakeRow, Loaded } from '../lake.ts';
import { ownsOf } from '../places.ts';
import { inOurWords } from '../problems.ts';
import { addCare } from '../store/commits.ts';
import { policyOf } from '../store/policies.ts';
import { addGarbage, liveAttempts, livePrefixes } from '../store/staging.ts';
import { swap } from '../swap.ts';
import { beginAttempt, contextOf, type KindParts } from './begin.ts';
import { attemptIn, attemptName, splitSecrets } from './given.ts';
import { actorOf, commitStaged, openPreparing, type PreparedWrite } from './staged.ts';

// Keeping a table well. What reads rows (compaction) happens in the runner, `table-maintain-run.ts`; what is about metadata
// alone, in the worker.

const inputSchema = z.strictObject({ table_id: z.uuid(), kinds: z.array(z.enum(LAKE_CARE)).min(1).max(4) });
export type MaintainInput = z.infer<typeof inputSchema>;

const resultSchema = z.strictObject({ done: z.array(z.string()), stages: z.number().int() });
export type MaintainResult = z.infer<typeof resultSchema>;

const stagedSchema = z.union([
  z.strictObject({
    care: z.enum(['compact', 'manifests']),
    table_id: z.uuid(),
    operation: z.unknown(),
    result: z.record(z.string(), z.number()),
  }),
  z.strictObject({ care: z.enum(['expire', 'orphans']), table_id: z.uuid() }),
]);
export type StagedCare = z.infer<typeof stagedSchema>;

type Prepared = {
  care: (typeof LAKE_CARE)[number];
  table_id: string;
  result: Record<string, number>;
} & (
  | { what: 'operation'; write: PreparedWrite }
  | { what: 'expire'; expiry: Expired | undefined }
  | { what: 'orphans'; locations: string[] }
);

export function tableMaintain(parts: KindParts): TaskKind {
  const prepareWrite = openPreparing(parts);
  const kind = defineTask<MaintainInput, MaintainResult, StagedCare, Prepared>({
    id: 'table.maintain',
    permission: 'lake:maintain',
    input: inputSchema,
    result: resultSchema,
    staged: stagedSchema,
    resource: 'heavy',
    retry: { max_attempts: 3, delay_seconds: 5 },
    async begin({ table_id }, context) {
      const { storage, secrets } = splitSecrets(parts.settings);
      const place = await beginAttempt(parts, context, { table_id });
      const policy = await policyOfTable(parts, context.workspace_id, table_id);
      const attempt = attemptName(context.task_id, context.attempt);
      return { given: { ...place, storage, attempt, policy }, secrets };
    },
    async prepare(stage, place) {
      const { staged } = stage;
      const common = { care: staged.care, table_id: staged.table_id };
      if ('operation' in staged) {
        const { table_id, operation, result } = staged;
        const write = await prepareWrite({ ...stage, staged: { table_id, operation } }, place);
        return { ...common, what: 'operation', write: { ...write, operation: staged.care }, result };
      }
      return staged.care === 'expire'
        ? { ...common, what: 'expire', ...(await prepareExpiry(parts, staged.table_id, place)) }
        : { ...common, what: 'orphans', ...(await prepareOrphans(parts, staged.table_id, place)) };
    },
    async commit(tx, prepared, context) {
      const answer = await commitCare(parts, tx, prepared, context);
      if (answer === 'rebase' || answer === 'rerun') return answer;
      const { workspace_id, run_id, task_id } = context;
      const { table_id, care, result } = prepared;
      await addCare(tx, { ...{ id: newId(), workspace_id, table_id, kind: care, run_id, task_id, result } });
      return answer;
    },
  });
  return kind as unknown as TaskKind;
}

async function commitCare(
  { lake_parts }: KindParts,
  tx: Tx,
  prepared: Prepared,
  context: CommitContext,
): Promise<Commit> {
  const { workspace_id } = context;
  switch (prepared.what) {
    case 'operation':
      return commitStaged(lake_parts, tx, prepared.write, context);
    case 'expire':
      return prepared.expiry ? commitExpiry(tx, prepared.expiry) : 'committed';
    case 'orphans': {
      const { table_id, locations } = prepared;
      if (locations.length > 0) await addGarbage(tx, { workspace_id, table_id, reason: 'orphan', locations });
      return 'committed';
    }
    default:
      return prepared satisfies never;
  }
}

async function policyOfTable(
  { lake, lake_parts }: KindParts,
  workspace_id: string,
  table_id: string,
): Promise<LakePolicy> {
  const { policy } = await lake_parts.read({ workspace_id }, tx => policyOf(tx, workspace_id));
  const row = await lake.tables.get(
    contextOf({ workspace_id, run_id: '', task_id: '', attempt: 0 }),
    table_id,
  );
  return policyFor(policy, row?.policy);
}

// ── Snapshots that are too old ──────────────────────────────────────────────────────────────────────

interface Expired {
  context: LakeContext;
  row: LakeRow;
  base_location: string;
  before: TableMetadata;
  metadata: TableMetadata;
  file: WrittenMetadata;
  forgotten: string[];
}

async function prepareExpiry(
  parts: KindParts,
  table_id: string,
  place: PrepareContext,
): Promise<{ expiry: Expired | undefined; result: Record<string, number> }> {
  const { lake, lake_parts } = parts;
  const { workspace_id } = place;
  const context: LakeContext = { ...contextOf(place, actorOf(place)), via: 'maintenance' };
  const { row, metadata: before, metadata_location }: Loaded = await lake.tables.load(context, table_id);
  const policy = await policyOfTable(parts, workspace_id, table_id);
  const now_ms = Math.max(lake_parts.clock.now(), before['last-updated-ms']);
  // Of a table that others made, what lies elsewhere was not written for it alone.
  const owns = ownsOf(lake_parts.storage, { ...row, places: [] });
  const reader = keepTo(openReader(lake.filesOf(workspace_id)), ownsOf(lake_parts.storage, row));
  const { updates, snapshots } = expireSnapshots(before, expiryOf(policy), now_ms);
  const unread = new Set<string>();
  const specs = await inOurWords(row.name, async () =>
    specsToForget(parts, workspace_id, table_id, applyUpdates(before, updates, { now_ms }), reader),
  );
  if (specs.length > 0) updates.push({ action: 'remove-partition-specs', 'spec-ids': specs });
  if (updates.length === 0) return { expiry: undefined, result: { snapshots: 0, files: 0 } };
  const metadata = withPrevious(applyUpdates(before, updates, { now_ms }), before, metadata_location);
  const forgotten: string[] = [];
  await inOurWords(row.name, async () => {
    const note = ({ message }: Error) => void unread.add(message);
    for await (const batch of garbage(before, metadata, reader, { owns, unread: note }))
      forgotten.push(...batch);
  });
  const [file] = await writeMetadata(lake_parts, context, [{ table_id, metadata, base: metadata_location }]);
  if (!file) throw new Error('metadata was written nowhere');
  return {
    expiry: { context, row, base_location: metadata_location, before, metadata, file, forgotten },
    // One list that is lost must not keep a table's history for ever: what it names is left for the search for orphans.
    result: {
      snapshots: snapshots.length,
      files: forgotten.length,
      ...(unread.size > 0 && { unreadable: unread.size }),
    },
  };
}

/**
 * None while others are writing: they divide rows as the table said when they began. None either where a manifest cannot be read:
 * it may be of any spec.
 */
async function specsToForget(
  { lake_parts }: KindParts,
  workspace_id: string,
  table_id: string,
  metadata: TableMetadata,
  reader: ManifestReader,
): Promise<number[]> {
  const writing = await lake_parts.read({ workspace_id }, tx => livePrefixes(tx, workspace_id, table_id));
  // This attempt is one of them.
  if (writing.length > 1) return [];
  return unusedSpecs(metadata, reader).catch(error => {
    if (isIcebergError(error, 'missing_file') || isIcebergError(error, 'corrupt')) return [];
    throw error;
  });
}

async function commitExpiry(
  tx: Tx,
  { context, row, before, metadata, file, ...expired }: Expired,
): Promise<Commit> {
  return swap(tx, context, [
    {
      ...{ table_id: row.id, namespace: row.namespace, name: row.name, metadata, operation: 'expire' },
      ...{ base_location: expired.base_location, base_snapshot_id: snapshotIdOf(before) },
      ...{ metadata_location: file.location, metadata_bytes: file.bytes, staged_ids: [file.staged_id] },
      forgotten: [...expired.forgotten, ...versionsToDelete(before, metadata)],
    },
  ]);
}

// ── Files that belong to nobody ─────────────────────────────────────────────────────────────────────

const DAY_MS = 86_400_000;

/** First who is still writing, then what lies there, then what the table needs: what is committed meanwhile is known by then. */
async function prepareOrphans(
  parts: KindParts,
  table_id: string,
  place: PrepareContext,
): Promise<{ locations: string[]; result: Record<string, number> }> {
  const { lake, lake_parts } = parts;
  const { workspace_id } = place;
  const context = contextOf(place, actorOf(place));
  const row = await lake.tables.get(context, table_id);
  if (!row) throw fail('object.not_found', { kind: 'table', id: table_id });
  const live = new Set(await lake_parts.read(context, tx => liveAttempts(tx, workspace_id)));
  const policy = await policyOfTable(parts, workspace_id, table_id);
  const files = lake.filesOf(workspace_id);
  const search = findOrphans({
    ...{ files, reader: openReader(files), prefix: row.location },
    load: async () => {
      const { metadata, metadata_location: location } = await lake.tables.load(context, table_id);
      return { metadata, location };
    },
    rules: {
      attempt_of: attemptIn,
      has_ended: attempt => !live.has(attempt),
      storage_now_ms: await storageTime(lake_parts, workspace_id),
      foreign_after_ms: policy.orphan_days * DAY_MS,
    },
  });
  const locations: string[] = [];
  await inOurWords(row.name, async () => {
    for await (const batch of search) locations.push(...batch);
  });
  return { locations, result: { files: locations.length } };
}

/** Ours may differ from the storage's by more than a week. */
async function storageTime({ storage }: KindParts['lake_parts'], workspace_id: string): Promise<number> {
  const key = `artifacts/clock/${workspace_id}/${newId()}`;
  await storage.put(key, Buffer.from('now\n'));
  try {
    const [object] = (await storage.list(key, { limit: 1 })).items;
    return object?.modified_ms ?? 0;
  } finally {
    await storage.delete(key);
  }
}
