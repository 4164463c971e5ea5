import {
  type ColumnDef,
  columnVisibilityFeature,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useMemo, useState } from 'react';
import { useLanguage } from '../../i18n/use-format.ts';
import { rememberColumns, rememberedColumns } from '../../preferences.ts';
import { type Column, compareValues, type Value } from './column.ts';
import type { Sorting } from './list.ts';

const features = tableFeatures({
  columnVisibilityFeature,
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
});

interface Options<Row> {
  id: string;
  columns: readonly Column<Row>[];
  rows: Row[];
  rowId: (row: Row) => string;
  sorting: Sorting;
  /** The rows come in that order already. */
  sorted: boolean;
}

/** The model behind a list: order, and which columns are there. Rendering is `data-table.tsx`. */
export function useListTable<Row extends object>(options: Options<Row>) {
  const { id, columns, rows, rowId, sorting, sorted } = options;
  const language = useLanguage();
  const [shown, setShown] = useState(() => rememberedColumns(id));
  const definitions = useMemo(
    () => defineColumns(columns, new Intl.Collator(language, { numeric: true })),
    [columns, language],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: rowId,
    manualSorting: sorted,
    state: {
      sorting:
        sorting.current === null ? [] : [{ id: sorting.current.column, desc: sorting.current.descending }],
      columnVisibility: visibility(columns, shown),
    },
  });
  const showColumns = (ids: string[] | null) => {
    setShown(ids);
    rememberColumns(id, ids);
  };
  return { table, showColumns };
}

export type ListTable<Row extends object> = ReturnType<typeof useListTable<Row>>['table'];

function defineColumns<Row extends object>(
  columns: readonly Column<Row>[],
  collator: Intl.Collator,
): ColumnDef<typeof features, Row>[] {
  return columns.map(column => ({
    id: column.id,
    header: column.header,
    // What is not there comes last, whichever way the list is sorted.
    accessorFn: (row: Row) => column.value(row) ?? undefined,
    sortUndefined: 'last' as const,
    enableSorting: column.sortable !== false,
    sortFn: (a, b, name) =>
      compareValues(a.getValue<Value>(name) ?? null, b.getValue<Value>(name) ?? null, collator),
  }));
}

function visibility<Row>(
  columns: readonly Column<Row>[],
  shown: readonly string[] | null,
): Record<string, boolean> {
  return Object.fromEntries(
    columns
      .filter(column => column.optional !== undefined)
      .map(column => [column.id, shown?.includes(column.id) ?? column.optional === 'shown']),
  );
}
