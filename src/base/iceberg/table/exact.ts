import { quoteName } from '../filter/index.ts';
import type { Field, Type } from '../model.ts';
import { children, primitive } from '../schema/index.ts';
import { duckType } from '../write/index.ts';

// Rows for JavaScript in which nothing is lost. A decimal would be a number and a moment a Date, which has no microseconds: both
// are text.

/** The columns of a scan, cast to what JavaScript can hold. */
export function exactSql(scan: string, columns: readonly Field[]): string {
  const list = columns.map(({ name, type }) => {
    const column = quoteName(name);
    return isExact(type) ? column : `CAST(${column} AS ${exactType(type)}) AS ${column}`;
  });
  return `SELECT ${list.join(', ')} FROM (${scan}) rows`;
}

const AS_TEXT = ['decimal', 'date', 'time', 'timestamp', 'timestamptz'];

function isExact(type: Type): boolean {
  return typeof type === 'string'
    ? !AS_TEXT.includes(primitive(type).name)
    : children(type).every(child => isExact(child.type));
}

function exactType(type: Type): string {
  if (typeof type === 'string') return isExact(type) ? duckType(type) : 'VARCHAR';
  if (type.type === 'list') return `${exactType(type.element)}[]`;
  if (type.type === 'map') return `MAP(${exactType(type.key)}, ${exactType(type.value)})`;
  return `STRUCT(${type.fields.map(field => `${quoteName(field.name)} ${exactType(field.type)}`).join(', ')})`;
}
