import assert from 'node:assert/strict';
import { test } from 'node:test';
import { momentOf, wallTime } from './zone-time.ts';

test('a wall time and its moment are two sides of one thing', () => {
  assert.equal(momentOf('2026-12-24T18:00', 'Europe/Paris'), '2026-12-24T17:00:00.000Z');
  assert.equal(momentOf('2026-07-01T18:00:30', 'America/New_York'), '2026-07-01T22:00:30.000Z');
  assert.equal(wallTime(Date.parse('2026-12-24T17:00:00Z'), 'Europe/Paris'), '2026-12-24T18:00');
  assert.equal(wallTime(Date.parse('2026-07-01T22:00:30Z'), 'America/New_York'), '2026-07-01T18:00:30');
  assert.equal(momentOf('soon', 'Europe/Paris'), undefined);
});

test('the hour that comes twice is meant the first time; in the one that is left out, the clocks have jumped', () => {
  assert.equal(momentOf('2026-10-25T02:30', 'Europe/Paris'), '2026-10-25T00:30:00.000Z');
  assert.equal(momentOf('2026-03-29T02:30', 'Europe/Paris'), '2026-03-29T01:30:00.000Z');
});
