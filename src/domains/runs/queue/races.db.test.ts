import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CANCELLED,
  DONE,
  failure,
  openQueue,
  type Queue,
  recountAll,
  sketch,
} from '../../../../tests/support/queue.ts';
import { newId } from '../../../base/kit/ids.ts';
import { cancelRun, cancelTask, claimTasks, commitStage, endTasks, loseWorker } from './index.ts';

async function running(queue: Queue, more: Parameters<typeof sketch>[1] = {}) {
  const { run_id } = await queue.create(
    sketch([{ name: 'it', retry: { max_attempts: 2, delay_seconds: 0 } }], more),
  );
  const [lease] = await queue.claim(1);
  assert.ok(lease);
  await queue.begin(lease);
  const by = { workspace_id: queue.workspace_id, actor: 'person:test' };
  const cancel = () => queue.workspace(tx => cancelTask(tx, { ...by, task_id: lease.task_id }));
  return { run_id, lease, cancel, by };
}

test('a cancel before the success wins, and the success is refused', async t => {
  const queue = await openQueue(t);
  const { run_id, lease, cancel } = await running(queue);
  await cancel();
  assert.equal((await queue.run(run_id)).state, 'running');
  const stage = { ...lease, workspace_id: queue.workspace_id, n: 1, state: null, facts: [] };
  assert.equal(await queue.workspace(tx => commitStage(tx, stage)), 'refused');
  assert.equal(await queue.end(lease, DONE), 'refused');
  assert.deepEqual(await queue.states(run_id), { it: 'cancelled' });
  assert.equal((await queue.run(run_id)).state, 'cancelled');
});

test('a success before the cancel wins, and the cancel is refused', async t => {
  const queue = await openQueue(t);
  const { run_id, lease, cancel } = await running(queue);
  assert.equal(await queue.end(lease, DONE), 'accepted');
  await assert.rejects(cancel(), { code: 'task.ended' });
  assert.equal((await queue.run(run_id)).state, 'succeeded');
});

test('a cancel and a success at the same instant: exactly one wins, and the state says which', async t => {
  const queue = await openQueue(t);
  const wins = { cancel: 0, success: 0 };
  for (let round = 0; round < 20; round += 1) {
    const { run_id, lease, by } = await running(queue);
    const ways = [
      () => queue.end(lease, DONE),
      () =>
        queue
          .workspace(tx => cancelRun(tx, { ...by, run_id }))
          .then(
            () => 'asked',
            error => error.code,
          ),
    ];
    const answers = await Promise.all((round % 2 ? ways : ways.toReversed()).map(way => way()));
    const [end, asked] = round % 2 ? answers : answers.toReversed();
    const { it } = await queue.states(run_id);
    const { state } = await queue.run(run_id);
    if (end === 'accepted') assert.deepEqual([asked, it, state], ['run.ended', 'succeeded', 'succeeded']);
    else assert.deepEqual([asked, it, state], ['asked', 'cancelled', 'cancelled']);
    wins[end === 'accepted' ? 'success' : 'cancel'] += 1;
  }
  assert.equal(wins.cancel + wins.success, 20);
  const { kept, counted } = await recountAll(queue);
  assert.deepEqual(kept, counted);
});

test('the results of a lost lease are refused, also when its task runs again elsewhere', async t => {
  const queue = await openQueue(t);
  const { run_id, lease } = await running(queue);
  await queue.instance(tx => loseWorker(tx, queue.worker.worker_id));
  assert.equal(await queue.end(lease, DONE), 'refused');
  await queue.passTime();
  const [second] = await queue.claim(1, await queue.newWorker());
  assert.ok(second && second.attempt === 2);
  await queue.begin(second);
  const stage = { workspace_id: queue.workspace_id, n: 1, state: { at: 1 }, facts: [] };
  assert.equal(await queue.workspace(tx => commitStage(tx, { ...lease, ...stage })), 'refused');
  assert.equal(await queue.workspace(tx => commitStage(tx, { ...second, ...stage })), 'accepted');
  assert.equal(await queue.workspace(tx => commitStage(tx, { ...second, ...stage })), 'known');
  for (const outcome of [DONE, CANCELLED, failure('terminal')])
    assert.equal(await queue.end(lease, outcome), 'refused');
  assert.equal(await queue.end(second, DONE), 'accepted');
  assert.equal((await queue.run(run_id)).state, 'succeeded');
});

