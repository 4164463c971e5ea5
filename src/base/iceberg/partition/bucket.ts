import type { PrimitiveType, Value } from '../model.ts';
import { primitive } from '../schema/types.ts';
import { encodeDecimal, encodeValue } from '../values/single.ts';
import { murmur3 } from './murmur3.ts';
import { unscaledSql } from './truncate.ts';

// The hash of a value is that of its bytes: 32 and 64-bit integers as eight bytes, so that int and long agree, decimals in their
// shortest form. DuckDB has no murmur3; with 64 unsigned bits and multiplications that stay within them, SQL can say it.

export function bucketOf(value: Value, type: PrimitiveType, count: number): number {
  return (murmur3(hashed(value, type)) & 0x7fffffff) % count;
}

function hashed(value: Value, type: PrimitiveType): Uint8Array {
  if (typeof value === 'number') return encodeValue('long', BigInt(value));
  if (typeof value === 'bigint')
    return type.startsWith('decimal') ? encodeDecimal(value) : encodeValue('long', value);
  return encodeValue(typeof value === 'string' ? 'string' : 'binary', value);
}

/** Expects the column to be of the DuckDB type of this Iceberg type. Gives INTEGER. */
export function bucketSql(column: string, type: PrimitiveType, count: number): string {
  return `CAST((${hashSql(column, type)} & ${u64(0x7fffffff)}) % ${u64(count)} AS INTEGER)`;
}

function hashSql(column: string, type: PrimitiveType): string {
  const parts = primitive(type);
  switch (parts.name) {
    case 'date':
      return hashOfLong(`(${column} - DATE '1970-01-01')`);
    case 'timestamp':
    case 'timestamptz':
    case 'time':
      return hashOfLong(`epoch_us(${column})`);
    case 'string':
      return hashOfHex(`hex(encode(${column}))`);
    case 'uuid':
      return hashOfHex(`replace(CAST(${column} AS VARCHAR), '-', '')`);
    case 'fixed':
    case 'binary':
      return hashOfHex(`hex(${column})`);
    case 'decimal':
      return hashOfHex(hexOfDecimal(column));
    default:
      return hashOfLong(column);
  }
}

const MASK = u64(0xffffffff);

function u64(n: number): string {
  return `${n}::UBIGINT`;
}

/** `a` is below 2^32, so the product fits into 64 bits. */
function times(a: string, factor: number): string {
  return `((${a} * ${u64(factor)}) & ${MASK})`;
}

/** Times 2^32 + 1 puts the number beside itself: one use of `a`, where two shifts would need two. */
function rotate(a: string, bits: number): string {
  return `(((${a} * ${u64(2 ** 32 + 1)}) >> ${32 - bits}) & ${MASK})`;
}

function mix(block: string): string {
  return times(rotate(times(block, 0xcc9e2d51), 15), 0x1b873593);
}

function step(hash: string, block: string): string {
  return `((${rotate(`xor(${hash}, ${mix(block)})`, 13)} * ${u64(5)} + ${u64(0xe6546b64)}) & ${MASK})`;
}

/** The text doubles at each of the three, the work does not: DuckDB computes equal expressions once. */
function finish(hash: string): string {
  const fold = (h: string, bits: number) => `xor(${h}, ${h} >> ${bits})`;
  return fold(times(fold(times(fold(hash, 16), 0x85ebca6b), 13), 0xc2b2ae35), 16);
}

function hashOfLong(integer: string): string {
  const value = `CAST(${integer} AS BIGINT)`;
  const low = `CAST(${value} & 4294967295 AS UBIGINT)`;
  const high = `CAST((${value} >> 32) & 4294967295 AS UBIGINT)`;
  return finish(`xor(${step(step(u64(0), low), high)}, ${u64(8)})`);
}

/**
 * Of the bytes that this hexadecimal text spells: four at a time, then the last one to three. A list of one is how SQL gives a name
 * to what is used more than once.
 */
function hashOfHex(hex: string): string {
  const number = (at: string, length: number) => `CAST('0x' || substring(b, ${at}, ${length}) AS UBIGINT)`;
  const blocks = `list_transform(range(0, length(b) // 8), lambda i: ${number('i * 8 + 1', 8)})`;
  const folded = `list_reduce(${blocks}, lambda h, k: ${step('h', swap('k'))}, ${u64(0)})`;
  const padded = `CAST('0x' || rpad(substring(b, length(b) // 8 * 8 + 1, 6), 8, '0') AS UBIGINT)`;
  const hash = `xor(xor(${folded}, ${mix(swap(padded))}), CAST(length(b) // 2 AS UBIGINT))`;
  return `list_transform(list_transform([${hex}], lambda b: ${hash}), lambda f: ${finish('f')})[1]`;
}

/** The text is read as the great end first; murmur3 takes the little end first. */
function swap(k: string): string {
  const outer = `((${k} & 255::UBIGINT) * 16777216::UBIGINT) | (${k} >> 24)`;
  const inner = `((${k} & 65280::UBIGINT) * 256::UBIGINT) | ((${k} >> 8) & 65280::UBIGINT)`;
  return `(${outer} | ${inner})`;
}

/**
 * The shortest two's complement, great end first. DuckDB writes 16 bytes of a negative number, and of others the digits there are:
 * bytes that only repeat the sign go, one that carries it comes.
 */
function hexOfDecimal(column: string): string {
  const unscaled = unscaledSql(column);
  const digits = `hex(${unscaled})`;
  const even = `(CASE WHEN length(${digits}) % 2 = 1 THEN '0' || ${digits} ELSE ${digits} END)`;
  const positive = `(CASE WHEN ${even} >= '8' THEN '00' || ${even} ELSE ${even} END)`;
  const negative = `regexp_replace(${digits}, '^(FF)*([89A-F].)', '\\2')`;
  return `(CASE WHEN ${unscaled} < 0 THEN ${negative} ELSE ${positive} END)`;
}
