import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { allPages } from '../../web/src/areas.ts';
import type { Language } from '../../web/src/i18n/languages.ts';
import { until } from '../support/until.ts';
import { axeColourFindings, axeFindings } from './support/axe.ts';
import { readCatalogue } from './support/catalogue.ts';
import { type FrenchReader, readFrench } from './support/foreign-words.ts';
import { furnish } from './support/furnish.ts';
import { type Scene, scenario } from './support/scenario.ts';
import type { Visit } from './support/visit.ts';

// Every page there is, from the table that the router, the navigation and the palette read: a new page is looked at
// without anybody thinking of it.

const MOST_REQUESTS = 5;
const NARROW = { width: 360, height: 740 };
const WIDE = { width: 1600, height: 1000 };

for (const language of ['en', 'fr'] as const)
  scenario(`every page is whole, in ${language}`, async (scene, t) => {
    const { addresses, visit, fill } = await comeIn(scene, language);
    const say = sayIn(language);
    // A workspace that is not there is one of the states to look at.
    visit.faults.expect(/404 \(Not Found\).*\/api\/v1\/workspace/);
    const french = language === 'fr' ? await listen(visit) : undefined;
    for (const address of addresses) await t.test(address, () => inspect(visit, address, french));
    for (const dialog of DIALOGS)
      await t.test(`${dialog.page}: ${dialog.opened_by.join(' → ')}`, () =>
        inspectDialog(visit, dialog, { say, fill, french }),
      );
  });

interface Arrival {
  addresses: string[];
  visit: Visit;
  fill: (path: string) => string;
}

async function comeIn(scene: Scene, language: Language): Promise<Arrival> {
  const place = await scene.workspace();
  const person = await scene.person(place, { role: 'owner', name: 'Ada Lemaire' });
  await scene.giveRights(person);
  const { service_account_id } = await furnish(scene, place, person);
  const visit = await scene.visit({ as: person, language });
  const fill = (path: string) => path.replace('$workspace', place.slug).replace('$id', service_account_id);
  return {
    visit,
    fill,
    addresses: [...allPages.map(page => fill(page.path)), ...MORE.map(fill)],
  };
}

/** States of pages that are addresses of their own. */
const MORE = [
  '/api-docs?operation=members.edit',
  '/api-docs?operation=events.stream',
  '/w/$workspace/settings/members?q=nobody-is-called-so',
  '/w/$workspace/audit?period=week&action=token.created',
  '/w/nowhere',
  '/w/$workspace/nothing-here',
];

/** What the API answers may stand on the page as it is; what it says of itself in English may not. */
async function listen({ page }: Visit): Promise<FrenchReader> {
  const french = readFrench();
  page.on('response', async response => {
    const { pathname } = new URL(response.url());
    const isData = pathname.startsWith('/api/v1/') && !/openapi|events$/.test(pathname);
    if (isData) french.learn(await response.json().catch(() => null));
  });
  return french;
}

async function inspect(visit: Visit, address: string, french: FrenchReader | undefined): Promise<void> {
  const { page } = visit;
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(WIDE);
  const requests = await visit.open(address);
  assert(requests.length <= MOST_REQUESTS, `${requests.length} requests: ${requests.join(', ')}`);
  assert.equal(await overflow(visit), 0, 'it scrolls sideways at 1600 px');
  assert.deepEqual(await axeFindings(page), [], 'light');
  if (french !== undefined) assert.deepEqual(await french.findEnglish(page), []);
  await darken(page);
  assert.deepEqual(await axeColourFindings(page), [], 'dark');
  await page.setViewportSize(NARROW);
  assert.equal(await overflow(visit), 0, 'it scrolls sideways at 360 px');
}

/** The theme follows the system; colours that are still on their way from one to the other have no contrast to measure. */
async function darken(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await until('the page is dark', () => page.evaluate<boolean>(IS_DARK));
}

const IS_DARK = `document.documentElement.dataset.mantineColorScheme === 'dark' && document.getAnimations().length === 0`;

function overflow({ page }: Visit): Promise<number> {
  return page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - innerWidth)');
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
  { page: '/w/$workspace/audit', row: /laptop/, opened_by: ['access:audit.details_of'] },
  { page: '/instance/workspaces', opened_by: ['instance:workspaces.make'] },
  { page: '/instance/people', row: /Jonas/, opened_by: [ROW_MENU, 'instance:people.edit_rights'] },
  { page: '/instance/people', row: /Jonas/, opened_by: [ROW_MENU, 'instance:people.link'] },
  { page: '/instance/people', row: /Jonas/, opened_by: [ROW_MENU, 'instance:people.disable'] },
  { page: '/instance/key', opened_by: ['instance:key.rotate'] },
  { page: '/account/tokens', opened_by: ['access:tokens.make', 'access:tokens.scopes_some'] },
];

/** A text as the beginning of what stands on the page: what fills its holes is not known here. */
function sayIn(language: Language): (key: string) => RegExp {
  const texts = readCatalogue(language);
  return key => {
    const text = texts.get(key) ?? '';
    assert.notEqual(text, '', `there is no text ${key} in ${language}`);
    const pieces = text.split(/\{\{\w+\}\}/).map(piece => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    // A name that is read out has ordinary spaces, whatever the text has.
    return new RegExp(`^${pieces.join('.*').replace(/\s/g, '\\s')}$`);
  };
}

interface Words {
  say: (key: string) => RegExp;
  fill: (path: string) => string;
  french: FrenchReader | undefined;
}

async function inspectDialog(visit: Visit, dialog: DialogCase, { say, fill, french }: Words): Promise<void> {
  const { page } = visit;
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(WIDE);
  await visit.open(fill(dialog.page));
  for (const key of dialog.opened_by) await press(page, dialog, say(key));
  await page.getByRole('dialog').waitFor();
  await visit.settle();
  assert.deepEqual(await axeFindings(page), [], 'light');
  if (french !== undefined) assert.deepEqual(await french.findEnglish(page), []);
  await darken(page);
  assert.deepEqual(await axeColourFindings(page), [], 'dark');
  await page.setViewportSize(NARROW);
  assert.equal(await overflow(visit), 0, 'it scrolls sideways at 360 px');
}

async function press(page: Page, { row }: DialogCase, name: RegExp): Promise<void> {
  const inRow = row === undefined ? page : page.getByRole('row', { name: row }).first();
  const inMenu = page.getByRole('menuitem', { name });
  const target = inRow.getByRole('button', { name }).or(inMenu).or(page.getByRole('radio', { name }));
  await target.first().click();
}
