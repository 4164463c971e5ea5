import { type AvroRecord, writeAvro } from '../avro/index.ts';
import { IcebergError } from '../errors.ts';
import {
  type DataFile,
  type ManifestEntry,
  type ManifestFile,
  type PartitionSpec,
  type PrimitiveType,
  type Schema,
  type SnapshotId,
  STATUS,
} from '../model.ts';
import { partitionTypes } from '../partition/path.ts';
import { UNASSIGNED } from './list.ts';
import { partitionRecord, summarize } from './partition-values.ts';
import { entryShape, type FormatVersion, partitionNames, partitionShape } from './shape.ts';

export interface ManifestHead {
  schema: Schema;
  spec: PartitionSpec;
  /** 0: data, 1: deletes. */
  content: 0 | 1;
  snapshot_id: SnapshotId;
  /** Of the snapshot: `UNASSIGNED` unless said. Added entries that have it, or none, inherit it. */
  sequence_number?: number;
  format_version?: FormatVersion;
}

export type NewEntry = Omit<ManifestEntry, 'snapshot_id' | 'sequence_number' | 'file_sequence_number'> &
  Partial<Pick<ManifestEntry, 'snapshot_id' | 'sequence_number' | 'file_sequence_number'>>;

export interface WrittenManifest {
  bytes: Buffer;
  summary: Omit<ManifestFile, 'manifest_path'>;
}

/** Entries that were there before, existing or deleted now, carry their numbers; a missing one is `invalid`. */
export function writeManifest(head: ManifestHead, entries: readonly NewEntry[]): WrittenManifest {
  const version = head.format_version ?? 2;
  const types = writableTypes(head, entries);
  const names = partitionNames(head.spec);
  const records = entries.map(entry =>
    entryRecord(entry, head, file => partitionRecord(names, types, file.partition)),
  );
  const schema = entryShape(version, partitionShape(head.spec, types));
  const bytes = writeAvro({ schema, metadata: headMetadata(head, version) }, records);
  return { bytes, summary: { ...summaryOf(head, entries, types), manifest_length: bytes.length } };
}

/** A column that is gone has left its type behind with it: then only NULL can be written. */
function writableTypes({ spec, schema }: ManifestHead, entries: readonly NewEntry[]): PrimitiveType[] {
  return partitionTypes(spec, schema).map((type, at) => {
    if (type !== undefined) return type;
    const name = spec.fields[at]?.name ?? '';
    if (entries.every(entry => (entry.file.partition[at] ?? null) === null)) return 'string';
    throw new IcebergError('invalid', `the column of the partition field "${name}" is not in the schema`, {
      field: name,
    });
  });
}

/** Schemas are never changed, and some have thousands of columns. */
const texts = new WeakMap<Schema, string>();

function textOf(schema: Schema): string {
  const text = texts.get(schema) ?? JSON.stringify(schema);
  texts.set(schema, text);
  return text;
}

function headMetadata(
  { schema, spec, content }: ManifestHead,
  version: FormatVersion,
): Record<string, string> {
  return {
    schema: textOf(schema),
    'schema-id': String(schema['schema-id']),
    'partition-spec': JSON.stringify(spec.fields),
    'partition-spec-id': String(spec['spec-id']),
    'format-version': String(version),
    ...(version === 1 ? {} : { content: content === 0 ? 'data' : 'deletes' }),
  };
}

function entryRecord(
  entry: NewEntry,
  head: ManifestHead,
  partition: (file: DataFile) => AvroRecord,
): AvroRecord {
  const { status, file } = entry;
  if ((file.content === 0) !== (head.content === 0))
    throw new IcebergError(
      'invalid',
      `${file.file_path} does not belong into a manifest of ${head.content === 0 ? 'data' : 'deletes'}`,
      { file: file.file_path },
    );
  const is_added = status === STATUS.added;
  return {
    status,
    snapshot_id: is_added ? head.snapshot_id : carried('snapshot_id', entry),
    sequence_number: is_added ? inherited(entry.sequence_number, head) : carried('sequence_number', entry),
    file_sequence_number: is_added ? null : carried('file_sequence_number', entry),
    data_file: fileRecord(file, partition(file)),
  };
}

/** null: whoever reads takes it from the list. Rows that were written again may keep an older number. */
function inherited(number: number | undefined, head: ManifestHead): number | null {
  return number === undefined || number === (head.sequence_number ?? UNASSIGNED) ? null : number;
}

function carried<K extends 'snapshot_id' | 'sequence_number' | 'file_sequence_number'>(
  name: K,
  entry: NewEntry,
): NonNullable<NewEntry[K]> {
  const value = entry[name];
  if (value === undefined || value === UNASSIGNED)
    throw new IcebergError('invalid', `${entry.file.file_path} is not new and has no ${name}`, {
      file: entry.file.file_path,
    });
  return value;
}

function fileRecord(file: DataFile, partition: AvroRecord): AvroRecord {
  return {
    content: file.content,
    file_path: file.file_path,
    file_format: file.file_format,
    partition,
    record_count: file.record_count,
    file_size_in_bytes: file.file_size_in_bytes,
    // Version 1 asks for it and nobody uses it.
    block_size_in_bytes: 64 * 1024 * 1024,
    column_sizes: pairs(file.column_sizes),
    value_counts: pairs(file.value_counts),
    null_value_counts: pairs(file.null_value_counts),
    nan_value_counts: pairs(file.nan_value_counts),
    lower_bounds: pairs(file.lower_bounds),
    upper_bounds: pairs(file.upper_bounds),
    key_metadata: file.key_metadata ?? null,
    split_offsets: file.split_offsets ?? null,
    equality_ids: file.equality_ids ?? null,
    sort_order_id: file.sort_order_id ?? null,
    referenced_data_file: file.referenced_data_file ?? null,
  };
}

function pairs(map: ReadonlyMap<number, number | Buffer>): AvroRecord[] | null {
  return map.size === 0 ? null : Array.from(map, ([key, value]) => ({ key, value }));
}

function summaryOf(
  head: ManifestHead,
  entries: readonly NewEntry[],
  types: readonly PrimitiveType[],
): Omit<ManifestFile, 'manifest_path' | 'manifest_length'> {
  const sequence_number = head.sequence_number ?? UNASSIGNED;
  const of = (status: number) => entries.filter(entry => entry.status === status);
  const rows = (some: readonly NewEntry[]) => some.reduce((sum, entry) => sum + entry.file.record_count, 0);
  const [added, existing, deleted] = [of(STATUS.added), of(STATUS.existing), of(STATUS.deleted)];
  return {
    partition_spec_id: head.spec['spec-id'],
    content: head.content,
    sequence_number,
    min_sequence_number: [...added, ...existing].reduce(
      (least, entry) => Math.min(least, entry.sequence_number ?? sequence_number),
      sequence_number,
    ),
    added_snapshot_id: head.snapshot_id,
    added_files_count: added.length,
    existing_files_count: existing.length,
    deleted_files_count: deleted.length,
    added_rows_count: rows(added),
    existing_rows_count: rows(existing),
    deleted_rows_count: rows(deleted),
    partitions: summarize(
      types,
      entries.map(entry => entry.file),
    ),
  };
}
