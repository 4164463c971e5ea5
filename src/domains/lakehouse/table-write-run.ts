import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import {
  assignIds,
  currentSchema,
  duckType,
  fieldsById,
  findField,
  newMetadata,
  type Operation,
  parseFilter,
  planMerge,
  printMetadata,
  quoteName,
  quoteText,
  schemaFor,
  stageOverwrite,
  stageRows,
  type TableMetadata,
  tableAt,
  writeData,
} from '../../base/iceberg/index.ts';
import { listAll } from '../../base/storage/index.ts';
import type { RunContext } from '../runs/index.ts';
import { openDigits } from './json-digits.ts';
import { newSpec } from './routes/tables.ts';
import { broughtBy, pack } from './tasks/packed.ts';
import { openRunnerLake, type RunnerLake } from './tasks/runner.ts';
import { aboutRows } from './tasks/runner-words.ts';
import type { StagedWrite } from './tasks/staged.ts';
import type { WriteInput, WriteResult } from './tasks/write.ts';
import { uploadPrefix } from './uploads.ts';

// The runner half of `table.write`: rows become files of the table, by DuckDB; which of them the table has, the worker decides.

type Told = RunContext<WriteInput>;

const MEMORY_MB = 768;

interface State {
  rows: number;
  files: number;
  bytes: number;
}

export function run(context: Told): Promise<WriteResult> {
  const { namespace, name } = context.input;
  return aboutRows([...namespace, name].join('.'), () => write(context));
}

async function write(context: Told): Promise<WriteResult> {
  const { input } = context;
  await using lake = await openRunnerLake(context, MEMORY_MB);
  const work = new Work(context, lake);
  const selects = await sourcesOf(context, lake);
  // Rows that change others are looked at together: a second stage would not know of the first.
  const stages = input.mode === 'merge' || input.mode === 'overwrite' ? [selects.flat()] : selects;
  for (const [index, parts] of stages.entries()) {
    context.signal.throwIfAborted();
    if (index + 1 > context.from.stage) await work.write(parts, index);
    context.progress({ done: index + 1, total: stages.length, unit: 'stages' });
  }
  if (input.mode === 'replace' && context.from.stage <= stages.length) await work.publish();
  return work.result(stages.length + (input.mode === 'replace' ? 1 : 0));
}

/** What is written so far, and what comes next. */
class Work {
  private metadata: TableMetadata | undefined;
  private made: StagedWrite['create'];
  private readonly state: State;
  private readonly context: Told;
  private readonly lake: RunnerLake;

  constructor(context: Told, lake: RunnerLake) {
    this.context = context;
    this.lake = lake;
    this.metadata = lake.metadata;
    this.state = isState(context.from.state) ? { ...context.from.state } : { rows: 0, files: 0, bytes: 0 };
  }

  async write(parts: readonly Source[], index: number): Promise<void> {
    const select = await this.selectOf(parts);
    const metadata = this.metadata ?? (await this.define(select));
    const operation = await this.operationOf(metadata, select, index);
    for (const file of broughtBy(operation)) {
      this.state.files += 1;
      this.state.bytes += file.file_size_in_bytes;
      if (file.content === 0) this.state.rows += file.record_count;
    }
    await this.hand(operation);
    this.made = undefined;
  }

  /** All stages at once take the place of what the table was. */
  publish(): Promise<void> {
    return this.hand({ kind: 'publish', staged: this.branch() });
  }

  result(stages: number): WriteResult {
    const { namespace, name } = this.context.input;
    return { table: [...namespace, name].join('.'), ...this.state, stages };
  }

  private branch(): string {
    return `staged-${this.context.task_id}`;
  }

  private async hand(operation: Operation): Promise<void> {
    const { given } = this.lake;
    const table_id = given.table?.id ?? given.create?.id ?? '';
    const staged: StagedWrite = {
      table_id,
      operation: pack(operation),
      ...(this.made && { create: this.made }),
    };
    await this.context.stage({ staged, state: { ...this.state } });
  }

