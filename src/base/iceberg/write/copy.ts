import { IcebergError } from '../errors.ts';
import { quoteText } from '../filter/index.ts';
import type { Schema, TableMetadata } from '../model.ts';
import { fieldIds } from './field-ids.ts';
import { leavesOf } from './leaves.ts';

// The words of `COPY`.

export interface CopyOptions {
  /** The value of FIELD_IDS. */
  field_ids: string;
  compression: string;
  row_group_rows: number;
  /** Written into each file. */
  schema?: Schema;
}

export const TARGET_BYTES = 512 * 1024 * 1024;

/** DuckDB's own choice: what its readers take at once. */
const ROW_GROUP_ROWS = 122_880;
/** A vector of DuckDB; a row group is whole ones. */
const VECTOR_ROWS = 2048;
/** A row group is held in memory until it is full, so wide tables have shorter ones: about 300 MB of numbers. */
const ROW_GROUP_VALUES = 40_000_000;

export function copyOptions(metadata: TableMetadata, schema: Schema, row_group_rows?: number): CopyOptions {
  return {
    field_ids: fieldIds(schema),
    compression: compressionOf(metadata.properties),
    row_group_rows: row_group_rows ?? rowGroupRows(leavesOf(schema).size),
    ...(schema.fields.length <= MOST_NAMED ? { schema } : {}),
  };
}

/** The library of Java puts the schema beside the data, and some readers look for the names of then there. In a wide table it is a megabyte. */
const MOST_NAMED = 1000;

export function rowGroupRows(columns: number): number {
  const rows = Math.min(ROW_GROUP_ROWS, Math.floor(ROW_GROUP_VALUES / Math.max(1, columns)));
  return Math.max(1, Math.floor(rows / VECTOR_ROWS)) * VECTOR_ROWS;
}

export function targetBytes(properties: Readonly<Record<string, string>>): number {
  const said = Number(properties['write.target-file-size-bytes'] ?? TARGET_BYTES);
  return Number.isSafeInteger(said) && said > 0 ? said : TARGET_BYTES;
}

const CODECS = ['zstd', 'snappy', 'gzip', 'brotli', 'lz4', 'uncompressed'];

function compressionOf(properties: Readonly<Record<string, string>>): string {
  const codec = (properties['write.parquet.compression-codec'] ?? 'zstd').toLowerCase();
  if (!CODECS.includes(codec))
    throw new IcebergError(
      'invalid',
      `write.parquet.compression-codec is ${codec}: one of ${CODECS.join(', ')}`,
      {
        codec,
      },
    );
  // What Parquet now calls lz4 is its "raw" one; the older form depends on who wrote it.
  const name = codec === 'lz4' ? 'lz4_raw' : codec;
  const level = Number(properties['write.parquet.compression-level'] ?? Number.NaN);
  return codec === 'zstd' && Number.isInteger(level) && level >= 1 && level <= 22
    ? `COMPRESSION ${name}, COMPRESSION_LEVEL ${level}`
    : `COMPRESSION ${name}`;
}

/** One file, in the order of the rows: the only form of `COPY` that keeps it. */
export function copyToFile(select: string, path: string, options: CopyOptions): string {
  return copy(select, path, options, []);
}

/** Files of about `target_bytes` each in a folder, written side by side; an order of the rows is lost. None, where there is no row. */
export function copyToFolder(
  select: string,
  folder: string,
  options: CopyOptions & { target_bytes: number },
): string {
  return copy(select, folder, options, [`FILE_SIZE_BYTES ${options.target_bytes}`, 'WRITE_EMPTY_FILE false']);
}

function copy(select: string, path: string, options: CopyOptions, more: readonly string[]): string {
  const words = [
    'FORMAT parquet',
    options.compression,
    `ROW_GROUP_SIZE ${options.row_group_rows}`,
    `FIELD_IDS ${options.field_ids}`,
    'RETURN_STATS',
    ...(options.schema
      ? [`KV_METADATA {'iceberg.schema': ${quoteText(JSON.stringify(options.schema))}}`]
      : []),
    ...more,
  ];
  return `COPY (${select}) TO ${quoteText(path)} (${words.join(', ')})`;
}
