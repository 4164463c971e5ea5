import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { KINDS, openQueue } from '../../../../tests/support/queue.ts';
import { toTimestamp } from '../../../base/kit/clock.ts';
import { isFailure } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { ErrorCode } from '../../../contract/errors.ts';
import { EVERY_SCOPE } from '../../../contract/permissions.ts';
import type { Call } from '../../../contract/route.ts';
import { newScheduleSchema, type scheduleRoutes } from '../../../contract/schedules.ts';
import { scheduleHandlers } from './routes.ts';
import { tick } from './tick.ts';

// Schedules as the API makes them, and a tick whose time the test passes in.

const at = (text: string) => Date.parse(text);
type Routes = typeof scheduleRoutes;
type Handler = ReturnType<typeof scheduleHandlers>;

async function open(t: TestContext) {
  const queue = await openQueue(t);
  const { store, workspace_id } = queue;
  const time = { now: at('2026-06-01T00:00:10Z') };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const told: string[] = [];
  const record = async (_: unknown, __: unknown, ...notes: { action: string }[]) =>
    void told.push(...notes.map(({ action }) => action));
  const handlers = scheduleHandlers({ store, clock, kinds: KINDS, record });
  const principal = {
    kind: 'local' as const,
    id: 'local',
    name: 'local',
    role: 'owner' as const,
    instance_rights: [],
    scopes: [...EVERY_SCOPE],
  };
  const call = <R extends keyof Routes>(route: R, asked: Partial<Call<Routes[R]>>) => {
    const origin = { request_id: 'r', ip: '127.0.0.1', user_agent: 'test' };
    const handler = handlers[route] as unknown as (call: object) => ReturnType<Handler[R]>;
    return handler({ workspace_id, principal, origin, params: {}, query: {}, body: {}, ...asked });
  };
  const make = (settings: object) => {
    const definition = { title: 'nightly', tasks: [{ name: 'only', kind: 'test' }] };
    const body = newScheduleSchema.parse({ name: `s ${newId()}`, time_zone: 'UTC', definition, ...settings });
    return call('schedules.create', { body });
  };
  const runs = async () => {
    const rows = await queue.workspace(tx =>
      tx
        .selectFrom('pipeline_runs')
        .select(['id', 'fire_time', 'state', 'schedule_id', 'late_at'])
        .where('workspace_id', '=', workspace_id)
        .orderBy('fire_time')
        .execute(),
    );
    return rows;
  };
  const fired = async () => (await runs()).map(({ fire_time }) => fire_time?.slice(5, 19));
  const tickAt = (text: string) => {
    time.now = at(text);
    return tick(store, KINDS, time.now);
  };
  return { ...queue, time, told, call, make, runs, fired, tickAt };
}

const failsWith = (code: ErrorCode) => (error: unknown) => isFailure(error, code);

test('a schedule fires at its time, once, and knows its next', async t => {
  const { make, tickAt, fired, call } = await open(t);
  const { id } = await make({ cron: '0 * * * *' });
  assert.equal(await tickAt('2026-06-01T00:59:59Z'), 0);
  assert.equal(await tickAt('2026-06-01T01:00:00Z'), 1);
  assert.equal(await tickAt('2026-06-01T01:00:00Z'), 0);
  assert.deepEqual(await fired(), ['06-01T01:00:00']);
  const { next, last_run } = await call('schedules.show', { params: { id } });
  assert.deepEqual(
    next.map(text => text.slice(11, 16)),
    ['02:00', '03:00', '04:00', '05:00', '06:00'],
  );
  assert.equal(last_run?.state, 'queued');
});

test('two servers that tick at the same moment fire once', async t => {
  const { make, time, store, openAnother, fired } = await open(t);
  for (let n = 0; n < 60; n += 1) await make({ cron: '0 * * * *', overlap: 'queue' });
  const other = await openAnother();
  time.now = at('2026-06-01T01:00:00Z');
  const counts = await Promise.all([store, other, store, other].map(one => tick(one, KINDS, time.now)));
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    60,
  );
  assert.equal((await fired()).length, 60);
});

test('a clock that steps back fires nothing again', async t => {
  const { make, tickAt, fired, call } = await open(t);
  const { id, version } = await make({ cron: '*/10 * * * *' });
  await tickAt('2026-06-01T00:30:00Z');
  await tickAt('2026-06-01T00:05:00Z');
  // An edit computes the next time anew, and the clock is an hour behind.
  await call('schedules.edit', { params: { id }, version, body: { description: 'changed' } });
  await tickAt('2026-06-01T00:10:00Z');
  await tickAt('2026-06-01T00:31:00Z');
  await tickAt('2026-06-01T00:40:00Z');
  assert.deepEqual(await fired(), ['06-01T00:30:00', '06-01T00:40:00']);
});

