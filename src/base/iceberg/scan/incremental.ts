import { IcebergError } from '../errors.ts';
import { ancestorsOf } from '../metadata/index.ts';
import { type Snapshot, type SnapshotId, STATUS } from '../model.ts';
import {
  entriesOf,
  liveFiles,
  type Plan,
  type PlannedFile,
  planScan,
  prunings,
  type ScanOptions,
} from './plan.ts';
import { type TableAt, tableAtSnapshot } from './table-at.ts';

// What happened after one snapshot and up to another that came from it, read with the schema of the end.

/** The rows that appends added, as they were added: what other operations did to the table, and to these rows since, is left out. */
export async function planAppends(
  table: TableAt,
  after: SnapshotId | undefined,
  options: ScanOptions = {},
): Promise<Plan> {
  const empty = await planScan({ ...table, snapshot: undefined }, options);
  const appends = snapshotsAfter(table, after).filter(isAppend);
  const files: PlannedFile[] = [];
  for (const snapshot of appends)
    for (const file of await appendedFiles(table, snapshot, empty)) files.push(file);
  return { ...empty, files };
}

/** The changes of one commit: rows of `before` that are not in `after` are deleted, and the other way round inserted. */
export interface Step {
  /** From 0, oldest first; commits that change no row (compactions) have none. */
  ordinal: number;
  snapshot: Snapshot;
  before: Plan;
  after: Plan;
}

export interface ChangePlan {
  /** What to show of the rows. All columns are compared. */
  shown: Plan;
  steps: readonly Step[];
}

export async function planChanges(
  table: TableAt,
  after: SnapshotId | undefined,
  options: ScanOptions = {},
): Promise<ChangePlan> {
  const shown = await planScan({ ...table, snapshot: undefined }, options);
  const whole: Plan = { ...shown, columns: shown.schema.fields };
  const changing = snapshotsAfter(table, after).filter(({ summary }) => summary.operation !== 'replace');
  const steps: Step[] = [];
  for (const [ordinal, snapshot] of changing.entries()) {
    const { before, after: now } = await changedFiles(table, snapshot, whole);
    steps.push({ ordinal, snapshot, before: { ...whole, files: before }, after: { ...whole, files: now } });
  }
  return { shown, steps };
}

const isAppend = ({ summary }: Snapshot) => summary.operation === 'append';

/** Oldest first. Nothing is left out in silence: a history that does not reach back to `after` is refused. */
export function snapshotsAfter(
  { metadata, snapshot }: Pick<TableAt, 'metadata' | 'snapshot'>,
  after: SnapshotId | undefined,
): Snapshot[] {
  const chain = snapshot === undefined ? [] : ancestorsOf(metadata, snapshot['snapshot-id']);
  const end = after === undefined ? chain.length : chain.findIndex(one => one['snapshot-id'] === after);
  const oldest = chain.at(-1);
  if (end < 0 || (after === undefined && oldest?.['parent-snapshot-id'] !== undefined)) {
    const wanted = after === undefined ? 'the first snapshot' : `snapshot ${after}`;
    throw new IcebergError(
      'no_such_snapshot',
      `The history of this snapshot does not go back to ${wanted}: it has expired, or is of another branch.`,
      { snapshot: String(after ?? '') },
    );
  }
  return chain.slice(0, end).reverse();
}

async function appendedFiles(table: TableAt, snapshot: Snapshot, plan: Plan): Promise<PlannedFile[]> {
  const { metadata, reader } = table;
  const ask = prunings(plan.filter, metadata);
  const own = (await reader.manifests(metadata, snapshot)).filter(
    manifest => manifest.content === 0 && manifest.added_snapshot_id === snapshot['snapshot-id'],
  );
  const entries = await entriesOf(table, own);
  return entries
    .filter(entry => entry.status === STATUS.added && entry.snapshot_id === snapshot['snapshot-id'])
    .filter(entry => ask(entry.file.spec_id).mayMatch(entry.file))
    .map(({ file, sequence_number, snapshot_id }) => ({
      file,
      sequence_number,
      snapshot_id,
      deletes: [],
      residual: !ask(file.spec_id).allMatch(file),
    }));
}

interface Changed {
  before: PlannedFile[];
  after: PlannedFile[];
}

/** Files that are there on one side only, or have other deletes than before. All others have the same rows on both. */
async function changedFiles(table: TableAt, snapshot: Snapshot, plan: Plan): Promise<Changed> {
  if (isAppend(snapshot)) return { before: [], after: await appendedFiles(table, snapshot, plan) };
  const parent = ancestorsOf(table.metadata, snapshot['snapshot-id'])[1];
  const now = await liveFiles(tableAtSnapshot(table, snapshot), plan.filter);
  const then =
    parent === undefined ? { files: [] } : await liveFiles(tableAtSnapshot(table, parent), plan.filter);
  const [nowKeys, thenKeys] = [new Set(now.files.map(fileKey)), new Set(then.files.map(fileKey))];
  return {
    before: then.files.filter(file => !nowKeys.has(fileKey(file))),
    after: now.files.filter(file => !thenKeys.has(fileKey(file))),
  };
}

function fileKey({ file, sequence_number, deletes }: PlannedFile): string {
  return JSON.stringify([file.file_path, sequence_number, ...deletes.map(one => one.file_path).sort()]);
}
