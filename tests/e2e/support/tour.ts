import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { allPages } from '../../../web/src/areas.ts';
import type { Language } from '../../../web/src/i18n/languages.ts';
import { sayIn } from './catalogue.ts';
import type { FrenchReader } from './foreign-words.ts';
import { furnish } from './furnish.ts';
import { inspect, listenForEnglish, standWide } from './inspect.ts';
import { type Scene, scenario } from './scenario.ts';
import type { Visit } from './visit.ts';

// Every page there is, from the table that the router, the navigation and the palette read: a new page is looked at
// without anybody thinking of it. One language and one half per file, so that the halves run beside each other.

/** Home asks once for each of its cards. */
const MOST_REQUESTS = 6;

export function tourPages(language: Language): void {
  scenario(`every page is whole, in ${language}`, async (scene, t) => {
    const { visit, fill, french } = await comeIn(scene, language);
    // A workspace that is not there is one of the states to look at.
    visit.faults.expect(/404 \(Not Found\).*\/api\/v1\/workspace/);
    for (const path of [...allPages.map(page => page.path), ...MORE])
      await t.test(path, () => inspectPage(visit, fill(path), french));
  });
}

export function tourDialogs(language: Language): void {
  scenario(`every dialog is whole, in ${language}`, async (scene, t) => {
    const arrival = await comeIn(scene, language);
    for (const dialog of DIALOGS)
      await t.test(`${dialog.page}: ${dialog.opened_by.join(' → ')}`, () => inspectDialog(arrival, dialog));
  });
}

interface Arrival {
  visit: Visit;
  /** An address with the workspace and the service account of this visit. */
  fill: (path: string) => string;
  say: (key: string) => RegExp;
  french: FrenchReader | undefined;
}

async function comeIn(scene: Scene, language: Language): Promise<Arrival> {
  const place = await scene.workspace();
  const person = await scene.person(place, { role: 'owner', name: 'Ada Lemaire' });
  await scene.giveRights(person);
  const ids = await furnish(scene, place, person);
  const visit = await scene.visit({ as: person, language });
  return {
    visit,
    fill: path =>
      path
        .replace('$workspace', place.slug)
        .replace('$id', ids.service_account_id)
        .replace('$run', ids.run_id)
        .replace('$schedule', ids.schedule_id)
        .replace('$calendar', ids.calendar_id)
        .replace('$table', ids.table_id),
    say: sayIn(language),
    french: language === 'fr' ? listenForEnglish(visit) : undefined,
  };
}

/** States of pages that are addresses of their own. */
const MORE = [
  '/api-docs?operation=members.edit',
  '/api-docs?operation=events.stream',
  '/w/$workspace/settings/members?q=nobody-is-called-so',
  '/w/$workspace/audit?period=week&action=token.created',
  '/w/$workspace/runs?state=failed&period=day',
  '/w/$workspace/schedules?enabled=true&q=nothing-is-called-so',
  '/w/$workspace/runs/$run?tab=timeline',
  '/w/$workspace/runs/$run?tab=tasks',
  '/w/$workspace/runs/$run?tab=data',
  ...['snapshots', 'files', 'partitions', 'care', 'read', 'read&engine=snowflake'].map(
    tab => `/w/$workspace/lake/tables/$table?tab=${tab}`,
  ),
  '/w/$workspace/lake?health=poor&q=nothing-is-called-so',
  '/w/nowhere',
  '/w/$workspace/nothing-here',
];

async function inspectPage(visit: Visit, address: string, french: FrenchReader | undefined): Promise<void> {
  await standWide(visit);
  const requests = await visit.open(address);
  assert(requests.length <= MOST_REQUESTS, `${requests.length} requests: ${requests.join(', ')}`);
  await inspect(visit, french);
}

// ── Dialogs ─────────────────────────────────────────────────────────────────────────────────────────

/** What opens over a page: the buttons and menu items that lead to it, by the keys of their words. */
interface DialogCase {
  page: string;
  opened_by: string[];
  /** Of the row, where each row has such a button. */
  row?: RegExp;
}

const SETTINGS = '/w/$workspace/settings';
const ROW_MENU = 'common:actions_for';

