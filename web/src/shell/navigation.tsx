import { Link, useLocation } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Area, Page } from '../area.ts';
import { areaAt, areas, pageAddress } from '../areas.ts';
import { useMay, useMembership } from '../session.ts';
import { Mark } from './mark.tsx';
import css from './navigation.module.css';
import { WorkspaceSwitch } from './workspace-switch.tsx';

/** The areas that exist and that this person's role reaches. */
export function Navigation() {
  const { t } = useTranslation();
  return (
    <nav className={css.navigation} aria-label={t('shell.navigation')}>
      <Link to="/" className={css.brand}>
        <Mark />
        Moulin
      </Link>
      <WorkspaceSwitch />
      <Group areas={areas.filter(area => area.group === 'work')} />
      <Group
        areas={areas.filter(area => area.group === 'administration')}
        title={t('groups.administration')}
      />
      <p className={css.foot}>{t('shell.local_only')}</p>
    </nav>
  );
}

function Group({ areas, title }: { areas: readonly Area[]; title?: string }) {
  const shown = useReachable(areas);
  if (shown.length === 0) return null;
  return (
    <>
      {title !== undefined && <h2 className={css.group}>{title}</h2>}
      <ul className={css.list}>
        {shown.map(({ area, page, to }) => (
          <li key={to}>
            <AreaLink area={area} page={page} to={to} />
          </li>
        ))}
      </ul>
    </>
  );
}

function AreaLink({ area, page, to }: { area: Area; page: Page; to: string }) {
  const { t } = useTranslation();
  const { icon: Icon } = area;
  const { pathname } = useLocation();
  const here = areaAt(pathname, useMembership()?.workspace.slug) === area;
  return (
    <Link
      to={to}
      className={css.link}
      // On its first page the link itself says that it is the page; on the others it leads to where one is already.
      activeOptions={{ exact: true, includeSearch: false }}
      aria-current={here || undefined}
    >
      {Icon !== undefined && <Icon size={16} aria-hidden="true" />}
      {t(`pages.${area.title ?? page.title}`)}
    </Link>
  );
}

/** An area leads to the first of its pages that may be opened. */
function useReachable(areas: readonly Area[]): { area: Area; page: Page; to: string }[] {
  const may = useMay();
  const workspace = useMembership()?.workspace.slug;
  return areas.flatMap(area => {
    const page = area.pages.find(page => page.unlisted === undefined && may(page.needs));
    const to = page === undefined ? undefined : pageAddress(page, workspace);
    return page === undefined || to === undefined ? [] : [{ area, page, to }];
  });
}
