import { IcebergError } from '../errors.ts';
import { quoteName } from '../filter/index.ts';
import type { Field, Schema, Type } from '../model.ts';
import { foldCase } from '../schema/index.ts';
import type { Engine } from '../world.ts';
import { parseDuckType } from './duck-type.ts';
import { misfits } from './fits.ts';
import { columnType, duckType } from './types.ts';

// The columns of a SELECT against those of a table: by name, all of them, each of a type that fits. Everything that is wrong is
// said at once.

export interface Column {
  name: string;
  /** As `DESCRIBE` gives it. */
  type: string;
}

export async function describe(engine: Engine, select: string): Promise<Column[]> {
  const rows = await engine.query(`DESCRIBE SELECT * FROM ${subquery(select)}`);
  return rows.map(row => ({ name: String(row.column_name), type: String(row.column_type) }));
}

/** On lines of its own, so that a comment at its end swallows nothing; without the semicolon that people leave there. */
export function subquery(select: string): string {
  return `(\n${select.trim().replace(/;+\s*$/, '')}\n) AS source`;
}

/** A schema for the rows of a SELECT, all optional. Its ids are 0. */
export async function schemaFor(engine: Engine, select: string): Promise<Schema> {
  const columns = await describe(engine, select);
  const fields = columns.map(
    ({ name, type }): Field => ({ id: 0, name, required: false, type: columnType(type, name) }),
  );
  return { type: 'struct', 'schema-id': 0, fields };
}

/** The same rows with exactly the columns of the table, in their order and of their types. */
export async function conform(engine: Engine, select: string, schema: Schema): Promise<string> {
  const columns = await describe(engine, select);
  checkColumns(columns, schema);
  const given = new Map(columns.map(column => [foldCase(column.name), column]));
  const list = schema.fields.map(field => {
    const from = quoteName(given.get(foldCase(field.name))?.name ?? field.name);
    return `CAST(source.${from} AS ${duckType(field.type)}) AS ${quoteName(field.name)}`;
  });
  return `SELECT ${list.join(', ')} FROM ${subquery(select)}`;
}

/** Too many problems are one: the first of them say which. */
const MOST_PROBLEMS = 20;

function checkColumns(columns: readonly Column[], schema: Schema): void {
  const found = [...problems(columns, schema)];
  const [first] = found;
  if (!first) return;
  const said = found.slice(0, MOST_PROBLEMS).map(problem => problem.text);
  const more = found.length > said.length ? [`and ${found.length - said.length} more`] : [];
  throw new IcebergError('type', [...said, ...more].join('; '), {
    field: first.field,
    problems: found.length,
  });
}

function* problems(columns: readonly Column[], schema: Schema): Generator<{ field: string; text: string }> {
  const given = new Map<string, Column>();
  for (const column of columns) {
    const { name } = column;
    if (given.has(foldCase(name))) yield { field: name, text: `column ${name} is there twice` };
    given.set(foldCase(name), column);
  }
  const wanted = new Set<string>();
  for (const { name, type } of schema.fields) {
    wanted.add(foldCase(name));
    const column = given.get(foldCase(name));
    if (column)
      for (const text of misfits(parseDuckType(column.type), type, [name])) yield { field: name, text };
    else
      yield { field: name, text: `column ${name} is missing: write ${nullOf(type)} AS ${quoteName(name)}` };
    if (hasFixed(type)) yield { field: name, text: `column ${name} is of ${FIXED}` };
  }
  for (const { name } of columns)
    if (!wanted.has(foldCase(name))) yield { field: name, text: `the table has no column ${name}` };
}

/** DuckDB has bytes of any length only, and the Parquet that it writes of them is not what readers of `fixed` expect. */
const FIXED = 'type fixed, which can be read here, and not written';

function hasFixed(type: Type): boolean {
  if (typeof type === 'string') return type.startsWith('fixed');
  if (type.type === 'list') return hasFixed(type.element);
  if (type.type === 'map') return hasFixed(type.key) || hasFixed(type.value);
  return type.fields.some(field => hasFixed(field.type));
}

function nullOf(type: Type): string {
  const text = duckType(type);
  return text.length <= 60 ? `CAST(NULL AS ${text})` : 'NULL';
}
