import { Button } from '@mantine/core';
import { useDeferredValue, useId, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { OfflineIcon, SearchIcon } from '../../icons.ts';
import { EmptyState } from '../empty-state.tsx';
import { ProblemBlock, ProblemNotice } from '../problem-notice.tsx';
import { RelativeTime } from '../relative-time.tsx';
import css from './data-table.module.css';
import type { DataTableProps } from './data-table-props.ts';
import { selectRows } from './filters.ts';
import { isPaged, type List, sortingOf } from './list.ts';
import { Pager } from './pager.tsx';
import { SkeletonRows } from './skeleton-rows.tsx';
import { TableGrid } from './table-grid.tsx';
import { Toolbar } from './toolbar.tsx';
import { useListTable } from './use-list-table.ts';
import { isFiltered } from './view.ts';

const NOTHING: never[] = [];

/** The one list of the product: search, filters, order, columns, pages or virtual rows, export, and all of its states. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { list, columns, view, filters = NOTHING } = props;
  const heading = useId();
  const paged = isPaged(list);
  const shown = useDeferredValue(view.view);
  const rows = useMemo(
    () => (paged ? (list.rows ?? NOTHING) : selectRows(list.rows ?? NOTHING, columns, filters, shown)),
    [paged, list.rows, columns, filters, shown],
  );
  const sorting = sortingOf(list, view.view.sort);
  const { table, showColumns } = useListTable({
    id: props.id,
    columns,
    rows,
    rowId: props.rowId,
    sorting,
    sorted: paged,
  });
  return (
    <div className={css.card}>
      <Toolbar {...props} table={table} showColumns={showColumns} shownRows={rows.length} />
      {list.error !== null && list.rows !== undefined && <Stale list={list} />}
      {list.rows === undefined || rows.length === 0 ? (
        <Instead {...props} heading={heading} />
      ) : (
        <TableGrid {...props} heading={heading} table={table} sorting={sorting} />
      )}
      {paged && list.rows !== undefined && <Pager list={list} view={view} />}
    </div>
  );
}

/** What stands where the rows would: they are on their way, refused, not there yet, or filtered away. */
function Instead<Row extends object>(props: DataTableProps<Row> & { heading: string }) {
  const { list, view, empty, caption, heading } = props;
  const { t } = useTranslation();
  const name = (
    <h2 id={heading} className={css.hidden}>
      {caption}
    </h2>
  );
  if (list.rows === undefined && list.error !== null)
    return (
      <>
        {name}
        <ProblemBlock problem={list.error.problem} retry={list.retry} />
      </>
    );
  if (list.rows === undefined)
    return <SkeletonRows columns={props.columns} heading={heading} caption={caption} />;
  if (isFiltered(view.view) || view.view.cursor !== null)
    return (
      <>
        {name}
        <EmptyState
          icon={<SearchIcon size={18} />}
          title={t('table.filtered_empty')}
          action={
            <Button onClick={() => view.change({ search: '', filters: {} })}>
              {t('table.clear_filters')}
            </Button>
          }
        />
      </>
    );
  return (
    <>
      {name}
      <EmptyState {...empty} />
    </>
  );
}

/** The rows are from before: refreshing them failed. */
function Stale<Row>({ list }: { list: List<Row> }) {
  const { t } = useTranslation();
  if (list.error === null) return null;
  return (
    <div className={css.stale}>
      <ProblemNotice problem={list.error.problem} retry={list.retry} />
      <p className="small dim">
        <OfflineIcon size={14} aria-hidden="true" /> {t('table.stale')}{' '}
        <RelativeTime at={new Date(list.updated_at).toISOString()} />
      </p>
    </div>
  );
}
