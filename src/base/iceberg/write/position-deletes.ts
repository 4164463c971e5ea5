import { join } from 'node:path';
import { IcebergError } from '../errors.ts';
import { quoteText } from '../filter/index.ts';
import { CONTENT, type DataFile, type TableMetadata, type Value } from '../model.ts';
import { encodeValue } from '../values/index.ts';
import type { Engine, Files } from '../world.ts';
import { subquery } from './columns.ts';
import { copyOptions, copyToFile } from './copy.ts';
import { dataFolder, fileNames, keepAll } from './data.ts';
import { sideBySide } from './side-by-side.ts';
import { parseWritten, type WrittenFile } from './statistics.ts';

export interface PositionDeleteOptions {
  metadata: TableMetadata;
  /** A SELECT of `file_path`, with the very text of the manifest, and `pos`, the number of the row in that file from 0. */
  select: string;
  /** The data files that may be named there. */
  targets: readonly DataFile[];
  attempt: string;
  location?: string;
}

/** Of the specification, for the two columns. */
const PATH_ID = 2147483546;
const POS_ID = 2147483545;

/**
 * Rows that are struck out where they lie, as files that no snapshot has yet: one for each partition, sorted by file and row as
 * readers count on.
 */
export async function writePositionDeletes(
  engine: Engine,
  files: Files,
  options: PositionDeleteOptions,
): Promise<DataFile[]> {
  const { metadata, attempt } = options;
  const names = fileNames(attempt);
  const folder = options.location ?? dataFolder(metadata);
  const draft = await files.draft();
  try {
    const stage = join(draft.folder, 'stage.parquet');
    await engine.query(
      `COPY (SELECT DISTINCT CAST(file_path AS VARCHAR) AS file_path, CAST(pos AS BIGINT) AS pos
             FROM ${subquery(options.select)} ORDER BY file_path, pos)
       TO ${quoteText(stage)} (FORMAT parquet, COMPRESSION lz4_raw)`,
    );
    const groups = byPartition(await struckRows(engine, stage, options.targets));
    const how = {
      ...copyOptions(metadata, EMPTY),
      schema: undefined,
      field_ids: `{file_path: ${PATH_ID}, pos: ${POS_ID}}`,
    };
    const written = await sideBySide(groups, 4, async (group, index) => {
      const paths = group.map(({ target }) => quoteText(target.file_path)).join(', ');
      const select = `SELECT file_path, pos FROM read_parquet(${quoteText(stage)}) WHERE file_path IN (${paths})`;
      const [row] = await engine.query(copyToFile(select, join(draft.folder, `${index}.parquet`), how));
      return { group, file: parseWritten(row ?? {}) };
    });
    const data = written.map(({ file, group }) =>
      deleteFile(file, group, `${folder}/${deletesName(names())}`),
    );
    await keepAll(files, draft, written, data);
    return data;
  } finally {
    await draft.release();
  }
}

const EMPTY = { type: 'struct' as const, 'schema-id': 0, fields: [] };

function deletesName(name: string): string {
  return name.replace(/\.parquet$/, '-deletes.parquet');
}

/** What is struck out of one data file. */
interface Struck {
  target: DataFile;
  rows: number;
  first: bigint;
  last: bigint;
}

async function struckRows(engine: Engine, stage: string, targets: readonly DataFile[]): Promise<Struck[]> {
  const known = new Map(targets.map(target => [target.file_path, target]));
  const rows = await engine.query(
    `SELECT file_path, count(*) AS rows, min(pos) AS first, max(pos) AS last, count(*) - count(pos) AS unknown
     FROM read_parquet(${quoteText(stage)}) GROUP BY file_path ORDER BY file_path`,
  );
  return rows.map(row => {
    const path = String(row.file_path);
    const target = known.get(path);
    if (!target || Number(row.unknown) > 0)
      throw new IcebergError('invalid', `rows of ${path} are to be deleted, which was not read`, {
        file: path,
      });
    const [first, last] = [BigInt(String(row.first)), BigInt(String(row.last))];
    if (first < 0n || last >= BigInt(target.record_count))
      throw new IcebergError('invalid', `${path} has ${target.record_count} rows, and no row ${last}`, {
        file: path,
        rows: target.record_count,
      });
    return { target, rows: Number(row.rows), first, last };
  });
}

/** A file of deletes belongs to one partition of one spec. */
function byPartition(struck: readonly Struck[]): Struck[][] {
  const groups = Map.groupBy(
    struck,
    ({ target }) => `${target.spec_id} ${target.partition.map(keyOf).join(' ')}`,
  );
  return [...groups.values()];
}

function keyOf(value: Value | null): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return JSON.stringify(typeof value === 'bigint' ? `${value}n` : value);
}

function deleteFile(file: WrittenFile, group: readonly Struck[], location: string): DataFile {
  const [one, ...others] = group;
  if (!one) throw new IcebergError('invalid', 'a file of deletes is about at least one data file', {});
  const { spec_id, partition } = one.target;
  return {
    content: CONTENT.position_deletes,
    file_path: location,
    file_format: 'PARQUET',
    spec_id,
    partition,
    record_count: file.rows,
    file_size_in_bytes: file.bytes,
    ...metricsOf(file, group),
    split_offsets: [4],
    ...(others.length === 0 ? { referenced_data_file: one.target.file_path } : {}),
  };
}

/** The bounds of the path are not cut as others are: by them readers know that a file is about one data file only. */
function metricsOf(file: WrittenFile, group: readonly Struck[]) {
  const columns = [
    [PATH_ID, file.columns.get('"file_path"')],
    [POS_ID, file.columns.get('"pos"')],
  ] as const;
  const paths = group.map(({ target }) => Buffer.from(target.file_path)).sort(Buffer.compare);
  const [first = Buffer.of(), last = first] = [paths.at(0), paths.at(-1)];
  const lowest = group.reduce((low, one) => (one.first < low ? one.first : low), group[0]?.first ?? 0n);
  const highest = group.reduce((high, one) => (one.last > high ? one.last : high), 0n);
  return {
    column_sizes: new Map(columns.map(([id, column]) => [id, column?.bytes ?? 0])),
    value_counts: new Map(columns.map(([id]) => [id, file.rows])),
    null_value_counts: new Map(columns.map(([id]) => [id, 0])),
    nan_value_counts: new Map<number, number>(),
    lower_bounds: new Map([
      [PATH_ID, first],
      [POS_ID, encodeValue('long', lowest)],
    ]),
    upper_bounds: new Map([
      [PATH_ID, last],
      [POS_ID, encodeValue('long', highest)],
    ]),
  };
}
