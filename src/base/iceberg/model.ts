// What the Iceberg specification (format versions 1 and 2) says there is. Types only. Metadata has the very names of its JSON, so
// that nothing is translated on the way in or out, and what we do not know is kept; manifests have the names of their Avro.

// ── Types and schemas ───────────────────────────────────────────────────────────────────────────────

/** `int`, `decimal(10, 2)`, `fixed[16]` …, as they are written. */
export type PrimitiveType = string;
export type Type = PrimitiveType | StructType | ListType | MapType;

export interface StructType {
  type: 'struct';
  fields: Field[];
}
export interface ListType {
  type: 'list';
  'element-id': number;
  element: Type;
  'element-required': boolean;
}
export interface MapType {
  type: 'map';
  'key-id': number;
  key: Type;
  'value-id': number;
  value: Type;
  'value-required': boolean;
}
export interface Field {
  id: number;
  name: string;
  required: boolean;
  type: Type;
  doc?: string;
}
export interface Schema extends StructType {
  'schema-id': number;
  'identifier-field-ids'?: number[];
}

/**
 * One value of a primitive type: int and date are numbers (days since 1970), long, time and both timestamps bigints (microseconds),
 * a decimal the bigint of its digits, a uuid its sixteen bytes.
 */
export type Value = boolean | number | bigint | string | Uint8Array;

// ── Partitions and order ────────────────────────────────────────────────────────────────────────────

export interface PartitionField {
  'source-id': number;
  'field-id': number;
  name: string;
  /** `identity`, `bucket[16]`, `truncate[4]`, `year`, `month`, `day`, `hour`, `void`; of others, as it is written. */
  transform: string;
}
export interface PartitionSpec {
  'spec-id': number;
  fields: PartitionField[];
}
export interface SortField {
  'source-id': number;
  transform: string;
  direction: 'asc' | 'desc';
  'null-order': 'nulls-first' | 'nulls-last';
}
/** Order 0 is "in no order". */
export interface SortOrder {
  'order-id': number;
  fields: SortField[];
}

// ── Snapshots and metadata ──────────────────────────────────────────────────────────────────────────

/** 63 bits of those of other writers; ours stay below 2^53, for readers in JavaScript. Always a bigint in memory. */
export type SnapshotId = bigint;

export type Operation = 'append' | 'replace' | 'overwrite' | 'delete';

export interface Snapshot {
  'snapshot-id': SnapshotId;
  'parent-snapshot-id'?: SnapshotId;
  /** 0 in tables of version 1. */
  'sequence-number': number;
  'timestamp-ms': number;
  'manifest-list'?: string;
  /** Version 1 only: the manifests themselves. */
  manifests?: string[];
  summary: Summary;
  'schema-id'?: number;
}
export type Summary = { operation: Operation } & Record<string, string>;

export interface SnapshotRef {
  'snapshot-id': SnapshotId;
  type: 'branch' | 'tag';
  'max-ref-age-ms'?: number;
  'max-snapshot-age-ms'?: number;
  'min-snapshots-to-keep'?: number;
}

export interface StatisticsFile {
  'snapshot-id': SnapshotId;
  'statistics-path': string;
  'file-size-in-bytes': number;
  [more: string]: unknown;
}
export interface PartitionStatisticsFile {
  'snapshot-id': SnapshotId;
  'statistics-path': string;
  'file-size-in-bytes': number;
}

/** In memory a table of version 1 has what version 2 asks for; `format-version` says what it is written as. */
export interface TableMetadata {
  'format-version': 1 | 2;
  'table-uuid': string;
  location: string;
  'last-sequence-number': number;
  'last-updated-ms': number;
  'last-column-id': number;
  'current-schema-id': number;
  schemas: Schema[];
  'default-spec-id': number;
  'partition-specs': PartitionSpec[];
  'last-partition-id': number;
  'default-sort-order-id': number;
  'sort-orders': SortOrder[];
  properties: Record<string, string>;
  /** Absent: the table is empty (-1 or null in files). */
  'current-snapshot-id'?: SnapshotId;
  snapshots: Snapshot[];
  'snapshot-log': { 'snapshot-id': SnapshotId; 'timestamp-ms': number }[];
  'metadata-log': { 'metadata-file': string; 'timestamp-ms': number }[];
  refs: Record<string, SnapshotRef>;
  statistics: StatisticsFile[];
  'partition-statistics': PartitionStatisticsFile[];
}

// ── Manifests ───────────────────────────────────────────────────────────────────────────────────────

export const CONTENT = { data: 0, position_deletes: 1, equality_deletes: 2 } as const;
export type Content = (typeof CONTENT)[keyof typeof CONTENT];

export const STATUS = { existing: 0, added: 1, deleted: 2 } as const;
export type Status = (typeof STATUS)[keyof typeof STATUS];

/** A data file or a file of deletes. By field id: sizes, counts, bounds (the single-value form of the specification). */
export interface DataFile {
  content: Content;
  file_path: string;
  file_format: string;
  spec_id: number;
  /** In the order of the fields of its spec. */
  partition: (Value | null)[];
  record_count: number;
  file_size_in_bytes: number;
  column_sizes: ReadonlyMap<number, number>;
  value_counts: ReadonlyMap<number, number>;
  null_value_counts: ReadonlyMap<number, number>;
  nan_value_counts: ReadonlyMap<number, number>;
  lower_bounds: ReadonlyMap<number, Buffer>;
  upper_bounds: ReadonlyMap<number, Buffer>;
  split_offsets?: number[];
  equality_ids?: number[];
  sort_order_id?: number;
  /** Of position deletes that are about one file only. */
  referenced_data_file?: string;
  key_metadata?: Buffer;
}

export interface ManifestEntry {
  status: Status;
  /** What was inherited is filled in by whoever reads. */
  snapshot_id: SnapshotId;
  sequence_number: number;
  file_sequence_number: number;
  file: DataFile;
}

export interface PartitionSummary {
  contains_null: boolean;
  contains_nan?: boolean;
  lower_bound?: Buffer;
  upper_bound?: Buffer;
}

/** One line of a manifest list. */
export interface ManifestFile {
  manifest_path: string;
  manifest_length: number;
  partition_spec_id: number;
  /** 0: data, 1: deletes. */
  content: 0 | 1;
  sequence_number: number;
  min_sequence_number: number;
  added_snapshot_id: SnapshotId;
  /** Optional in version 1: what nobody knows is undefined, which is not 0. */
  added_files_count?: number;
  existing_files_count?: number;
  deleted_files_count?: number;
  added_rows_count?: number;
  existing_rows_count?: number;
  deleted_rows_count?: number;
  partitions?: PartitionSummary[];
  key_metadata?: Buffer;
}
