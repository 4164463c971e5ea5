import type { ReactNode } from 'react';

export type Value = string | number | boolean | null;

/** One column of a list. `value` is what is sorted, searched and exported; `cell` is only how it looks. */
export interface Column<Row> {
  id: string;
  header: string;
  value: (row: Row) => Value;
  cell?: (row: Row) => ReactNode;
  /** Figures are right-aligned, all digits equally wide. */
  figures?: boolean;
  /** Identifiers and values of machines. */
  mono?: boolean;
  /** May be switched off; `hidden` begins so. */
  optional?: 'shown' | 'hidden';
  /** Whole lists sort by every column unless said otherwise. */
  sortable?: boolean;
  /** Long text goes on in the next line; only for lists too short to be virtual, whose rows may differ in height. */
  wraps?: boolean;
  /** Takes what is left; long text ends in an ellipsis. */
  wide?: boolean;
}

/** Numbers by size, text as a reader of the language expects (é beside e, 2 before 10), nothing at the end. */
export function compareValues(a: Value, b: Value, collator: Intl.Collator): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(String(a), String(b));
}

/** Every word of the search is somewhere in the row; accents and case do not matter. */
export function matchesSearch(values: readonly Value[], search: string): boolean {
  const text = fold(values.filter(value => value !== null).join('\n'));
  return fold(search)
    .split(/\s+/)
    .every(word => text.includes(word));
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
