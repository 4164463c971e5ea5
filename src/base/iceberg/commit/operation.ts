import type { Filter } from '../filter/index.ts';
import type { DataFile, SnapshotId, TableMetadata } from '../model.ts';

// What a writer wants to happen, as data: the same value is applied to whichever base is current when its turn comes.
// Files are named by what was read when the operation was planned; whether that still holds is the matter of `conflicts.ts`.

/**
 * `serializable`: as if nobody else had written meanwhile. `snapshot`: others' new rows stay, only what two writers both
 * change collides. `blind`: it reads nothing, so it applies to whatever is there.
 */
export type Isolation = 'serializable' | 'snapshot' | 'blind';

interface Common {
  /** `main`, unless another is named. */
  branch?: string;
  /** The schema with which the new files were written: the current one, unless said. */
  schema_id?: number;
  /** More lines for the snapshot's summary; those that the specification names are ours. */
  summary?: Readonly<Record<string, string>>;
}

/** Of an operation that was planned on a snapshot. */
interface Planned {
  /** The head of the branch when it was planned; null: there was none. */
  started_from: SnapshotId | null;
  isolation?: Exclude<Isolation, 'blind'>;
}

/** New rows. */
export interface Append extends Common {
  kind: 'append';
  added: readonly DataFile[];
  /** The first stage of a replacement: the branch begins without a parent and without the rows of any other. */
  orphan?: boolean;
}

/** The rows that match `where` go, new ones come. */
export interface Overwrite extends Common, Planned {
  kind: 'overwrite';
  where: Filter;
  removed: readonly DataFile[];
  /** With what was kept of files that matched in part. */
  added: readonly DataFile[];
}

/** Every partition that the new files are in has these files only. Without partitions, that is the table. */
export interface ReplacePartitions extends Common {
  kind: 'replace_partitions';
  added: readonly DataFile[];
  /** `blind` unless said: the last one wins, whole. The others need to know where it started. */
  isolation?: Isolation;
  started_from?: SnapshotId | null;
}

/** Some rows changed: files written again without or with other rows, and rows struck out where they lie. */
export interface RowDelta extends Common, Planned {
  kind: 'delete' | 'update' | 'merge';
  /** What was looked at to decide. */
  reads: Filter;
  removed: readonly DataFile[];
  added: readonly DataFile[];
  /** New files of position deletes, and the data files that they are about. */
  deletes: readonly DataFile[];
  targets: readonly string[];
}

/** The same rows in other files. */
export interface Rewrite extends Common, Planned {
  kind: 'rewrite';
  removed: readonly DataFile[];
  /** Deletes that are applied in the new files and hit nothing else. */
  removed_deletes: readonly DataFile[];
  added: readonly DataFile[];
}

/** The same files in other manifests: by partition, near the target size. */
export interface RewriteManifests extends Common {
  kind: 'rewrite_manifests';
}

/** What was staged on another branch, in many commits, becomes the whole of this one. The staging branch goes. */
export interface Publish extends Common {
  kind: 'publish';
  staged: string;
  isolation?: 'serializable' | 'blind';
  started_from?: SnapshotId | null;
}

export type Operation =
  | Append
  | Overwrite
  | ReplacePartitions
  | RowDelta
  | Rewrite
  | RewriteManifests
  | Publish;
export type Kind = Operation['kind'];

export const MAIN = 'main';

export function branchOf(operation: Operation): string {
  return operation.branch ?? MAIN;
}

export function headOf(metadata: TableMetadata, branch: string): SnapshotId | undefined {
  const ref = metadata.refs[branch];
  return ref?.['snapshot-id'] ?? (branch === MAIN ? metadata['current-snapshot-id'] : undefined);
}

/** `write.delete.isolation-level` and its two sisters, as other engines know them; an overwrite is a delete that also brings. */
export function isolationOf(operation: Operation, properties: Readonly<Record<string, string>>): Isolation {
  switch (operation.kind) {
    case 'append':
    case 'rewrite_manifests':
      return 'blind';
    case 'replace_partitions':
    case 'publish':
      return operation.isolation ?? 'blind';
    case 'rewrite':
      return operation.isolation ?? 'snapshot';
    case 'overwrite':
      return operation.isolation ?? levelOf(properties['write.delete.isolation-level']);
    case 'delete':
    case 'update':
    case 'merge':
      return operation.isolation ?? levelOf(properties[`write.${operation.kind}.isolation-level`]);
  }
}

/** What we do not understand is taken for the stricter one. */
function levelOf(text: string | undefined): 'serializable' | 'snapshot' {
  return text?.toLowerCase() === 'snapshot' ? 'snapshot' : 'serializable';
}

/** Where the branch stood when the operation was planned; undefined: it does not matter. */
export function startOf(operation: Operation): SnapshotId | null | undefined {
  return 'started_from' in operation ? operation.started_from : undefined;
}

export function addedData(operation: Operation): readonly DataFile[] {
  return 'added' in operation ? operation.added : [];
}

export function addedDeletes(operation: Operation): readonly DataFile[] {
  return 'deletes' in operation ? operation.deletes : [];
}

export function removedData(operation: Operation): readonly DataFile[] {
  return 'removed' in operation ? operation.removed : [];
}
