import assert from 'node:assert/strict';
import { test } from 'node:test';
import { periodBounds, startOfDay } from './period.ts';

const NOW = Date.parse('2026-11-21T12:34:56.789Z');

test('a moving period begins so long before now', () => {
  assert.deepEqual(periodBounds({ period: 'hour' }, NOW, 'UTC'), { from: '2026-11-21T11:34:00.000Z' });
  assert.deepEqual(periodBounds({ period: 'week' }, NOW, 'UTC'), { from: '2026-11-14T12:34:00.000Z' });
});

test('no period, and one that does not exist, leave everything in', () => {
  assert.deepEqual(periodBounds({}, NOW, 'UTC'), {});
  assert.deepEqual(periodBounds({ period: 'aeon' }, NOW, 'UTC'), {});
});

test('days are whole days of the zone, the last one included', () => {
  const chosen = { period: 'custom', from: '2026-11-20', to: '2026-11-21' };
  assert.deepEqual(periodBounds(chosen, NOW, 'Europe/Paris'), {
    from: '2026-11-19T23:00:00.000Z',
    to: '2026-11-21T23:00:00.000Z',
  });
});

test('a half-typed day is not there yet', () => {
  assert.deepEqual(periodBounds({ period: 'custom', from: '2026-13-45', to: 'soon' }, NOW, 'UTC'), {});
});

test('a day begins with its own offset, also around the change of the clocks', () => {
  assert.equal(startOfDay('2026-03-29', 'Europe/Paris'), '2026-03-28T23:00:00.000Z');
  assert.equal(startOfDay('2026-03-30', 'Europe/Paris'), '2026-03-29T22:00:00.000Z');
  assert.equal(startOfDay('2026-10-26', 'Europe/Paris'), '2026-10-25T23:00:00.000Z');
  assert.equal(startOfDay('2026-11-21', 'Asia/Kolkata'), '2026-11-20T18:30:00.000Z');
  assert.equal(startOfDay('2026-11-21', 'America/New_York'), '2026-11-21T05:00:00.000Z');
});
