import { type ReactNode, useId } from 'react';
import css from './card.module.css';

interface CardProps {
  title?: ReactNode;
  /** Beside the title, at the end of the line. */
  aside?: ReactNode;
  /** Without inner space: a table or a list brings its own. */
  flush?: boolean;
  children: ReactNode;
}

export function Card({ title, aside, flush = false, children }: CardProps) {
  const heading = useId();
  return (
    <section className={css.card} aria-labelledby={title === undefined ? undefined : heading}>
      {title !== undefined && (
        <div className={css.head}>
          <h2 id={heading}>{title}</h2>
          {aside !== undefined && <div className={css.aside}>{aside}</div>}
        </div>
      )}
      <div className={flush ? undefined : css.body}>{children}</div>
    </section>
  );
}
