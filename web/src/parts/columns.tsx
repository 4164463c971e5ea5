import type { ReactNode } from 'react';
import css from './columns.module.css';

/** Cards side by side where there is room for two, one below the other where there is not. */
export function Columns({ children }: { children: ReactNode }) {
  return <div className={css.columns}>{children}</div>;
}

/** Cards one below the other. */
export function Stack({ children }: { children: ReactNode }) {
  return <div className={css.stack}>{children}</div>;
}

/** A form is read in one glance: no wider than a few words need. */
export function Narrow({ children }: { children: ReactNode }) {
  return <div className={css.narrow}>{children}</div>;
}
