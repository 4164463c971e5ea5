import { Checkbox } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { DownIcon, UnsortedIcon, UpIcon } from '../../icons.ts';
import type { Column } from './column.ts';
import css from './data-table.module.css';
import type { DataTableProps, Selection } from './data-table-props.ts';
import type { Sorting } from './list.ts';
import { TableRow } from './table-row.tsx';
import type { ListTable } from './use-list-table.ts';
import { useScrollable } from './use-scrollable.ts';
import { nextSort } from './view.ts';

/** From here on only the rows in sight exist. */
const VIRTUAL_FROM_ROWS = 100;
const ROW_PX = 36;
const DENSE_ROW_PX = 30;

interface GridProps<Row extends object> extends DataTableProps<Row> {
  heading: string;
  table: ListTable<Row>;
  sorting: Sorting;
}

/** A real <table>: caption, column headers that say how they sort, rows that say which one they are. */
export function TableGrid<Row extends object>(props: GridProps<Row>) {
  const { table, columns, heading, caption } = props;
  const box = useRef<HTMLDivElement>(null);
  const scrollable = useScrollable(box);
  const rows = table.getRowModel().rows;
  const virtual = rows.length > VIRTUAL_FROM_ROWS;
  const shown = columns.filter(column => table.getColumn(column.id)?.getIsVisible());
  return (
    <div
      ref={box}
      className={css.scroll}
      data-virtual={virtual || undefined}
      // Only what scrolls is a stop of its own for the keyboard.
      {...(scrollable && { tabIndex: 0, role: 'region', 'aria-labelledby': heading })}
    >
      <table className={css.table} data-dense={props.dense || undefined} aria-rowcount={rows.length + 1}>
        <caption id={heading} className={css.hidden}>
          {caption}
        </caption>
        <thead>
          <tr aria-rowindex={1}>
            {props.selection !== undefined && (
              <ChooseAll selection={props.selection} ids={rows.map(row => row.id)} />
            )}
            {props.detail !== undefined && <DetailHeader />}
            {shown.map(column => (
              <HeaderCell key={column.id} column={column} {...props} />
            ))}
            {props.actions !== undefined && <ActionsHeader />}
          </tr>
        </thead>
        {virtual ? (
          <VirtualBody {...props} shown={shown} box={box} />
        ) : (
          <tbody>
            {rows.map((row, index) => (
              <TableRow key={row.id} {...props} row={row.original} shown={shown} index={index} />
            ))}
          </tbody>
        )}
      </table>
    </div>
  );
}

interface BodyProps<Row extends object> extends GridProps<Row> {
  shown: readonly Column<Row>[];
  box: RefObject<HTMLDivElement | null>;
}

/** Rows of one height, so that the scroll bar is right; two empty rows stand for what is above and below. */
function VirtualBody<Row extends object>(props: BodyProps<Row>) {
  const rows = props.table.getRowModel().rows;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => props.box.current,
    estimateSize: () => (props.dense ? DENSE_ROW_PX : ROW_PX),
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <tbody>
      <Spacer height={above} />
      {items.map(item => {
        const row = rows[item.index];
        return row === undefined ? null : (
          <TableRow key={row.id} {...props} row={row.original} index={item.index} />
        );
      })}
      <Spacer height={below} />
    </tbody>
  );
}

function Spacer({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row that is only height holds nothing to focus
    <tr aria-hidden="true" className={css.spacer}>
      <td style={{ height }} />
    </tr>
  );
}

type HeaderProps<Row extends object> = GridProps<Row> & { column: Column<Row> };

function HeaderCell<Row extends object>({ column, table, view, sorting }: HeaderProps<Row>) {
  const { offers, own, current } = sorting;
  const sorted = current?.column === column.id ? (current.descending ? 'descending' : 'ascending') : 'none';
  const sortable = offers(column.id) && (table.getColumn(column.id)?.getCanSort() ?? false);
  return (
    <th
      scope="col"
      className={column.wide ? css.wide : undefined}
      data-figures={column.figures || undefined}
      aria-sort={sortable ? sorted : undefined}
    >
      {sortable ? (
        <button
          type="button"
          className={css.sort}
          data-sorted={sorted !== 'none' || undefined}
          onClick={() => view.change({ sort: nextSort(view.view.sort, column.id, own) })}
        >
          {column.header}
          <SortMark sorted={sorted} />
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}

function SortMark({ sorted }: { sorted: 'ascending' | 'descending' | 'none' }) {
  const Icon = sorted === 'none' ? UnsortedIcon : sorted === 'ascending' ? UpIcon : DownIcon;
  return <Icon size={13} aria-hidden="true" />;
}

function ChooseAll<Row>({ selection, ids }: { selection: Selection<Row>; ids: readonly string[] }) {
  const { t } = useTranslation();
  const chosen = ids.filter(id => selection.ids.has(id)).length;
  return (
    <th scope="col" className={css.choose}>
      <Checkbox
        aria-label={t('table.choose_all')}
        checked={chosen === ids.length}
        indeterminate={chosen > 0 && chosen < ids.length}
        onChange={() => selection.change(new Set(chosen === ids.length ? [] : ids))}
      />
    </th>
  );
}

function DetailHeader() {
  const { t } = useTranslation();
  return (
    <th scope="col" className={css.choose}>
      <span className={css.hidden}>{t('table.detail')}</span>
    </th>
  );
}

function ActionsHeader() {
  const { t } = useTranslation();
  return (
    <th scope="col" className={css.actions}>
      <span className={css.hidden}>{t('table.actions')}</span>
    </th>
  );
}
