import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFailure } from '../../../base/kit/errors.ts';
import { dueAt, dueFires, nextFire, nextFires, parseCron, type When } from './times.ts';

const at = (text: string) => Date.parse(text);
const iso = (times: readonly number[]) => times.map(ms => new Date(ms).toISOString().replace('.000Z', 'Z'));
const when = (some: Partial<When>): When => ({
  cron: null,
  every_seconds: null,
  once_at: null,
  zone: 'Europe/Paris',
  starts_at: null,
  ends_at: null,
  anchor: at('2026-01-01T00:00:00Z'),
  blackouts: [],
  ...some,
});

test('a time that daylight saving leaves out fires once, at the jump', () => {
  assert.deepEqual(iso(nextFires(when({ cron: '30 2 * * *' }), at('2026-03-28T00:00:00Z'), 3)), [
    '2026-03-28T01:30:00Z',
    '2026-03-29T01:00:00Z',
    '2026-03-30T00:30:00Z',
  ]);
});

test('a time that comes twice fires the first time only', () => {
  assert.deepEqual(iso(nextFires(when({ cron: '30 2 * * *' }), at('2026-10-24T12:00:00Z'), 2)), [
    '2026-10-25T00:30:00Z',
    '2026-10-26T01:30:00Z',
  ]);
});

test('an expression without an hour goes on through the hour that comes twice', () => {
  assert.deepEqual(iso(nextFires(when({ cron: '*/30 * * * *' }), at('2026-10-24T23:50:00Z'), 5)), [
    '2026-10-25T00:00:00Z',
    '2026-10-25T00:30:00Z',
    '2026-10-25T01:00:00Z',
    '2026-10-25T01:30:00Z',
    '2026-10-25T02:00:00Z',
  ]);
});

test('six fields begin with seconds', () => {
  assert.deepEqual(iso(nextFires(when({ cron: '*/20 * * * * *' }), at('2026-06-01T00:00:00Z'), 3)), [
    '2026-06-01T00:00:20Z',
    '2026-06-01T00:00:40Z',
    '2026-06-01T00:01:00Z',
  ]);
});

test('an interval counts elapsed time from its beginning', () => {
  const every = when({ every_seconds: 3600, starts_at: at('2026-03-29T00:10:00Z') });
  assert.deepEqual(iso(nextFires(every, at('2026-01-01T00:00:00Z'), 3)), [
    '2026-03-29T00:10:00Z',
    '2026-03-29T01:10:00Z',
    '2026-03-29T02:10:00Z',
  ]);
});

test('a moment fires once, and nothing fires after the end', () => {
  const once = when({ once_at: at('2026-05-01T10:00:00Z') });
  assert.deepEqual(iso(nextFires(once, at('2026-01-01T00:00:00Z'), 3)), ['2026-05-01T10:00:00Z']);
  const ends = when({ cron: '0 12 * * *', ends_at: at('2026-05-02T10:00:00Z') });
  assert.deepEqual(iso(nextFires(ends, at('2026-04-30T12:00:00Z'), 9)), [
    '2026-05-01T10:00:00Z',
    '2026-05-02T10:00:00Z',
  ]);
});

test('nothing fires in a blackout, in the time of the schedule', () => {
  const blackouts = [
    { from: '2026-12-24T18:00', to: '2026-12-26', note: '' },
    { weekday: 7, note: '' },
    { yearly: '01-01', note: '' },
  ];
  const daily = when({ cron: '0 20 * * *', blackouts });
  assert.deepEqual(iso(nextFires(daily, at('2026-12-22T22:00:00Z'), 8)), [
    '2026-12-23T19:00:00Z',
    // 24, 25 and 26 are named, 27 is a Sunday.
    '2026-12-28T19:00:00Z',
    '2026-12-29T19:00:00Z',
    '2026-12-30T19:00:00Z',
    '2026-12-31T19:00:00Z',
    '2027-01-02T19:00:00Z',
    '2027-01-04T19:00:00Z',
    '2027-01-05T19:00:00Z',
  ]);
});

test('a schedule of every second comes out of a year of blackout at once', () => {
  const blackouts = [{ from: '2026-01-01', to: '2026-12-31', note: '' }];
  const next = nextFire(when({ every_seconds: 1, blackouts }), at('2026-02-01T00:00:00Z'));
  assert.deepEqual(iso([next ?? 0]), ['2026-12-31T23:00:00Z']);
});

