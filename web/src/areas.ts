import type { Area, Page } from './area.ts';
import { account } from './pages/account/area.ts';
import { apiDocs } from './pages/api-docs/area.ts';
import { design } from './pages/design/area.ts';
import { home } from './pages/home/area.ts';
import { instance } from './pages/instance/area.ts';
import { lake } from './pages/lake/area.ts';
import { runs } from './pages/runs/area.ts';
import { schedules } from './pages/schedules/area.ts';
import { audit, settings } from './pages/settings/area.ts';

/** The areas that exist, in the order of the navigation. A new area adds its line here, and is everywhere. */
export const areas: readonly Area[] = [
  home,
  runs,
  schedules,
  lake,
  audit,
  settings,
  instance,
  apiDocs,
  account,
  design,
];

export const allPages: readonly Page[] = areas.flatMap(area => area.pages);

export function areaOf(page: Page): Area | undefined {
  return areas.find(area => area.pages.includes(page));
}

/** `/w/$workspace/settings` with the workspace of the moment; without one only pages that need none have an address. */
export function pageAddress(page: Page, workspace: string | undefined): string | undefined {
  if (!page.path.includes('$workspace')) return page.path;
  return workspace === undefined ? undefined : page.path.replace('$workspace', workspace);
}

/** The area that an address belongs to: that of the page whose own address is the longest beginning of it. */
export function areaAt(pathname: string, workspace: string | undefined): Area | undefined {
  const matching = allPages.flatMap(page => {
    const to = pageAddress(page, workspace);
    return to !== undefined && `${pathname}/`.startsWith(`${to}/`) ? [{ page, to }] : [];
  });
  const [closest] = matching.sort((a, b) => b.to.length - a.to.length);
  return closest === undefined ? undefined : areaOf(closest.page);
}

/** What an event makes stale, according to every area that cares about it. */
export function staleRules(): Record<string, string[]> {
  const entries = areas.flatMap(area => Object.entries(area.stale ?? {}));
  const byType = Object.groupBy(entries, ([type]) => type);
  return Object.fromEntries(
    Object.entries(byType).map(([type, rules]) => [type, (rules ?? []).flatMap(([, routes]) => routes)]),
  );
}
