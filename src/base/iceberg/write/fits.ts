import type { PrimitiveType, StructType, Type } from '../model.ts';
import { canWiden, foldCase, primitive, printPath } from '../schema/index.ts';
import type { DuckType } from './duck-type.ts';
import { columnType, duckType, showDuckType } from './types.ts';

// Which values may go into which column: where the cast keeps every value, or fails at the first that it cannot keep. Text is
// never read as a number here, nor a moment given a time zone: whoever wants that writes the cast, and the message says which.

/** What is wrong, in words, one for each place; nothing: it fits. */
export function misfits(duck: DuckType, type: Type, path: readonly string[]): string[] {
  if (typeof type === 'string') return fitsPrimitive(duck, type) ? [] : [misfit(duck, type, path)];
  if (duck.kind === 'plain' && duck.name === 'NULL') return [];
  if (type.type === 'list' && duck.kind === 'list')
    return misfits(duck.element, type.element, [...path, 'element']);
  if (type.type === 'map' && duck.kind === 'map')
    return [
      ...misfits(duck.key, type.key, [...path, 'key']),
      ...misfits(duck.value, type.value, [...path, 'value']),
    ];
  if (type.type === 'struct' && duck.kind === 'struct') return structMisfits(duck, type, path);
  return [misfit(duck, type, path)];
}

/** DuckDB casts structs by the names of their members: one that is missing would be NULL, one too many gone, both in silence. */
function structMisfits(
  duck: Extract<DuckType, { kind: 'struct' | 'union' }>,
  type: StructType,
  path: readonly string[],
): string[] {
  const given = new Map(duck.members.map(member => [foldCase(member.name), member.type]));
  const wanted = new Set(type.fields.map(field => foldCase(field.name)));
  const extra = duck.members
    .filter(({ name }) => !wanted.has(foldCase(name)))
    .map(({ name }) => `${printPath(path)} has a member "${name}" that the table has not`);
  const inside = type.fields.flatMap(field => {
    const member = given.get(foldCase(field.name));
    return member
      ? misfits(member, field.type, [...path, field.name])
      : [`${printPath(path)} lacks the member "${field.name}"`];
  });
  return [...extra, ...inside];
}

function misfit(duck: DuckType, type: Type, path: readonly string[]): string {
  return `${printPath(path)} is ${showDuckType(duck)} and the table has ${duckType(type)}: cast it`;
}

/** Digits before the point that any value of the type may have. */
const WHOLE = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'];
const UNSIGNED = WHOLE.map(name => `U${name}`);
/** Every value of these is one of the floating type too. */
const EXACT_IN_FLOAT = ['TINYINT', 'SMALLINT', 'UTINYINT', 'USMALLINT'];
const EXACT_IN_DOUBLE = [...EXACT_IN_FLOAT, 'INTEGER', 'UINTEGER'];

function fitsPrimitive(duck: DuckType, type: PrimitiveType): boolean {
  const to = primitive(type);
  if (duck.kind === 'enum') return to.name === 'string';
  if (duck.kind === 'decimal') {
    // More digits after the point keep the value; fewer would round it. Too many before it fail.
    if (to.name === 'decimal') return to.scale >= duck.scale;
    return duck.scale === 0 && (to.name === 'int' || to.name === 'long');
  }
  if (duck.kind !== 'plain') return false;
  if (duck.name === 'NULL') return true;
  if (WHOLE.includes(duck.name) || UNSIGNED.includes(duck.name)) {
    if (to.name === 'float') return EXACT_IN_FLOAT.includes(duck.name);
    if (to.name === 'double') return EXACT_IN_DOUBLE.includes(duck.name);
    // A value that is too large fails in the cast.
    return to.name === 'int' || to.name === 'long' || to.name === 'decimal';
  }
  const own = columnType(duck.name);
  return typeof own === 'string' && canWiden(own, type);
}
