import type { Field, Schema, StructType, Type } from '../model.ts';

// Fields by id and by name. Elements of lists and both sides of maps are fields too, under the names that the specification gives
// them: `element`, `key`, `value`.

export interface FieldPlace {
  field: Field;
  /** `['address', 'lines', 'element', 'street']` */
  path: string[];
  /** Id of the field around it; absent at the top. */
  parent?: number;
  in: 'struct' | 'list' | 'map';
  /** A row may be without it: it, or something around it, is not required. */
  optional: boolean;
  /** Inside a list or a map there may be any number of it in one row. */
  repeated: boolean;
}

const places = new WeakMap<StructType, ReadonlyMap<number, FieldPlace>>();

/** Every field at every depth, in the order of the schema. Schemas are never changed, so it is worked out once for each. */
export function fieldsById(schema: StructType): ReadonlyMap<number, FieldPlace> {
  const known = places.get(schema);
  if (known) return known;
  const found = new Map<number, FieldPlace>();
  for (const place of walk(schema)) found.set(place.field.id, place);
  places.set(schema, found);
  return found;
}

/** As `fieldsById`, also when an id occurs twice. */
export function* walk(schema: StructType): Generator<FieldPlace> {
  yield* walkChildren(schema, { path: [], optional: false, repeated: false });
}

interface Around {
  path: string[];
  parent?: number;
  optional: boolean;
  repeated: boolean;
}

function* walkChildren(type: Type, around: Around): Generator<FieldPlace> {
  if (typeof type === 'string') return;
  for (const field of children(type)) {
    const place: FieldPlace = {
      field,
      path: [...around.path, field.name],
      in: type.type,
      optional: around.optional || !field.required,
      repeated: around.repeated || type.type !== 'struct',
    };
    if (around.parent !== undefined) place.parent = around.parent;
    yield place;
    yield* walkChildren(field.type, { ...place, parent: field.id });
  }
}

/** What is directly inside a type, as fields. */
export function children(type: Type): Field[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields;
  if (type.type === 'list')
    return [
      {
        id: type['element-id'],
        name: 'element',
        required: type['element-required'],
        type: type.element,
      },
    ];
  return [
    { id: type['key-id'], name: 'key', required: true, type: type.key },
    { id: type['value-id'], name: 'value', required: type['value-required'], type: type.value },
  ];
}

/** Two names that are equal in this are one name to DuckDB, Trino and Spark. */
export function foldCase(name: string): string {
  return name.toLowerCase();
}

/** A path, or its text with dots; names that have dots themselves are found too. */
export type FieldPath = string | readonly string[];

/**
 * Upper and lower case are one. Of `a.b`, a field with that very name is preferred to member `b` of `a`; `lines.street` is
 * `lines.element.street` too.
 */
export function findField(schema: StructType, path: FieldPath): FieldPlace | undefined {
  const names = typeof path === 'string' ? path.split('.') : path;
  const id = findIn(schema, names.map(foldCase), typeof path === 'string');
  return id === undefined ? undefined : fieldsById(schema).get(id);
}

function findIn(type: Type, names: readonly string[], join: boolean): number | undefined {
  for (let taken = join ? names.length : 1; taken >= 1; taken -= 1) {
    const child = namedChild(type, names.slice(0, taken).join('.'));
    if (!child) continue;
    if (taken === names.length) return child.id;
    const found = findIn(child.type, names.slice(taken), join);
    if (found !== undefined) return found;
  }
  const held = heldBy(type);
  return held === undefined ? undefined : findIn(held, names, join);
}

/** A list and a map stand for what they hold. */
function heldBy(type: Type): Type | undefined {
  if (typeof type === 'string' || type.type === 'struct') return undefined;
  return type.type === 'list' ? type.element : type.value;
}

const childrenByName = new WeakMap<object, ReadonlyMap<string, Field>>();

function namedChild(type: Type, name: string): Field | undefined {
  if (typeof type === 'string') return undefined;
  let known = childrenByName.get(type);
  if (!known) {
    // The first of two that differ by case: `checkSchema` refuses such a schema before anyone asks.
    known = new Map(
      children(type)
        .map((child): [string, Field] => [foldCase(child.name), child])
        .reverse(),
    );
    childrenByName.set(type, known);
  }
  return known.get(name);
}

export function highestFieldId(schema: StructType): number {
  let highest = 0;
  for (const place of walk(schema)) highest = Math.max(highest, place.field.id);
  return highest;
}

/** `a.b`, for messages: a name with a dot is quoted. */
export function printPath(path: readonly string[]): string {
  return path.map(name => (name.includes('.') ? `"${name}"` : name)).join('.');
}

export function fieldName(schema: Schema, id: number): string {
  const place = fieldsById(schema).get(id);
  return place ? printPath(place.path) : `#${id}`;
}

/** A name for a column of ours beside those of a table or query, which may be called anything. */
export function freeName(taken: Iterable<string>, wanted: string): string {
  const folded = new Set([...taken].map(foldCase));
  let name = wanted;
  while (folded.has(foldCase(name))) name += '_';
  return name;
}
