import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { quoteName, quoteText } from '../../src/base/iceberg/filter/index.ts';
import { CONTENT, type DataFile, type Schema } from '../../src/base/iceberg/model.ts';
import type { Engine } from '../../src/base/iceberg/world.ts';
import { fieldIds } from '../../src/base/iceberg/write/field-ids.ts';
import { leavesOf } from '../../src/base/iceberg/write/leaves.ts';
import { metricsModes, metricsOf } from '../../src/base/iceberg/write/metrics.ts';
import { parseWritten } from '../../src/base/iceberg/write/statistics.ts';
import { duckType } from '../../src/base/iceberg/write/types.ts';
import { defer } from './defer.ts';
import { scratchFolder } from './scratch.ts';

// Real Parquet files of known schemas, with the statistics that DuckDB counted, for tests of filters and scans.

export interface FileOptions {
  name: string;
  schema: Schema;
  /** Its columns are cast to those of the schema, in order. */
  select: string;
  content?: DataFile['content'];
  spec_id?: number;
  partition?: DataFile['partition'];
  equality_ids?: number[];
  /** Files of others: no field ids. */
  without_ids?: boolean;
}

export interface FileFolder {
  folder: string;
  engine: Engine;
  connection: DuckDBConnection;
  write(options: FileOptions): Promise<DataFile>;
}

export async function fileFolder(t: Pick<TestContext, 'after'>): Promise<FileFolder> {
  const folder = scratchFolder(t);
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  defer(t, () => {
    connection.closeSync();
    instance.closeSync();
  });
  const query = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS();
  return { folder, engine: { query }, connection, write: options => writeFile(folder, query, options) };
}

async function writeFile(folder: string, query: Engine['query'], options: FileOptions): Promise<DataFile> {
  const { schema, content = CONTENT.data } = options;
  const path = join(folder, `${options.name}.parquet`);
  const casts = schema.fields.map(
    (field, at) => `CAST(c${at} AS ${duckType(field.type)}) AS ${quoteName(field.name)}`,
  );
  const names = schema.fields.map((_, at) => `c${at}`).join(', ');
  const from = `SELECT ${casts.join(', ')} FROM (${options.select}) rows(${names})`;
  const ids = options.without_ids ? '' : `, FIELD_IDS ${fieldIds(schema)}`;
  const [row] = await query(
    `COPY (${from}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048, RETURN_STATS${ids})`,
  );
  if (row === undefined) throw new Error('COPY said nothing');
  const written = parseWritten(row);
  const metrics = metricsOf(
    written,
    schema,
    metricsModes({ properties: {} }, schema),
    await nansOf(query, path, schema),
  );
  return {
    ...metrics,
    content,
    file_path: `file://${path}`,
    file_format: 'PARQUET',
    spec_id: options.spec_id ?? 0,
    partition: options.partition ?? [],
    record_count: written.rows,
    file_size_in_bytes: written.bytes,
    ...(options.equality_ids === undefined ? {} : { equality_ids: options.equality_ids }),
  };
}

async function nansOf(query: Engine['query'], path: string, schema: Schema): Promise<Map<number, number>> {
  const floats = [...leavesOf(schema).values()].filter(
    leaf => !leaf.repeated && (leaf.type === 'float' || leaf.type === 'double'),
  );
  if (floats.length === 0) return new Map();
  const counts = floats.map(
    (leaf, at) => `count(*) FILTER (WHERE isnan(${leaf.path.map(quoteName).join('.')})) AS n${at}`,
  );
  const [row] = await query(`SELECT ${counts.join(', ')} FROM read_parquet(${quoteText(path)})`);
  return new Map(floats.map((leaf, at) => [leaf.id, Number(row?.[`n${at}`] ?? 0)]));
}

/** The same numbers for the same seed, so that what failed can be run again (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}
