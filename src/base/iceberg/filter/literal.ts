import { IcebergError } from '../errors.ts';
import type { PrimitiveType, Value } from '../model.ts';
import { primitive } from '../schema/types.ts';
import type { Scalar } from './filter.ts';

/**
 * A literal as a value of a column's type. A column of integers or decimals cannot hold every number: then `side` says on which side
 * of `value`, the nearest one below, the literal lies, or that it is beyond all values, and `bind` writes a comparison that means
 * the same.
 */
export type Literal =
  | { side: 'exact'; value: Value }
  | { side: 'above'; value: Value }
  | { side: 'beyond_all' }
  | { side: 'below_all' };

const INT = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const LONG = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const LARGEST_FLOAT = 3.4028234663852886e38;
const DAY_MS = 86_400_000;
const DAY_MICROS = 86_400_000_000n;

export function literal(type: PrimitiveType, scalar: Scalar): Literal {
  const kind = primitive(type);
  switch (kind.name) {
    case 'boolean':
      return exact(booleanOf(type, scalar));
    case 'int':
      return asNumber(integral(digitsOf(type, scalar), 0, INT));
    case 'long':
      return integral(digitsOf(type, scalar), 0, LONG);
    case 'decimal': {
      const max = 10n ** BigInt(kind.precision) - 1n;
      return integral(digitsOf(type, scalar), kind.scale, { min: -max, max });
    }
    case 'float':
    case 'double':
      return floating(type, scalar);
    case 'date':
      return dateLiteral(type, scalar);
    case 'time':
      return exact(timeOf(type, scalar));
    case 'timestamp':
    case 'timestamptz':
      return exact(timestampOf(type, scalar));
    case 'string':
      return exact(
        typeof scalar === 'string' ? scalar : refuse(type, scalar, 'Write text in single quotes.'),
      );
    case 'uuid':
      return exact(uuidOf(type, scalar));
    case 'fixed':
    case 'binary':
      return exact(scalar instanceof Uint8Array ? scalar : refuse(type, scalar));
  }
}

const exact = (value: Value): Literal => ({ side: 'exact', value });

function refuse(type: string, scalar: Scalar, hint = ''): never {
  const shown = showScalar(scalar);
  throw new IcebergError(
    'invalid',
    `${shown} is not a value of type ${type}.${hint === '' ? '' : ` ${hint}`}`,
    {
      type,
      value: shown,
      ...(hint === '' ? {} : { suggestion: hint }),
    },
  );
}

function showScalar(scalar: Scalar): string {
  if (scalar instanceof Uint8Array) return `X'${Buffer.from(scalar).toString('hex')}'`;
  if (scalar instanceof Date)
    return Number.isNaN(scalar.getTime()) ? 'an invalid date' : scalar.toISOString();
  return typeof scalar === 'string' ? `'${scalar.slice(0, 80)}'` : String(scalar);
}

// ── Numbers ─────────────────────────────────────────────────────────────────────────────────────────

/** digits × 10^exponent, so that `0.1` for a decimal column is a tenth and nothing else. */
interface Digits {
  digits: bigint;
  exponent: number;
}

function digitsOf(type: string, scalar: Scalar): Digits | 'infinity' | '-infinity' {
  if (typeof scalar === 'bigint') return { digits: scalar, exponent: 0 };
  if (scalar === Infinity) return 'infinity';
  if (scalar === -Infinity) return '-infinity';
  if (typeof scalar !== 'number' && typeof scalar !== 'string') return refuse(type, scalar);
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i.exec(String(scalar).trim());
  const [, sign = '', whole = '', fraction = '', power = '0'] = match ?? [];
  if (match === null || whole + fraction === '' || whole.length + fraction.length > 400)
    return refuse(type, scalar, 'Write a number.');
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, exponent: Number(power) - fraction.length };
}

/** In units of 10^-scale, rounded down. */
function integral(number: ReturnType<typeof digitsOf>, scale: number, range: typeof LONG): Literal {
  if (number === 'infinity') return { side: 'beyond_all' };
  if (number === '-infinity') return { side: 'below_all' };
  const shift = number.exponent + scale;
  const divisor = shift < 0 ? 10n ** BigInt(-shift) : 1n;
  const units = shift < 0 ? floorDivide(number.digits, divisor) : number.digits * 10n ** BigInt(shift);
  if (units > range.max) return { side: 'beyond_all' };
  if (units < range.min) return { side: 'below_all' };
  const rounded = shift < 0 && units * divisor !== number.digits;
  return { side: rounded ? 'above' : 'exact', value: units };
}

function floating(type: string, scalar: Scalar): Literal {
  if (scalar instanceof Date || scalar instanceof Uint8Array || typeof scalar === 'boolean')
    return refuse(type, scalar);
  const number = typeof scalar === 'string' ? numberOf(type, scalar) : Number(scalar);
  return type === 'double' ? exact(number) : floatLiteral(number);
}

