import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import type { Role } from '../../../src/contract/permissions.ts';
import { countRequests, type Faults, watchFaults } from './faults.ts';
import type { Moulin } from './moulin.ts';
import { invitePerson, makeWorkspace, type Person, type Place } from './people.ts';
import { sharedBrowser, sharedMoulin, skip } from './run.ts';
import { waitFor } from './wait.ts';

export interface VisitOptions {
  /** Signed in as; nobody when left out. */
  as?: Person;
  language?: 'en' | 'fr';
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

/** One browser of one person, on one machine. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  /** The next fault with this text is what the test provokes. */
  expect: Faults['expect'];
  /** Opens the address as if it had been typed, and waits until it stands still. */
  open(path: string): Promise<OpenedPage>;
  /** Until what is on screen is complete: no skeleton, no request under way. */
  settle(): Promise<void>;
}

export interface OpenedPage {
  /** What the page asked of the API. */
  requests: string[];
}

export interface Scene {
  moulin: Moulin;
  workspace(name?: string): Promise<Place>;
  person(place: Place, given?: { role?: Role; name?: string }): Promise<Person>;
  visit(options?: VisitOptions): Promise<Visit>;
}

type Story = (scene: Scene) => Promise<void>;

/** A test as a person would do it. Whatever it looks at, no page of it may show a fault. */
export function scenario(name: string, story: Story): void {
  test(name, { skip }, async t => play(t, await sharedMoulin(), story));
}

/** The same in a Moulin of its own, for what would disturb others: its first day, its end. */
export function scenarioAlone(name: string, open: () => Promise<Moulin>, story: Story): void {
  test(name, { skip }, async t => {
    const moulin = await open();
    t.after(() => moulin.close());
    await play(t, moulin, story);
  });
}

async function play(t: TestContext, moulin: Moulin, story: Story): Promise<void> {
  const visits: { context: BrowserContext; faults: Faults }[] = [];
  const scene: Scene = {
    moulin,
    workspace: name => makeWorkspace(moulin, name),
    person: (place, { role = 'owner', name } = {}) => invitePerson(moulin, place, { role, name }),
    visit: async options => {
      const visit = await openVisit(moulin, options);
      visits.push(visit);
      return visit;
    },
  };
  try {
    await story(scene);
    assert.deepEqual(
      visits.flatMap(visit => visit.faults.list()),
      [],
    );
  } catch (error) {
    await Promise.all(visits.map((visit, n) => picture(visit.context, `${t.name} ${n + 1}`)));
    throw error;
  } finally {
    await Promise.all(visits.map(visit => visit.context.close()));
  }
}

const NARROWEST_REASON = { width: 1280, height: 800 };

async function openVisit(moulin: Moulin, options: VisitOptions = {}): Promise<Visit & { faults: Faults }> {
  const browser = await sharedBrowser();
  const context = await browser.newContext({
    baseURL: moulin.url,
    locale: options.language === 'fr' ? 'fr-FR' : 'en-GB',
    timezoneId: 'Europe/Paris',
    colorScheme: options.theme ?? 'light',
    reducedMotion: 'reduce',
    viewport: {
      width: options.width ?? NARROWEST_REASON.width,
      height: options.height ?? NARROWEST_REASON.height,
    },
  });
  context.setDefaultTimeout(10_000);
  if (options.as !== undefined) await context.addCookies([{ ...options.as.cookie, url: moulin.url }]);
  const faults = watchFaults(context, new URL(moulin.url).origin);
  const page = await context.newPage();
  const settle = () => settled(page);
  return {
    page,
    context,
    faults,
    expect: faults.expect,
    settle,
    open: async path => {
      const requests = countRequests(page);
      await page.goto(path);
      await settle();
      requests.stop();
      return { requests: requests.asked() };
    },
  };
}

const SETTLE_SECONDS = 15;

async function settled(page: Page): Promise<void> {
  await waitFor(
    async () =>
      page.evaluate(
        () => document.querySelector('h1') !== null && document.querySelector('[aria-busy="true"]') === null,
      ),
    {
      seconds: SETTLE_SECONDS,
      what: () => `the page ${page.url()} to stand still`,
    },
  );
}

/** What was on screen when it failed, for whoever looks into it. */
async function picture(context: BrowserContext, name: string): Promise<void> {
  const [page] = context.pages();
  const file = `${name.replace(/[^\p{L}\p{N}]+/gu, '-')}.png`;
  // Best effort: the reason of the failure is the error itself, a closed page has no picture.
  await page
    ?.screenshot({ path: join(import.meta.dirname, '../output', file), fullPage: true })
    .catch(() => {});
}
