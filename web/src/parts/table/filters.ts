import { type Column, matchesSearch } from './column.ts';
import type { View } from './view.ts';

interface Choice {
  value: string;
  label: string;
}

/** A control above the list. On whole lists `matches` decides here; on paged ones the server does. */
export interface Filter<Row> {
  id: string;
  label: string;
  kind: 'choice' | 'text' | 'date';
  options?: readonly Choice[];
  matches?: (row: Row, value: string) => boolean;
}

/** The rows of a whole list that the view asks for, in their own order. */
export function selectRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  filters: readonly Filter<Row>[],
  view: Pick<View, 'search' | 'filters'>,
): Row[] {
  const active = filters.filter(filter => view.filters[filter.id] !== undefined);
  return rows.filter(
    row =>
      active.every(filter => filter.matches?.(row, view.filters[filter.id] ?? '') ?? true) &&
      (view.search === '' ||
        matchesSearch(
          columns.map(column => column.value(row)),
          view.search,
        )),
  );
}
