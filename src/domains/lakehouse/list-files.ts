import {
  CONTENT,
  type DataFile,
  decodeValue,
  type FieldPlace,
  fieldsById,
  type ManifestEntry,
  type ManifestReader,
  partitionPath,
  type Schema,
  type Snapshot,
  STATUS,
  showValue,
  specOf,
  type TableMetadata,
} from '../../base/iceberg/index.ts';
import type { LakeFile } from '../../contract/lake.ts';

export interface FileList {
  metadata: TableMetadata;
  reader: ManifestReader;
  snapshot: Snapshot;
  schema: Schema;
  content: 'data' | 'deletes' | undefined;
  partition: string | undefined;
}

/** Where a file stands in its snapshot, which never changes: the manifest in the list, the entry in the manifest. */
export type FileKey = readonly [number, number];

/** Files from a place on, as many as are asked for. Manifests before it are not opened. */
export async function filesAfter(
  list: FileList,
  after: FileKey | undefined,
  rows: number,
): Promise<{ key: FileKey; file: LakeFile }[]> {
  const { metadata, reader, snapshot } = list;
  const found: { key: FileKey; file: LakeFile }[] = [];
  const manifests = await reader.manifests(metadata, snapshot);
  for (const [at, manifest] of manifests.entries()) {
    if (at < (after?.[0] ?? 0) || isOther(list, manifest.content)) continue;
    for (const [index, entry] of (await reader.entries(metadata, manifest)).entries()) {
      if (at === after?.[0] && index <= after[1]) continue;
      const file = entry.status === STATUS.deleted ? undefined : showIfWanted(list, entry);
      if (file) found.push({ key: [at, index], file });
      if (found.length === rows) return found;
    }
  }
  return found;
}

function isOther({ content }: FileList, of: 0 | 1): boolean {
  return content !== undefined && (content === 'data') !== (of === 0);
}

function showIfWanted(list: FileList, entry: ManifestEntry): LakeFile | undefined {
  const partition = partitionOf(list.metadata, list.schema, entry.file);
  if (list.partition !== undefined && list.partition !== partition) return undefined;
  return showFile(list.schema, entry, partition);
}

export function partitionOf(metadata: TableMetadata, schema: Schema, file: DataFile): string {
  return partitionPath(specOf(metadata, file.spec_id), schema, file.partition);
}

const CONTENTS = ['data', 'position_deletes', 'equality_deletes'] as const;

function showFile(schema: Schema, { file, ...entry }: ManifestEntry, partition: string): LakeFile {
  return {
    path: file.file_path,
    content: CONTENTS[file.content],
    format: file.file_format,
    partition,
    rows: file.record_count,
    bytes: file.file_size_in_bytes,
    snapshot_id: String(entry.snapshot_id),
    sequence_number: entry.sequence_number,
    columns: file.content === CONTENT.data ? columnsOf(schema, file) : [],
  };
}

function columnsOf(schema: Schema, file: DataFile): LakeFile['columns'] {
  return [...fieldsById(schema).values()]
    .filter(({ field: { id } }) => file.value_counts.has(id) || file.column_sizes.has(id))
    .map(place => {
      const { id } = place.field;
      return {
        path: place.path.join('.'),
        bytes: file.column_sizes.get(id) ?? null,
        values: file.value_counts.get(id) ?? null,
        nulls: file.null_value_counts.get(id) ?? null,
        nans: file.nan_value_counts.get(id) ?? null,
        lower: bound(place, file.lower_bounds.get(id)),
        upper: bound(place, file.upper_bounds.get(id)),
      };
    });
}

/** Written by a stranger, perhaps under a former type: what cannot be read as a value is not shown, and breaks no list. */
function bound({ field: { type } }: FieldPlace, bytes: Buffer | undefined): string | null {
  if (bytes === undefined || typeof type !== 'string') return null;
  try {
    return showValue(type, decodeValue(type, bytes));
  } catch {
    return null;
  }
}

// ── Partitions ──────────────────────────────────────────────────────────────────────────────────────

export interface PartitionFigures {
  partition: string;
  spec_id: number;
  rows: number;
  files: number;
  delete_files: number;
  bytes: number;
}

/** Of the snapshot, in the order of their names. */
export async function partitionsOf(
  list: Omit<FileList, 'content' | 'partition'>,
): Promise<PartitionFigures[]> {
  const { metadata, reader, snapshot, schema } = list;
  const found = new Map<string, PartitionFigures>();
  for (const manifest of await reader.manifests(metadata, snapshot))
    for (const { status, file } of await reader.entries(metadata, manifest)) {
      if (status === STATUS.deleted) continue;
      const partition = partitionOf(metadata, schema, file);
      const key = `${file.spec_id} ${partition}`;
      const empty = { partition, spec_id: file.spec_id, rows: 0, files: 0, delete_files: 0, bytes: 0 };
      const figures = found.get(key) ?? empty;
      found.set(key, figures);
      figures.bytes += file.file_size_in_bytes;
      if (file.content === CONTENT.data) {
        figures.files += 1;
        figures.rows += file.record_count;
      } else figures.delete_files += 1;
    }
  return [...found.values()].sort(byName);
}

export function byName(
  a: Pick<PartitionFigures, 'partition' | 'spec_id'>,
  b: Pick<PartitionFigures, 'partition' | 'spec_id'>,
): number {
  if (a.partition !== b.partition) return a.partition < b.partition ? -1 : 1;
  return a.spec_id - b.spec_id;
}
