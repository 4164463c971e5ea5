import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGate, openKeyedGate } from './gate.ts';

test('so many are inside at once, and a failure makes room like any end', async () => {
  const gate = openGate(2);
  let inside = 0;
  let most = 0;
  const visit = (fails: boolean) =>
    gate(async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise(setImmediate);
      inside -= 1;
      if (fails) throw new Error('no');
    });
  const all = await Promise.allSettled([true, false, true, false, false].map(visit));
  assert.equal(most, 2);
  assert.equal(all.filter(({ status }) => status === 'rejected').length, 2);
});

test('one at a time for each key, in order, also after a failure; other keys do not wait', async () => {
  const gate = openKeyedGate();
  const seen: string[] = [];
  const held = Promise.withResolvers<void>();
  const first = gate('a', async () => {
    await held.promise;
    seen.push('a1');
    throw new Error('no');
  });
  const second = gate('a', async () => void seen.push('a2'));
  await gate('b', async () => void seen.push('b'));
  held.resolve();
  await Promise.allSettled([first, second]);
  assert.deepEqual(seen, ['b', 'a1', 'a2']);
});
