import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { until } from '../support/until.ts';
import { inspect, standWide } from './support/inspect.ts';
import { type Scene, scenario, scenarioAlone } from './support/scenario.ts';

/** One task that does what it is told: nothing at all, unless steps are given. */
const definition = (...steps: object[]) => ({
  title: 'of a schedule',
  tasks: [{ name: 'diagnostic', kind: 'diagnostic', input: JSON.parse(JSON.stringify({ steps })) }],
});
const FAILS = { do: 'fail', retry: 'terminal', message: 'the mill stands still' };

async function comeIn(scene: Scene) {
  const place = await scene.workspace();
  const owner = await scene.person(place, { name: 'Ada Lemaire' });
  const visit = await scene.visit({ as: owner });
  return { place, owner, visit, workspace: place.slug, base: `/w/${place.slug}/schedules` };
}

scenario(
  'a schedule is made with its times in sight, runs, and is paused without losing a setting',
  async scene => {
    const { owner, visit, workspace, base } = await comeIn(scene);
    const { page, open, faults } = visit;
    // Half-typed expressions are refused while they are typed.
    faults.expect(/422 .*schedules\/preview/);
    await open(`${base}/new`);
    await page.getByRole('textbox', { name: 'Name' }).fill('nightly export');
    const cron = page.getByRole('textbox', { name: 'Cron expression' });
    await cron.fill('61 6 * * *');
    await page.getByText('The cron expression "61 6 * * *" cannot be read').waitFor();
    await cron.fill('30 6 * * 1-5');
    await page.getByText('Monday to Friday at 06:30').waitFor();
    const times = page.getByRole('list', { name: 'Next times' });
    await times.getByRole('listitem').first().waitFor();
    assert.equal(await times.getByRole('listitem').count(), 5);
    for (const time of await times.getByRole('listitem').allTextContents()) assert.match(time, /06:30:00/);
    await page.getByRole('combobox', { name: 'When the run before has not ended' }).click();
    await page.getByRole('option', { name: 'leave this one out' }).click();

    await page.reload();
    await page.getByText('Your changes of last time are back').waitFor();
    await page.getByRole('button', { name: 'Make the schedule' }).click();
    await page.getByRole('heading', { name: 'nightly export', level: 1 }).waitFor();
    assert.match(page.url(), /schedules\/[0-9a-f-]{36}$/);

    await page.getByRole('button', { name: 'Run now' }).click();
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
    await open(base);
    const row = page.getByRole('row', { name: /nightly export/ });
    await row.getByText('succeeded').waitFor();
    await row.getByRole('button', { name: 'Next times of nightly export' }).click();
    assert.equal(
      await page
        .getByRole('list', { name: /Next times/ })
        .getByRole('listitem')
        .count(),
      5,
    );

    await row.getByRole('button', { name: 'Actions for nightly export' }).click();
    await page.getByRole('menuitem', { name: 'Pause' }).click();
    await row.getByText('paused', { exact: true }).waitFor();
    const [saved] = (await owner.api['schedules.list']({ workspace })).items;
    assert.deepEqual([saved?.enabled, saved?.overlap, saved?.next], [false, 'skip', []]);
    await page.getByRole('combobox', { name: 'On or paused' }).click();
    await page.getByRole('option', { name: 'on', exact: true }).click();
    await page.getByText('Nothing matches these filters').waitFor();
    assert.match(page.url(), /enabled=true/);

    await open(`${base}/${saved?.id}`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No schedule yet').waitFor();
  },
);

scenario('two people change one schedule: the second sees what the first has done', async scene => {
  const { owner, visit, workspace, base } = await comeIn(scene);
  const { page, open, faults } = visit;
  const body = { name: 'shared', every_seconds: 3600, definition: definition() };
  const { id, version } = await owner.api['schedules.create']({ workspace, body });
  await open(`${base}/${id}`);
  await page.getByRole('textbox', { name: 'Every' }).fill('2');
  await owner.api['schedules.edit']({ workspace, params: { id }, body: { name: 'theirs' }, version });
  faults.expect(/412 .*schedules/);
  await page.getByRole('button', { name: 'Save the schedule' }).click();
  const dialog = page.getByRole('dialog', { name: 'Someone else saved first' });
  await dialog.getByRole('cell', { name: 'theirs' }).waitFor();
  await dialog.getByRole('button', { name: 'Save mine on top' }).click();
  await page.getByRole('heading', { name: 'theirs', level: 1 }).waitFor();
  await page.getByText('every 2 hours').first().waitFor();
  const now = await owner.api['schedules.show']({ workspace, params: { id } });
  assert.deepEqual([now.name, now.every_seconds], ['theirs', 7200]);
});

scenario('a calendar keeps schedules from firing, and stays while one uses it', async scene => {
  const { owner, visit, workspace, base } = await comeIn(scene);
  const { page, open, faults } = visit;
  await open(`${base}/calendars`);
  await page.getByText('No calendar yet').waitFor();
  await page.getByRole('link', { name: 'New calendar' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('weekends');
  for (const [n, day] of ['Saturday', 'Sunday'].entries()) {
    await page.getByRole('button', { name: 'Add a line' }).click();
    const line = page.getByRole('group', { name: `Line ${n + 1}` });
    await line.getByRole('combobox', { name: 'What' }).click();
    await page.getByRole('option', { name: 'A day of every week' }).click();
    await line.getByRole('combobox', { name: 'Day of the week' }).click();
    await page.getByRole('option', { name: day }).click();
  }
  await page.getByRole('button', { name: 'New calendar' }).click();
  await page.getByRole('cell', { name: 'every Saturday and every Sunday' }).waitFor();
  const [calendar] = (await owner.api['calendars.list']({ workspace })).items;
  assert.deepEqual(
    calendar?.blackouts.map(line => 'weekday' in line && line.weekday),
    [6, 7],
  );
  const body = { name: 'daily', cron: '0 6 * * *', calendar_id: calendar?.id, definition: definition() };
  const { next } = await owner.api['schedules.create']({ workspace, body });
  assert(next.every(at => ![0, 6].includes(new Date(at).getUTCDay())));
  faults.expect(/409 .*calendars/);
  await page.getByRole('button', { name: 'Actions for weekends' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('alert').getByText('The calendar is used').waitFor();
});

scenario('workers are seen at work, and drained and taken back by a button', async scene => {
  const { place, owner, visit, workspace } = await comeIn(scene);
  await scene.giveRights(owner);
  const { page, open } = visit;
  const tasks = definition({ do: 'sleep', ms: 600_000 }).tasks;
  const run = await owner.api['runs.create']({ workspace, body: { title: 'long', tasks } });
  await open('/instance/workers?state=active');
  const row = page.getByRole('row', { name: /at work/ });
  await row.getByRole('button', { name: /^What .* runs$/ }).click();
  const list = page.getByRole('list', { name: /^What .* runs$/ });
  await list.getByText(place.name).waitFor();
  assert.equal(
    await list
      .getByRole('link', { name: 'diagnostic' })
      .getAttribute('href')
      .then(href => href?.split('?')[0]),
    `/w/${workspace}/runs/${run.id}`,
  );
  await owner.api['runs.cancel']({ workspace, params: { id: run.id }, body: {} });

  await open('/instance/workers');
  await page.getByRole('button', { name: /^Drain / }).click();
  await page.getByRole('row', { name: /draining/ }).waitFor();
  await page.getByRole('button', { name: /^Let .* take tasks again$/ }).click();
  await row.waitFor();
});

scenarioAlone(
  'a failure is heard of in the header, on Home and by the webhook, once, until it is well again',
  async (scene, t) => {
    const { owner, visit, workspace } = await comeIn(scene);
    const { page, open } = visit;
    const receiver = await openReceiver(t);
    await open(`/w/${workspace}/settings/notifications`);
    await page.getByRole('textbox', { name: 'Address' }).fill(`${receiver.url}/secret-path`);
    await page.getByRole('button', { name: 'Save the webhook' }).click();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('The receiver answered with status 204.').waitFor();
    assert.doesNotMatch(await page.content(), /secret-path/, 'the address is not shown again');

    await open(`/w/${workspace}`);
    assert.equal(await page.getByRole('region', { name: 'Now and next' }).count(), 0, 'nothing is no card');
    const body = { name: 'mill', cron: '0 6 * * *', definition: definition(FAILS) };
    const { id, version } = await owner.api['schedules.create']({ workspace, body });
    await owner.api['schedules.run']({ workspace, params: { id } });
    const bell = page.getByRole('button', { name: 'Incidents, 1 new' });
    await bell.waitFor();
    await page.getByRole('banner').getByRole('link', { name: '1 failed' }).waitFor();
    const card = page.getByRole('region', { name: 'Now and next' });
    await card.getByRole('row', { name: /mill.*the mill stands still.*failed/ }).waitFor();

    await bell.click();
    const list = page.getByRole('dialog', { name: 'Incidents, open and recent' });
    await list.getByText('the mill stands still').waitFor();
    await page.getByRole('button', { name: 'Incidents, nothing new' }).waitFor();
    await inspect(visit, undefined);
    await standWide(visit);
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'hidden' });

    const well = { definition: definition() };
    await owner.api['schedules.edit']({ workspace, params: { id }, body: well, version });
    await owner.api['schedules.run']({ workspace, params: { id } });
    await bell.click();
    await list.getByText('recovered').waitFor();
    await page.keyboard.press('Escape');
    await card.getByRole('row', { name: /mill.*waits/ }).waitFor();
    await until('both are told', () => receiver.kinds.length === 3);
    assert.deepEqual(receiver.kinds, ['test', 'failed', 'recovered']);
    await open(`/w/${workspace}/settings/notifications`);
    await page
      .getByRole('button', { name: /^What was sent/ })
      .first()
      .click();
    await page.getByText('"kind": "recovered"').waitFor();
  },
  async () => ({ MOULIN_OUTBOUND_ALLOW: '127.0.0.1' }),
);

/** Whoever is told: answers 204 and keeps what each message is about. */
async function openReceiver(t: TestContext): Promise<{ url: string; kinds: string[] }> {
  const kinds: string[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', piece => pieces.push(piece));
    request.on('end', () => {
      kinds.push(JSON.parse(Buffer.concat(pieces).toString()).kind);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, kinds };
}
