import { ActionIcon, Checkbox } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useId, useState } from 'react';
import { NextIcon, OpenIcon } from '../../icons.ts';
import type { Column } from './column.ts';
import css from './data-table.module.css';
import type { DataTableProps } from './data-table-props.ts';

interface RowProps<Row extends object> extends DataTableProps<Row> {
  row: Row;
  shown: readonly Column<Row>[];
  index: number;
}

export function TableRow<Row extends object>(props: RowProps<Row>) {
  const { row, shown, index, link, actions, selection, detail } = props;
  const [open, setOpen] = useState(false);
  const below = useId();
  const extra = [selection, detail, actions].filter(part => part !== undefined).length;
  return (
    <>
      <tr
        aria-rowindex={index + 2}
        data-linked={link !== undefined || undefined}
        data-open={open || undefined}
      >
        {selection !== undefined && (
          <td className={css.choose}>
            <Checkbox
              aria-label={selection.label(row)}
              checked={selection.ids.has(props.rowId(row))}
              onChange={() => selection.change(toggled(selection.ids, props.rowId(row)))}
            />
          </td>
        )}
        {detail !== undefined && (
          <td className={css.choose}>
            <ActionIcon
              size={24}
              aria-label={detail.label(row)}
              aria-expanded={open}
              aria-controls={open ? below : undefined}
              onClick={() => setOpen(!open)}
            >
              {open ? <OpenIcon size={14} aria-hidden="true" /> : <NextIcon size={14} aria-hidden="true" />}
            </ActionIcon>
          </td>
        )}
        {shown.map((column, position) => (
          <Cell key={column.id} column={column} row={row} to={position === 0 ? link?.(row) : undefined} />
        ))}
        {actions !== undefined && <td className={css.actions}>{actions(row)}</td>}
      </tr>
      {open && detail !== undefined && (
        <tr id={below} className={css.detail}>
          <td colSpan={shown.length + extra}>{detail.show(row)}</td>
        </tr>
      )}
    </>
  );
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** The first cell's link covers the whole row; a name is shown in its own direction whatever script it is in. */
function Cell<Row>({ column, row, to }: { column: Column<Row>; row: Row; to: string | undefined }) {
  const content = column.cell?.(row) ?? plainCell(column, row);
  return (
    <td
      className={column.wide ? css.wide : undefined}
      data-figures={column.figures || undefined}
      data-mono={column.mono || undefined}
      data-wraps={column.wraps || undefined}
    >
      {to === undefined ? (
        content
      ) : (
        <Link to={to} className={css.link}>
          {content}
        </Link>
      )}
    </td>
  );
}

function plainCell<Row>(column: Column<Row>, row: Row): ReactNode {
  const value = column.value(row);
  if (value === null || value === '') return <span className="faint">–</span>;
  if (typeof value !== 'string') return String(value);
  return <bdi title={value}>{value}</bdi>;
}
