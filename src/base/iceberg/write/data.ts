import { createHash, randomBytes } from 'node:crypto';
import { IcebergError } from '../errors.ts';
import { quoteText } from '../filter/index.ts';
import { CONTENT, type DataFile, type TableMetadata, type Value } from '../model.ts';
import { partitionPath } from '../partition/index.ts';
import type { Draft, Engine, Files } from '../world.ts';
import { checkRequired, checkValues, countNans } from './checks.ts';
import { conform } from './columns.ts';
import { copyOptions, targetBytes } from './copy.ts';
import { type Layout, type LayoutOptions, layoutOf } from './layout.ts';
import { metricsModes, metricsOf } from './metrics.ts';
import { type Piece, writePieces } from './pieces.ts';
import { sideBySide } from './side-by-side.ts';
import type { WrittenFile } from './statistics.ts';

export interface WriteOptions extends LayoutOptions {
  metadata: TableMetadata;
  /** A SELECT of DuckDB. Its columns are those of the table, by name, in any order. */
  select: string;
  /** Who writes: in the name of every file, so that what nobody committed can be told from what somebody did. */
  attempt: string;
  /** The folder for the files; the table's own, unless said. */
  location?: string;
  target_bytes?: number;
  row_group_rows?: number;
}

const UPLOADS_AT_A_TIME = 4;

/**
 * The rows of a SELECT as files of the table, which no snapshot has yet. All of them are good when this resolves, and none is
 * there when it fails. No row, no file.
 */
export async function writeData(engine: Engine, files: Files, options: WriteOptions): Promise<DataFile[]> {
  const { metadata } = options;
  const layout = layoutOf(options);
  const names = fileNames(options.attempt);
  const folder = options.location ?? dataFolder(metadata);
  const how = {
    ...copyOptions(metadata, layout.schema, options.row_group_rows),
    target_bytes: options.target_bytes ?? targetBytes(metadata.properties),
  };
  const rows = await conform(engine, options.select, layout.schema);
  const draft = await files.draft();
  try {
    const pieces = await writePieces(engine, draft.folder, rows, layout, how);
    const written = pieces.map(piece => piece.file);
    for (const file of written) checkValues(file, layout.schema);
    await checkRequired(engine, written, layout.schema);
    const facts = {
      modes: metricsModes(metadata, layout.schema, layout.order),
      nans: await countNans(engine, written, layout.schema),
      offsets: await splitOffsets(engine, written, how.row_group_rows),
    };
    const data = pieces.map(piece =>
      dataFile(piece, layout, facts, placeOf(folder, layout, piece.partition, names())),
    );
    await keepAll(files, draft, pieces, data);
    return data;
  } finally {
    await draft.release();
  }
}

/** Where the data of a table goes. */
export function dataFolder(metadata: TableMetadata): string {
  const folder = metadata.properties['write.data.path'] ?? `${metadata.location}/data`;
  return folder.replace(/\/+$/, '');
}

export function fileNames(attempt: string): () => string {
  if (!/^[\w.-]{1,100}$/.test(attempt))
    throw new IcebergError('invalid', `"${attempt.slice(0, 100)}" cannot be part of a file name`, {
      attempt: attempt.slice(0, 100),
    });
  // One attempt may write many times.
  const call = randomBytes(4).toString('hex');
  let count = 0;
  return () => `${attempt}-${call}-${String(count++).padStart(5, '0')}.parquet`;
}

/** A name of a folder may have 255 bytes on most disks, and a key of S3 1024. */
const LONGEST_PART = 150;

function placeOf(
  folder: string,
  { spec, schema }: Layout,
  partition: (Value | null)[],
  name: string,
): string {
  if (spec.fields.length === 0) return `${folder}/${name}`;
  const path = partitionPath(spec, schema, partition);
  const fits = path.split('/').every(part => part.length <= LONGEST_PART);
  // The path is for people; readers look at the manifest.
  const short = fits ? path : `partition=${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
  return `${folder}/${short}/${name}`;
}

interface Facts {
  modes: ReturnType<typeof metricsModes>;
  nans: ReadonlyMap<string, ReadonlyMap<number, number>>;
  offsets: ReadonlyMap<string, number[]>;
}

function dataFile({ file, partition }: Piece, layout: Layout, facts: Facts, location: string): DataFile {
  return {
    content: CONTENT.data,
    file_path: location,
    file_format: 'PARQUET',
    spec_id: layout.spec['spec-id'],
    partition,
    record_count: file.rows,
    file_size_in_bytes: file.bytes,
    ...metricsOf(file, layout.schema, facts.modes, facts.nans.get(file.path) ?? new Map()),
    split_offsets: facts.offsets.get(file.path) ?? [FIRST_OFFSET],
    sort_order_id: layout.order['order-id'],
  };
}

/** After the four letters with which a Parquet file begins. */
const FIRST_OFFSET = 4;

/** Where row groups begin, for engines that share a file out. Known without a look at files that have only one. */
async function splitOffsets(
  engine: Engine,
  written: readonly WrittenFile[],
  row_group_rows: number,
): Promise<ReadonlyMap<string, number[]>> {
  const long = written.filter(file => file.rows > row_group_rows).map(file => quoteText(file.path));
  if (long.length === 0) return new Map();
  const rows = await engine.query(
    `SELECT file_name AS path, list(first ORDER BY first) AS offsets FROM (
       SELECT file_name, row_group_id, min(least(data_page_offset, coalesce(dictionary_page_offset, data_page_offset))) AS first
       FROM parquet_metadata([${long.join(', ')}]) GROUP BY ALL
     ) GROUP BY ALL`,
  );
  return new Map(
    rows.map(row => [String(row.path), Array.isArray(row.offsets) ? row.offsets.map(Number) : []]),
  );
}

/** All or none: what was brought before a failure is taken away again, as well as that can be done. */
export async function keepAll(
  files: Files,
  draft: Draft,
  pieces: readonly { file: WrittenFile }[],
  data: readonly DataFile[],
): Promise<void> {
  const brought: string[] = [];
  try {
    await sideBySide(data, UPLOADS_AT_A_TIME, async ({ file_path }, index) => {
      const piece = pieces[index];
      if (!piece) return;
      brought.push(file_path);
      await draft.keep(piece.file.path, file_path);
    });
  } catch (error) {
    await sideBySide(brought, UPLOADS_AT_A_TIME, location => files.remove(location)).catch(() => undefined);
    throw error;
  }
}
