import { IcebergError } from '../errors.ts';
import type { PrimitiveType, Value } from '../model.ts';
import { primitive } from '../schema/types.ts';

// Numbers down to a multiple of the width, text to its first code points, bytes to the first bytes. Where a number has no multiple
// below it that its type can hold, it becomes the least one of the type: others overflow there and lose the order of the partitions.

export function truncate(value: Value, type: PrimitiveType, width: number): Value {
  if (typeof value === 'number') return Number(truncateWhole(BigInt(value), type, width));
  if (typeof value === 'bigint') return truncateWhole(value, type, width);
  if (typeof value === 'string') return value.length <= width ? value : firstPoints(value, width);
  if (value instanceof Uint8Array) return value.subarray(0, width);
  throw new IcebergError('invalid', `a value of type ${type} cannot be truncated`, { type });
}

function truncateWhole(value: bigint, type: PrimitiveType, width: number): bigint {
  const w = BigInt(width);
  const truncated = value - (((value % w) + w) % w);
  const least = leastOf(type);
  return truncated < least ? least : truncated;
}

function leastOf(type: PrimitiveType): bigint {
  const parts = primitive(type);
  if (parts.name === 'decimal') return 1n - 10n ** BigInt(parts.precision);
  return parts.name === 'int' ? -(2n ** 31n) : -(2n ** 63n);
}

function firstPoints(text: string, count: number): string {
  let at = 0;
  for (let points = 0; points < count && at < text.length; points += 1)
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return text.slice(0, at);
}

export function truncateSql(column: string, type: PrimitiveType, width: number): string {
  const parts = primitive(type);
  switch (parts.name) {
    case 'string':
      return `substring(${column}, 1, ${width})`;
    case 'binary':
    case 'fixed':
      return `unhex(substring(hex(${column}), 1, ${2 * width}))`;
    case 'decimal':
      return wholeSql(
        unscaledSql(column),
        type,
        width,
        n => `CAST(${pointedSql(n, parts.scale)} AS ${type})`,
      );
    case 'int':
      return wholeSql(`CAST(${column} AS HUGEINT)`, type, width, n => `CAST(${n} AS INTEGER)`);
    default:
      return wholeSql(`CAST(${column} AS HUGEINT)`, type, width, n => `CAST(${n} AS BIGINT)`);
  }
}

/** The digits of a decimal as an integer. By its text: multiplying would not fit where there are 38 of them. */
export function unscaledSql(column: string): string {
  return `CAST(replace(CAST(${column} AS VARCHAR), '.', '') AS HUGEINT)`;
}

/** Digits with their point. DuckDB reads `123e-2` only where the digits fit into the type without the exponent. */
function pointedSql(number: string, scale: number): string {
  if (scale === 0) return `CAST(${number} AS VARCHAR)`;
  const digits = `CAST(abs(${number}) AS VARCHAR)`;
  const padded = `lpad(${digits}, CAST(greatest(length(${digits}), ${scale + 1}) AS INTEGER), '0')`;
  const sign = `(CASE WHEN ${number} < 0 THEN '-' ELSE '' END)`;
  return `${sign} || left(${padded}, -${scale}) || '.' || right(${padded}, ${scale})`;
}

/** CASE, not `greatest`, which passes over NULL. */
function wholeSql(number: string, type: PrimitiveType, width: number, back: (n: string) => string): string {
  const truncated = `(${number} - ((${number} % ${width} + ${width}) % ${width}))`;
  const least = `CAST('${leastOf(type)}' AS HUGEINT)`;
  return back(`(CASE WHEN ${truncated} < ${least} THEN ${least} ELSE ${truncated} END)`);
}
