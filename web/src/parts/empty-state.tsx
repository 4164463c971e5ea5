import type { ReactNode } from 'react';
import css from './empty-state.module.css';

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** Where it stands for the whole page, its title is the page's. */
  heading?: 'h1' | 'p';
  /** What will be here. */
  text?: ReactNode;
  /** The one thing to do. */
  action?: ReactNode;
}

export function EmptyState({ icon, title, heading: Title = 'p', text, action }: EmptyStateProps) {
  return (
    <div className={css.empty}>
      {icon !== undefined && (
        <span className={css.icon} aria-hidden="true">
          {icon}
        </span>
      )}
      <Title className={css.title}>{title}</Title>
      {text !== undefined && <div className={css.text}>{text}</div>}
      {action !== undefined && <div className={css.action}>{action}</div>}
    </div>
  );
}
