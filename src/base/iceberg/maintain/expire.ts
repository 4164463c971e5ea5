import { countOr } from '../commit/index.ts';
import { ancestorsOf, findSnapshot, type Update } from '../metadata/index.ts';
import type { Snapshot, SnapshotId, SnapshotRef, TableMetadata } from '../model.ts';
import type { ManifestReader } from '../scan/index.ts';

// Which snapshots go. What a branch or tag says of itself comes first, then the policy, then the table's properties.

const DAY_MS = 86_400_000;

export interface ExpirePolicy {
  /** `history.expire.max-snapshot-age-ms`; 7 days. */
  max_snapshot_age_ms?: number;
  /** Of each branch, however old: `history.expire.min-snapshots-to-keep`; 10. */
  min_snapshots_to_keep?: number;
  /** Of each branch, however young: a table with many commits a second would drown in its own history. */
  max_snapshots_to_keep?: number;
  /** Of branches and tags other than main: `history.expire.max-ref-age-ms`; for ever. */
  max_ref_age_ms?: number;
  /** Read by someone now. */
  pinned?: ReadonlySet<SnapshotId>;
}

export interface Expiry {
  snapshots: SnapshotId[];
  refs: string[];
  /** To be committed as they are; empty when nothing is due. */
  updates: Update[];
}

interface Keeping {
  age_ms: number;
  at_least: number;
  at_most: number;
}

export function expireSnapshots(metadata: TableMetadata, policy: ExpirePolicy, now_ms: number): Expiry {
  const refs = Object.entries(metadata.refs).filter(([name, ref]) =>
    isRefExpired(metadata, name, ref, policy, now_ms),
  );
  const expired = new Set(refs.map(([name]) => name));
  const kept = keptSnapshots(metadata, expired, policy, now_ms);
  const snapshots = metadata.snapshots.map(each => each['snapshot-id']).filter(id => !kept.has(id));
  const names = [...expired];
  return { snapshots, refs: names, updates: updatesFor(names, snapshots) };
}

function isRefExpired(
  metadata: TableMetadata,
  name: string,
  ref: SnapshotRef,
  policy: ExpirePolicy,
  now_ms: number,
): boolean {
  if (name === 'main') return false;
  const snapshot = findSnapshot(metadata, ref['snapshot-id']);
  if (!snapshot) return true;
  const property = metadata.properties['history.expire.max-ref-age-ms'];
  const age_ms =
    ref['max-ref-age-ms'] ?? policy.max_ref_age_ms ?? countOr(property, Number.POSITIVE_INFINITY);
  return now_ms - snapshot['timestamp-ms'] > age_ms;
}

function keptSnapshots(
  metadata: TableMetadata,
  expired_refs: ReadonlySet<string>,
  policy: ExpirePolicy,
  now_ms: number,
): Set<SnapshotId> {
  const usual = keepingOf(metadata, policy);
  const kept = new Set<SnapshotId>(policy.pinned ?? []);
  const reached = new Set<SnapshotId>();
  for (const [name, ref] of refsOf(metadata)) {
    if (expired_refs.has(name)) continue;
    const line = ref.type === 'tag' ? tagged(metadata, ref) : ancestorsOf(metadata, ref['snapshot-id']);
    for (const snapshot of line) reached.add(snapshot['snapshot-id']);
    for (const snapshot of keptOfLine(line, ref, usual, now_ms)) kept.add(snapshot['snapshot-id']);
  }
  // On no branch (any more): staged by someone, or rolled back. Only age counts.
  for (const snapshot of metadata.snapshots)
    if (!reached.has(snapshot['snapshot-id']) && now_ms - snapshot['timestamp-ms'] <= usual.age_ms)
      kept.add(snapshot['snapshot-id']);
  return kept;
}

/** Metadata of version 1 may know a current snapshot without a ref that says so. */
function refsOf(metadata: TableMetadata): [string, SnapshotRef][] {
  const current = metadata['current-snapshot-id'];
  const refs = Object.entries(metadata.refs);
  if (current === undefined || metadata.refs.main) return refs;
  return [...refs, ['main', { 'snapshot-id': current, type: 'branch' }]];
}

function tagged(metadata: TableMetadata, ref: SnapshotRef): Snapshot[] {
  const snapshot = findSnapshot(metadata, ref['snapshot-id']);
  return snapshot ? [snapshot] : [];
}

/** From the newest on, until one is too old: a hole in the history would make older ones unreachable by it. */
function keptOfLine(line: Snapshot[], ref: SnapshotRef, usual: Keeping, now_ms: number): Snapshot[] {
  const age_ms = ref['max-snapshot-age-ms'] ?? usual.age_ms;
  const at_least = ref['min-snapshots-to-keep'] ?? usual.at_least;
  const end = line.findIndex(
    (snapshot, i) => i >= at_least && (i >= usual.at_most || now_ms - snapshot['timestamp-ms'] > age_ms),
  );
  return end === -1 ? line : line.slice(0, Math.max(1, end));
}

function keepingOf({ properties }: TableMetadata, policy: ExpirePolicy): Keeping {
  return {
    age_ms:
      policy.max_snapshot_age_ms ?? countOr(properties['history.expire.max-snapshot-age-ms'], 7 * DAY_MS),
    at_least: policy.min_snapshots_to_keep ?? countOr(properties['history.expire.min-snapshots-to-keep'], 10),
    at_most: policy.max_snapshots_to_keep ?? Number.POSITIVE_INFINITY,
  };
}

/**
 * How the table was once divided, where no file of any of its snapshots is so any more. Whoever writes now divides as the default
 * says; who began before that was changed finds its spec gone, and begins again.
 */
export async function unusedSpecs(metadata: TableMetadata, reader: ManifestReader): Promise<number[]> {
  const old = metadata['partition-specs'].filter(spec => spec['spec-id'] !== metadata['default-spec-id']);
  const unused = new Set(old.map(spec => spec['spec-id']));
  for (const snapshot of metadata.snapshots) {
    if (unused.size === 0) break;
    for (const manifest of await reader.manifests(metadata, snapshot))
      unused.delete(manifest.partition_spec_id);
  }
  return [...unused];
}

function updatesFor(refs: readonly string[], snapshots: SnapshotId[]): Update[] {
  const updates = refs.map((name): Update => ({ action: 'remove-snapshot-ref', 'ref-name': name }));
  if (snapshots.length > 0) updates.push({ action: 'remove-snapshots', 'snapshot-ids': snapshots });
  return updates;
}
