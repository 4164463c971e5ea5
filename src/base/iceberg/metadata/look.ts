import { IcebergError } from '../errors.ts';
import type {
  PartitionSpec,
  Schema,
  Snapshot,
  SnapshotId,
  SnapshotRef,
  SortOrder,
  TableMetadata,
} from '../model.ts';
import { MAIN } from './read.ts';

// Questions to metadata. What is not there is an error with its name; only "which is the current snapshot" may be answered with
// none, in a table that is empty.

export function schemaById(metadata: TableMetadata, id: number): Schema {
  return one(metadata.schemas, schema => schema['schema-id'] === id, 'schema', id);
}

export function currentSchema(metadata: TableMetadata): Schema {
  return schemaById(metadata, metadata['current-schema-id']);
}

/** The schema that a snapshot was written with: what time travel reads with. Version 1 may not say it. */
export function schemaOf(metadata: TableMetadata, snapshot: Snapshot | undefined): Schema {
  return schemaById(metadata, snapshot?.['schema-id'] ?? metadata['current-schema-id']);
}

export function specOf(metadata: TableMetadata, id: number): PartitionSpec {
  return one(metadata['partition-specs'], spec => spec['spec-id'] === id, 'partition spec', id);
}

export function defaultSpec(metadata: TableMetadata): PartitionSpec {
  return specOf(metadata, metadata['default-spec-id']);
}

export function orderOf(metadata: TableMetadata, id: number): SortOrder {
  return one(metadata['sort-orders'], order => order['order-id'] === id, 'sort order', id);
}

export function defaultOrder(metadata: TableMetadata): SortOrder {
  return orderOf(metadata, metadata['default-sort-order-id']);
}

function one<T>(list: readonly T[], is: (item: T) => boolean, what: string, id: number): T {
  const found = list.find(is);
  if (found === undefined) throw new IcebergError('corrupt', `the table has no ${what} ${id}`, { what, id });
  return found;
}

// ── Snapshots ───────────────────────────────────────────────────────────────────────────────────────

const byId = new WeakMap<readonly Snapshot[], ReadonlyMap<SnapshotId, Snapshot>>();

/** Metadata is never changed, so the index of its snapshots is made once. */
export function snapshotsById(metadata: TableMetadata): ReadonlyMap<SnapshotId, Snapshot> {
  const known = byId.get(metadata.snapshots);
  if (known) return known;
  const made = new Map(metadata.snapshots.map((each): [SnapshotId, Snapshot] => [each['snapshot-id'], each]));
  byId.set(metadata.snapshots, made);
  return made;
}

export function findSnapshot(metadata: TableMetadata, id: SnapshotId): Snapshot | undefined {
  return snapshotsById(metadata).get(id);
}

export function snapshotOf(metadata: TableMetadata, id: SnapshotId): Snapshot {
  const found = findSnapshot(metadata, id);
  if (found) return found;
  throw new IcebergError('no_such_snapshot', `there is no snapshot ${id}, or it has expired`, {
    snapshot: String(id),
  });
}

/** Undefined: the table is empty. */
export function currentSnapshot(metadata: TableMetadata): Snapshot | undefined {
  const id = metadata['current-snapshot-id'];
  return id === undefined ? undefined : snapshotOf(metadata, id);
}

/** What main was at that time, by the log of the table; without a log (version 1) by the times of the snapshots. */
export function snapshotAt(metadata: TableMetadata, ms: number): Snapshot {
  const log = metadata['snapshot-log'];
  const times = log.length > 0 ? log : mainLog(metadata);
  const last = times.findLast(entry => entry['timestamp-ms'] <= ms);
  if (last) return snapshotOf(metadata, last['snapshot-id']);
  throw new IcebergError(
    'no_such_snapshot',
    `the table had no snapshot at ${timeText(ms)}, or its history does not go back so far`,
    { timestamp_ms: ms },
  );
}

function mainLog(metadata: TableMetadata): TableMetadata['snapshot-log'] {
  const current = metadata['current-snapshot-id'];
  if (current === undefined) return [];
  return ancestorsOf(metadata, current)
    .map(({ 'snapshot-id': id, 'timestamp-ms': ms }) => ({ 'snapshot-id': id, 'timestamp-ms': ms }))
    .reverse();
}

/**
 * `main`, a branch or a tag, the id of a snapshot, or a time (`2026-11-21T12:00:00Z`), in this order: names go first, because a tag
 * may look like a number. Undefined only for main of an empty table.
 */
export function resolveRef(metadata: TableMetadata, text: string): Snapshot | undefined {
  const ref = refOf(metadata, text);
  if (ref) return snapshotOf(metadata, ref['snapshot-id']);
  if (text === MAIN) return currentSnapshot(metadata);
  if (/^-?\d{1,19}$/.test(text)) return snapshotOf(metadata, BigInt(text));
  const ms = timeOf(text);
  if (ms !== undefined) return snapshotAt(metadata, ms);
  throw new IcebergError('no_such_ref', `there is no branch, tag or snapshot ${text}`, { ref: text });
}

/** Of any name, also `constructor`. */
export function refOf(metadata: TableMetadata, name: string): SnapshotRef | undefined {
  return Object.hasOwn(metadata.refs, name) ? metadata.refs[name] : undefined;
}

/** A time without a zone would mean another moment on another machine: it is UTC here. */
function timeOf(text: string): number | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s*(Z|[+-]\d\d:?\d\d)?)?$/i.exec(
    text,
  );
  if (!parts) return undefined;
  const [, day, time = '00:00', zone = 'Z'] = parts;
  const ms = Date.parse(`${day}T${time}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}

function timeText(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString();
}

/** The snapshot and those that it came from, newest first, as far as they have not expired. */
export function ancestorsOf(metadata: TableMetadata, id: SnapshotId): Snapshot[] {
  const chain: Snapshot[] = [];
  const seen = new Set<SnapshotId>();
  let next: Snapshot | undefined = snapshotOf(metadata, id);
  while (next) {
    if (seen.has(next['snapshot-id']))
      throw new IcebergError('corrupt', `snapshot ${id} is an ancestor of itself`, { snapshot: String(id) });
    seen.add(next['snapshot-id']);
    chain.push(next);
    const parent: SnapshotId | undefined = next['parent-snapshot-id'];
    next = parent === undefined ? undefined : findSnapshot(metadata, parent);
  }
  return chain;
}

export function isAncestor(metadata: TableMetadata, ancestor: SnapshotId, of: SnapshotId): boolean {
  return ancestorsOf(metadata, of).some(snapshot => snapshot['snapshot-id'] === ancestor);
}
