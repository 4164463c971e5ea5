import { Link, useMatch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import css from './page-header.module.css';

export interface Crumb {
  label: string;
  to: string;
}

interface PageHeaderProps {
  /** The page's name: its heading and the title of its tab. */
  title: string;
  crumbs?: readonly Crumb[];
  /** A pill beside the title. */
  state?: ReactNode;
  /** One line of what matters about it. */
  facts?: ReactNode;
  /** Buttons; at most one of them is `filled`. */
  actions?: ReactNode;
}

export function PageHeader({ title, crumbs = [], state, facts, actions }: PageHeaderProps) {
  const { t } = useTranslation();
  const heading = useFocusOnArrival();
  useEffect(() => {
    document.title = t('document_title', { title });
  }, [title, t]);
  return (
    <div className={css.header}>
      <div className={css.words}>
        {crumbs.length > 0 && (
          <nav aria-label={t('breadcrumbs')}>
            <ol className={css.crumbs}>
              {crumbs.map(crumb => (
                <li key={crumb.to}>
                  <Link to={crumb.to}>{crumb.label}</Link>
                </li>
              ))}
            </ol>
          </nav>
        )}
        <div className={css.title}>
          <h1 ref={heading} tabIndex={-1}>
            <bdi>{title}</bdi>
          </h1>
          {state}
        </div>
        {facts !== undefined && <div className={css.facts}>{facts}</div>}
      </div>
      {actions !== undefined && <div className={css.actions}>{actions}</div>}
    </div>
  );
}

/** The address whose heading had the focus last; the first page of a visit keeps the browser's own beginning. */
let arrivedAt: string | undefined;

/** After a navigation a screen reader says where one has arrived, and Tab goes on from there. */
function useFocusOnArrival() {
  const heading = useRef<HTMLHeadingElement>(null);
  // Of the page this stands on: the location itself is the next page's while this one is still on screen.
  const pathname = useMatch({ strict: false, select: match => match.pathname });
  useEffect(() => {
    if (arrivedAt !== undefined && arrivedAt !== pathname) heading.current?.focus({ preventScroll: true });
    arrivedAt = pathname;
  }, [pathname]);
  return heading;
}
