import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBatch } from './batch.ts';

const quiet = { passes: () => false, failed: () => {}, retry_ms: { first: 1, last: 1 } };

test('what arrives while one transaction is under way goes into the next one, together', async () => {
  const flushed: number[][] = [];
  const gate = Promise.withResolvers<void>();
  const batch = openBatch<number, number>({
    ...quiet,
    async flush(items) {
      flushed.push([...items]);
      if (flushed.length === 1) await gate.promise;
      return items.map(item => item * 2);
    },
  });
  const first = batch.add(1);
  while (flushed.length === 0) await null;
  const others = [batch.add(2), batch.add(3), batch.add(4)];
  gate.resolve();
  assert.deepEqual(await Promise.all([first, ...others]), [2, 4, 6, 8]);
  assert.deepEqual(flushed, [[1], [2, 3, 4]]);
});

test('one that the store refuses fails alone', async () => {
  const batch = openBatch<number, number>({
    ...quiet,
    async flush(items) {
      if (items.includes(13)) throw new Error('thirteen');
      return [...items];
    },
  });
  const all = await Promise.allSettled([11, 12, 13, 14, 15].map(batch.add));
  assert.deepEqual(
    all.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
});

test('while the store is away nothing is lost, and what comes meanwhile goes along', async () => {
  let tries = 0;
  const batch = openBatch<number, number>({
    ...quiet,
    passes: () => true,
    async flush(items) {
      tries += 1;
      if (tries < 4) throw new Error('away');
      return [...items];
    },
  });
  const early = batch.add(1);
  while (tries === 0) await null;
  assert.deepEqual(await Promise.all([early, batch.add(2)]), [1, 2]);
  assert.equal(batch.waiting(), 0);
});

test('closing waits for what is under way, and gives up on a store that does not come back', async () => {
  const batch = openBatch<number, number>({
    ...quiet,
    passes: () => true,
    flush: () => Promise.reject(new Error('away')),
  });
  const never = batch.add(1);
  await Promise.all([assert.rejects(never, /before the store came back/), batch.close(5)]);
});
