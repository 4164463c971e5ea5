import type { PrimitiveType, Value } from '../model.ts';

/** `'a.b'` or, for names with dots of their own, `['a', 'b']`. */
export type FieldName = string | readonly string[];

/** What a person writes. Dates, times, decimals, uuids come as text too: `'2026-01-31'`, `'12.50'`. */
export type Scalar = Value | Date;

export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/**
 * A condition on rows, by the names of a schema that `bind` looks up. It means what the same text means in SQL, in DuckDB: a
 * comparison with NULL holds for no row, and NaN equals itself and is greater than every number.
 */
export type Filter =
  | { op: 'true' | 'false' }
  | { op: 'and' | 'or'; of: readonly Filter[] }
  | { op: 'not'; of: Filter }
  | { op: Comparison; field: FieldName; value: Scalar }
  | { op: 'in' | 'not_in'; field: FieldName; values: readonly Scalar[] }
  | { op: 'is_null' | 'not_null' | 'is_nan' | 'not_nan'; field: FieldName }
  | { op: 'starts_with' | 'not_starts_with'; field: FieldName; value: string };

/** The column of a bound filter: of a primitive type, not inside a list or map. */
export interface BoundField {
  id: number;
  path: readonly string[];
  type: PrimitiveType;
}

/** One test of one column. Values have the column's type; there is no NOT, and no NaN among the values. */
export type Predicate =
  | { op: Comparison; field: BoundField; value: Value }
  | { op: 'in' | 'not_in'; field: BoundField; values: readonly Value[] }
  | { op: 'is_null' | 'not_null' | 'is_nan' | 'not_nan'; field: BoundField }
  | { op: 'starts_with' | 'not_starts_with'; field: BoundField; value: Value };

export type BoundFilter =
  | { op: 'true' | 'false' }
  | { op: 'and' | 'or'; of: readonly BoundFilter[] }
  | Predicate;

export const ALWAYS: BoundFilter = { op: 'true' };
export const NEVER: BoundFilter = { op: 'false' };

/** Flat, and without parts that decide nothing. */
export function allOf(parts: readonly BoundFilter[]): BoundFilter {
  const of = parts.flatMap(part => (part.op === 'and' ? part.of : [part])).filter(part => part.op !== 'true');
  if (of.some(part => part.op === 'false')) return NEVER;
  return of.length === 0 ? ALWAYS : of.length === 1 && of[0] !== undefined ? of[0] : { op: 'and', of };
}

export function anyOf(parts: readonly BoundFilter[]): BoundFilter {
  const of = parts.flatMap(part => (part.op === 'or' ? part.of : [part])).filter(part => part.op !== 'false');
  if (of.some(part => part.op === 'true')) return ALWAYS;
  return of.length === 0 ? NEVER : of.length === 1 && of[0] !== undefined ? of[0] : { op: 'or', of };
}

/**
 * Folds a filter into one yes or no. Sound for both questions that are asked of files: "may a row match?" and "does every row
 * match?" survive AND and OR, and there is no NOT.
 */
export function decide(filter: BoundFilter, test: (predicate: Predicate) => boolean): boolean {
  switch (filter.op) {
    case 'true':
      return true;
    case 'false':
      return false;
    case 'and':
      return filter.of.every(part => decide(part, test));
    case 'or':
      return filter.of.some(part => decide(part, test));
    default:
      return test(filter);
  }
}

export function predicatesOf(filter: BoundFilter): Predicate[] {
  switch (filter.op) {
    case 'true':
    case 'false':
      return [];
    case 'and':
    case 'or':
      return filter.of.flatMap(predicatesOf);
    default:
      return [filter];
  }
}
