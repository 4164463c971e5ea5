import { IcebergError } from '../errors.ts';
import { quoteName, quoteText } from '../filter/index.ts';
import type { Field, Schema } from '../model.ts';
import { type FieldPlace, fieldsById, freeName, printPath } from '../schema/index.ts';
import type { Engine } from '../world.ts';
import { countSql, isWithin, type Leaf, leavesOf } from './leaves.ts';
import { isFloat } from './metrics.ts';
import type { WrittenFile } from './statistics.ts';

// What must not be in a file, found in the statistics that DuckDB gives anyway: no row is looked at twice. Only where those leave
// a doubt (a required field in an optional struct, a NaN somewhere) the column is read again.

/** Values that DuckDB has and Iceberg has not: it would write them as moments hundreds of thousands of years away. */
export function checkValues(file: WrittenFile, schema: Schema): void {
  for (const [key, leaf] of leavesOf(schema)) {
    const column = file.columns.get(key);
    const odd = [column?.min, column?.max].find(text => text !== undefined && isOutside(leaf, text));
    if (odd === undefined) continue;
    const field = printPath(leaf.path);
    throw new IcebergError(
      'type',
      `column ${field} has the value ${odd}, which a table cannot hold: write nullif(${quoteName(field)}, ${quoteText(odd)}), or leave the row out`,
      { field, value: odd },
    );
  }
}

function isOutside(leaf: Leaf, text: string): boolean {
  if (leaf.type === 'time') return text.startsWith('24:');
  return ['date', 'timestamp', 'timestamptz'].includes(leaf.type) && text.endsWith('infinity');
}

/** Fails where a required field has no value. */
export async function checkRequired(
  engine: Engine,
  files: readonly WrittenFile[],
  schema: Schema,
): Promise<void> {
  const required = [...fieldsById(schema).values()].filter(isChecked);
  for (const place of required.filter(isColumnOfValues)) {
    const key = quoteName(place.field.name);
    const nulls = files.reduce((sum, file) => sum + (file.columns.get(key)?.nulls ?? 0), 0);
    if (nulls > 0) throw requiredError(place, nulls);
  }
  const nested = required.filter(place => !isColumnOfValues(place));
  const doubtful = nested.filter(({ field }) => files.some(file => !isNeverNull(file, schema, field)));
  if (doubtful.length === 0) return;
  const counts = await countPerFile(engine, files, schema, doubtful, value => `${value} IS NULL`);
  for (const place of doubtful) {
    const nulls = [...counts.values()].reduce((sum, of) => sum + (of.get(place.field.id) ?? 0), 0);
    if (nulls > 0) throw requiredError(place, nulls);
  }
}

/** The keys of maps are required by their nature, and DuckDB has none that are NULL. */
function isChecked(place: FieldPlace): boolean {
  return place.field.required && !(place.in === 'map' && place.field.name === 'key');
}

function isColumnOfValues(place: FieldPlace): boolean {
  return place.parent === undefined && typeof place.field.type === 'string';
}

/** Every NULL of a field is one in each column below it: one without any says that there is none. */
function isNeverNull(file: WrittenFile, schema: Schema, field: Field): boolean {
  for (const [key, leaf] of leavesOf(schema))
    if (isWithin(schema, leaf.id, field.id) && file.columns.get(key)?.nulls === 0) return true;
  return false;
}

function requiredError({ path }: FieldPlace, nulls: number): IcebergError {
  const field = printPath(path);
  return new IcebergError(
    'invalid',
    `column ${field} is required, and NULL ${times(nulls)} in what was to be written`,
    {
      field,
      nulls,
    },
  );
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** How many NaN are in each column of each file that has some: by path of the file, by field id. */
export async function countNans(
  engine: Engine,
  files: readonly WrittenFile[],
  schema: Schema,
): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
  const has = (file: WrittenFile, key: string) => file.columns.get(key)?.has_nan === true;
  const leaves = [...leavesOf(schema)].filter(
    ([key, leaf]) => isFloat(leaf) && files.some(file => has(file, key)),
  );
  const doubtful = files.filter(file => leaves.some(([key]) => has(file, key)));
  if (doubtful.length === 0) return new Map();
  const places = leaves.flatMap(([, leaf]) => fieldsById(schema).get(leaf.id) ?? []);
  return countPerFile(engine, doubtful, schema, places, value => `isnan(${value})`);
}

async function countPerFile(
  engine: Engine,
  files: readonly WrittenFile[],
  schema: Schema,
  places: readonly FieldPlace[],
  test: (value: string) => string,
): Promise<Map<string, Map<number, number>>> {
  const sums = places.map(({ field }) => `sum(${countSql(schema, field, test)})::BIGINT AS "${field.id}"`);
  const list = files.map(file => quoteText(file.path)).join(', ');
  // A column may be called `filename`.
  const path = freeName(
    schema.fields.map(field => field.name),
    'path',
  );
  const rows = await engine.query(
    `SELECT ${quoteName(path)}, ${sums.join(', ')}
     FROM read_parquet([${list}], filename = ${quoteText(path)}, hive_partitioning = false) GROUP BY ALL`,
  );
  return new Map(
    rows.map(row => [
      String(row[path]),
      new Map(places.map(({ field }) => [field.id, Number(row[field.id] ?? 0)])),
    ]),
  );
}
