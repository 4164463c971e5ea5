import type { PrimitiveType, Value } from '../model.ts';
import { primitive } from '../schema/types.ts';
import { daysOf, MICROS_OF_DAY } from './calendar.ts';

// What DuckDB says in text: the `min` and `max` of `COPY … RETURN_STATS`. What we cannot read with certainty gives undefined, and so no
// bound: a file without bounds is read once too often, one with wrong bounds is silently left out.

/** `undefined`: no value of this type that Iceberg knows (infinite dates, text that nobody expected). */
export function parseDuck(type: PrimitiveType, text: string): Value | undefined {
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      return { true: true, '1': true, false: false, '0': false }[text];
    case 'int':
      return whole(text, 32, Number);
    case 'long':
      return whole(text, 64, value => value);
    case 'float':
      return float(text, Math.fround);
    case 'double':
      return float(text, value => value);
    case 'date':
      return parseDate(text);
    case 'time':
      return parseTime(text);
    case 'timestamp':
    case 'timestamptz':
      return parseTimestamp(text);
    case 'uuid':
      return parseUuid(text);
    case 'binary':
      return parseHex(text);
  }
  const parts = primitive(type);
  if (parts.name === 'decimal') return parseDecimal(text, parts.scale);
  if (parts.name !== 'fixed') return undefined;
  const bytes = parseHex(text);
  return bytes?.length === parts.length ? bytes : undefined;
}

const OF_TYPE_INT = { 32: 2n ** 31n, 64: 2n ** 63n } as const;

function whole<T>(text: string, bits: 32 | 64, as: (value: bigint) => T): T | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= -OF_TYPE_INT[bits] && value < OF_TYPE_INT[bits] ? as(value) : undefined;
}

function float(text: string, as: (value: number) => number): number | undefined {
  if (text === 'nan') return Number.NaN;
  if (text === 'inf' || text === '-inf')
    return text === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return /^-?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(text) ? as(Number(text)) : undefined;
}

function parseDecimal(text: string, scale: number): bigint | undefined {
  const found = /^(-?)(\d{0,38})(?:\.(\d{1,38}))?$/.exec(text);
  if (!found) return undefined;
  const [, sign, whole_digits = '', fraction = ''] = found;
  if (fraction.length > scale || whole_digits + fraction === '') return undefined;
  const digits = BigInt(whole_digits + fraction.padEnd(scale, '0'));
  return sign === '-' ? -digits : digits;
}

const DATE = /^(\d{4,7})-(\d\d)-(\d\d)( \(BC\))?$/;

function parseDate(text: string): number | undefined {
  const found = DATE.exec(text);
  if (!found) return undefined;
  const [, year, month, day, before_christ] = found;
  // DuckDB counts 1 BC, 2 BC …; the calendar 0, -1 …
  const days = daysOf({
    year: before_christ ? 1 - Number(year) : Number(year),
    month: Number(month),
    day: Number(day),
  });
  return days === (days | 0) ? days : undefined;
}

function parseTime(text: string): bigint | undefined {
  const found = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/.exec(text);
  if (!found) return undefined;
  const [, hours, minutes, seconds, fraction = ''] = found;
  const whole_seconds = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return BigInt(whole_seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

/** `2026-01-01 00:16:39.5`, of timestamptz with `+00`, as the time zone of our engines is UTC; with BC before the time of day. */
function parseTimestamp(text: string): bigint | undefined {
  const found = /^(\d{4,7}-\d\d-\d\d(?: \(BC\))?) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?:\+00(?::00)?)?$/.exec(
    text,
  );
  const days = parseDate(found?.[1] ?? '');
  const time = parseTime(found?.[2] ?? '');
  if (days === undefined || time === undefined) return undefined;
  const micros = BigInt(days) * MICROS_OF_DAY + time;
  return BigInt.asIntN(64, micros) === micros ? micros : undefined;
}

function parseUuid(text: string): Uint8Array | undefined {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)
    ? parseHex(text.replaceAll('-', ''))
    : undefined;
}

function parseHex(text: string): Uint8Array | undefined {
  return /^([\da-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}
