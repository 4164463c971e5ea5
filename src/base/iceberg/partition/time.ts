import { IcebergError } from '../errors.ts';
import type { PrimitiveType, Value } from '../model.ts';
import {
  dayOf,
  floorDiv,
  MICROS_OF_DAY,
  MICROS_OF_HOUR,
  showDay,
  showYear,
  two,
} from '../values/calendar.ts';

// Years, months, days, hours since 1970-01-01, downwards: before it they are negative.

export type TimeUnit = 'year' | 'month' | 'day' | 'hour';

export function unitsSince1970(value: Value, type: PrimitiveType, unit: TimeUnit): number {
  if (unit === 'hour' && typeof value === 'bigint') return Number(floorDiv(value, MICROS_OF_HOUR));
  const days = daysSince1970(value, type);
  if (unit === 'day') return days;
  const { year, month } = dayOf(days);
  return unit === 'year' ? year - 1970 : (year - 1970) * 12 + month - 1;
}

function daysSince1970(value: Value, type: PrimitiveType): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(floorDiv(value, MICROS_OF_DAY));
  throw new IcebergError('invalid', `a value of type ${type} has no date`, { type });
}

/** Infinite dates and times give NULL: they are of no year. */
export function unitsSince1970Sql(column: string, type: PrimitiveType, unit: TimeUnit): string {
  if (unit === 'hour') return `CAST(${floorSql(`epoch_us(${column})`, MICROS_OF_HOUR)} AS INTEGER)`;
  if (unit === 'day') return daySql(column, type);
  const utc = type === 'timestamptz' ? `timezone('UTC', ${column})` : column;
  const years = `(year(${utc}) - 1970)`;
  return `CAST(${unit === 'year' ? years : `${years} * 12 + month(${utc}) - 1`} AS INTEGER)`;
}

function daySql(column: string, type: PrimitiveType): string {
  if (type === 'date') return column;
  return `CAST(${type === 'timestamptz' ? `timezone('UTC', ${column})` : column} AS DATE)`;
}

/** DuckDB's `//` goes towards zero. */
function floorSql(number: string, by: bigint): string {
  return `(${number} - ((${number} % ${by} + ${by}) % ${by})) // ${by}`;
}

export function showUnits(value: number, unit: TimeUnit): string {
  switch (unit) {
    case 'year':
      return showYear(1970 + value);
    case 'month':
      return `${showYear(1970 + Math.floor(value / 12))}-${two((((value % 12) + 12) % 12) + 1)}`;
    case 'day':
      return showDay(value);
    case 'hour':
      return `${showDay(Math.floor(value / 24))}-${two(((value % 24) + 24) % 24)}`;
  }
}
