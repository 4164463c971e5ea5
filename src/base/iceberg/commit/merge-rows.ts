import { join } from 'node:path';
import { IcebergError } from '../errors.ts';
import { type Filter, literal, quoteName, quoteText } from '../filter/index.ts';
import type { Field, PrimitiveType, Schema, Value } from '../model.ts';
import { type Plan, planScan, type TableAt } from '../scan/index.ts';
import { findField, freeName, primitive } from '../schema/index.ts';
import { parseDuck, showValue } from '../values/index.ts';
import type { Draft, Engine } from '../world.ts';
import { columnType, describe, duckType, subquery } from '../write/index.ts';
import { modeChoice } from './change-mode.ts';
import {
  type Assigned,
  assignments,
  choose,
  columnsSql,
  filesOf,
  headOf,
  type Opened,
  openFor,
  type RowPlan,
  type RowWorld,
  scanOf,
} from './rows.ts';

// MERGE. The source is written down once, so that it is the same rows whenever it is asked; then one semi-join over the key
// columns alone finds which rows of which files it meets. What is written follows from these pairs.

export interface Merge {
  /** A SELECT. */
  source: string;
  /** Columns that both sides have, equal in a row that is met. NULL meets nothing. */
  on: readonly string[];
  /** The first one whose condition holds is done. Expressions see `target` and `source`. */
  matched?: readonly MatchedClause[];
  not_matched?: readonly InsertClause[];
}

export interface MatchedClause {
  when?: string;
  action: 'update' | 'delete';
  /** Of an update; without it every column takes the value that the source has under its name. */
  set?: Readonly<Record<string, string>>;
}

export interface InsertClause {
  when?: string;
  /** Expressions over `source`; without them every column takes the value that the source has under its name. */
  values?: Readonly<Record<string, string>>;
}

export async function planMerge(table: TableAt, merge: Merge, world: RowWorld): Promise<RowPlan> {
  const draft = await world.files.draft();
  let opened: Opened | undefined;
  try {
    const source = await writeSource(merge, world.engine, draft);
    const keys = keysOf(table.schema, merge.on, source);
    const reads = await rangeOf(keys, source, world.engine);
    const plan = await planScan(table, { filter: reads });
    opened = await openFor(plan.files, plan, world);
    const pairs = await findPairs(opened, source, keys, merge, world.engine, draft);
    return await rowsToWrite({ table, merge, source, keys, reads, plan, opened, pairs, world, draft });
  } catch (error) {
    opened?.release();
    await draft.release();
    throw error;
  }
}

// ── The source ──────────────────────────────────────────────────────────────────────────────────────

interface Source {
  path: string;
  /** What the number of a row is called beside them. */
  row: string;
  /** By name in lower case. */
  columns: ReadonlyMap<string, string>;
}

/**
 * As a file: whole numbers beyond 64 bits would become floating ones in it, so they go as decimals. Under names of ours, for a
 * source may well have a column `file_row_number`.
 */
async function writeSource(merge: Merge, engine: Engine, draft: Draft): Promise<Source> {
  const columns = await describe(engine, merge.source);
  const list = columns.map(({ name, type }, at) => {
    const column = quoteName(name);
    // What has no place in a table has none in its source either, and is named before it loses anything.
    return `CAST(source.${column} AS ${duckType(columnType(type, name))}) AS c${at}`;
  });
  const path = join(draft.folder, 'source.parquet');
  await engine.query(
    `COPY (SELECT ${list.join(', ')} FROM ${subquery(merge.source)}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION lz4_raw)`,
  );
  const row = quoteName(
    freeName(
      columns.map(({ name }) => name),
      '_src',
    ),
  );
  return { path, row, columns: new Map(columns.map(({ name }) => [name.toLowerCase(), name])) };
}

interface Key {
  field: Field;
  /** In the source. */
  name: string;
  /** A text of the table is compared with the text of the source's value: '01' is not 1. */
  as_text: boolean;
}

