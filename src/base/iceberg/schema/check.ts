import { IcebergError, isIcebergError } from '../errors.ts';
import type { Schema, StructType } from '../model.ts';
import { type FieldPlace, fieldsById, foldCase, printPath, walk } from './fields.ts';
import { isStruct, primitive } from './types.ts';

/** Ids from here on belong to the columns that readers add: `_file`, `_pos`, those of position deletes. */
export const FIRST_RESERVED_ID = 2_147_483_447;

/** Fails with `invalid` for a schema that no table may have, with the name that is wrong. */
export function checkSchema(schema: Schema): void {
  if (schema.fields.length === 0) throw new IcebergError('invalid', 'a table needs at least one field', {});
  checkIds(schema);
  checkNames(schema);
  checkIdentifiers(schema);
  checkDefaults(schema);
}

/** Two fields of one id would read each other's data. Fails with `corrupt`: no writer may ever make such a schema. */
export function checkIds(schema: StructType): void {
  const seen = new Map<number, FieldPlace>();
  for (const place of walk(schema)) {
    const { id } = place.field;
    const other = seen.get(id);
    if (other)
      throw new IcebergError(
        'corrupt',
        `fields ${printPath(other.path)} and ${printPath(place.path)} both have id ${id}`,
        { field: printPath(place.path), id },
      );
    if (id >= FIRST_RESERVED_ID)
      throw new IcebergError('corrupt', `field ${printPath(place.path)}: id ${id} is reserved`, {
        field: printPath(place.path),
        id,
      });
    seen.set(id, place);
  }
}

/** DuckDB mixes up two fields that differ only by case, Trino and Spark refuse the table. */
export function checkNames(schema: StructType): void {
  checkNamesIn(schema, []);
  for (const place of walk(schema))
    if (isStruct(place.field.type)) checkNamesIn(place.field.type, place.path);
}

/**
 * Fails with `unsupported` for a table of others that DuckDB would misread: of two fields that differ only by case it takes one
 * for the other, and says nothing.
 */
export function checkReadable(schema: StructType): void {
  try {
    checkNames(schema);
  } catch (error) {
    if (!isIcebergError(error)) throw error;
    const message = `the table cannot be read here: ${error.message}; rename one with the engine that made it`;
    throw new IcebergError('unsupported', message, error.about);
  }
}

function checkNamesIn(struct: StructType, path: string[]): void {
  const seen = new Map<string, string>();
  for (const { name } of struct.fields) {
    if (name === '')
      throw new IcebergError('invalid', `a field${path.length ? ` of ${printPath(path)}` : ''} has no name`, {
        field: printPath(path),
      });
    checkCharacters(name, path);
    const other = seen.get(foldCase(name));
    if (other !== undefined) throw sameName([...path, name], other);
    seen.set(foldCase(name), name);
  }
}

function sameName(path: string[], other: string): IcebergError {
  const name = printPath(path);
  const how =
    path.at(-1) === other
      ? `there are two fields ${name}`
      : `fields ${name} and ${printPath([...path.slice(0, -1), other])} differ only by upper and lower case`;
  return new IcebergError('invalid', how, { field: name, other });
}

function checkCharacters(name: string, path: string[]): void {
  if (name.isWellFormed() && !name.includes('\0')) return;
  throw new IcebergError('invalid', 'the name of a field has a NUL or half a surrogate pair in it', {
    field: printPath([...path, JSON.stringify(name)]),
  });
}

/** Readers of version 2 do not know default values: they would show NULL for the rows of before, or refuse the table. */
function checkDefaults(schema: Schema): void {
  for (const { field, path } of walk(schema))
    if ('initial-default' in field && field['initial-default'] != null)
      throw new IcebergError(
        'unsupported',
        `field ${printPath(path)}: default values belong to format version 3; 1 and 2 are supported`,
        { field: printPath(path) },
      );
}

/** The fields that identify a row: always there, comparable, one of each in a row. */
function checkIdentifiers(schema: Schema): void {
  const ids = schema['identifier-field-ids'] ?? [];
  for (const id of ids) {
    const place = fieldsById(schema).get(id);
    const problem = place ? identifierProblem(place) : 'is not in the schema';
    if (!problem) continue;
    const field = place ? printPath(place.path) : String(id);
    throw new IcebergError('invalid', `identifier field ${field} ${problem}`, { field });
  }
}

export function identifierProblem(place: FieldPlace): string | undefined {
  const { type } = place.field;
  if (typeof type !== 'string') return `is a ${type.type}: only simple values identify a row`;
  const { name } = primitive(type);
  if (name === 'float' || name === 'double') return `is a ${name}: two that look alike may differ`;
  if (place.repeated) return 'is inside a list or map';
  if (place.optional) return 'must be required, and so must everything around it';
  return undefined;
}
