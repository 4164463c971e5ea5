import { quoteText } from '../filter/index.ts';
import type { Field, Type } from '../model.ts';
import { children } from '../schema/fields.ts';
import { duckType } from '../write/types.ts';
import type { Layout } from './layout.ts';

/** A nested column read under the names that its members have in the file, and put together again under those of today. */
export interface Reshaping {
  /** Equal for files that call the members the same. */
  key: string;
  /** What DuckDB is to read. */
  type: string;
  sql(column: string): string;
}

/** Undefined: of some struct no member is left, and whether it was NULL itself cannot be seen any more. */
export function reshaping(column: Field, file: Layout): Reshaping | undefined {
  const then = typeThen(column.type, file);
  if (then === undefined) return undefined;
  const type = duckType(then);
  return { key: `${column.id} ${type}`, type, sql: expression => today(expression, column.type, file, 0) };
}

function typeThen(type: Type, file: Layout): Type | undefined {
  if (typeof type === 'string') return type;
  if (type.type === 'struct') return structThen(type.fields, file);
  if (type.type === 'list') {
    const element = typeThen(type.element, file);
    return element && { ...type, element };
  }
  const [key, value] = [typeThen(type.key, file), typeThen(type.value, file)];
  return key && value && { ...type, key, value };
}

function structThen(members: readonly Field[], file: Layout): Type | undefined {
  const fields: Field[] = [];
  for (const member of members) {
    const then = file.get(member.id);
    if (then === undefined) continue;
    const type = typeThen(member.type, file);
    if (type === undefined) return undefined;
    fields.push({ ...member, name: then.name, type });
  }
  return fields.length > 0 ? { type: 'struct', fields } : undefined;
}

/** `expression` has the type of then; the answer that of today. */
function today(expression: string, type: Type, file: Layout, depth: number): string {
  if (typeof type === 'string') return expression;
  const item = `x${depth}`;
  const inside = (field: Field, from: string) => today(from, field.type, file, depth + 1);
  switch (type.type) {
    case 'struct': {
      const members = type.fields.map(field => {
        const then = file.get(field.id);
        const value =
          then === undefined
            ? `CAST(NULL AS ${duckType(field.type)})`
            : inside(field, `struct_extract(${expression}, ${quoteText(then.name)})`);
        return `${quoteText(field.name)}: ${value}`;
      });
      return `CASE WHEN ${expression} IS NULL THEN NULL ELSE {${members.join(', ')}} END`;
    }
    case 'list': {
      const [element] = children(type);
      const each = element === undefined ? item : inside(element, item);
      return `list_transform(${expression}, lambda ${item}: ${each})`;
    }
    case 'map': {
      const members = children(type).map(
        field =>
          `${quoteText(field.name)}: ${inside(field, `struct_extract(${item}, ${quoteText(field.name)})`)}`,
      );
      return `map_from_entries(list_transform(map_entries(${expression}), lambda ${item}: {${members.join(', ')}}))`;
    }
  }
}