function keysOf(schema: Schema, on: readonly string[], source: Source): Key[] {
  if (on.length === 0) throw new IcebergError('invalid', 'a merge needs columns to compare', {});
  return on.map(name => {
    const place = findField(schema, [name]);
    const theirs = source.columns.get(name.toLowerCase());
    if (!place || theirs === undefined)
      throw new IcebergError('invalid', `Both sides of a merge need column '${name}'.`, { field: name });
    if (typeof place.field.type !== 'string')
      throw new IcebergError('invalid', `Column '${name}' is no single value to compare.`, { field: name });
    return { field: place.field, name: theirs, as_text: place.field.type === 'string' };
  });
}

/** Few keys are looked for one by one, many between the lowest and the highest. */
const KEYS_ONE_BY_ONE = 200;

/** What the keys of the source say about the rows that it can meet: finds the files, and is what the merge has read. */
async function rangeOf(keys: readonly Key[], source: Source, engine: Engine): Promise<Filter> {
  const of: Filter[] = [];
  for (const key of keys) of.push(await rangeOfKey(key, source, engine));
  return { op: 'and', of };
}

async function rangeOfKey({ field, name }: Key, source: Source, engine: Engine): Promise<Filter> {
  const type = typeof field.type === 'string' ? field.type : 'string';
  // Casts to the column's type keep the order, so the ends stay the ends; NaN has no place among them. What the column cannot
  // hold meets nothing.
  const value = `TRY_CAST(source.${quoteName(name)} AS ${duckType(field.type)})`;
  const from = `FROM ${sourceSql(source)}`;
  const few = await engine.query(
    `SELECT DISTINCT ${value}::VARCHAR AS value ${from} WHERE ${value} IS NOT NULL LIMIT ${KEYS_ONE_BY_ONE + 1}`,
  );
  if (few.length === 0) return { op: 'false' };
  const parse = (text: unknown) => (typeof text === 'string' ? keyValue(type, text) : undefined);
  if (few.length <= KEYS_ONE_BY_ONE && type !== 'binary') {
    const values = few.map(row => parse(row.value));
    const known = values.filter(each => each !== undefined && !Number.isNaN(each));
    return known.length === values.length
      ? { op: 'in', field: [field.name], values: known.filter(each => each !== undefined) }
      : { op: 'true' };
  }
  const [ends] = await engine.query(
    `SELECT min(${value})::VARCHAR AS low, max(${value})::VARCHAR AS high ${from}`,
  );
  const [low, high] = [parse(ends?.low), parse(ends?.high)];
  const sides: Filter[] = [];
  if (low !== undefined && !Number.isNaN(low)) sides.push({ op: 'ge', field: [field.name], value: low });
  if (high !== undefined && !Number.isNaN(high)) sides.push({ op: 'le', field: [field.name], value: high });
  return { op: 'and', of: type === 'binary' ? [] : sides };
}

/** A value as a filter takes it: moments and decimals in words. `undefined`: one that it cannot say. */
function keyValue(type: PrimitiveType, text: string): Value | undefined {
  const value = parseDuck(type, text);
  if (value === undefined || value instanceof Uint8Array) return value;
  return SAID_IN_WORDS.includes(primitive(type).name) ? sayable(type, showValue(type, value)) : value;
}

const SAID_IN_WORDS = ['date', 'time', 'timestamp', 'timestamptz', 'decimal'];

/** DuckDB has moments (24 o'clock) that no filter has. */
function sayable(type: PrimitiveType, text: string): string | undefined {
  try {
    literal(type, text);
    return text;
  } catch {
    return undefined;
  }
}

// ── Who meets whom ──────────────────────────────────────────────────────────────────────────────────

interface Pairs {
  /** file, pos, src: the row of the source, act: which clause, -1 for none. */
  path: string;
  /** Rows that change, by file. */
  hits: ReadonlyMap<string, number>;
}

