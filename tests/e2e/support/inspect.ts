import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { until } from '../../support/until.ts';
import { axeFindings } from './axe.ts';
import { type FrenchReader, readFrench } from './foreign-words.ts';
import type { Visit } from './visit.ts';

const NARROW = { width: 360, height: 740 };
const WIDE = { width: 1600, height: 1000 };

/** How every look at a page begins: light, on a wide screen. */
export async function standWide({ page }: Visit): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(WIDE);
}

/**
 * What is on screen now, looked at twice: light and wide, dark and narrow. All rules each time: what a narrow page hides,
 * moves or turns into a drawer is another page to whoever cannot see it.
 */
export async function inspect(visit: Visit, french: FrenchReader | undefined): Promise<void> {
  const { page } = visit;
  assert.equal(await overflow(page), 0, 'it scrolls sideways at 1600 px');
  assert.deepEqual(await axeFindings(page), [], 'light, 1600 px');
  if (french !== undefined) assert.deepEqual(await french.findEnglish(page), []);
  await page.setViewportSize(NARROW);
  await darken(page);
  assert.equal(await overflow(page), 0, 'it scrolls sideways at 360 px');
  assert.deepEqual(await axeFindings(page), [], 'dark, 360 px');
}

/** The theme follows the system; colours that are still on their way from one to the other have no contrast to measure. */
async function darken(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await until('the page is dark', () => page.evaluate<boolean>(IS_DARK));
}

const IS_DARK = `document.documentElement.dataset.mantineColorScheme === 'dark' && document.getAnimations().length === 0`;

function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - innerWidth)');
}

/** What the API answers may stand on the page as it is; what it says of itself in English may not. */
export function listenForEnglish({ page }: Visit): FrenchReader {
  const french = readFrench();
  page.on('response', async response => {
    const { pathname } = new URL(response.url());
    const isData = pathname.startsWith('/api/v1/') && !/openapi|events$/.test(pathname);
    if (isData) french.learn(await response.json().catch(() => null));
  });
  return french;
}
