import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { until } from '../support/until.ts';
import { inspect, listenForEnglish, standWide } from './support/inspect.ts';
import type { Person, Place } from './support/people.ts';
import { type Scene, scenario } from './support/scenario.ts';

type Step = { do: string } & Record<string, unknown>;

function start(
  person: Person,
  place: Place,
  title: string,
  tasks: Record<string, Step[]>,
  more: object = {},
) {
  return person.api['runs.create']({
    body: {
      title,
      tasks: Object.entries(tasks).map(([name, steps]) => ({
        name,
        kind: 'diagnostic',
        input: JSON.parse(JSON.stringify({ steps })),
        ...more,
      })),
    },
    workspace: place.slug,
  });
}

async function ended(person: Person, place: Place, id: string): Promise<void> {
  await until('the run has ended', async () => {
    const run = await person.api['runs.show']({ params: { id }, workspace: place.slug });
    return run.ended_at !== null;
  });
}

const pane = (page: Page) => page.getByRole('complementary', { name: 'Task' });
const lines = (page: Page) => page.getByRole('region', { name: /^Lines of the log/ });
const line = (page: Page, n: number) => page.getByRole('link', { name: `Line ${n}`, exact: true });

async function lastNumber(page: Page): Promise<number> {
  return Number(await lines(page).getByRole('link').last().textContent());
}

async function settleIn(scene: Scene) {
  const place = await scene.workspace();
  const owner = await scene.person(place, { name: 'Ada Lemaire' });
  return { place, owner };
}

scenario('a run is started by hand, watched live, cancelled, and run again', async scene => {
  const { place, owner } = await settleIn(scene);
  const visit = await scene.visit({ as: owner });
  const { page, open } = visit;
  await open(`/w/${place.slug}/runs`);
  await page.getByText('Nothing has run yet').waitFor();
  await page.getByRole('button', { name: 'Start a run' }).click();
  const dialog = page.getByRole('dialog', { name: 'Start a run' });
  await dialog.getByLabel('Title').fill('long watch');
  await dialog.getByLabel('Input').fill('{ not json');
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await dialog.getByText('This is not JSON.').waitFor();
  const steps = [{ do: 'log', lines: 100_000, per_second: 100, text: 'turning' }];
  await dialog.getByLabel('Input').fill(JSON.stringify({ steps }));
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('heading', { name: 'long watch', level: 1 }).waitFor();

  await page.getByRole('link', { name: 'Tasks', exact: true }).click();
  await page.getByRole('link', { name: 'diagnostic', exact: true }).click();
  await lines(page)
    .getByText(/^turning \d+$/)
    .first()
    .waitFor();
  const follow = pane(page).getByRole('button', { name: 'Follow' });
  assert.equal(await follow.getAttribute('aria-pressed'), 'true');
  await until('it has followed for a while', async () => (await lastNumber(page)) > 120);

  // Whoever scrolls up reads on in peace, and is told how much came meanwhile.
  await lines(page).hover();
  await page.mouse.wheel(0, -900);
  await until('it no longer follows', async () => (await follow.getAttribute('aria-pressed')) === 'false');
  const top = await placeOf(page);
  const news = pane(page).getByRole('button', { name: /new lines?$/ });
  await news.waitFor();
  assert.equal(await placeOf(page), top);
  await news.click();
  await until('it follows again', async () => (await follow.getAttribute('aria-pressed')) === 'true');

  await page.getByRole('button', { name: 'Cancel the run' }).click();
  const confirm = page.getByRole('dialog', { name: 'Cancel long watch?' });
  await confirm.getByRole('button', { name: 'Cancel the run' }).click();
  await page
    .getByRole('status')
    .getByText(/^cancelled/)
    .waitFor();
  await pane(page)
    .getByText(/complete$/)
    .waitFor();
  await page.getByRole('button', { name: 'Retry what failed' }).click();
  await page
    .getByRole('status')
    .getByText(/^running/)
    .waitFor();
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await confirm.getByRole('button', { name: 'Cancel the run' }).click();
  await page
    .getByRole('status')
    .getByText(/^cancelled/)
    .waitFor();
});

