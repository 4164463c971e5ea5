import { IcebergError } from '../errors.ts';
import type { PrimitiveType, Value } from '../model.ts';

// How values compare, as DuckDB compares them: the zeros are equal and NaN is the greatest; text by code point (which is the order
// of its UTF-8 bytes, and not that of JavaScript's 16-bit units); bytes unsigned.

/** Negative, zero or positive. Both values are of this type. */
export function compareValues(type: PrimitiveType, a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  throw new IcebergError('invalid', `a ${kind(a)} and a ${kind(b)} are not two values of type ${type}`, {
    type,
  });
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others, U+E000 to U+FFFF included. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function kind(value: Value): string {
  return value instanceof Uint8Array ? 'Uint8Array' : typeof value;
}