test('what was missed is skipped, caught up once, or caught up to a limit', () => {
  const hourly = when({ cron: '0 * * * *' });
  const first = at('2026-06-01T01:00:00Z');
  const now = at('2026-06-01T05:20:00Z');
  const due = (catch_up: 'skip' | 'latest' | 'all', catch_up_limit = 3) =>
    iso(dueFires(hourly, first, now, { catch_up, catch_up_limit }));
  assert.deepEqual(due('skip'), []);
  assert.deepEqual(due('latest'), ['2026-06-01T05:00:00Z']);
  assert.deepEqual(due('all'), ['2026-06-01T03:00:00Z', '2026-06-01T04:00:00Z', '2026-06-01T05:00:00Z']);
  assert.deepEqual(due('all', 100).length, 5);
  assert.deepEqual(iso(dueFires(hourly, first, first + 500, { catch_up: 'skip', catch_up_limit: 1 })), [
    '2026-06-01T01:00:00Z',
  ]);
});

test('the last fire of a schedule that slept for a year is found at once', () => {
  const every = when({ every_seconds: 1, anchor: at('2025-06-01T00:00:00Z') });
  const now = at('2026-06-01T00:00:00Z');
  const due = dueFires(every, at('2025-06-01T00:00:01Z'), now, { catch_up: 'all', catch_up_limit: 1000 });
  assert.equal(due.length, 1000);
  assert.equal(due.at(-1), now);
});

test('a cron expression that says nothing is refused in words', () => {
  for (const cron of ['61 * * * *', 'hello', '0 0 30 2 *', '0 0 1 1 * * 2030', ''])
    assert.throws(
      () => parseCron(cron, 'UTC'),
      (error: unknown) => isFailure(error, 'schedule.cron'),
      cron,
    );
});

test('chance moves a fire always by the same', () => {
  const fire = at('2026-06-01T00:00:00Z');
  const due = dueAt('a', fire, 600);
  assert.equal(dueAt('a', fire, 600), due);
  assert.notEqual(dueAt('b', fire, 600), due);
  assert.ok(due >= fire && due < fire + 600_000);
  assert.equal(dueAt('a', fire, 0), fire);
});

const zones = fc.constantFrom(
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/Sao_Paulo',
);
const minute = fc.integer({ min: 0, max: 59 });
const crons = fc.oneof(
  fc.tuple(minute, fc.integer({ min: 0, max: 23 })).map(([m, h]) => `${m} ${h} * * *`),
  minute.map(m => `${m} * * * *`),
  fc
    .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 6 }))
    .map(([n, d]) => `*/${n} 1-4 * * ${d}`),
);
const moments = fc.integer({ min: at('2025-01-01T00:00:00Z'), max: at('2029-01-01T00:00:00Z') });

test('fire times only grow, never repeat, and are the same from wherever one looks', () => {
  fc.assert(
    fc.property(crons, zones, moments, (cron, zone, after) => {
      const schedule = when({ cron, zone });
      const times = nextFires(schedule, after, 6);
      assert.equal(times.length, 6);
      times.reduce((before, time) => {
        assert.ok(time > before);
        return time;
      }, after);
      // From any moment between two fires the next one is the same.
      for (const [n, time] of times.entries()) {
        const before = times[n - 1] ?? after;
        assert.equal(nextFire(schedule, before + Math.floor((time - before) / 2)), time);
      }
    }),
    { numRuns: 300 },
  );
});

test('catching up fires nothing twice and nothing that is not a fire time, however the time passes', () => {
  fc.assert(
    fc.property(
      crons,
      zones,
      moments,
      fc.array(fc.integer({ min: 1, max: 2 * 86_400_000 }), { minLength: 1, maxLength: 12 }),
      (cron, zone, start, steps) => {
        const schedule = when({ cron, zone });
        const fired: number[] = [];
        let next = nextFire(schedule, start);
        let now = start;
        for (const step of steps) {
          now += step;
          if (next === undefined || next > now) continue;
          fired.push(...dueFires(schedule, next, now, { catch_up: 'all', catch_up_limit: 1000 }));
          next = nextFire(schedule, now);
        }
        const expected: number[] = [];
        for (
          let time = nextFire(schedule, start);
          time !== undefined && time <= now;
          time = nextFire(schedule, time)
        )
          expected.push(time);
        assert.deepEqual(fired, expected);
      },
    ),
    { numRuns: 100 },
  );
});
