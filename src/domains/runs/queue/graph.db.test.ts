import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, failure, openQueue, recountAll, sketch } from '../../../../tests/support/queue.ts';

test('a graph runs in its order, and the run ends with its last task', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(
    sketch([
      { name: 'load', after: ['extract a', 'extract b'] },
      'extract a',
      'extract b',
      { name: 'report', after: ['load'] },
    ]),
  );
  assert.equal((await queue.run(run_id)).state, 'queued');
  assert.deepEqual(await queue.work(), ['extract a', 'extract b', 'load', 'report']);
  const run = await queue.run(run_id);
  assert.equal(run.state, 'succeeded');
  assert.equal(run.tasks_succeeded, 4);
  const { kept, counted } = await recountAll(queue);
  assert.deepEqual(kept, counted);
});

test('what depends on a failure is skipped, what is for its case runs, what is for the end of all waits for all', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(
    sketch([
      'bad',
      'good',
      { name: 'after bad', after: ['bad'] },
      { name: 'far after bad', after: ['after bad', 'good'] },
      { name: 'rescue', after: ['bad', 'good'], condition: 'any_failed' },
      { name: 'no rescue', after: ['good'], condition: 'any_failed' },
      { name: 'clean', after: ['bad', 'good', 'far after bad'], condition: 'all_done' },
      { name: 'after rescue', after: ['rescue'] },
    ]),
  );
  await queue.work({ bad: failure('terminal'), good: DONE });
  assert.deepEqual(await queue.states(run_id), {
    bad: 'failed',
    good: 'succeeded',
    'after bad': 'skipped',
    'far after bad': 'skipped',
    rescue: 'succeeded',
    'no rescue': 'skipped',
    clean: 'succeeded',
    'after rescue': 'succeeded',
  });
  const run = await queue.run(run_id);
  assert.equal(run.state, 'failed');
  assert.equal((run.error as { task_name?: string }).task_name, 'bad');
  const { kept, counted } = await recountAll(queue);
  assert.deepEqual(kept, counted);
});