  private async operationOf(metadata: TableMetadata, select: string, index: number): Promise<Operation> {
    const { engine, files, given, reader } = this.lake;
    const { mode, where, key } = this.context.input;
    const { attempt } = given;
    const schema_id = metadata['current-schema-id'];
    if (mode === 'merge' && metadata.snapshots.length > 0) {
      const merge = { source: select, on: key, matched: [{ action: 'update' as const }], not_matched: [{}] };
      const plan = await planMerge(tableAt(metadata, reader), merge, { engine, files });
      return stageRows(plan, { engine, files }, { attempt });
    }
    if (mode === 'overwrite' && where !== undefined) {
      const table = tableAt(metadata, reader);
      return stageOverwrite(table, parseFilter(where), select, { engine, files }, { attempt });
    }
    const added = await writeData(engine, files, { metadata, select, attempt });
    if (mode === 'overwrite') return { kind: 'replace_partitions', added, schema_id };
    if (mode === 'replace')
      return {
        kind: 'append',
        added,
        schema_id,
        branch: this.branch(),
        ...(index === 0 && { orphan: true }),
      };
    return { kind: 'append', added, schema_id };
  }

  private async selectOf(parts: readonly Source[]): Promise<string> {
    const { engine } = this.lake;
    const selects: string[] = [];
    for (const { select, typed } of parts) {
      if (!typed || !this.metadata) {
        selects.push(select);
        continue;
      }
      const rows = await engine.query(`DESCRIBE ${select}`);
      const found = rows.map(row => ({ name: String(row.column_name), type: String(row.column_type) }));
      selects.push(typed(found, this.metadata));
    }
    return selects.length === 1
      ? (selects[0] ?? '')
      : selects.map(one => `(${one})`).join(' UNION ALL BY NAME ');
  }

  /** A table for these rows: their columns, all of them optional. */
  private async define(select: string): Promise<TableMetadata> {
    const { create } = this.lake.given;
    if (!create) throw new Error('there is neither a table nor a place for one');
    const { namespace, name, partition_by } = this.context.input;
    const { schema } = assignIds(await schemaFor(this.lake.engine, select));
    const metadata = newMetadata({
      location: create.location,
      schema,
      spec: newSpec(schema, partition_by),
      properties: {
        'write.metadata.delete-after-commit.enabled': 'true',
        'write.parquet.compression-codec': 'zstd',
      },
      now_ms: Date.now(),
    });
    this.metadata = metadata;
    this.made = {
      namespace: [...namespace],
      name,
      location: create.location,
      metadata: printMetadata(metadata),
    };
    return metadata;
  }
}

function isState(state: unknown): state is State {
  return (
    typeof state === 'object' && state !== null && 'rows' in state && 'files' in state && 'bytes' in state
  );
}

// ── Where rows come from ────────────────────────────────────────────────────────────────────────────

interface Source {
  select: string;
  /** The same, with the types of the table where it has such a column: "007" is no number, and 9.90 no DOUBLE. */
  typed?: (found: readonly Found[], metadata: TableMetadata) => string;
}

/** A column as DuckDB takes it to be after a look at the first rows. */
interface Found {
  name: string;
  type: string;
}

/** One list for each stage. */
async function sourcesOf(context: Told, lake: RunnerLake): Promise<Source[][]> {
  const { source } = context.input;
  if (source.kind === 'generate') return generated(source);
  const sources: Source[][] = [];
  for (const [at, id] of source.upload_ids.entries()) {
    // What an attempt before this one has committed need not be fetched again.
    const skipped =
      context.input.mode !== 'merge' && context.input.mode !== 'overwrite' && at < context.from.stage;
    const path = skipped ? '' : await fetchUpload(context, lake, id, source.format);
    sources.push([readerOf(source.format, path)]);
  }
  return sources;
}

function generated({
  rows,
  from,
  stage_rows,
}: Extract<WriteInput['source'], { kind: 'generate' }>): Source[][] {
  const stages: Source[][] = [];
  for (let start = from; start < from + rows; start += stage_rows) {
    const end = Math.min(start + stage_rows, from + rows);
    stages.push([
      {
        select: `SELECT range AS id, 'name ' || (range % 1000) AS name, (range % 10000) / 100.0::DECIMAL(10, 2) AS amount,
          TIMESTAMP '2026-01-01' + to_seconds(range % 31536000) AS at FROM range(${start}, ${end})`,
      },
    ]);
  }
  return stages;
}

