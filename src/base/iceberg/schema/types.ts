import { IcebergError } from '../errors.ts';
import type { ListType, MapType, PrimitiveType, StructType, Type } from '../model.ts';

// The types of format versions 1 and 2. In memory a primitive is always spelled one way (`decimal(10, 2)`), so that two are the same
// type when they are the same text.

export type Primitive =
  | { name: Exclude<PrimitiveName, 'decimal' | 'fixed'> }
  | { name: 'decimal'; precision: number; scale: number }
  | { name: 'fixed'; length: number };

const PLAIN = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'string',
  'uuid',
  'binary',
] as const;
export type PrimitiveName = (typeof PLAIN)[number] | 'decimal' | 'fixed';

/** Of format version 3: known by name, so that the answer is "not yet" and not "what is that". */
const LATER = /^(timestamp_ns|timestamptz_ns|variant|unknown|geometry|geography)\b/;

export const MAX_PRECISION = 38;

export function isPrimitive(type: Type): type is PrimitiveType {
  return typeof type === 'string';
}

export function isStruct(type: Type): type is StructType {
  return typeof type !== 'string' && type.type === 'struct';
}

/** The parts of a primitive type. Fails with `type` for what is none. */
export function primitive(text: string): Primitive {
  const plain = PLAIN.find(name => name === text);
  if (plain) return { name: plain };
  const decimal = /^decimal\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text);
  if (decimal) return decimalOf(text, Number(decimal[1]), Number(decimal[2]));
  const fixed = /^fixed\[\s*(\d{1,9})\s*\]$/.exec(text);
  if (fixed && Number(fixed[1]) > 0) return { name: 'fixed', length: Number(fixed[1]) };
  if (LATER.test(text))
    throw new IcebergError('unsupported', `type ${text} belongs to format version 3; 1 and 2 are supported`, {
      type: text,
    });
  throw new IcebergError('type', `there is no type ${shorten(text)}`, { type: shorten(text) });
}

function decimalOf(text: string, precision: number, scale: number): Primitive {
  if (precision >= 1 && precision <= MAX_PRECISION && scale <= precision)
    return { name: 'decimal', precision, scale };
  throw new IcebergError(
    'type',
    `${text}: a decimal has 1 to ${MAX_PRECISION} digits, and not more of them after the point than there are`,
    { type: text },
  );
}

/** One spelling for each type: `decimal(10,2)` → `decimal(10, 2)`. */
export function canonical(text: string): PrimitiveType {
  const parts = primitive(text);
  if (parts.name === 'decimal') return `decimal(${parts.precision}, ${parts.scale})`;
  return parts.name === 'fixed' ? `fixed[${parts.length}]` : parts.name;
}

/** The promotions of the specification: none loses a value, and readers do them without rewriting a file. */
export function canWiden(from: PrimitiveType, to: PrimitiveType): boolean {
  if (from === to) return true;
  const [a, b] = [primitive(from), primitive(to)];
  if (a.name === 'int') return b.name === 'long';
  if (a.name === 'float') return b.name === 'double';
  return a.name === 'decimal' && b.name === 'decimal' && a.scale === b.scale && a.precision <= b.precision;
}

// ── Types as text, for people ───────────────────────────────────────────────────────────────────────

/** `int`, `list<string not null>`, `map<string, long>`, `struct<a: int not null, "b c": date>`: without ids. */
export function printType(type: Type): string {
  if (typeof type === 'string') return type;
  if (type.type === 'list') return `list<${slot(type.element, type['element-required'])}>`;
  if (type.type === 'map') return `map<${printType(type.key)}, ${slot(type.value, type['value-required'])}>`;
  return `struct<${type.fields.map(field => `${quote(field.name)}: ${slot(field.type, field.required)}`).join(', ')}>`;
}

function slot(type: Type, required: boolean): string {
  return required ? `${printType(type)} not null` : printType(type);
}

function quote(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** What `printType` prints. All ids are 0: `assignIds` and `evolve` give the real ones. */
export function parseType(text: string): Type {
  const [type, rest] = readType(text, 0);
  if (skip(text, rest) < text.length) throw unreadable(text, rest);
  return type;
}

type Read<T> = [T, number];

/** As deep as a type of people may be; metadata has a bound of its own. */
const MAX_TYPE_DEPTH = 64;

function readType(text: string, start: number, depth = 0): Read<Type> {
  if (depth > MAX_TYPE_DEPTH)
    throw new IcebergError('type', `a type is nested more than ${MAX_TYPE_DEPTH} levels deep`, {});
  const word = match(text, start, /\s*([a-z_]+)/y);
  if (!word) throw unreadable(text, start);
  const [name, at] = word;
  if (name === 'list') return readList(text, at, depth);
  if (name === 'map') return readMap(text, at, depth);
  if (name === 'struct') return readStruct(text, at, depth);
  const arguments_ = match(text, at, /\s*(\([\d\s,]*\)|\[[\d\s]*\])/y);
  return arguments_
    ? [canonical(`${name}${arguments_[0].trim()}`), arguments_[1]]
    : [canonical(name.trim()), at];
}

function readList(text: string, start: number, depth: number): Read<ListType> {
  const open = expect(text, start, '<');
  const [[element, required], at] = readSlot(text, open, depth);
  const list: ListType = { type: 'list', 'element-id': 0, element, 'element-required': required };
  return [list, expect(text, at, '>')];
}

function readMap(text: string, start: number, depth: number): Read<MapType> {
  const [key, after_key] = readType(text, expect(text, start, '<'), depth + 1);
  const [[value, required], at] = readSlot(text, expect(text, after_key, ','), depth);
  const map: MapType = { type: 'map', 'key-id': 0, key, 'value-id': 0, value, 'value-required': required };
  return [map, expect(text, at, '>')];
}

function readStruct(text: string, start: number, depth: number): Read<StructType> {
  const struct: StructType = { type: 'struct', fields: [] };
  let at = expect(text, start, '<');
  for (;;) {
    const [name, after_name] = readName(text, at);
    const [[type, required], after] = readSlot(text, expect(text, after_name, ':'), depth);
    struct.fields.push({ id: 0, name, required, type });
    if (text[skip(text, after)] !== ',') return [struct, expect(text, after, '>')];
    at = expect(text, after, ',');
  }
}

function readSlot(text: string, start: number, depth: number): Read<[Type, boolean]> {
  const [type, at] = readType(text, start, depth + 1);
  const required = match(text, at, /(\s+not\s+null)\b/y);
  return required ? [[type, true], required[1]] : [[type, false], at];
}

function readName(text: string, start: number): Read<string> {
  const quoted = match(text, start, /\s*"((?:[^"]|"")+)"/y);
  if (quoted) return [quoted[0].replaceAll('""', '"'), quoted[1]];
  const plain = match(text, start, /\s*([A-Za-z_]\w*)/y);
  if (!plain) throw unreadable(text, start);
  return plain;
}

function match(text: string, start: number, pattern: RegExp): Read<string> | undefined {
  pattern.lastIndex = start;
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : [found, pattern.lastIndex];
}

function expect(text: string, start: number, character: string): number {
  const at = skip(text, start);
  if (text[at] !== character) throw unreadable(text, at);
  return at + 1;
}

function skip(text: string, start: number): number {
  let at = start;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t') at += 1;
  return at;
}

function unreadable(text: string, at: number): IcebergError {
  const rest = text.slice(at).trim();
  const where = rest === '' ? 'ends too early' : `is not a type from "${shorten(rest)}" on`;
  return new IcebergError('type', `"${shorten(text)}" ${where}`, { type: shorten(text), at });
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
