// Reading JSON Schema as OpenAPI 3.1 holds it. Pure. Types are written as TypeScript writes them, in every language.

export interface Schema {
  $ref?: string;
  type?: string | readonly string[];
  format?: string;
  description?: string;
  enum?: readonly unknown[];
  const?: unknown;
  default?: unknown;
  example?: unknown;
  examples?: readonly unknown[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  allOf?: readonly Schema[];
  additionalProperties?: boolean | Schema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  writeOnly?: boolean;
}

/** The named schemas of a document, by which a `$ref` is followed. */
export type Named = Readonly<Record<string, Schema>>;

/** A pointer that leads nowhere is an unknown value, not a broken page. */
export function follow(schema: Schema, named: Named): Schema {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...beside } = schema;
  return { ...named[nameOf($ref)], ...beside };
}

function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}

/** `'owner' | 'admin'`, `Member[]`, `string | null`. */
export function typeText(schema: Schema, named: Named): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map(literal));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return union(choices.map(choice => typeText(choice, named)));
  if (schema.allOf !== undefined) return schema.allOf.map(part => typeText(part, named)).join(' & ');
  if (typeof schema.type === 'object')
    return union(schema.type.map(type => typeText({ ...schema, type }, named)));
  if (schema.type === 'array') return listText(typeText(schema.items ?? {}, named));
  if (schema.type === 'object') return objectText(schema, named);
  return schema.type ?? 'unknown';
}

function objectText(schema: Schema, named: Named): string {
  if (schema.properties !== undefined) return 'object';
  const values =
    typeof schema.additionalProperties === 'object'
      ? typeText(schema.additionalProperties, named)
      : 'unknown';
  return `Record<string, ${values}>`;
}

function listText(item: string): string {
  return item.includes(' ') ? `(${item})[]` : `${item}[]`;
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ');
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

/** What a value must keep to, beyond its type. */
export type Fact = ValueFact | BoundsFact;

interface ValueFact {
  kind: 'format' | 'pattern' | 'default';
  value: string;
}

interface BoundsFact {
  kind: 'length' | 'range' | 'items';
  min: number | null;
  max: number | null;
}

/** The bounds that zod writes for every safe integer say nothing. */
const bound = (value: number | undefined) =>
  value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? null : value;

export function factsOf(schema: Schema): Fact[] {
  const facts: (Fact | undefined)[] = [
    schema.format === undefined ? undefined : { kind: 'format', value: schema.format },
    between('length', schema.minLength, schema.maxLength),
    between('range', schema.minimum ?? schema.exclusiveMinimum, schema.maximum ?? schema.exclusiveMaximum),
    between('items', schema.minItems, schema.maxItems),
    // A format says the same as its pattern, and is readable.
    schema.pattern === undefined || schema.format !== undefined
      ? undefined
      : { kind: 'pattern', value: schema.pattern },
    schema.default === undefined ? undefined : { kind: 'default', value: JSON.stringify(schema.default) },
  ];
  return facts.filter(fact => fact !== undefined);
}

function between(kind: BoundsFact['kind'], least?: number, most?: number): BoundsFact | undefined {
  const [min, max] = [bound(least), bound(most)];
  return min === null && max === null ? undefined : { kind, min, max };
}

/** One field of a schema, with its place in the tree. */
export interface FieldRow {
  /** `items[].role`: unique within its schema. */
  path: string;
  name: string;
  depth: number;
  required: boolean;
  type: string;
  description: string;
  facts: Fact[];
}

const DEEPEST = 5;

/** All fields of an object, of objects in lists and in alternatives, as lines; what refers to itself is not unfolded again. */
export function fieldRows(schema: Schema, named: Named): FieldRow[] {
  return rowsBelow(schema, named, { path: '', depth: 0, seen: [] });
}

interface Place {
  path: string;
  depth: number;
  seen: readonly string[];
}

function rowsBelow(schema: Schema, named: Named, place: Place): FieldRow[] {
  if (place.depth > DEEPEST || (schema.$ref !== undefined && place.seen.includes(schema.$ref))) return [];
  const at = { ...place, seen: schema.$ref === undefined ? place.seen : [...place.seen, schema.$ref] };
  const real = follow(schema, named);
  if (real.properties !== undefined) return fieldsOf(real, real.properties, named, at);
  if (real.items !== undefined) return rowsBelow(real.items, named, { ...at, path: `${at.path}[]` });
  if (typeof real.additionalProperties === 'object')
    return rowsBelow(real.additionalProperties, named, { ...at, path: `${at.path}{}` });
  const parts = real.anyOf ?? real.oneOf ?? real.allOf ?? [];
  return parts.flatMap(part => rowsBelow(part, named, at));
}

function fieldsOf(schema: Schema, properties: Named, named: Named, place: Place): FieldRow[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = place.path === '' ? name : `${place.path}.${name}`;
    const real = follow(field, named);
    const row: FieldRow = {
      path,
      name,
      depth: place.depth,
      required: schema.required?.includes(name) ?? false,
      type: typeText(field, named),
      description: real.description ?? '',
      facts: factsOf(mainChoice(real)),
    };
    return [row, ...rowsBelow(field, named, { ...place, path, depth: place.depth + 1 })];
  });
}

/** `string | null` has the bounds of its string. */
function mainChoice(schema: Schema): Schema {
  const choices = (schema.anyOf ?? schema.oneOf ?? []).filter(choice => choice.type !== 'null');
  const [only] = choices;
  return choices.length === 1 && only !== undefined
    ? { ...only, default: schema.default ?? only.default }
    : schema;
}

const BY_FORMAT: Readonly<Record<string, string>> = {
  uuid: '01939c7e-5f5e-7b0a-9d3f-3a1c0b6f2e11',
  'date-time': '2026-11-21T12:00:00.000000Z',
  email: 'ada@example.com',
  uri: 'https://example.com',
};

/** A value that shows what belongs there; optional fields without a value of their own are left out of a request. */
export function sampleOf(schema: Schema, named: Named, seen: readonly string[] = []): unknown {
  if (schema.$ref !== undefined) {
    if (seen.includes(schema.$ref)) return null;
    return sampleOf(follow(schema, named), named, [...seen, schema.$ref]);
  }
  const given = schema.example ?? schema.examples?.[0] ?? schema.default ?? schema.const ?? schema.enum?.[0];
  if (given !== undefined) return given;
  const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0] ?? schema.allOf?.[0];
  if (choice !== undefined) return sampleOf(choice, named, seen);
  return sampleOfType(schema, named, seen);
}

function sampleOfType(schema: Schema, named: Named, seen: readonly string[]): unknown {
  switch (typeof schema.type === 'string' ? schema.type : schema.type?.[0]) {
    case 'string':
      return BY_FORMAT[schema.format ?? ''] ?? 'text'.padEnd(schema.minLength ?? 0, '…');
    case 'integer':
    case 'number':
      return bound(schema.minimum) ?? 1;
    case 'boolean':
      return false;
    case 'array':
      return [sampleOf(schema.items ?? {}, named, seen)];
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, field]) => [name, sampleOf(field, named, seen)]),
      );
    default:
      return null;
  }
}
