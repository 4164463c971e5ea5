import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFloodGate } from './flood.ts';

function gate(per_key: number, total: number) {
  const time = { now: 0 };
  const clock = { now: () => time.now, monotonic: () => time.now };
  return { time, gate: createFloodGate(clock, { per_key, total, window_seconds: 60 }) };
}

test('what is left out is said by the next entry of the same key', () => {
  const { time, gate: flood } = gate(2, 100);
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => flood.pass('a')),
    [0, 0, undefined, undefined, undefined],
  );
  assert.equal(flood.pass('b'), 0);
  time.now = 60_000;
  assert.equal(flood.pass('a'), 3);
  assert.equal(flood.pass('a'), 0);
});

test('however many keys a flood has, there is a limit for all together', () => {
  const { gate: flood } = gate(10, 50);
  const passed = Array.from({ length: 20_000 }, (_, at) => flood.pass(`key ${at}`));
  assert.equal(passed.filter(missed => missed !== undefined).length, 50);
});
