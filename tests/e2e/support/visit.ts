import type { Browser, BrowserContext, Page } from 'playwright-core';
import { until } from '../../support/until.ts';
import { type Faults, watchFaults } from './faults.ts';
import type { Moulin } from './moulin.ts';
import type { Person } from './people.ts';
import { watchRequests } from './requests.ts';

export interface VisitOptions {
  /** Signed in as; nobody when left out. */
  as?: Person;
  language?: 'en' | 'fr';
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

/** One browser of one person: cookies, storage and cache of its own. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  faults: Faults;
  /** Opens the address as if it had been typed, waits until it stands still, and says what it asked of the API. */
  open(path: string): Promise<string[]>;
  /** Until what is on screen is complete: a heading, no skeleton, no request under way. */
  settle(): Promise<void>;
  /** A second tab of the same browser. */
  tab(path: string): Promise<Visit>;
}

const ACTION_MS = 30_000;

export async function openVisit(
  browser: Browser,
  moulin: Moulin,
  options: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    baseURL: moulin.url(),
    locale: options.language === 'fr' ? 'fr-FR' : 'en-GB',
    timezoneId: 'Europe/Paris',
    colorScheme: options.theme ?? 'light',
    reducedMotion: 'reduce',
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(ACTION_MS);
  if (options.as !== undefined) await context.addCookies([{ ...options.as.cookie, url: moulin.url() }]);
  const faults = watchFaults(context, new URL(moulin.url()).origin);
  return visitIn(context, faults);
}

async function visitIn(context: BrowserContext, faults: Faults): Promise<Visit> {
  const page = await context.newPage();
  const requests = watchRequests(page);
  const settle = () =>
    until(
      `the page ${page.url()} stands still`,
      async () => requests.isQuiet() && (await page.evaluate(IS_COMPLETE)) === true,
    );
  const open = async (path: string) => {
    requests.reset();
    await page.goto(path);
    await settle();
    return [...requests.asked()];
  };
  return {
    page,
    context,
    faults,
    open,
    settle,
    async tab(path) {
      const other = await visitIn(context, faults);
      await other.open(path);
      return other;
    },
  };
}

/** As text: it runs in the page, whose globals these tests do not have. */
const IS_COMPLETE = `document.querySelector('h1') !== null && document.querySelector('[aria-busy="true"], .mantine-Skeleton-root') === null`;
