import type { Field, Schema, Type } from '../model.ts';
import { type FieldPlace, fieldsById } from './fields.ts';

/** One difference between two schemas of a table, told of the field's id: what happened, not how it was asked for. */
export type SchemaDifference =
  | { kind: 'added'; id: number; path: string[]; type: Type; required: boolean }
  | { kind: 'dropped'; id: number; path: string[]; type: Type }
  | { kind: 'renamed'; id: number; path: string[]; from: string[] }
  | { kind: 'moved'; id: number; path: string[] }
  | { kind: 'retyped'; id: number; path: string[]; from: Type; to: Type }
  | { kind: 'made_optional' | 'made_required'; id: number; path: string[] }
  | { kind: 'described'; id: number; path: string[]; from: string; to: string }
  | { kind: 'identified'; from: string[][]; to: string[][] };

/** From `a` to `b`. What came or went with something around it is told once, with the outermost. */
export function diffSchemas(a: Schema, b: Schema): SchemaDifference[] {
  const [before, after] = [fieldsById(a), fieldsById(b)];
  const found: SchemaDifference[] = [];
  for (const place of before.values())
    if (!after.has(place.field.id) && isOutermost(place, after)) found.push(dropped(place));
  for (const place of after.values()) {
    const old = before.get(place.field.id);
    if (old) found.push(...changesOf(old, place));
    else if (isOutermost(place, before)) found.push(added(place));
  }
  return [...found, ...moves(before, after), ...identifiers(a, b)];
}

function isOutermost(place: FieldPlace, others: ReadonlyMap<number, FieldPlace>): boolean {
  return place.parent === undefined || others.has(place.parent);
}

function added({ field, path }: FieldPlace): SchemaDifference {
  return { kind: 'added', id: field.id, path, type: field.type, required: field.required };
}

function dropped({ field, path }: FieldPlace): SchemaDifference {
  return { kind: 'dropped', id: field.id, path, type: field.type };
}

function changesOf(old: FieldPlace, now: FieldPlace): SchemaDifference[] {
  const [from, to] = [old.field, now.field];
  const about = { id: to.id, path: now.path };
  const found: SchemaDifference[] = [];
  if (from.name !== to.name) found.push({ kind: 'renamed', ...about, from: old.path });
  if (isRetyped(from, to)) found.push({ kind: 'retyped', ...about, from: from.type, to: to.type });
  if (from.required !== to.required)
    found.push({ kind: to.required ? 'made_required' : 'made_optional', ...about });
  if ((from.doc ?? '') !== (to.doc ?? ''))
    found.push({ kind: 'described', ...about, from: from.doc ?? '', to: to.doc ?? '' });
  return found;
}

function isRetyped(from: Field, to: Field): boolean {
  if (typeof from.type === 'string' || typeof to.type === 'string') return from.type !== to.type;
  return from.type.type !== to.type.type;
}

/** Fields that both schemas have and that stand in another order among each other: the fewest that explain it. */
function moves(
  before: ReadonlyMap<number, FieldPlace>,
  after: ReadonlyMap<number, FieldPlace>,
): SchemaDifference[] {
  const positions = new Map([...before.keys()].map((id, at): [number, number] => [id, at]));
  const families = Map.groupBy(
    [...after.values()].filter(place => place.in === 'struct' && positions.has(place.field.id)),
    place => place.parent,
  );
  return [...families.values()].flatMap(family => {
    const stayed = longestRising(family.map(place => positions.get(place.field.id) ?? 0));
    return family
      .filter((_, at) => !stayed.has(at))
      .map((place): SchemaDifference => ({ kind: 'moved', id: place.field.id, path: place.path }));
  });
}

/** Which of the numbers make the longest rising sequence, in n·log n. */
function longestRising(numbers: readonly number[]): Set<number> {
  const ends: number[] = [];
  const previous: (number | undefined)[] = [];
  numbers.forEach((number, at) => {
    const length = firstNotBelow(ends, number, numbers);
    previous.push(ends[length - 1]);
    ends[length] = at;
  });
  const chosen = new Set<number>();
  for (let at = ends.at(-1); at !== undefined; at = previous[at]) chosen.add(at);
  return chosen;
}

function firstNotBelow(ends: readonly number[], number: number, numbers: readonly number[]): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function identifiers(a: Schema, b: Schema): SchemaDifference[] {
  const [from, to] = [new Set(a['identifier-field-ids']), new Set(b['identifier-field-ids'])];
  if (from.size === to.size && [...from].every(id => to.has(id))) return [];
  return [{ kind: 'identified', from: pathsOf(a, from), to: pathsOf(b, to) }];
}

function pathsOf(schema: Schema, ids: ReadonlySet<number>): string[][] {
  const all = fieldsById(schema);
  return [...ids].flatMap(id => {
    const place = all.get(id);
    return place ? [place.path] : [];
  });
}
