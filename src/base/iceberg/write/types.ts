import { IcebergError } from '../errors.ts';
import { quoteName } from '../filter/index.ts';
import type { PrimitiveType, StructType, Type } from '../model.ts';
import { foldCase, primitive, printPath } from '../schema/index.ts';
import { type DuckType, parseDuckType } from './duck-type.ts';

// Every DuckDB type has one type in a table, or none and an error with the cast that gives it one. Nothing is chosen for the
// writer that could lose something: HUGEINT, which is what sum() gives, becomes a decimal and never the DOUBLE that DuckDB would
// write to Parquet. The table of all of them is in this folder's README.

const PLAIN: Readonly<Record<string, PrimitiveType>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'int',
  SMALLINT: 'int',
  INTEGER: 'int',
  UTINYINT: 'int',
  USMALLINT: 'int',
  UINTEGER: 'long',
  BIGINT: 'long',
  // Up to 2^64 - 1, which has twenty digits.
  UBIGINT: 'decimal(20, 0)',
  // A value of 39 digits fails when it is written.
  HUGEINT: 'decimal(38, 0)',
  UHUGEINT: 'decimal(38, 0)',
  FLOAT: 'float',
  DOUBLE: 'double',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  TIMESTAMPTZ: 'timestamptz',
  VARCHAR: 'string',
  JSON: 'string',
  BLOB: 'binary',
  UUID: 'uuid',
  // A column of nothing but NULL: what DuckDB itself makes of it in a table.
  NULL: 'int',
};

/** What to write instead of a type that has no place in a table; `%` stands for the column. */
const CASTS: Readonly<Record<string, string>> = {
  'TIME WITH TIME ZONE': 'CAST(% AS TIME) drops the offset, CAST(% AS VARCHAR) keeps it',
  TIMETZ: 'CAST(% AS TIME) drops the offset, CAST(% AS VARCHAR) keeps it',
  TIME_NS: 'CAST(% AS TIME) drops the nanoseconds, CAST(% AS VARCHAR) keeps them',
  TIMESTAMP_NS: 'CAST(% AS TIMESTAMP) drops the nanoseconds, epoch_ns(%) keeps them',
  'TIMESTAMP_NS WITH TIME ZONE': 'CAST(% AS TIMESTAMPTZ) drops the nanoseconds, epoch_ns(%) keeps them',
  INTERVAL: 'CAST(% AS VARCHAR), or epoch(%) for its seconds',
  BIT: 'CAST(% AS VARCHAR)',
  BIGNUM: 'CAST(% AS DECIMAL(38, 0)) or CAST(% AS VARCHAR)',
  VARINT: 'CAST(% AS DECIMAL(38, 0)) or CAST(% AS VARCHAR)',
  VARIANT: 'CAST(% AS JSON)',
  GEOMETRY: 'CAST(% AS VARCHAR)',
};

/** The type of a new column for values of a DuckDB type. Its ids are 0: `assignIds` and `evolve` give the real ones. */
export function columnType(duck_type: string, column = 'x'): Type {
  return typeOf(parseDuckType(duck_type), [column]);
}

/** A member named so would be taken for the id of the struct around it: `FIELD_IDS` has no other way to say that. */
const TAKEN_NAME = '__duckdb_field_id';

function typeOf(duck: DuckType, path: readonly string[]): Type {
  switch (duck.kind) {
    case 'plain':
      return PLAIN[duck.name.toUpperCase()] ?? refuse(duck, path);
    case 'decimal':
      return duck.precision <= 38 ? `decimal(${duck.precision}, ${duck.scale})` : refuse(duck, path);
    case 'enum':
      return 'string';
    case 'list':
      return {
        type: 'list',
        'element-id': 0,
        element: typeOf(duck.element, [...path, 'element']),
        'element-required': false,
      };
    case 'map':
      return {
        type: 'map',
        'key-id': 0,
        key: typeOf(duck.key, [...path, 'key']),
        'value-id': 0,
        value: typeOf(duck.value, [...path, 'value']),
        'value-required': false,
      };
    case 'struct':
      return structOf(duck.members, path);
    case 'union':
      return refuse(duck, path);
  }
}

function structOf(members: readonly { name: string; type: DuckType }[], path: readonly string[]): StructType {
  const names = new Set<string>();
  const fields = members.map(({ name, type }) => {
    const problem =
      name === '' || name === TAKEN_NAME || names.has(foldCase(name))
        ? `its member ${name === '' ? 'without a name' : `"${name}"`} cannot be written`
        : undefined;
    if (problem) throw typeError(path, 'STRUCT', `${problem}: name each member differently, {'a': …}`);
    names.add(foldCase(name));
    return { id: 0, name, required: false, type: typeOf(type, [...path, name]) };
  });
  return { type: 'struct', fields };
}

function refuse(duck: DuckType, path: readonly string[]): never {
  const name = showDuckType(duck);
  const cast = castFor(duck).replaceAll('%', quoteName(path[0] ?? 'x'));
  throw typeError(path, name, `it has no place in a table. Write ${cast}`);
}

function castFor(duck: DuckType): string {
  if (duck.kind === 'decimal') return 'a DECIMAL of at most 38 digits, or CAST(% AS VARCHAR)';
  if (duck.kind === 'union') return 'a column for each member (%.member), or CAST(% AS VARCHAR)';
  return (duck.kind === 'plain' && CASTS[duck.name.toUpperCase()]) || 'CAST(% AS VARCHAR)';
}

export function typeError(path: readonly string[], type: string, why: string): IcebergError {
  const field = printPath(path);
  return new IcebergError('type', `column ${field} is of type ${type}: ${why}`, { field, type });
}

/** As DuckDB writes it. */
export function showDuckType(duck: DuckType): string {
  switch (duck.kind) {
    case 'plain':
      return duck.name;
    case 'decimal':
      return `DECIMAL(${duck.precision},${duck.scale})`;
    case 'enum':
      return 'ENUM';
    case 'list':
      return `${showDuckType(duck.element)}[]`;
    case 'map':
      return `MAP(${showDuckType(duck.key)}, ${showDuckType(duck.value)})`;
    case 'struct':
    case 'union': {
      const members = duck.members.map(({ name, type }) => `${quoteName(name)} ${showDuckType(type)}`);
      return `${duck.kind.toUpperCase()}(${members.join(', ')})`;
    }
  }
}

/** The DuckDB type in which values of a column are written and read. */
export function duckType(type: Type): string {
  if (typeof type === 'string') return plainDuckType(type);
  if (type.type === 'list') return `${duckType(type.element)}[]`;
  if (type.type === 'map') return `MAP(${duckType(type.key)}, ${duckType(type.value)})`;
  return `STRUCT(${type.fields.map(field => `${quoteName(field.name)} ${duckType(field.type)}`).join(', ')})`;
}

function plainDuckType(type: PrimitiveType): string {
  const parts = primitive(type);
  switch (parts.name) {
    case 'boolean':
      return 'BOOLEAN';
    case 'int':
      return 'INTEGER';
    case 'long':
      return 'BIGINT';
    case 'float':
      return 'FLOAT';
    case 'double':
      return 'DOUBLE';
    case 'decimal':
      return `DECIMAL(${parts.precision}, ${parts.scale})`;
    case 'date':
      return 'DATE';
    case 'time':
      return 'TIME';
    case 'timestamp':
      return 'TIMESTAMP';
    case 'timestamptz':
      return 'TIMESTAMP WITH TIME ZONE';
    case 'string':
      return 'VARCHAR';
    case 'uuid':
      return 'UUID';
    case 'binary':
    case 'fixed':
      return 'BLOB';
  }
}
