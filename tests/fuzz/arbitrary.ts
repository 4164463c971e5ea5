import fc, { type Arbitrary } from 'fast-check';
import { z } from 'zod';

// Inputs from the schemas themselves, by way of JSON Schema: what fits, and what almost fits.

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

/** Values that the schema takes; ids are now and then ones that exist, so that handlers are reached. */
export function fitting(schema: z.ZodType, ids: readonly string[]): Arbitrary<unknown> {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override: sayYesOrNo });
  return fromSchema(json as Schema, ids);
}

/** A yes or no in an address is a word; JSON Schema knows only that it is text. */
function sayYesOrNo({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: { enum?: unknown[] };
}) {
  const { def } = zodSchema._zod;
  if (def.type === 'pipe' && def.out._zod.def.type === 'boolean') jsonSchema.enum = ['true', 'false'];
}

/** Values that fit, with something broken in them; or anything at all. */
export function broken(schema: z.ZodType, ids: readonly string[]): Arbitrary<unknown> {
  const damaged = fc
    .tuple(fitting(schema, ids), fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 3 }))
    .map(([value, damages]) =>
      damages.reduce<unknown>((at, [place, junk]) => damage(at, place, junk), value),
    );
  return fc.oneof({ weight: 3, arbitrary: damaged }, junk);
}

const TIMES = ['2026-11-21T12:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999+14:00'];
/** Names, as people and attackers write them. */
const NAMES = [
  'Ada',
  'Žluťoučký kůň',
  'שלום',
  '\u202eabc',
  "x'); drop table users;--",
  '{{constructor}}',
  '<script>',
  '👩‍👩‍👧',
  'é'.repeat(250),
  '%00',
  '../../etc/passwd',
  '=1+1',
];

const junk: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e308,
    2 ** 53,
    '',
    ' ',
    'NaN',
    '\0',
    'a\0b',
    '\ud800',
    '\u202e',
    'x'.repeat(10_000),
  ),
  fc.constantFrom<unknown>(
    [],
    {},
    [[]],
    { constructor: 1 },
    { toString: 'x' },
    { length: 1e9 },
    { $ne: null },
  ),
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

function fromSchema(schema: Schema, ids: readonly string[]): Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(one => fromSchema(one, ids)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? 'string'].flat();
  return fc.oneof(...types.map(type => ofType(type, schema, ids)));
}

function ofType(type: string, schema: Schema, ids: readonly string[]): Arbitrary<unknown> {
  switch (type) {
    case 'object':
      return objectFrom(schema, ids);
    case 'array': {
      const { items = {}, minItems: minLength = 0, maxItems: maxLength = 5 } = schema;
      return fc.array(fromSchema(items, ids), { minLength, maxLength: Math.min(maxLength, 20) });
    }
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: Math.min(schema.maximum ?? 1000, 2 ** 31) });
    case 'number':
      return fc.double({ min: schema.minimum, max: schema.maximum, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return textFrom(schema, ids);
  }
}

function objectFrom({ properties = {}, required = [] }: Schema, ids: readonly string[]): Arbitrary<unknown> {
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, child]) => [name, likely(name, fromSchema(child, ids))]),
  );
  return fc.record(model, { requiredKeys: required.filter(name => name in model) });
}

/** What JSON Schema cannot say of a field, and without which no handler would ever be reached. */
const MEANT: Readonly<Record<string, Arbitrary<unknown>>> = {
  email: fc.emailAddress(),
  workspace: fc.constant('main'),
  kind: fc.constantFrom('note', 'danger'),
  cron: fc.constantFrom('0 3 * * *', '*/5 * * * * *', '@daily'),
  time_zone: fc.constantFrom('UTC', 'Europe/Paris'),
};

function likely(name: string, anything: Arbitrary<unknown>): Arbitrary<unknown> {
  const meant = MEANT[name];
  return meant ? fc.oneof({ weight: 3, arbitrary: meant }, anything) : anything;
}

function textFrom(schema: Schema, ids: readonly string[]): Arbitrary<string> {
  const { format, pattern, minLength = 0, maxLength = 200 } = schema;
  if (format === 'uuid')
    return fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...ids) }, fc.uuid({ version: 7 }));
  if (format === 'date-time') return fc.constantFrom(...TIMES);
  // A name is nearly free text, and its expression would give nothing but noise.
  if (pattern !== undefined) {
    const plain = inAscii(pattern);
    if (!plain.includes('\\p')) return fc.stringMatching(new RegExp(plain));
  }
  const names = NAMES.filter(name => name.length >= minLength && name.length <= maxLength);
  const text = fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 600) });
  const emails = fc.emailAddress().filter(address => address.length <= maxLength);
  return fc.oneof(
    text,
    emails,
    fc.constantFrom(...ids),
    ...(names.length > 0 ? [fc.constantFrom(...names)] : []),
  );
}

/** Replaces, removes or adds one thing somewhere in a value. */
function damage(value: unknown, place: number, junk: unknown): unknown {
  if (typeof value !== 'object' || value === null) return junk;
  const keys = Object.keys(value);
  const key = keys[place % (keys.length + 1)];
  if (Array.isArray(value))
    return key === undefined
      ? [...value, junk]
      : value.with(Number(key), damage(value[Number(key)], place >> 3, junk));
  if (key === undefined) return { ...value, [`extra${place}`]: junk };
  const { [key]: child, ...rest } = value as Record<string, unknown>;
  return place % 7 === 0 ? rest : { ...rest, [key]: damage(child, place >> 3, junk) };
}

/** fast-check makes no text for Unicode classes; these have members that it can make. */
function inAscii(pattern: string): string {
  return pattern.replaceAll('\\p{L}', 'A-Za-z').replaceAll('\\p{N}', '0-9').replaceAll('[^\\p{Cc}]', '[ -~]');
}