scenario('a log of many lines is searched on the server, jumped through and linked to', async scene => {
  const { place, owner } = await settleIn(scene);
  const run = await start(owner, place, 'long log', {
    write: [
      { do: 'log', lines: 6000, text: 'row' },
      {
        do: 'log',
        lines: 1,
        level: 'error',
        text: `Error: needle\n    at first (a.js:1)\n    at second (b.js:2)`,
      },
      { do: 'log', lines: 1, level: 'warn', text: 'with fields', fields: { table: 'orders' } },
      { do: 'log', lines: 6000, text: 'after' },
    ],
  });
  await ended(owner, place, run.id);
  const { items } = await owner.api['runs.tasks']({
    params: { id: run.id },
    query: {},
    workspace: place.slug,
  });
  const task = items[0]?.id ?? '';
  const visit = await scene.visit({ as: owner });
  const { page, open } = visit;
  const address = `/w/${place.slug}/runs/${run.id}?task=${task}`;
  await open(address);
  await line(page, 1).waitFor();

  await lines(page).focus();
  await page.keyboard.press('End');
  await lines(page)
    .getByText(/^after 6000$/)
    .waitFor();
  assert((await lines(page).getByRole('link').count()) < 200, 'only the rows in sight exist');
  await page.keyboard.press('Home');
  await line(page, 1).waitFor();
  await page.keyboard.press('PageDown');
  await line(page, 40).waitFor();

  await pane(page).getByRole('button', { name: 'First error' }).click();
  const trace = lines(page).getByRole('button', { name: '2 lines' });
  await trace.click();
  await lines(page).getByText('at second (b.js:2)').waitFor();
  await trace.click();

  const find = pane(page).getByRole('searchbox', { name: /^Find in the log/ });
  await find.fill('after 42\\d\\b');
  await find.press('Enter');
  await pane(page).getByText('Line 6,422', { exact: true }).waitFor();
  await find.press('Enter');
  await pane(page).getByText('Line 6,423', { exact: true }).waitFor();
  await find.press('Shift+Enter');
  await pane(page).getByText('Line 6,422', { exact: true }).waitFor();
  await pane(page).getByRole('checkbox', { name: 'Only matches' }).check();
  await until('ten lines match', async () => (await lines(page).getByRole('link').count()) === 10);
  await pane(page).getByRole('checkbox', { name: 'Only matches' }).uncheck();
  visit.faults.expect(/422|400/);
  await find.fill('after (');
  await find.press('Enter');
  await pane(page).getByRole('alert').waitFor();
  await find.fill('');

  await open(`${address}&line=9000`);
  await line(page, 9000).waitFor();
  await until('the line is in sight', () => isInSight(line(page, 9000)));
  await line(page, 9003).click();
  assert.match(page.url(), /line=9003/);

  await open(`${address}&level=warn`);
  await until('two lines are bad enough', async () => (await lines(page).getByRole('link').count()) === 2);
  await lines(page).getByRole('button', { name: '1 field' }).click();
  await page.getByRole('dialog').getByText('"orders"').waitFor();
  await page.keyboard.press('Escape');
  await pane(page)
    .getByRole('button', { name: /copy, download$/ })
    .click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'Download as text' }).click(),
  ]);
  assert.match(download.suggestedFilename(), /\.(log|txt)$/);
});

scenario(
  'a failure says why, keeps its attempts, and can be marked; every view of it is whole',
  async scene => {
    const { place, owner } = await settleIn(scene);
    const fail = { do: 'fail', message: 'Column prix_ht vanished' };
    const run = await start(
      owner,
      place,
      'price lists',
      { parse: [{ do: 'log', lines: 3, text: 'reading' }, fail] },
      {
        retry: { max_attempts: 2, delay_seconds: 0.05 },
      },
    );
    await ended(owner, place, run.id);
    const visit = await scene.visit({ as: owner });
    const { page, open } = visit;
    await open(`/w/${place.slug}/runs?state=unwell`);
    await page.getByRole('cell', { name: /price lists.*prix_ht vanished/ }).waitFor();
    await page.getByRole('link', { name: /price lists/ }).click();
    await page
      .getByRole('link', { name: /^parse/ })
      .first()
      .click();
    await pane(page).getByText('Column prix_ht vanished').first().waitFor();
    await pane(page).getByRole('combobox', { name: 'Attempt' }).click();
    await page.getByRole('option', { name: 'Attempt 1: failed' }).click();
    assert.match(page.url(), /attempt=1/);
    await pane(page).getByRole('link', { name: 'Details' }).click();
    await pane(page).getByText('Attempt 2', { exact: true }).waitFor();
    await pane(page).getByRole('button', { name: 'Mark as …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Mark parse as …' });
    await dialog.getByLabel('Reason').fill('Checked by hand');
    await dialog.getByRole('button', { name: 'Mark as …' }).click();
    await pane(page)
      .getByText(/^Marked by/)
      .waitFor();
    await page
      .getByRole('status')
      .getByText(/^succeeded/)
      .waitFor();

    for (const view of ['', '&tab=timeline', '&tab=tasks&pane=details', '&tab=data']) {
      await standWide(visit);
      await open(`${new URL(page.url()).pathname}?${taskOf(page)}${view}`);
      await inspect(visit, undefined);
    }
  },
);

