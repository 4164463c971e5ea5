import { quoteName, quoteText } from '../filter/index.ts';
import type { Field, PrimitiveType, Schema } from '../model.ts';
import { type FieldPlace, fieldsById } from '../schema/index.ts';

// The columns that hold values themselves, which are the ones that Parquet has statistics of.

export interface Leaf {
  id: number;
  path: readonly string[];
  type: PrimitiveType;
  /** Inside a list or a map: its bounds tell nothing about a row. */
  repeated: boolean;
}

const known = new WeakMap<Schema, ReadonlyMap<string, Leaf>>();

/** By the key that statistics have: `"st"."a"`. */
export function leavesOf(schema: Schema): ReadonlyMap<string, Leaf> {
  const before = known.get(schema);
  if (before) return before;
  const leaves = new Map<string, Leaf>();
  for (const place of fieldsById(schema).values()) {
    const { id, type } = place.field;
    if (typeof type === 'string')
      leaves.set(keyOf(place.path), { id, type, path: place.path, repeated: place.repeated });
  }
  known.set(schema, leaves);
  return leaves;
}

export function keyOf(path: readonly string[]): string {
  return path.map(quoteName).join('.');
}

/** From the column of the table down to the field. */
export function chainTo(schema: Schema, id: number): FieldPlace[] {
  const places = fieldsById(schema);
  const chain: FieldPlace[] = [];
  for (let at = places.get(id); at; at = at.parent === undefined ? undefined : places.get(at.parent))
    chain.unshift(at);
  return chain;
}

/** How often a test holds in a row, for a field however deep in lists, maps and structs; below NULL there is nothing to count. */
export function countSql(schema: Schema, field: Field, test: (value: string) => string): string {
  const [first, ...rest] = chainTo(schema, field.id);
  return first ? countIn(quoteName(first.field.name), rest, test) : '0';
}

function countIn(value: string, steps: readonly FieldPlace[], test: (value: string) => string): string {
  const [step, ...rest] = steps;
  if (!step) return `CASE WHEN ${test(value)} THEN 1 ELSE 0 END`;
  if (step.in === 'struct') {
    const member = `struct_extract(${value}, ${quoteText(step.field.name)})`;
    return `CASE WHEN ${value} IS NULL THEN 0 ELSE ${countIn(member, rest, test)} END`;
  }
  const list = step.in === 'list' ? value : `map_${step.field.name}s(${value})`;
  const element = `e${steps.length}`;
  return `coalesce(list_sum(list_transform(${list}, lambda ${element}: ${countIn(element, rest, test)})), 0)`;
}

/** The field itself, or something inside it. */
export function isWithin(schema: Schema, id: number, around: number): boolean {
  return chainTo(schema, id).some(place => place.field.id === around);
}
