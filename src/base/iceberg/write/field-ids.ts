import { quoteName } from '../filter/index.ts';
import type { StructType, Type } from '../model.ts';
import { children } from '../schema/index.ts';

/**
 * The value of `FIELD_IDS`: `{"a": 1, "l": {__duckdb_field_id: 2, element: 3}}`. Ids are how readers find columns after a rename,
 * so every level has them.
 */
export function fieldIds(schema: StructType): string {
  return `{${schema.fields.map(field => `${quoteName(field.name)}: ${idOf(field.id, field.type)}`).join(', ')}}`;
}

function idOf(id: number, type: Type): string {
  if (typeof type === 'string') return String(id);
  const inside = children(type).map(child => `${quoteName(child.name)}: ${idOf(child.id, child.type)}`);
  return `{${[`__duckdb_field_id: ${id}`, ...inside].join(', ')}}`;
}