test('one that is refused keeps the others of its batch from nothing, nor does one that cannot be stored', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(sketch(['good', 'stale', 'nul', 'half']));
  const leases = await queue.claim();
  await queue.begin(...leases);
  const log = { lines: 0, bytes: 0, dropped: 0 };
  const results: Record<string, unknown> = { nul: { text: 'a\0b' }, half: ['\ud800'] };
  const answers = await queue.instance(tx =>
    endTasks(
      tx,
      leases.map(lease => ({
        ...lease,
        fence: lease.name === 'stale' ? '77' : lease.fence,
        outcome: { state: 'succeeded', result: results[lease.name] ?? null },
        metrics: {},
        log,
      })),
    ),
  );
  assert.deepEqual(
    leases.map(({ name, task_id }) => [name, answers.get(task_id)]),
    [
      ['good', 'accepted'],
      ['stale', 'refused'],
      ['nul', 'accepted'],
      ['half', 'accepted'],
    ],
  );
  assert.deepEqual(await queue.states(run_id), {
    good: 'succeeded',
    stale: 'running',
    nul: 'failed',
    half: 'failed',
  });
});

test('many at once with one dedupe key make one run', async t => {
  const queue = await openQueue(t);
  const run = sketch(['it'], { dedupe_key: 'day 1' });
  const made = await Promise.all(Array.from({ length: 8 }, () => queue.create(run)));
  assert.equal(new Set(made.map(({ run_id }) => run_id)).size, 1);
  assert.equal(made.filter(({ created }) => created).length, 1);
  assert.equal((await queue.claim()).length, 1);
});

test('the same fire time of a schedule makes one run, and so does the same id', async t => {
  const queue = await openQueue(t);
  const fire = { schedule_id: newId(), fire_time: '2026-11-21T12:00:00Z' };
  const made = await Promise.all(Array.from({ length: 4 }, () => queue.create(sketch(['it']), fire)));
  assert.equal(new Set(made.map(({ run_id }) => run_id)).size, 1);
  const id = newId();
  assert.deepEqual(
    [await queue.create(sketch(['it']), { id }), await queue.create(sketch(['it']), { id })].map(
      ({ created }) => created,
    ),
    [true, false],
  );
});

test('many workers on one graph, with cancels in between: the counters equal a recount', async t => {
  const queue = await openQueue(t);
  const tasks = Array.from({ length: 60 }, (_, n) => ({
    name: `t${n}`,
    after: n < 10 ? [] : [`t${n - 10}`, `t${n - 7}`],
    condition: (['all_succeeded', 'all_done', 'any_failed'] as const)[n % 3],
  }));
  const { run_id } = await queue.create(sketch(tasks));
  const by = { workspace_id: queue.workspace_id, actor: 'person:test' };
  const work = async (n: number): Promise<void> => {
    const worker = await queue.newWorker();
    for (
      let claimed = await queue.claim(4, worker);
      claimed.length > 0;
      claimed = await queue.claim(4, worker)
    ) {
      await queue.begin(...claimed);
      for (const [place, lease] of claimed.entries()) {
        if ((place + n) % 4 === 0)
          await queue.workspace(tx => cancelTask(tx, { ...by, task_id: lease.task_id })).catch(() => {});
        await queue.end(lease, place % 3 === 0 ? failure('terminal') : DONE);
      }
    }
  };
  await Promise.all([0, 1, 2, 3].map(work));
  // One may have found nothing while others still had what comes before.
  await work(1);
  const run = await queue.run(run_id);
  assert.equal(run.tasks_open, 0);
  const { kept, counted } = await recountAll(queue);
  assert.deepEqual(kept, counted);
});

test('a claim that comes while its run is cancelled takes nothing of it', async t => {
  const queue = await openQueue(t);
  for (let round = 0; round < 8; round += 1) {
    const { run_id } = await queue.create(sketch(['a', 'b', 'c']));
    const cancel = { workspace_id: queue.workspace_id, actor: 'person:test', run_id };
    const [claimed] = await Promise.all([
      queue.instance(tx => claimTasks(tx, { ...queue.worker, limit: 9 })),
      queue.workspace(tx => cancelRun(tx, cancel)),
    ]);
    for (const lease of claimed) await queue.end(lease, CANCELLED);
    assert.deepEqual(await queue.states(run_id), { a: 'cancelled', b: 'cancelled', c: 'cancelled' });
  }
});

test('a worker that is given up while its claim is under way keeps none of what it claimed', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(
    sketch([{ name: 'it', retry: { max_attempts: 2, delay_seconds: 0 } }]),
  );
  let over: Promise<void> | undefined;
  await queue.instance(async tx => {
    const claimed = await claimTasks(tx, { ...queue.worker, limit: 1 });
    assert.equal(claimed.length, 1);
    over = queue.instance(other => loseWorker(other, queue.worker.worker_id));
    // Long enough to have given it up, if it did not wait for the claim.
    await delay(200);
  });
  await over;
  assert.deepEqual(await queue.states(run_id), { it: 'retrying' });
});
