import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeWorkers, workersCheck } from './health.ts';

const seen = (active: number, draining = 0, other_version = 0) => ({ active, draining, other_version });

test('workers that take tasks are well, whether others drain or not', () => {
  for (const one of [seen(1), seen(2, 1)])
    assert.deepEqual(judgeWorkers(one), { state: 'ok', detail: '', facts: one });
});

test('without a worker that takes tasks the installation is poor, and never down', () => {
  const none = judgeWorkers(seen(0));
  assert.equal(none.state, 'degraded');
  assert.match(none.detail, /No worker is alive/);
  assert.match(judgeWorkers(seen(0, 2)).detail, /All workers are draining/);
  assert.match(judgeWorkers(seen(2, 0, 1)).detail, /1 of 2 workers run another version/);
});

test('a store that does not answer is no reason to call workers down', async () => {
  const withInstance = () => Promise.reject(new Error('away'));
  const { state } = await workersCheck({ withInstance }, '1').check();
  assert.equal(state, 'degraded');
});
