import { ancestorsOf } from '../metadata/index.ts';
import {
  CONTENT,
  type DataFile,
  type Snapshot,
  type SnapshotId,
  STATUS,
  type TableMetadata,
} from '../model.ts';
import type { ManifestReader } from '../scan/index.ts';
import { type History, NO_HISTORY, type Removed } from './rules.ts';

/** What happened on a branch between `from` (null: before its first snapshot) and `head`. Reads only what came with those snapshots. */
export async function readHistory(
  metadata: TableMetadata,
  head: SnapshotId | undefined,
  from: SnapshotId | null,
  reader: ManifestReader,
): Promise<History> {
  if ((head ?? null) === from) return NO_HISTORY;
  const since = snapshotsSince(metadata, head, from);
  if (since === undefined) return { ...NO_HISTORY, connected: false };

  const added: DataFile[] = [];
  const deletes: DataFile[] = [];
  const removed: Removed[] = [];
  for (const snapshot of since) {
    const rows = fateOfRows(snapshot);
    for await (const { status, file } of changesOf(metadata, snapshot, reader)) {
      if (status === STATUS.added && file.content !== CONTENT.data) deletes.push(file);
      else if (status === STATUS.added && rows !== 'moved') added.push(file);
      else if (status === STATUS.deleted && file.content === CONTENT.data) removed.push({ file, rows });
    }
  }
  return { connected: true, added, removed, deletes };
}

/** Newest first; undefined: the one is no ancestor of the other, or what lay between has been expired. */
function snapshotsSince(
  metadata: TableMetadata,
  head: SnapshotId | undefined,
  from: SnapshotId | null,
): Snapshot[] | undefined {
  const line = head === undefined ? [] : ancestorsOf(metadata, head);
  if (from === null) return line.at(-1)?.['parent-snapshot-id'] === undefined ? line : undefined;
  const start = line.findIndex(snapshot => snapshot['snapshot-id'] === from);
  return start === -1 ? undefined : line.slice(0, start);
}

/** A file that goes in a snapshot of nothing but removals takes its rows along; in an overwrite some may have come back. */
function fateOfRows({ summary }: Snapshot): Removed['rows'] {
  if (summary.operation === 'replace') return 'moved';
  return summary.operation === 'delete' ? 'gone' : 'changed';
}

async function* changesOf(metadata: TableMetadata, snapshot: Snapshot, reader: ManifestReader) {
  const id = snapshot['snapshot-id'];
  for (const manifest of await reader.manifests(metadata, snapshot)) {
    if (manifest.added_snapshot_id !== id) continue;
    for (const entry of await reader.entries(metadata, manifest)) if (entry.snapshot_id === id) yield entry;
  }
}
