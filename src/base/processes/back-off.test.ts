import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backOff } from './back-off.ts';

test('each time twice as long, up to the longest, and from the beginning after it has stood', () => {
  const pause = backOff({ first_ms: 100, last_ms: 1000, well_ms: 60_000 });
  let now = 0;
  const fall = (stood: number) => {
    pause.began(now);
    now += stood;
    return pause.ended(now);
  };
  assert.deepEqual([1, 1, 1, 1, 1, 1].map(fall), [100, 200, 400, 800, 1000, 1000]);
  assert.equal(fall(59_999), 1000);
  assert.equal(fall(60_000), 100);
  assert.equal(pause.ended(now + 1e9), 200, 'what never began has not stood');
});
