import { IcebergError } from '../errors.ts';
import { type BoundField, predicatesOf, quoteName, quoteText } from '../filter/index.ts';
import { CONTENT, type Field, type Schema, type TableMetadata } from '../model.ts';
import { type FieldPlace, fieldsById, freeName } from '../schema/fields.ts';
import { duckType } from '../write/types.ts';
import type { Plan } from './plan.ts';

/** Columns go by their ids inside the statement, so that no name of a table's can be taken for one of ours. */
export const inside = (id: number) => `c${id}`;

/** A column of a data file in a schema's words, and where in it a field is. */
export interface Located {
  column: Field;
  /** Members on the way from the column to the field. */
  members: readonly string[];
}

/** Where a field is, also one that the table has dropped since: a delete file may still ask for it. */
export function locate({ schema, metadata }: Pick<Plan, 'schema' | 'metadata'>, id: number): Located {
  for (const candidate of [schema, ...metadata.schemas.toReversed()]) {
    const place = fieldsById(candidate).get(id);
    if (place !== undefined) return locatedIn(candidate, place);
  }
  throw new IcebergError(
    'schema_change',
    `Field ${id} is in no schema of the table, but its deletes need it.`,
    {
      field: id,
    },
  );
}

function locatedIn(schema: Schema, place: FieldPlace): Located {
  const fields = fieldsById(schema);
  let top = place;
  while (top.parent !== undefined) top = fields.get(top.parent) ?? { ...top, parent: undefined };
  return { column: top.field, members: place.path.slice(1) };
}

/** What is read of data files: what is asked for, what the filter looks at, and what equality deletes compare. */
export function readColumns(plan: Plan, ids: Iterable<number>): Field[] {
  const wanted = new Map(plan.columns.map(field => [field.id, field]));
  for (const id of [...predicatesOf(plan.filter).map(predicate => predicate.field.id), ...ids]) {
    const { column, members } = locate(plan, id);
    const known = wanted.get(column.id);
    if (known !== undefined && members.length > 0 && !hasMember(known, id)) throw lostMember(known, id);
    wanted.set(column.id, known ?? column);
  }
  return [...wanted.values()];
}

function hasMember(column: Field, id: number): boolean {
  return fieldsById({ type: 'struct', fields: [column] }).has(id);
}

/** One column cannot be read as two structs at once. */
function lostMember(column: Field, id: number): IcebergError {
  return new IcebergError(
    'schema_change',
    `Column ${column.name} has lost the member ${id}, which deletes of the table still compare: rewrite the files.`,
    { field: column.name },
  );
}

export function equalityIds(plan: Pick<Plan, 'files'>): Set<number> {
  const deletes = new Set(plan.files.flatMap(file => file.deletes));
  return new Set(
    [...deletes].flatMap(one => (one.content === CONTENT.equality_deletes ? (one.equality_ids ?? []) : [])),
  );
}

/** The expression for a field inside the statement, of a relation with the columns of `readColumns`. */
export function fieldSql({ column, members }: Located, relation = ''): string {
  const whole = `${relation}${inside(column.id)}`;
  return members.reduce((around, name) => `struct_extract(${around}, ${quoteText(name)})`, whole);
}

export const boundFieldSql = (plan: Plan) => (field: BoundField) => fieldSql(locate(plan, field.id));

/**
 * DuckDB 1.5 takes a comparison down into a file of floats by making the other side a float as well: `x <> 1e30` then leaves out
 * 1.0000000150474662e30. A column that was widened is hidden from that behind two signs; the others go down as they are.
 */
export function unpushed(expression: string, column: Field, metadata: TableMetadata): string {
  if (column.type !== 'double') return expression;
  const then = metadata.schemas.map(schema => fieldsById(schema).get(column.id)?.field.type);
  return then.includes('float') || hasForgotten(metadata) ? `-(-${expression})` : expression;
}

/** Schemas were removed: columns may have been anything in them. */
export function hasForgotten({ schemas }: Pick<TableMetadata, 'schemas'>): boolean {
  const ids = schemas.map(schema => schema['schema-id']);
  return new Set(ids).size < Math.max(...ids) + 1;
}

/** In a file with field ids, or by the names in it. */
export type FileKey = number | string;

/** No field has this id: the specification keeps it for itself. It stands for "no column at all". */
const NO_FIELD = 2147483447;

/** `schema = MAP{…}` of `read_parquet`. What a file does not have reads as NULL. */
export function schemaMap(columns: readonly { key: FileKey; name: string; type: string }[]): string {
  const all = columns.length > 0 ? columns : [{ key: NO_FIELD, name: 'nothing', type: 'BOOLEAN' }];
  const entries = all.map(
    ({ key, name, type }) =>
      `${typeof key === 'number' ? key : quoteText(key)}: {name: ${quoteText(name)}, type: ${quoteText(type)}, default_value: NULL}`,
  );
  return `MAP {${entries.join(', ')}}`;
}

export const columnOf = (field: Field) => ({
  key: field.id,
  name: inside(field.id),
  type: duckType(field.type),
});

/** What the places of rows are called beside these columns: a table of files may well have a column `_file`. */
export function placeNames(columns: readonly Field[]): { file: string; pos: string } {
  const taken = columns.map(({ name }) => name);
  return { file: freeName(taken, '_file'), pos: freeName(taken, '_pos') };
}

export const outputSql = (field: Field) => `${inside(field.id)} AS ${quoteName(field.name)}`;
