import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { retrySchema } from '../../contract/runs.ts';
import { backOff, nextAttemptIn } from './retry.ts';

const retry = retrySchema.parse({
  max_attempts: 4,
  delay_seconds: 10,
  factor: 3,
  max_delay_seconds: 60,
  jitter: 0.5,
});
const EVEN = 0.5;

test('the delay grows by the factor, up to its greatest', () => {
  const delays = [1, 2, 3].map(attempt =>
    nextAttemptIn({ retry, attempt, max_attempts: 4 }, { retry: 'transient' }, EVEN),
  );
  assert.deepEqual(delays, [10, 30, 60]);
});

test('nothing is tried again without an attempt left, nor after an error that stays', () => {
  assert.equal(
    nextAttemptIn({ retry, attempt: 4, max_attempts: 4 }, { retry: 'transient' }, EVEN),
    undefined,
  );
  assert.equal(nextAttemptIn({ retry, attempt: 1, max_attempts: 4 }, { retry: 'terminal' }, EVEN), undefined);
});

test('attempts that do not count (handed over, started again by hand) begin the delays anew', () => {
  const tried = { retry, attempt: 11, max_attempts: 14 };
  assert.equal(nextAttemptIn(tried, { retry: 'transient' }, EVEN), 10);
});

test('chance moves the delay by its share, never below zero, never to something that is no number', () => {
  assert.equal(backOff(retry, 1, 0), 5);
  assert.equal(backOff(retry, 1, 1), 15);
  const retries = fc.record({
    max_attempts: fc.integer({ min: 1, max: 100 }),
    delay_seconds: fc.double({ min: 0, max: 31_622_400, noNaN: true }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    max_delay_seconds: fc.double({ min: 0, max: 31_622_400, noNaN: true }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(
      retries,
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (any, n, chance) => {
        const delay = backOff(any, n, chance);
        assert.ok(delay >= 0 && delay <= any.max_delay_seconds * (1 + any.jitter) * 1.000001, `${delay}`);
      },
    ),
  );
});
