import { Skeleton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Column } from './column.ts';
import css from './data-table.module.css';

const ROWS = [0, 1, 2, 3, 4, 5];
/** Uneven, as text is. */
const WIDTHS = ['70%', '45%', '60%', '35%', '50%'];

interface SkeletonRowsProps<Row> {
  columns: readonly Column<Row>[];
  heading: string;
  caption: string;
}

/** The table's own shape while its rows are on their way: nothing jumps when they arrive. */
export function SkeletonRows<Row>({ columns, heading, caption }: SkeletonRowsProps<Row>) {
  const { t } = useTranslation();
  const shown = columns.filter(column => column.optional !== 'hidden');
  return (
    <div className={css.scroll} aria-busy="true">
      <table className={css.table}>
        <caption id={heading} className={css.hidden}>
          {caption}
        </caption>
        <thead>
          <tr>
            {shown.map(column => (
              <th key={column.id} scope="col" data-figures={column.figures || undefined}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody aria-label={t('loading')}>
          {ROWS.map(row => (
            <tr key={row}>
              {shown.map((column, position) => (
                <td key={column.id}>
                  <Skeleton height={12} width={WIDTHS[(row + position) % WIDTHS.length]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
