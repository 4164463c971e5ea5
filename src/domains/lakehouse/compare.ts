import {
  CONTENT,
  type DataFile,
  type ManifestReader,
  normalLocation,
  type Snapshot,
  STATUS,
  schemaOf,
  type TableMetadata,
} from '../../base/iceberg/index.ts';
import type { LakeCompare } from '../../contract/lake.ts';
import { showChanges } from './show.ts';

/** Of files, so many are named; all are counted. */
const NAMED = 200;

/** What makes two snapshots different. Manifests that both have say nothing and are not opened. */
export async function compareSnapshots(
  metadata: TableMetadata,
  reader: ManifestReader,
  from: Snapshot | undefined,
  to: Snapshot,
): Promise<LakeCompare> {
  const [before, after] = await filesOnlyIn(metadata, reader, from, to);
  const [removed, added] = [split(before), split(after)];
  return {
    from: from ? String(from['snapshot-id']) : null,
    to: String(to['snapshot-id']),
    rows_added: sum(added.data, 'record_count'),
    rows_removed: sum(removed.data, 'record_count'),
    files_added: added.data.length,
    files_removed: removed.data.length,
    bytes_added: sum(after, 'file_size_in_bytes'),
    bytes_removed: sum(before, 'file_size_in_bytes'),
    delete_files_added: added.deletes.length,
    delete_files_removed: removed.deletes.length,
    schema_changes: from ? showChanges(schemaOf(metadata, from), schemaOf(metadata, to)) : [],
    added: named(after),
    removed: named(before),
  };
}

async function filesOnlyIn(
  metadata: TableMetadata,
  reader: ManifestReader,
  from: Snapshot | undefined,
  to: Snapshot,
): Promise<[DataFile[], DataFile[]]> {
  const before = from ? await reader.manifests(metadata, from) : [];
  const after = await reader.manifests(metadata, to);
  const old_paths = new Set(before.map(({ manifest_path }) => manifest_path));
  const shared = new Set(after.map(({ manifest_path }) => manifest_path).filter(path => old_paths.has(path)));
  const live = async (manifests: typeof before) => {
    const files = new Map<string, DataFile>();
    for (const manifest of manifests) {
      if (shared.has(manifest.manifest_path)) continue;
      for (const { status, file } of await reader.entries(metadata, manifest))
        if (status !== STATUS.deleted) files.set(normalLocation(file.file_path), file);
    }
    return files;
  };
  const [old, now] = [await live(before), await live(after)];
  return [
    [...old].filter(([location]) => !now.has(location)).map(([, file]) => file),
    [...now].filter(([location]) => !old.has(location)).map(([, file]) => file),
  ];
}

function split(files: readonly DataFile[]) {
  const isData = ({ content }: DataFile) => content === CONTENT.data;
  return { data: files.filter(isData), deletes: files.filter(file => !isData(file)) };
}

function sum(files: readonly DataFile[], what: 'record_count' | 'file_size_in_bytes'): number {
  return files.reduce((all, file) => all + file[what], 0);
}

function named(files: readonly DataFile[]): LakeCompare['added'] {
  return files.slice(0, NAMED).map(({ file_path: path, record_count: rows, file_size_in_bytes: bytes }) => ({
    ...{ path, rows, bytes },
  }));
}
