import { join } from 'node:path';
import { IcebergError } from '../errors.ts';
import { quoteName, quoteText } from '../filter/index.ts';
import type { PrimitiveType, Value } from '../model.ts';
import { parseDuck } from '../values/index.ts';
import type { Engine, Row } from '../world.ts';
import { type CopyOptions, copyToFile, copyToFolder } from './copy.ts';
import { type Key, type Layout, orderKeys, partitionKeys } from './layout.ts';
import { sideBySide } from './side-by-side.ts';
import { parseWritten, type WrittenFile } from './statistics.ts';

// Rows become files. Without partitions and order DuckDB does it in one stroke. Otherwise they are laid down once, sorted by
// partition and order, and cut into pieces, a file each. DuckDB's own PARTITION_BY is not used: with thousands of partitions it
// writes ten files into each and holds all of them in memory, it knows no target size and no order, and it makes folders out of
// values, which may be longer than a name may be.

export interface Piece {
  file: WrittenFile;
  partition: (Value | null)[];
}

/** Each is a `COPY` of its own; more at a time gain nothing on what one machine has. */
const COPIES_AT_A_TIME = 4;

export async function writePieces(
  engine: Engine,
  folder: string,
  rows: string,
  layout: Layout,
  options: CopyOptions & { target_bytes: number },
): Promise<Piece[]> {
  const keys = partitionKeys(layout);
  const order = orderKeys(layout);
  if (keys.length === 0 && order.length === 0) {
    const written = await engine.query(copyToFolder(rows, folder, options));
    return written.map(parseWritten).map(file => ({ file, partition: [] }));
  }
  const stage = await layDown(engine, join(folder, 'stage.parquet'), rows, { layout, keys, order, options });
  const cuts = stage.rows === 0 ? [] : await cut(engine, stage, keys, options.target_bytes);
  const pieces = await sideBySide(cuts, COPIES_AT_A_TIME, async ({ first, last, partition }, index) => {
    const select = `${pick(layout)} FROM ${scan(stage.path)} WHERE file_row_number BETWEEN ${first} AND ${last}`;
    const [row] = await engine.query(copyToFile(select, join(folder, `${index}.parquet`), options));
    return { file: parseWritten(row ?? {}), partition };
  });
  return pieces;
}

// ── Laid down ───────────────────────────────────────────────────────────────────────────────────────

interface Stage {
  path: string;
  rows: number;
  bytes: number;
}

interface Plan {
  layout: Layout;
  keys: readonly Key[];
  order: readonly string[];
  options: CopyOptions;
}

/** Under names of ours: a column may well be called `file_row_number`, or what we would call a partition. */
async function layDown(engine: Engine, path: string, rows: string, plan: Plan): Promise<Stage> {
  const { layout, keys, order, options } = plan;
  const columns = layout.schema.fields.map((field, at) => `rows.${quoteName(field.name)} AS c${at}`);
  const values = keys.map((key, at) => `${key.sql} AS p${at}`);
  const by = [...keys.map((_, at) => `${columns.length + at + 1}`), ...order];
  const [row] = await engine.query(
    `COPY (SELECT ${[...columns, ...values].join(', ')} FROM (${rows}) AS rows ORDER BY ${by.join(', ')})
     TO ${quoteText(path)} (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE ${options.row_group_rows}, RETURN_STATS)`,
  );
  const written = parseWritten(row ?? {});
  return { path, rows: written.rows, bytes: written.bytes };
}

function scan(path: string): string {
  return `read_parquet(${quoteText(path)}, hive_partitioning = false)`;
}

function pick({ schema }: Layout): string {
  return `SELECT ${schema.fields.map((field, at) => `c${at} AS ${quoteName(field.name)}`).join(', ')}`;
}

// ── Cut ─────────────────────────────────────────────────────────────────────────────────────────────

interface Cut {
  partition: (Value | null)[];
  /** Numbers of rows, both within. */
  first: number;
  last: number;
}

async function cut(engine: Engine, stage: Stage, keys: readonly Key[], target_bytes: number): Promise<Cut[]> {
  const texts = keys.map(({ type }, at) => `${textOf(`p${at}`, type)} AS p${at}`);
  const by = keys.map((_, at) => `p${at}`);
  const found = await engine.query(
    `SELECT ${[...texts, 'count(*) AS rows', 'min(row) AS first'].join(', ')}
     FROM (SELECT ${[...by, 'file_row_number AS row'].join(', ')} FROM ${scan(stage.path)})
     GROUP BY ${by.length === 0 ? '()' : by.map(name => `${name}`).join(', ')} ORDER BY first`,
  );
  const row_bytes = stage.bytes / stage.rows;
  return found.flatMap(row => {
    const partition = keys.map(({ type }, at) => partitionValue(row[`p${at}`], type));
    return rangesOf(row, Math.ceil(target_bytes / row_bytes)).map(range => ({ partition, ...range }));
  });
}

/** Of equal length, so that no file is the small rest of the others. */
function rangesOf(row: Row, most_rows: number): { first: number; last: number }[] {
  const [rows, first] = [Number(row.rows), Number(row.first)];
  const files = Math.ceil(rows / Math.max(1, most_rows));
  const at = (index: number) => first + Math.floor((rows * index) / files);
  return Array.from({ length: files }, (_, index) => ({ first: at(index), last: at(index + 1) - 1 }));
}

/** As `parseDuck` reads it. */
function textOf(column: string, type: PrimitiveType): string {
  return type === 'binary' || type.startsWith('fixed') ? `hex(${column})` : `CAST(${column} AS VARCHAR)`;
}

function partitionValue(text: unknown, type: PrimitiveType): Value | null {
  if (typeof text !== 'string') return null;
  const value = parseDuck(type, text);
  if (value !== undefined) return value;
  throw new IcebergError('type', `${text.slice(0, 80)} cannot be the value of a partition`, {
    value: text.slice(0, 80),
    type,
  });
}