test('what nobody could fire is caught up as the schedule says', async t => {
  const { make, tickAt, fired } = await open(t);
  await make({ cron: '0 * * * *', catch_up: 'all', catch_up_limit: 3 });
  await make({ cron: '30 * * * *', catch_up: 'latest' });
  await make({ cron: '15 * * * *', catch_up: 'skip' });
  assert.equal(await tickAt('2026-06-01T06:45:00Z'), 4);
  assert.deepEqual(await fired(), ['06-01T04:00:00', '06-01T05:00:00', '06-01T06:00:00', '06-01T06:30:00']);
  assert.equal(await tickAt('2026-06-01T07:15:00Z'), 2);
});

test('a change to a schedule that is due fires what was due, as it was', async t => {
  const { make, time, call, tickAt, fired } = await open(t);
  const { id, version } = await make({ cron: '0 1 * * *' });
  time.now = at('2026-06-01T01:00:03Z');
  await call('schedules.edit', { params: { id }, version, body: { cron: '0 5 * * *' } });
  assert.deepEqual(await fired(), ['06-01T01:00:00']);
  await tickAt('2026-06-01T05:00:00Z');
  assert.deepEqual(await fired(), ['06-01T01:00:00', '06-01T05:00:00']);
});

test('a paused schedule fires nothing, and nothing of its pause when it goes on', async t => {
  const { make, call, tickAt, fired } = await open(t);
  const { id, version } = await make({ cron: '0 * * * *', catch_up: 'all' });
  const paused = await call('schedules.edit', { params: { id }, version, body: { enabled: false } });
  assert.deepEqual(paused.next, []);
  assert.equal(await tickAt('2026-06-01T04:00:00Z'), 0);
  await call('schedules.edit', { params: { id }, version: paused.version, body: { enabled: true } });
  await tickAt('2026-06-01T05:00:00Z');
  assert.deepEqual(await fired(), ['06-01T05:00:00']);
});

test('jitter moves what is due, not what it is due for', async t => {
  const { make, tickAt, fired } = await open(t);
  for (let n = 0; n < 20; n += 1) await make({ cron: '0 1 * * *', jitter_seconds: 600, catch_up: 'skip' });
  assert.ok((await tickAt('2026-06-01T01:00:00Z')) < 20);
  for (let minute = 1; minute <= 10; minute += 1)
    await tickAt(`2026-06-01T01:${String(minute).padStart(2, '0')}:00Z`);
  const all = await fired();
  assert.equal(all.length, 20);
  assert.deepEqual([...new Set(all)], ['06-01T01:00:00']);
});

test('overlap: a run that is still open lets the next one wait, drops it, or is cancelled by it', async t => {
  const { make, tickAt, runs } = await open(t);
  const waits = await make({ cron: '0 * * * *' });
  const skips = await make({ cron: '0 * * * *', overlap: 'skip' });
  const cancels = await make({ cron: '0 * * * *', overlap: 'cancel_previous' });
  await tickAt('2026-06-01T01:00:00Z');
  await tickAt('2026-06-01T02:00:00Z');
  const states = async (id: string) =>
    (await runs()).filter(run => run.schedule_id === id).map(({ state }) => state);
  assert.deepEqual(await states(waits.id), ['queued', 'queued']);
  assert.deepEqual(await states(skips.id), ['queued', 'skipped']);
  assert.deepEqual(await states(cancels.id), ['cancelled', 'queued']);
});

test('a calendar keeps schedules quiet, and a change of it changes their next times', async t => {
  const { make, call, tickAt, fired } = await open(t);
  const calendar = await call('calendars.create', {
    body: { name: 'holidays', blackouts: [{ yearly: '06-02', note: '' }] },
  });
  await make({ cron: '0 12 * * *', calendar_id: calendar.id });
  await tickAt('2026-06-01T12:00:00Z');
  await tickAt('2026-06-02T12:00:00Z');
  await call('calendars.edit', {
    params: { id: calendar.id },
    version: calendar.version,
    body: { blackouts: [{ yearly: '06-03', note: '' }] },
  });
  await tickAt('2026-06-03T12:00:00Z');
  await tickAt('2026-06-04T12:00:00Z');
  assert.deepEqual(await fired(), ['06-01T12:00:00', '06-04T12:00:00']);
  await assert.rejects(call('calendars.delete', { params: { id: calendar.id } }), failsWith('calendar.used'));
});

test('a schedule of a kind that is gone stops no other, and says so', async t => {
  const { make, tickAt, fired, instance } = await open(t);
  const { id } = await make({ cron: '0 * * * *' });
  await make({ cron: '0 * * * *' });
  const definition = JSON.stringify({ title: 'x', parameters: {}, tasks: [{ name: 'a', kind: 'gone' }] });
  await instance(tx => tx.updateTable('schedules').set({ definition }).where('id', '=', id).execute());
  assert.equal(await tickAt('2026-06-01T01:00:00Z'), 1);
  assert.equal((await fired()).length, 1);
  const events = await instance(tx =>
    tx.selectFrom('events').select(['subject', 'payload']).where('type', '=', 'schedule.failed').execute(),
  );
  assert.equal(events[0]?.subject, `schedule:${id}`);
});

