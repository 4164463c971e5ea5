import { randomBytes, randomUUID } from 'node:crypto';
import type { ManifestFile, SnapshotId, TableMetadata } from '../model.ts';
import type { Files } from '../world.ts';
import type { Tally } from './summary.ts';

/**
 * What one commit has written so far, kept from one try to the next: the manifests of its own files are written once, however
 * often others are faster. The snapshot id stays too, so that a try whose answer got lost is recognised in the table.
 */
export interface Staged {
  readonly attempt: string;
  readonly snapshot_id: SnapshotId;
  readonly made: Map<string, Made>;
  /** Everything ever written for it, for whoever has to clean up. */
  readonly written: Set<string>;
  tries: number;
  /** Its data files are durable. */
  sealed: boolean;
}

/** Manifests made from the same things are the same manifests. */
export interface Made {
  manifests: readonly ManifestFile[];
  /** What came and went in them. */
  tally: Tally;
  /** Of the files that were asked to go, those that were there; by `normalLocation`. */
  found: readonly string[];
}

export function stage(attempt: string = randomUUID()): Staged {
  return {
    attempt,
    snapshot_id: newSnapshotId(),
    made: new Map(),
    written: new Set(),
    tries: 0,
    sealed: false,
  };
}

/** Below 2^53, for readers in JavaScript; never 0, which some take for none. */
export function newSnapshotId(): SnapshotId {
  return (randomBytes(8).readBigUInt64BE() >> 11n) | 1n;
}

/** Where metadata of the table goes. */
export function metadataFolder(metadata: TableMetadata): string {
  const folder = metadata.properties['write.metadata.path'] ?? `${metadata.location}/metadata`;
  return folder.replace(/\/+$/, '');
}

/**
 * Takes back what a commit wrote that did not become true. Only for a commit that certainly did not: after an answer that
 * got lost, the files may be the table's.
 */
export async function discard(staged: Staged, files: Files): Promise<void> {
  for (const location of staged.written) await files.remove(location);
  staged.written.clear();
  staged.made.clear();
}