function taskOf(page: Page): string {
  return `task=${new URL(page.url()).searchParams.get('task')}`;
}

scenario('the run page is French throughout', async scene => {
  const { place, owner } = await settleIn(scene);
  const run = await start(owner, place, 'tarifs', {
    lire: [
      { do: 'log', lines: 3, level: 'warn', text: 'ligne' },
      { do: 'fail', retry: 'terminal', message: 'perdu' },
    ],
  });
  await ended(owner, place, run.id);
  const { items } = await owner.api['runs.tasks']({
    params: { id: run.id },
    query: {},
    workspace: place.slug,
  });
  const visit = await scene.visit({ as: owner, language: 'fr' });
  const french = listenForEnglish(visit);
  for (const view of ['', '&tab=timeline', '&tab=tasks&pane=details']) {
    await standWide(visit);
    await visit.open(`/w/${place.slug}/runs/${run.id}?task=${items[0]?.id}${view}`);
    await inspect(visit, french);
  }
});

scenario('many runs are chosen and cancelled at once, and a viewer may only look', async scene => {
  const { place, owner } = await settleIn(scene);
  const later = new Date(Date.now() + 3_600_000).toISOString();
  for (const title of ['one', 'two', 'three'])
    await start(owner, place, title, { wait: [] }, { not_before: later });
  const { page, open } = await scene.visit({ as: owner });
  await open(`/w/${place.slug}/runs?state=open`);
  await page.getByText('3 rows on this page').waitFor();
  await page.getByRole('checkbox', { name: 'Select two' }).check();
  await page.getByText('1 selected').waitFor();
  await page.getByRole('checkbox', { name: 'Select all rows of this page' }).check();
  await page.getByText('3 selected').waitFor();
  await page.getByRole('button', { name: 'Cancel the runs' }).click();
  await page
    .getByRole('dialog', { name: 'Cancel 3 runs?' })
    .getByRole('button', { name: 'Cancel the runs' })
    .click();
  await page.getByText('3 runs are being cancelled').waitFor();
  await page.getByText('Nothing matches these filters').waitFor();

  const viewer = await scene.person(place, { role: 'viewer' });
  const looking = await scene.visit({ as: viewer });
  await looking.open(`/w/${place.slug}/runs`);
  await looking.page.getByRole('row', { name: /three/ }).waitFor();
  assert.equal(await looking.page.getByRole('checkbox').count(), 0);
  assert.equal(await looking.page.getByRole('button', { name: 'Start a run' }).count(), 0);
});

scenario('a run of five thousand tasks is a few groups, and each task is found', async scene => {
  const { place, owner } = await settleIn(scene);
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`load-${n}`, []]));
  const run = await start(owner, place, 'five thousand', many, { not_before: later });
  const { page, open } = await scene.visit({ as: owner });
  await open(`/w/${place.slug}/runs/${run.id}`);
  await page.getByRole('link', { name: /load-#.*5,000 tasks/ }).click();
  const members = page.getByRole('region', { name: 'Tasks of load-#' });
  await members.getByRole('link').first().waitFor();
  assert((await members.getByRole('link').count()) < 100, 'only those in sight are drawn');
  await page.getByRole('link', { name: 'Timeline' }).click();
  await page
    .getByRole('region', { name: 'When each task waited and worked' })
    .getByRole('link')
    .first()
    .waitFor();
  await page.getByRole('link', { name: 'Tasks', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Find a task' }).fill('load-4321');
  await page.getByText('1 of 5,000 rows').waitFor();
  await page.getByRole('link', { name: 'load-4321' }).click();
  await pane(page)
    .getByText(/^Waits until/)
    .waitFor();
});

scenario('an address that names no task says so, and there is a way out', async scene => {
  const { place, owner } = await settleIn(scene);
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const run = await start(owner, place, 'one task', { only: [] }, { not_before: later });
  const visit = await scene.visit({ as: owner });
  visit.faults.expect(/400 \(Bad Request\)/);
  await visit.open(`/w/${place.slug}/runs/${run.id}?task=nonsense`);
  await pane(visit.page).getByRole('alert').waitFor();
  await pane(visit.page).getByRole('link', { name: 'Close' }).click();
  await pane(visit.page).waitFor({ state: 'detached' });
});

/** Where the reader is: the first line that is drawn, and how high it stands. */
async function placeOf(page: Page): Promise<string> {
  const first = lines(page).getByRole('link').first();
  return `${await first.innerText()} at ${(await first.boundingBox())?.y}`;
}

async function isInSight(element: Locator): Promise<boolean> {
  const box = await element.boundingBox();
  const height = element.page().viewportSize()?.height ?? 0;
  return box !== null && box.y > 0 && box.y + box.height < height;
}