test('a schedule whose definition is none any more stops no other, and says so', async t => {
  const { make, tickAt, fired, instance } = await open(t);
  const { id } = await make({ cron: '0 * * * *' });
  await make({ cron: '0 * * * *' });
  const definition = JSON.stringify({ title: 'x', parameters: {}, tasks: 'none' });
  await instance(tx => tx.updateTable('schedules').set({ definition }).where('id', '=', id).execute());
  assert.equal(await tickAt('2026-06-01T01:00:00Z'), 1);
  assert.equal((await fired()).length, 1);
  const events = await instance(tx =>
    tx.selectFrom('events').select(['subject', 'payload']).where('type', '=', 'schedule.failed').execute(),
  );
  assert.deepEqual(
    events.map(({ subject }) => subject),
    [`schedule:${id}`],
  );
  assert.match(JSON.stringify(events), /tasks: /);
});

test('running by hand leaves the times alone, and what is wrong is refused in words', async t => {
  const { make, call, runs } = await open(t);
  const schedule = await make({ name: 'mine', every_seconds: 60 });
  const { run_id } = await call('schedules.run', { params: { id: schedule.id } });
  const [run] = await runs();
  assert.equal(run?.id, run_id);
  assert.equal(run?.fire_time, null);
  await assert.rejects(make({ name: 'mine', every_seconds: 60 }), failsWith('schedule.name_taken'));
  await assert.rejects(make({ every_seconds: 60, cron: '* * * * *' }), failsWith('schedule.when'));
  await assert.rejects(make({}), failsWith('schedule.when'));
  await assert.rejects(make({ cron: 'at noon' }), failsWith('schedule.cron'));
  await assert.rejects(
    make({ cron: '* * * * *', definition: { title: 'x', tasks: [{ name: 'a', kind: 'nothing' }] } }),
    failsWith('task.unknown_kind'),
  );
  await assert.rejects(
    make({
      cron: '* * * * *',
      definition: { title: 'x', tasks: [{ name: 'a', kind: 'test', after: ['b'] }] },
    }),
    failsWith('run.graph'),
  );
  await assert.rejects(
    call('calendars.create', { body: { name: 'a', blackouts: [] } }).then(() =>
      call('calendars.create', { body: { name: 'a', blackouts: [] } }),
    ),
    failsWith('calendar.name_taken'),
  );
});

test('the preview of a schedule that is not saved', async t => {
  const { call } = await open(t);
  const body = { cron: '0 9 * * 1', time_zone: 'Europe/Paris', count: 2 };
  assert.deepEqual(await call('schedules.preview', { body }), {
    next: ['2026-06-01T07:00:00.000000Z', '2026-06-08T07:00:00.000000Z'],
    time_zone: 'Europe/Paris',
  });
});

test('whatever servers, edits and steps of the clock do, no fire time fires twice and none in order is left out', async t => {
  const { make, store, openAnother, time, call, queryFires } = await openForProperty(t);
  const other = await openAnother();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -30, max: 120 }), { minLength: 3, maxLength: 12 }),
      fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      async (steps, edits) => {
        const start = at('2026-06-01T00:00:10Z');
        time.now = start;
        const { id } = await make({
          every_seconds: 600,
          starts_at: toTimestamp(at('2026-06-01T00:10:00Z')),
          catch_up: 'all',
          catch_up_limit: 1000,
        });
        let newest = start;
        for (const [n, minutes] of steps.entries()) {
          time.now += minutes * 60_000;
          newest = Math.max(newest, time.now);
          await Promise.all([tick(store, KINDS, time.now), tick(other, KINDS, time.now)]);
          if (!edits[n]) continue;
          const { version } = await call('schedules.show', { params: { id } });
          await call('schedules.edit', { params: { id }, version, body: { description: `${n}` } });
        }
        const fires = await queryFires(id);
        assert.equal(new Set(fires).size, fires.length);
        for (const fire of fires) {
          assert.ok(fire <= newest);
          assert.equal((fire - at('2026-06-01T00:10:00Z')) % 600_000, 0);
        }
      },
    ),
    { numRuns: 15 },
  );
});

async function openForProperty(t: TestContext) {
  const opened = await open(t);
  const queryFires = async (id: string) => {
    const rows = await opened.runs();
    return rows.filter(run => run.schedule_id === id).map(run => Date.parse(run.fire_time ?? ''));
  };
  return { ...opened, queryFires };
}