const DIALOGS: DialogCase[] = [
  { page: `${SETTINGS}/members`, opened_by: ['settings:members.invite'] },
  { page: `${SETTINGS}/members`, row: /Jonas/, opened_by: [ROW_MENU, 'settings:members.change_role'] },
  { page: `${SETTINGS}/members`, row: /Jonas/, opened_by: [ROW_MENU, 'settings:members.remove'] },
  { page: `${SETTINGS}/members`, row: /new\.colleague/, opened_by: ['settings:invitations.withdraw_of'] },
  { page: SETTINGS, opened_by: ['settings:general.leave'] },
  { page: SETTINGS, opened_by: ['settings:general.delete'] },
  { page: `${SETTINGS}/service-accounts`, opened_by: ['settings:service_accounts.make'] },
  { page: `${SETTINGS}/service-accounts/$id`, opened_by: ['settings:service_accounts.edit'] },
  { page: `${SETTINGS}/service-accounts/$id`, opened_by: ['settings:service_accounts.delete'] },
  { page: `${SETTINGS}/service-accounts/$id`, opened_by: ['access:tokens.make'] },
  { page: `${SETTINGS}/tokens`, row: /cron/, opened_by: [ROW_MENU, 'access:tokens.show_scopes'] },
  { page: `${SETTINGS}/tokens`, row: /cron/, opened_by: [ROW_MENU, 'access:tokens.revoke'] },
  { page: `${SETTINGS}/secrets`, opened_by: ['settings:secrets.set'] },
  { page: `${SETTINGS}/secrets`, row: /shop-db/, opened_by: [ROW_MENU, 'settings:secrets.replace'] },
  { page: '/w/$workspace/schedules', row: /price_lists/, opened_by: [ROW_MENU, 'schedules:delete'] },
  {
    page: '/w/$workspace/schedules/calendars',
    row: /holidays/,
    opened_by: [ROW_MENU, 'schedules:calendars.delete'],
  },
  { page: '/w/$workspace/schedules', opened_by: ['common:bell.label_zero'] },
  { page: '/w/$workspace/audit', row: /laptop/, opened_by: ['access:audit.details_of'] },
  { page: '/w/$workspace/runs', opened_by: ['runs:list.start'] },
  { page: '/w/$workspace/runs/$run', opened_by: ['runs:actions.cancel'] },
  { page: '/w/$workspace/lake/catalogs', opened_by: ['lake:mounts.add'] },
  ...['edit.open', 'export.open', 'drop.open'].map(item => ({
    page: '/w/$workspace/lake/tables/$table',
    opened_by: [ROW_MENU, `lake:${item}`],
  })),
  { page: '/w/$workspace/lake/tables/$table', opened_by: ['lake:schema.change'] },
  {
    page: '/w/$workspace/lake/tables/$table?tab=snapshots',
    row: /2 /,
    opened_by: [ROW_MENU, 'lake:rollback.open'],
  },
  { page: '/instance/workspaces', opened_by: ['instance:workspaces.make'] },
  { page: '/instance/people', row: /Jonas/, opened_by: [ROW_MENU, 'instance:people.edit_rights'] },
  { page: '/instance/people', row: /Jonas/, opened_by: [ROW_MENU, 'instance:people.link'] },
  { page: '/instance/people', row: /Jonas/, opened_by: [ROW_MENU, 'instance:people.disable'] },
  { page: '/instance/key', opened_by: ['instance:key.rotate'] },
  { page: '/account/tokens', opened_by: ['access:tokens.make', 'access:tokens.scopes_some'] },
];

async function inspectDialog({ visit, fill, say, french }: Arrival, dialog: DialogCase): Promise<void> {
  const { page } = visit;
  await standWide(visit);
  await visit.open(fill(dialog.page));
  for (const key of dialog.opened_by) await press(page, dialog, say(key));
  await page.getByRole('dialog').waitFor();
  await visit.settle();
  await inspect(visit, french);
}

async function press(page: Page, { row }: DialogCase, name: RegExp): Promise<void> {
  const inRow = row === undefined ? page : page.getByRole('row', { name: row }).first();
  const inMenu = page.getByRole('menuitem', { name });
  const target = inRow.getByRole('button', { name }).or(inMenu).or(page.getByRole('radio', { name }));
  await target.first().click();
}