/** The nearest float, as everybody means `x = 0.1`; what is too large for one lies between the largest and infinity. */
function floatLiteral(number: number): Literal {
  const near = Math.fround(number);
  if (near === Infinity && number < Infinity) return { side: 'above', value: LARGEST_FLOAT };
  if (near === -Infinity && number > -Infinity) return { side: 'above', value: -Infinity };
  return exact(near);
}

function numberOf(type: string, text: string): number {
  const word = text.trim().toLowerCase();
  if (word === 'nan') return Number.NaN;
  if (/^[+-]?inf(inity)?$/.test(word)) return word.startsWith('-') ? -Infinity : Infinity;
  const number = word === '' ? Number.NaN : Number(word);
  return Number.isNaN(number) ? refuse(type, text, 'Write a number.') : number;
}

function asNumber(found: Literal): Literal {
  return 'value' in found ? { ...found, value: Number(found.value) } : found;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a < 0n && quotient * b !== a ? quotient - 1n : quotient;
}

// ── The others ──────────────────────────────────────────────────────────────────────────────────────

function booleanOf(type: string, scalar: Scalar): boolean {
  if (typeof scalar === 'boolean') return scalar;
  const word = typeof scalar === 'string' ? scalar.trim().toLowerCase() : '';
  return word === 'true' || (word === 'false' ? false : refuse(type, scalar, 'Write true or false.'));
}

const DATE = /^([+-]?\d{4,6})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;
const STAMP =
  /^([+-]?\d{4,6}-\d{2}-\d{2})(?:(?:T| +)(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i;

/** An instant compared with days: between two midnights it is above the first. */
function dateLiteral(type: string, scalar: Scalar): Literal {
  if (scalar instanceof Date || (typeof scalar === 'string' && scalar.includes(':'))) {
    const micros = timestampOf(type, scalar);
    const day = floorDivide(micros, DAY_MICROS);
    return { side: day * DAY_MICROS === micros ? 'exact' : 'above', value: Number(day) };
  }
  return exact(
    typeof scalar === 'string' ? dayOf(type, scalar.trim(), scalar) : refuse(type, scalar, DATE_HINT),
  );
}

const DATE_HINT = "Write a date: '2026-01-31'.";
const STAMP_HINT = "Write a point in time: '2026-01-31 12:00:00'.";

function dayOf(type: string, text: string, whole: Scalar): number {
  const [, year = '', month = '', day = ''] = DATE.exec(text) ?? [];
  if (year === '') return refuse(type, whole, DATE_HINT);
  const at = new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const back = new Date(at);
  if (back.getUTCMonth() + 1 !== Number(month) || back.getUTCDate() !== Number(day))
    return refuse(type, whole, DATE_HINT);
  return Math.floor(at / DAY_MS);
}

function timeOf(type: string, scalar: Scalar): bigint {
  if (typeof scalar !== 'string') return refuse(type, scalar, "Write a time of day: '12:00:00'.");
  return microsOf(type, scalar.trim(), scalar);
}

function microsOf(type: string, text: string, whole: Scalar): bigint {
  const [, hour = '', minute = '', second = '0', fraction = ''] = TIME.exec(text) ?? [];
  if (hour === '' || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return refuse(type, whole, "Write a time of day: '12:00:00'.");
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
}

/** Without an offset: as it stands, which for `timestamptz` is UTC, like our sessions. */
function timestampOf(type: string, scalar: Scalar): bigint {
  if (scalar instanceof Date) {
    const ms = scalar.getTime();
    return Number.isNaN(ms) ? refuse(type, scalar, STAMP_HINT) : BigInt(ms) * 1000n;
  }
  if (typeof scalar !== 'string') return refuse(type, scalar, STAMP_HINT);
  const [, date = '', time = '00:00:00', offset = ''] = STAMP.exec(scalar.trim()) ?? [];
  if (date === '') return refuse(type, scalar, STAMP_HINT);
  const local = BigInt(dayOf(type, date, scalar)) * DAY_MICROS + microsOf(type, time, scalar);
  if (offset !== '' && type === 'timestamp')
    return refuse(type, scalar, 'The column has no time zone: write it without an offset.');
  return local - offsetMicros(offset);
}

function offsetMicros(offset: string): bigint {
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset) ?? [];
  const micros = BigInt(Number(hours) * 60 + Number(minutes ?? '0')) * 60_000_000n;
  return sign === '-' ? -micros : micros;
}

function uuidOf(type: string, scalar: Scalar): Uint8Array {
  if (scalar instanceof Uint8Array) return scalar.length === 16 ? scalar : refuse(type, scalar);
  const hex = typeof scalar === 'string' ? scalar.trim().replaceAll('-', '') : '';
  return /^[0-9a-f]{32}$/i.test(hex) ? Buffer.from(hex, 'hex') : refuse(type, scalar, 'Write a uuid.');
}
