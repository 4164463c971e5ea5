import type { ReactNode } from 'react';
import css from './empty-state.module.css';

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** What will be here. */
  text?: ReactNode;
  /** The one thing to do. */
  action?: ReactNode;
}

export function EmptyState({ icon, title, text, action }: EmptyStateProps) {
  return (
    <div className={css.empty}>
      {icon !== undefined && (
        <span className={css.icon} aria-hidden="true">
          {icon}
        </span>
      )}
      <p className={css.title}>{title}</p>
      {text !== undefined && <div className={css.text}>{text}</div>}
      {action !== undefined && <div className={css.action}>{action}</div>}
    </div>
  );
}
