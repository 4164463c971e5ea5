import { type ReactNode, useRef } from 'react';
import css from './plain-table.module.css';
import { useScrollable } from './table/use-scrollable.ts';

interface PlainTableProps {
  /** What it holds, for those who come to it by the keyboard because it scrolls. */
  label: string;
  headings: readonly string[];
  /** Its rows. */
  children: ReactNode;
}

/** A table of a few lines: no search, no pages. It scrolls sideways when it must, and is a stop of the keyboard only then. */
export function PlainTable({ label, headings, children }: PlainTableProps) {
  const box = useRef<HTMLDivElement>(null);
  const scrollable = useScrollable(box);
  return (
    <div
      ref={box}
      className={css.scroll}
      {...(scrollable && { tabIndex: 0, role: 'region', 'aria-label': label })}
    >
      <table className={css.table}>
        <thead>
          <tr>
            {headings.map(heading => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