async function findPairs(
  opened: Opened,
  source: Source,
  keys: readonly Key[],
  merge: Merge,
  engine: Engine,
  draft: Draft,
): Promise<Pairs> {
  const path = join(draft.folder, 'pairs.parquet');
  const scan = opened.files.length === 0 ? undefined : opened.sql;
  const rows =
    scan === undefined
      ? 'SELECT NULL::VARCHAR AS file, NULL::BIGINT AS pos, NULL::BIGINT AS src, NULL::INTEGER AS act WHERE false'
      : `SELECT target.${quoteName(opened.places.file)} AS file, target.${quoteName(opened.places.pos)} AS pos, source.${source.row} AS src, ${actionSql(merge.matched ?? [])} AS act
         FROM (${scan}) target JOIN ${sourceSql(source)} ON ${meets(keys)}`;
  await engine.query(`COPY (${rows}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION lz4_raw)`);
  const pairs = `read_parquet(${quoteText(path)})`;
  const [twice] = await engine.query(
    `SELECT file, pos FROM ${pairs} WHERE act >= 0 GROUP BY ALL HAVING count(*) > 1 LIMIT 1`,
  );
  if (twice)
    throw new IcebergError('invalid', 'the source has several rows for one row of the table', {
      file: String(twice.file),
      row: Number(twice.pos),
    });
  const hits = await engine.query(`SELECT file, count(*) AS hits FROM ${pairs} WHERE act >= 0 GROUP BY ALL`);
  return { path, hits: new Map(hits.map(row => [String(row.file), Number(row.hits)])) };
}

function sourceSql({ path, row, columns }: Source): string {
  const list = [...columns.values()].map((name, at) => `c${at} AS ${quoteName(name)}`);
  return `(SELECT ${list.join(', ')}, file_row_number AS ${row} FROM read_parquet(${quoteText(path)})) source`;
}

function meets(keys: readonly Key[]): string {
  return keys
    .map(({ field, name, as_text }) => {
      const theirs = `source.${quoteName(name)}`;
      return `target.${quoteName(field.name)} = ${as_text ? `CAST(${theirs} AS VARCHAR)` : theirs}`;
    })
    .join(' AND ');
}

function actionSql(clauses: readonly MatchedClause[]): string {
  if (clauses.length === 0) return '-1';
  const whens = clauses.map((clause, at) => `WHEN (${clause.when ?? 'true'}) THEN ${at}`);
  return `CASE ${whens.join(' ')} ELSE -1 END`;
}

// ── What is written ─────────────────────────────────────────────────────────────────────────────────

interface Found {
  table: TableAt;
  merge: Merge;
  source: Source;
  keys: readonly Key[];
  reads: Filter;
  plan: Plan;
  opened: Opened;
  pairs: Pairs;
  world: RowWorld;
  draft: Draft;
}

async function rowsToWrite(found: Found): Promise<RowPlan> {
  const { table, merge, reads, plan, opened, pairs, world, draft } = found;
  const matched = merge.matched ?? [];
  const only_deletes = matched.every(clause => clause.action === 'delete');
  const { gone, rewritten, struck } = choose(
    plan.files,
    pairs.hits,
    modeChoice('merge', table.metadata),
    only_deletes,
  );
  const whole = await scanOf(opened, rewritten, plan, world);
  const moving = await scanOf(opened, struck, plan, world, true);
  const paths = struck.map(({ file }) => file.file_path);
  const parts = [
    ...(whole === undefined ? [] : [rewrittenSql(found, whole)]),
    ...(moving === undefined || only_deletes ? [] : [movedSql(found, moving, paths)]),
    ...insertsSql(found),
  ];
  return {
    ...headOf('merge', table, reads),
    removed: filesOf([...gone, ...rewritten]),
    targets: filesOf(struck),
    ...(parts.length === 0 ? {} : { write: parts.join('\nUNION ALL\n') }),
    ...(moving === undefined
      ? {}
      : {
          strike: `SELECT file AS file_path, pos FROM (${pairsOf(pairs, paths)})`,
        }),
    async release() {
      opened.release();
      await draft.release();
    },
  };
}

/** Whole files with their rows changed or left out: the source is met again by its keys, which costs less than by place. */
function rewrittenSql(found: Found, scan: string): string {
  const { merge, source, keys } = found;
  const matched = merge.matched ?? [];
  // Only rows of the source that do something: of those there is one at most for each row of the table.
  const doing = matched.map(clause => `(${clause.when ?? 'true'})`).join(' OR ');
  const deletes = clausesThat('delete', matched);
  const act = quoteName(
    freeName(
      found.table.schema.fields.map(({ name }) => name),
      '_act',
    ),
  );
  const kept = deletes.length === 0 ? '' : ` WHERE ${act} NOT IN (${deletes.join(', ')})`;
  return `SELECT ${names(found.table.schema)} FROM (
    SELECT ${chosenSql(found)}, CASE WHEN source.${source.row} IS NULL THEN -1 ELSE ${actionSql(matched)} END AS ${act}
    FROM (${scan}) target LEFT JOIN ${sourceSql(source)} ON ${meets(keys)} AND (${doing})
  )${kept}`;
}

