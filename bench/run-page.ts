// How long the page of a run of 5,000 tasks takes until one can work with it, opened anew and gone back to.
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Run } from '../src/contract/runs.ts';
import { newInstallation } from '../tests/cli/installation.ts';
import { findChromium, openChromium } from '../tests/e2e/support/chromium.ts';
import type { Measure, Result } from './result.ts';

// The whole product and a real browser. The tasks have ended, a hundred after each of fifty: what a backfill looks like.

const TASKS = 5000;
const GROUPS = 50;
const TIMES = 7;
const LOOK_MS = 500;

export default async function run(): Promise<Result> {
  const undo: (() => Promise<void>)[] = [];
  try {
    const installation = await newInstallation({ after: one => void undo.unshift(one) });
    const { url, output } = await installation.start();
    const executable = await findChromium();
    if (executable === undefined) throw new Error('there is no Chromium; MOULIN_CHROMIUM may name one');
    const browser = await openChromium(executable);
    undo.unshift(() => browser.close());
    const page = await browser.newPage({
      baseURL: url,
      locale: 'en-GB',
      viewport: { width: 1280, height: 800 },
    });
    await signIn(page, /http\S+\/link#\S+/.exec(output())?.[0] ?? '');
    const words = ['token', 'add', '--role', 'admin', '--name', 'bench'];
    const { token } = await installation.json<{ token: string }>(...words);
    const path = `/w/main/runs/${await makeRun(url, token)}`;
    return { title: `The page of a run of ${TASKS} tasks`, rows: await measure(page, path) };
  } finally {
    for (const one of undo) await one();
  }
}

async function signIn(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel('Your name').fill('Ada Lemaire');
  await page.getByLabel('E-mail address').fill('ada@example.com');
  await page.getByLabel(/^New password/).fill('a mill turns when the wind blows');
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.waitForURL('**/w/main');
}

async function makeRun(url: string, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const heads = Array.from({ length: GROUPS }, (_, n) => ({ name: `extract-${n}`, after: [] as string[] }));
  const rest = Array.from({ length: TASKS - GROUPS }, (_, n) => ({
    name: `load-${n}`,
    after: [`extract-${n % GROUPS}`],
  }));
  const tasks = [...heads, ...rest].map(task => ({ ...task, kind: 'diagnostic', input: { steps: [] } }));
  const made = await fetch(`${url}/api/v1/runs`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ title: 'backfill', tasks }),
  });
  if (!made.ok) throw new Error(`the run was not made: ${await made.text()}`);
  const { id } = (await made.json()) as Run;
  for (;;) {
    const answer = await fetch(`${url}/api/v1/runs/${id}`, { headers });
    if (((await answer.json()) as Run).ended_at !== null) return id;
    await delay(LOOK_MS);
  }
}

async function measure(page: Page, path: string): Promise<Measure[]> {
  const opened: Times[] = [];
  const gone_back: Times[] = [];
  for (let n = 0; n < TIMES; n += 1) {
    await page.goto('about:blank');
    opened.push(await timed(page, () => page.goto(path)));
    await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
    await page.getByRole('link', { name: 'backfill' }).first().waitFor();
    gone_back.push(await timed(page, () => page.goBack()));
  }
  const ms = { unit: 'ms', better: 'lower' } as const;
  const drawn = opened.map(times => times.drawn);
  return [
    { what: 'opened anew, until it is drawn, median', value: median(drawn), goal: 1000, ...ms },
    { what: 'opened anew, until it is drawn, worst', value: Math.max(...drawn), ...ms },
    {
      what: 'and until a click on a group has shown its tasks',
      value: median(opened.map(one => one.used)),
      ...ms,
    },
    { what: 'gone back to, until it is drawn', value: median(gone_back.map(one => one.drawn)), ...ms },
  ];
}

interface Times {
  /** A group of the graph is on screen, and a link. */
  drawn: number;
  /** A click on it has shown its tasks. */
  used: number;
}

/** The page itself looks at each frame: the driver would look every half second. */
async function timed(page: Page, go: () => Promise<unknown>): Promise<Times> {
  const begun = performance.now();
  await go();
  const since = () => performance.now() - begun;
  await page.waitForFunction(isShown, 'load-#', { polling: 'raf' });
  const drawn = since();
  await page
    .getByRole('link', { name: /load-#.*tasks/ })
    .first()
    .click();
  await page.waitForFunction(isShown, 'load-0', { polling: 'raf' });
  return { drawn, used: since() };
}

interface PageDocument {
  document: {
    querySelectorAll(what: 'a'): Iterable<{ textContent: string | null; checkVisibility(): boolean }>;
  };
}

/** Runs in the page: there is a link with this text, in sight. */
function isShown(text: string): boolean {
  const { document } = globalThis as unknown as PageDocument;
  return [...document.querySelectorAll('a')].some(
    link => link.textContent?.includes(text) && link.checkVisibility(),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
