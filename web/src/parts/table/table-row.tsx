import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Column } from './column.ts';
import css from './data-table.module.css';
import type { DataTableProps } from './data-table-props.ts';

interface RowProps<Row extends object> extends DataTableProps<Row> {
  row: Row;
  shown: readonly Column<Row>[];
  index: number;
}

export function TableRow<Row extends object>(props: RowProps<Row>) {
  const { row, shown, index, link, actions } = props;
  return (
    <tr aria-rowindex={index + 2} data-linked={link !== undefined || undefined}>
      {shown.map((column, position) => (
        <Cell key={column.id} column={column} row={row} to={position === 0 ? link?.(row) : undefined} />
      ))}
      {actions !== undefined && <td className={css.actions}>{actions(row)}</td>}
    </tr>
  );
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