/** The new form of rows that are struck out where they were. Where it is all the source's, the table is not asked again. */
function movedSql(found: Found, scan: string, paths: readonly string[]): string {
  const { table, merge, source, keys, pairs } = found;
  const matched = merge.matched ?? [];
  const [only, ...others] = matched;
  if (only && others.length === 0 && only.set === undefined && hasAllColumns(table.schema, source))
    return `SELECT ${columnsSql(table.schema, setOf(table.schema, source, only))}
      FROM ${sourceSql(source)} JOIN (${pairsOf(pairs, paths)}) pair ON pair.src = source.${source.row}`;
  return `SELECT ${chosenSql(found)}
    FROM (${scan}) target JOIN ${sourceSql(source)} ON ${meets(keys)}
    WHERE ${actionSql(matched)} IN (${clausesThat('update', matched).join(', ')})`;
}

function clausesThat(action: MatchedClause['action'], clauses: readonly MatchedClause[]): number[] {
  return clauses.flatMap((clause, at) => (clause.action === action ? [at] : []));
}

function hasAllColumns(schema: Schema, source: Source): boolean {
  return schema.fields.every(field => source.columns.has(field.name.toLowerCase()));
}

/** All columns of the table, each as the clause wants it that takes the row. */
function chosenSql({ table, merge, source }: Found): string {
  const clauses = (merge.matched ?? []).map(clause => ({ clause, set: setOf(table.schema, source, clause) }));
  const columns = table.schema.fields.map(field => {
    const name = quoteName(field.name);
    const old = `target.${name}`;
    const cases = clauses.map(
      ({ clause, set }) => `WHEN (${clause.when ?? 'true'}) THEN ${set.get(field.id) ?? old}`,
    );
    return `CASE WHEN source.${source.row} IS NULL THEN ${old} ${cases.join(' ')} ELSE ${old} END AS ${name}`;
  });
  return columns.join(', ');
}

/** Rows of the source that met nothing, each by the first clause that takes it. */
function insertsSql({ table, merge, source, pairs }: Found): string[] {
  const clauses = merge.not_matched ?? [];
  return clauses.map((clause, at) => {
    const earlier = clauses.slice(0, at).map(each => `(${each.when ?? 'true'}) IS NOT TRUE`);
    const conditions = [...earlier, ...(clause.when === undefined ? [] : [`(${clause.when})`])];
    return `SELECT ${insertedSql(table.schema, source, clause)}
      FROM ${sourceSql(source)} ANTI JOIN read_parquet(${quoteText(pairs.path)}) pair ON pair.src = source.${source.row}
      ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}`;
  });
}

function insertedSql(schema: Schema, source: Source, { values }: InsertClause): string {
  const assigned = assignments(schema, values ?? sameNames(schema, source));
  return schema.fields
    .map(
      field =>
        `${assigned.get(field.id) ?? `CAST(NULL AS ${duckType(field.type)})`} AS ${quoteName(field.name)}`,
    )
    .join(', ');
}

function setOf(schema: Schema, source: Source, { action, set }: MatchedClause): Assigned {
  if (action === 'delete') return new Map();
  return assignments(schema, set ?? sameNames(schema, source));
}

function sameNames(schema: Schema, source: Source): Record<string, string> {
  const pairs = schema.fields.flatMap(({ name }) => {
    const theirs = source.columns.get(name.toLowerCase());
    return theirs === undefined ? [] : [[name, `source.${quoteName(theirs)}`]];
  });
  return Object.fromEntries(pairs);
}

function pairsOf(pairs: Pairs, paths: readonly string[]): string {
  const list = paths.map(quoteText).join(', ');
  return `SELECT * FROM read_parquet(${quoteText(pairs.path)}) WHERE act >= 0 AND file IN (${list})`;
}

function names(schema: Schema): string {
  return schema.fields.map(field => quoteName(field.name)).join(', ');
}
