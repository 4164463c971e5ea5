import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { allPages } from '../../web/src/areas.ts';
import type { Language } from '../../web/src/i18n/languages.ts';
import { until } from '../support/until.ts';
import { axeColourFindings, axeFindings } from './support/axe.ts';
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
    const { addresses, visit } = await comeIn(scene, language);
    // A workspace that is not there is one of the states to look at.
    visit.faults.expect(/404 \(Not Found\).*\/api\/v1\/workspace/);
    const french = language === 'fr' ? await listen(visit) : undefined;
    for (const address of addresses) await t.test(address, () => inspect(visit, address, french));
  });

async function comeIn(scene: Scene, language: Language): Promise<{ addresses: string[]; visit: Visit }> {
  const place = await scene.workspace();
  const person = await scene.person(place, { role: 'owner', name: 'Ada Lemaire' });
  await scene.giveRights(person);
  const { service_account_id } = await furnish(scene, place, person);
  const visit = await scene.visit({ as: person, language });
  const fill = (path: string) => path.replace('$workspace', place.slug).replace('$id', service_account_id);
  return {
    visit,
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
