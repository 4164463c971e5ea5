import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsText } from '../../base/kit/metrics.ts';
import { workerFamilies } from './metrics.ts';
import { openTally } from './worker/tally.ts';

const worker = {
  id: 'w1',
  name: 'one',
  version: '1.2',
  state: 'active',
  concurrency: 4,
  silent_seconds: 1.5,
};

test('what a worker tallies is what the metrics of it say', () => {
  const tally = openTally();
  tally.began(1);
  tally.began(2);
  tally.ended('failed', 50);
  tally.ended('succeeded', 5000);
  const text = metricsText(
    workerFamilies([{ ...worker, stats: { ...tally.numbers(), runners: 3, idle: 1 } }]),
  );
  const own = 'worker="one",worker_id="w1"';
  for (const line of [
    'moulin_workers{state="active"} 1',
    'moulin_workers{state="draining"} 0',
    `moulin_worker_info{${own},version="1.2"} 1`,
    `moulin_worker_runners{${own},state="busy"} 2`,
    `moulin_worker_attempts_started_total{${own}} 2`,
    `moulin_worker_retries_total{${own}} 1`,
    `moulin_worker_attempts_total{${own},outcome="failed"} 1`,
    `moulin_worker_attempt_seconds_bucket{${own},le="0.1"} 1`,
    `moulin_worker_attempt_seconds_bucket{${own},le="10"} 2`,
    `moulin_worker_attempt_seconds_sum{${own}} 5.05`,
  ])
    assert.ok(text.includes(`\n${line}\n`), `${line} is not in:\n${text}`);
});

test('a worker of another version, which counts other things, has zeros', () => {
  const text = metricsText(workerFamilies([{ ...worker, stats: {} }]));
  assert.match(text, /moulin_worker_leases_lost_total\{worker="one",worker_id="w1"\} 0\n/);
  assert.doesNotMatch(text, /undefined|NaN/);
});
