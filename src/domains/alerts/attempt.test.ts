import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_ATTEMPTS, nextStep, readRetryAfter, readStatus } from './attempt.ts';

test('what arrives is done; what may pass is tried six times within about an hour', () => {
  assert.deepEqual(nextStep(1, readStatus(204, null)), { state: 'delivered' });
  let waited = 0;
  for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt += 1) {
    const next = nextStep(attempt, readStatus(503, null));
    assert(next.state === 'waiting');
    waited += next.seconds;
  }
  assert.deepEqual(nextStep(MAX_ATTEMPTS, readStatus(503, null)), { state: 'failed' });
  assert(waited > 3000 && waited < 4500, String(waited));
});

test('what would be refused again is not tried again: redirects, and what is wrong with the request', () => {
  for (const status of [301, 302, 307, 400, 401, 403, 404, 410, 422])
    assert.deepEqual(nextStep(1, readStatus(status, null)), { state: 'failed' }, String(status));
  for (const status of [408, 425, 429, 500, 502, 503, 504])
    assert.equal(nextStep(1, readStatus(status, null)).state, 'waiting', String(status));
});

test('a receiver that asks for time gets it, within reason', () => {
  assert.deepEqual(nextStep(1, readStatus(429, 90)), { state: 'waiting', seconds: 90 });
  assert.deepEqual(nextStep(1, readStatus(429, 1)), { state: 'waiting', seconds: 10 });
  assert.deepEqual(nextStep(1, readStatus(429, 999_999)), { state: 'waiting', seconds: 3600 });
});

test('Retry-After is seconds or a date, and nothing else', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  assert.equal(readRetryAfter('120', now), 120);
  assert.equal(readRetryAfter('Sat, 21 Nov 2026 12:00:30 GMT', now), 30);
  assert.equal(readRetryAfter('Sat, 21 Nov 2026 11:00:00 GMT', now), 0);
  for (const junk of [null, '', 'soon', '-1x', '9'.repeat(40)]) assert.equal(readRetryAfter(junk, now), null);
});