/** Its parts in their order, as one file on this machine. */
async function fetchUpload(
  context: Told,
  { storage, metadata }: RunnerLake,
  id: string,
  format: string,
): Promise<string> {
  const path = join(context.folder, `${id}.${format}`);
  const prefix = uploadPrefix(context.workspace_id, id);
  const keys: string[] = [];
  for await (const { key } of listAll(storage, prefix)) keys.push(key);
  if (keys.length === 0)
    throw Object.assign(new Error(`The upload ${id} is gone: they are kept for a day.`), {
      retry: 'terminal',
    });
  await pipeline(async function* () {
    for (const key of keys) yield* await storage.get(key);
  }, createWriteStream(path));
  const packing = await packingOf(path);
  if (format === 'json' || format === 'ndjson') return withDigits(context, metadata, path, packing);
  return named(path, `${path}${packing}`);
}

const UNPACK = { '': undefined, '.gz': createGunzip, '.zst': createZstdDecompress };

/**
 * Of JSON, with every digit that a decimal column has room for. Where the table is only made now, nobody has said that there is to be
 * one: then it is said what is lost.
 */
async function withDigits(
  context: Told,
  metadata: TableMetadata | undefined,
  path: string,
  packing: keyof typeof UNPACK,
): Promise<string> {
  const quoted = metadata !== undefined && hasDecimals(metadata);
  if (metadata && !quoted) return named(path, `${path}${packing}`);
  const digits = openDigits({ quoted });
  const text = quoted ? `${path}.exact` : `${path}.plain`;
  const unpack = UNPACK[packing]?.();
  const source = createReadStream(path);
  const read = (bytes: AsyncIterable<Uint8Array>) => digits.read(bytes);
  await (unpack
    ? pipeline(source, unpack, read, createWriteStream(text))
    : pipeline(source, read, createWriteStream(text)));
  if (!quoted && digits.long > 0)
    context.log.warn(
      `${digits.long} numbers have more digits than a DOUBLE keeps: to keep them, make the table with decimal columns first`,
    );
  await rm(path);
  return text;
}

async function named(path: string, name: string): Promise<string> {
  if (name !== path) await rename(path, name);
  return name;
}

function hasDecimals(metadata: TableMetadata): boolean {
  const types = [...fieldsById(currentSchema(metadata)).values()].map(({ field }) => field.type);
  return types.some(type => typeof type === 'string' && type.startsWith('decimal'));
}

/** By how it begins, whatever it was called; DuckDB unpacks what is named so. No text and no Parquet begins like these. */
async function packingOf(path: string): Promise<'' | '.gz' | '.zst'> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  const begin = buffer.toString('hex', 0, bytesRead);
  if (begin.startsWith('1f8b')) return '.gz';
  return begin === '28b52ffd' ? '.zst' : '';
}

function readerOf(format: 'csv' | 'ndjson' | 'json' | 'parquet', path: string): Source {
  const file = quoteText(path);
  switch (format) {
    case 'parquet':
      return { select: `SELECT * FROM read_parquet(${file})` };
    case 'ndjson':
      return jsonReader(file, 'newline_delimited');
    case 'json':
      return jsonReader(file, 'auto');
    case 'csv':
      return {
        select: `SELECT * FROM read_csv(${file})`,
        typed: (found, metadata) => {
          const types = found.flatMap(({ name }) => {
            const type = typeIn(metadata, name);
            // A nested value in a file of lines is text, in whatever form.
            return typeof type === 'string' ? [`${quoteName(name)}: ${quoteText(duckType(type))}`] : [];
          });
          return `SELECT * FROM read_csv(${file}${types.length > 0 ? `, types = {${types.join(', ')}}` : ''})`;
        },
      };
    default:
      return format satisfies never;
  }
}

/** It takes all columns or none: those that the table does not have keep the type that was found, and are refused by name later. */
function jsonReader(file: string, form: 'auto' | 'newline_delimited'): Source {
  const read = `read_json(${file}, format = ${quoteText(form)}`;
  return {
    select: `SELECT * FROM ${read})`,
    typed: (found, metadata) => {
      const columns = found.map(({ name, type: taken }) => {
        const type = typeIn(metadata, name);
        return `${quoteName(name)}: ${quoteText(type === undefined ? taken : duckType(type))}`;
      });
      return `SELECT * FROM ${read}, columns = {${columns.join(', ')}})`;
    },
  };
}

function typeIn(metadata: TableMetadata, name: string) {
  return findField(currentSchema(metadata), [name])?.field.type;
}
