import { cutText, type Line, type LogFields, type RawLine, toMicros } from './line.ts';

// What may be stored of a line: masked first, bounded second. The other way round, a cut through a secret would leave a part
// of it that no mask recognises.

export const MAX_TEXT = 1024 * 1024;
const MAX_FIELD_TEXT = 8 * 1024;
const MAX_FIELDS_TEXT = 32 * 1024;
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const LEFT_OUT = '…';

export type Redact = (text: string) => string;

export function maskLine(raw: RawLine, redact: Redact, now: number): Line {
  const text = redact(raw.text);
  return {
    at: (raw.at === undefined ? undefined : toMicros(raw.at)) ?? now,
    level: raw.level,
    stream: raw.stream,
    text: text.length > MAX_TEXT ? `${cutText(text, MAX_TEXT)}… (${text.length} characters)` : text,
    fields: raw.fields ? maskFields(raw.fields, redact) : null,
  };
}

type Json = LogFields[string];

/** Bounded in depth, in number and in size: fields are for finding lines, not for storing what a task works on. */
function maskFields(fields: Readonly<Record<string, unknown>>, redact: Redact): LogFields | null {
  const room = { left: MAX_FIELDS_TEXT };

  const take = (text: string, most: number): string => {
    const masked = redact(text);
    const length = Math.min(most, Math.max(room.left, 0));
    room.left -= Math.min(masked.length, length) + 1;
    return masked.length > length ? `${cutText(masked, length)}${LEFT_OUT}` : masked;
  };
  const maskNumber = (value: number): Json => {
    if (!Number.isFinite(value)) return String(value);
    // A pin or an account number is a secret too, and was registered as text.
    const text = String(value);
    return redact(text) === text ? value : redact(text);
  };
  const maskObject = (value: object, depth: number): LogFields => {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    const kept = entries
      .slice(0, MAX_ITEMS)
      .map(([key, item]) => [take(key, 200), maskValue(item, depth + 1)] as const);
    if (entries.length > MAX_ITEMS) kept.push([LEFT_OUT, entries.length - MAX_ITEMS]);
    // Not by assignment: a key may be `__proto__`.
    return Object.fromEntries(kept);
  };
  const maskArray = (value: readonly unknown[], depth: number): Json[] => {
    const kept = value.slice(0, MAX_ITEMS).map(item => maskValue(item, depth + 1));
    return value.length > MAX_ITEMS ? [...kept, LEFT_OUT] : kept;
  };
  const maskValue = (value: unknown, depth: number): Json => {
    if (value === null || value === undefined) return null;
    if (typeof value === 'boolean') return value;
    if (room.left <= 0) return LEFT_OUT;
    room.left -= 1;
    if (typeof value === 'string') return take(value, MAX_FIELD_TEXT);
    if (typeof value === 'number') return maskNumber(value);
    if (typeof value !== 'object') return take(String(value), MAX_FIELD_TEXT);
    if (depth > MAX_DEPTH) return LEFT_OUT;
    return Array.isArray(value) ? maskArray(value, depth) : maskObject(value, depth);
  };

  const masked = maskObject(fields, 1);
  return Object.keys(masked).length === 0 ? null : masked;
}
