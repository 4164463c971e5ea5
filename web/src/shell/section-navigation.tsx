import { Link, useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { areas, pageAddress } from '../areas.ts';
import { useMay, useMembership } from '../session.ts';
import css from './section-navigation.module.css';

/** An area of several pages: their list beside the page, above it on a small screen. */
export function SectionNavigation() {
  const { t } = useTranslation();
  const may = useMay();
  const workspace = useMembership()?.workspace.slug;
  const { pathname } = useLocation();
  const list = useRef<HTMLUListElement>(null);
  // On a small screen the list is a line that scrolls: the page one is on stays in sight.
  useEffect(() => {
    const links = [...(list.current?.querySelectorAll('a') ?? [])];
    const here = links.findLast(link => `${pathname}/`.startsWith(`${link.pathname}/`));
    here?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [pathname]);
  const entries = areas
    .filter(area => area.sections)
    .map(area =>
      area.pages.flatMap(page => {
        const to = pageAddress(page, workspace);
        return page.unlisted || to === undefined || !may(page.needs) ? [] : [{ page, to }];
      }),
    )
    .find(pages => pages.some(({ to }) => pathname === to || pathname.startsWith(`${to}/`)));
  const [first] = entries ?? [];
  if (entries === undefined || first === undefined || entries.length < 2) return null;
  return (
    <nav className={css.sections} aria-label={t('shell.sections')}>
      <ul ref={list} className={css.list}>
        {entries.map(({ page, to }) => (
          <li key={to}>
            <Link
              to={to}
              className={css.link}
              activeOptions={{ exact: page === first.page, includeSearch: false }}
              activeProps={{ 'aria-current': 'page' }}
            >
              {t(`pages.${page.title}`)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
