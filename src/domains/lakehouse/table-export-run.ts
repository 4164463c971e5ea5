import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { openScan, parseFilter, planScan, quoteText, tableAt } from '../../base/iceberg/index.ts';
import type { RunContext } from '../runs/index.ts';
import type { ExportInput, ExportResult } from './tasks/export.ts';
import { openRunnerLake } from './tasks/runner.ts';
import { aboutRows } from './tasks/runner-words.ts';
import { exportPrefix } from './uploads.ts';

type Told = RunContext<ExportInput>;

const MEMORY_MB = 768;
const FORMATS = {
  csv: 'FORMAT csv, HEADER true',
  ndjson: 'FORMAT json',
  parquet: 'FORMAT parquet, COMPRESSION zstd',
};

export function run(context: Told): Promise<ExportResult> {
  return aboutRows(nameIn(context.given), () => write(context));
}

async function write(context: Told): Promise<ExportResult> {
  const { format, snapshot, filter } = context.input;
  await using lake = await openRunnerLake(context, MEMORY_MB);
  const { engine, files, reader, metadata, storage } = lake;
  if (!metadata) throw new Error('there is no table to export');
  const table = tableAt(metadata, reader, snapshot);
  const plan = await planScan(table, filter === undefined ? {} : { filter: parseFilter(filter) });
  const scan = await openScan(plan, { engine, files });
  const path = join(context.folder, `export.${format}`);
  let rows: number;
  try {
    const [answer] = await engine.query(`COPY (${scan.sql}) TO ${quoteText(path)} (${FORMATS[format]})`);
    rows = Number(answer?.Count ?? 0);
  } finally {
    scan.release();
  }
  context.signal.throwIfAborted();
  const file = `${fileName(nameIn(context.given))}.${format}`;
  const { bytes } = await storage.put(
    `${exportPrefix(context.workspace_id, context.run_id)}${file}`,
    createReadStream(path),
  );
  return { file, rows, bytes };
}

function nameIn(given: unknown): string {
  const named = typeof given === 'object' && given !== null && 'name' in given;
  return named && typeof given.name === 'string' ? given.name : 'table';
}

/** A name of a table may be anything, a name of a file may not. */
function fileName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}_-]+/gu, '_')
    .slice(0, 60);
  return plain.replace(/^_+|_+$/g, '') || 'table';
}
