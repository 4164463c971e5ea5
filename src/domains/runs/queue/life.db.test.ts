import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import {
  ACTOR,
  DONE,
  failure,
  KINDS,
  openQueue,
  type Queue,
  RUN_AS,
  sketch,
} from '../../../../tests/support/queue.ts';
import {
  addTasks,
  beatWorker,
  cancelRun,
  commitStage,
  endWorker,
  markTask,
  openWatcher,
  releaseTasks,
  repeatRun,
  retryRun,
  retryTask,
  sweepOnce,
  writeProgress,
} from './index.ts';

const by = (queue: Queue) => ({ workspace_id: queue.workspace_id, actor: ACTOR });

async function eventsOf(queue: Queue, run_id: string): Promise<string[]> {
  const rows = await queue.instance(tx =>
    tx
      .selectFrom('events')
      .select('type')
      .where('subject', '=', `run:${run_id}`)
      .orderBy('arrival')
      .execute(),
  );
  return rows.map(({ type }) => type);
}

test('runs of one key go one after the other, in the order in which they were made', async t => {
  const queue = await openQueue(t);
  const made = [];
  for (const title of ['1', '2', '3'])
    made.push(await queue.create(sketch([`t${title}`], { title, overlap_key: 'k' })));
  const [first, second, third] = made.map(({ run_id }) => run_id);
  assert.ok(first && second && third);
  assert.equal((await queue.run(third)).held_back, true);
  assert.deepEqual(
    (await queue.claim()).map(({ name }) => name),
    ['t1'],
  );
  await queue.workspace(tx => cancelRun(tx, { ...by(queue), run_id: second }));
  assert.deepEqual(await queue.claim(), [], 'the end of one that was held back lets nobody go');
  await queue.workspace(tx => cancelRun(tx, { ...by(queue), run_id: first }));
  assert.deepEqual(await queue.claim(), [], 'the first still ends');
  await queue.instance(tx => endWorker(tx, queue.worker.worker_id));
  assert.equal((await queue.run(first)).state, 'cancelled');
  assert.deepEqual(
    (await queue.claim(9, await queue.newWorker())).map(({ name }) => name),
    ['t3'],
  );
});

test('a run that is to be skipped where another is open is there, ended, and says why', async t => {
  const queue = await openQueue(t);
  await queue.create(sketch(['first'], { overlap_key: 'k' }));
  const { run_id, created } = await queue.create(sketch(['a', 'b'], { overlap_key: 'k', overlap: 'skip' }));
  const run = await queue.run(run_id);
  assert.deepEqual(
    [created, run.state, run.tasks_skipped, run.ended_at === null],
    [true, 'skipped', 2, false],
  );
  assert.match(run.reason ?? '', /had not ended/);
  assert.deepEqual(await eventsOf(queue, run_id), ['run.skipped']);
});

test('a run that takes the place of others cancels them, and waits until they have ended', async t => {
  const queue = await openQueue(t);
  const more = { overlap_key: 'k', overlap: 'cancel_previous' } as const;
  const first = await queue.create(sketch(['first'], more));
  const [lease] = await queue.claim();
  assert.ok(lease);
  const second = await queue.create(sketch(['second'], more));
  const third = await queue.create(sketch(['third'], more));
  assert.deepEqual(
    await Promise.all([first, second, third].map(async ({ run_id }) => (await queue.run(run_id)).state)),
    ['cancelling', 'cancelled', 'queued'],
  );
  assert.deepEqual(await queue.claim(), []);
  await queue.end(lease, failure());
  assert.deepEqual(
    (await queue.claim()).map(({ name }) => name),
    ['third'],
  );
});

test('a delay and a time to begin hold a task back until then', async t => {
  const queue = await openQueue(t);
  const later = new Date(Date.now() + 3_600_000).toISOString();
  await queue.create(
    sketch([{ name: 'delayed', delay_seconds: 60 }, { name: 'timed', not_before: later }, 'now']),
  );
  assert.deepEqual(
    (await queue.claim()).map(({ name }) => name),
    ['now'],
  );
  await queue.passTime();
  assert.equal((await sweepOnce(queue.store, openWatcher(), 0)).due, 2);
  assert.deepEqual((await queue.claim()).map(({ name }) => name).sort(), ['delayed', 'timed']);
});

test('a graph that is none, an unknown kind and a wrong input are refused before anything is written', async t => {
  const queue = await openQueue(t);
  await assert.rejects(queue.create(sketch(['a', 'a'])), { code: 'run.graph' });
  await assert.rejects(queue.create(sketch([{ name: 'a', kind: 'nope' }])), { code: 'task.unknown_kind' });
  await assert.rejects(queue.create(sketch([{ name: 'a', input: 7 }])), { code: 'task.input' });
  const { rows } = await queue.instance(tx => sql`select from pipeline_runs`.execute(tx));
  assert.equal(rows.length, 0);
});

test('a task adds tasks to its run, after tasks that ended and after itself', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(sketch(['ended', { name: 'plan', after: ['ended'] }]));
  const [ended] = await queue.claim();
  assert.ok(ended);
  await queue.begin(ended);
  await queue.end(ended);
  const [plan] = await queue.claim();
  assert.ok(plan);
  await queue.begin(plan);
  const add = (...tasks: Parameters<typeof sketch>[0]) =>
    queue.workspace(tx =>
      addTasks(tx, { workspace_id: queue.workspace_id, run_id, tasks: sketch(tasks).tasks, kinds: KINDS }),
    );
  await add(
    { name: 'now', after: ['ended'] },
    { name: 'then', after: ['plan', 'now'] },
    { name: 'never', after: ['ended'], condition: 'any_failed' },
  );
  assert.equal((await queue.run(run_id)).tasks_total, 5);
  await assert.rejects(add('now'), { code: 'run.graph' });
  await queue.end(plan);
  assert.deepEqual(await queue.work(), ['now', 'then']);
  assert.equal((await queue.run(run_id)).state, 'succeeded');
  assert.equal((await queue.states(run_id)).never, 'skipped');
  await assert.rejects(add('late'), { code: 'run.ended' });
});

test('what is handed over goes on from its last stage, and costs no attempt', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(sketch(['endless']));
  const [lease] = await queue.claim();
  assert.ok(lease);
  await queue.begin(lease);
  const stage = { ...lease, workspace_id: queue.workspace_id, n: 1, state: { position: 'x' }, facts: [] };
  await queue.workspace(tx => commitStage(tx, stage));
  await queue.instance(tx => releaseTasks(tx, [lease]));
  assert.equal(await queue.end(lease, failure('terminal')), 'refused');
  const [next] = await queue.claim();
  assert.deepEqual(
    [next?.attempt, next?.max_attempts, next?.stage, next?.stage_state],
    [2, 2, 1, { position: 'x' }],
  );
  assert.equal((await queue.run(run_id)).state, 'running');
});

test('a worker that stands still loses its tasks; one that beats but forgot a task loses that one', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(sketch(['known', { name: 'forgotten', retry: { max_attempts: 2 } }]));
  const still = await queue.newWorker();
  const other = await queue.create(sketch(['dead']));
  const [known, forgotten] = await queue.claim(2);
  await queue.claim(1, still);
  assert.ok(known && forgotten);
  const watcher = openWatcher();
  const beat = { worker_id: queue.worker.worker_id, leases: [known], stats: {} };
  for (let now = 0; now <= 15_000; now += 5000) {
    await queue.instance(tx => beatWorker(tx, beat));
    const { lost_workers, lost_tasks } = await sweepOnce(queue.store, watcher, now);
    assert.deepEqual([lost_workers, lost_tasks], now < 15_000 ? [0, 0] : [1, 1], `at ${now}`);
  }
  assert.deepEqual(await queue.states(run_id), { known: 'starting', forgotten: 'retrying' });
  const run = await queue.run(other.run_id);
  assert.equal(run.state, 'lost');
  assert.equal((run.error as { code?: string }).code, 'task.lost');
  const answer = await queue.instance(tx => beatWorker(tx, { ...beat, leases: [known, forgotten] }));
  assert.deepEqual(answer, { known: true, drain: false, cancel: [], lost: [forgotten.task_id] });
  const dead = await queue.instance(tx => beatWorker(tx, { ...beat, worker_id: still.worker_id }));
  assert.deepEqual(dead, { known: false, drain: false, cancel: [], lost: [known.task_id] });
});

test('nobody took it in time: it fails, and those after it are skipped', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(
    sketch([
      { name: 'it', timeouts: { queue: 30 } },
      { name: 'next', after: ['it'] },
    ]),
  );
  const pass = () => sweepOnce(queue.store, openWatcher(), 0);
  assert.equal((await pass()).too_late_to_start, 0);
  await queue.instance(tx =>
    sql`update task_runs set queue_deadline = queue_deadline - interval '1 minute'`.execute(tx),
  );
  assert.equal((await pass()).too_late_to_start, 1);
  assert.deepEqual(await queue.states(run_id), { it: 'failed', next: 'skipped' });
  assert.equal(((await queue.run(run_id)).error as { code?: string }).code, 'task.queue_time');
});

test('a run that should have ended is late, once', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(sketch(['it'], { late_after_seconds: 0 }));
  const pass = () => sweepOnce(queue.store, openWatcher(), 0);
  assert.deepEqual([(await pass()).late_runs, (await pass()).late_runs], [1, 0]);
  assert.deepEqual(await eventsOf(queue, run_id), ['run.queued', 'run.late']);
});

test('a run tells what became of it, once for each transaction', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(sketch(['a', 'b']));
  const [a, b] = await queue.claim();
  assert.ok(a && b);
  await queue.begin(a, b);
  await queue.end(a);
  await queue.end(b, { state: 'partial', result: 1, reason: 'half' });
  assert.deepEqual(await eventsOf(queue, run_id), [
    'run.queued',
    'run.running',
    'run.progressed',
    'run.progressed',
    'run.partial',
  ]);
  assert.equal((await queue.run(run_id)).reason, 'b: half');
  const { payload } = await queue.instance(tx =>
    tx.selectFrom('events').select('payload').where('type', '=', 'run.partial').executeTakeFirstOrThrow(),
  );
  const subject_key = `run:${run_id}`;
  assert.deepEqual(payload, {
    title: 'a run',
    kind: 'pipeline',
    schedule_id: null,
    definition_id: null,
    subject_key,
    state: 'partial',
  });
});

test('what failed runs again with what was skipped because of it, and keeps what succeeded', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(sketch(['good', 'bad', { name: 'then', after: ['bad', 'good'] }]));
  await assert.rejects(
    queue.workspace(tx => retryRun(tx, { ...by(queue), run_id })),
    { code: 'run.not_ended' },
  );
  await queue.work({ bad: failure('terminal') });
  assert.equal((await queue.run(run_id)).state, 'failed');
  await queue.workspace(tx => retryRun(tx, { ...by(queue), run_id }));
  const again = await queue.run(run_id);
  assert.deepEqual([again.state, again.error, again.ended_at, again.tasks_open], ['queued', null, null, 2]);
  assert.deepEqual(await queue.work(), ['bad', 'then']);
  assert.equal((await queue.run(run_id)).state, 'succeeded');
  await assert.rejects(
    queue.workspace(tx => retryRun(tx, { ...by(queue), run_id })),
    { code: 'run.nothing_to_retry' },
  );
});

test('what succeeded begins at the beginning when it runs again; what failed goes on from its last stage', async t => {
  const queue = await openQueue(t);
  const stageOf = async (outcome: Parameters<Queue['end']>[1]) => {
    const { run_id } = await queue.create(sketch(['it']));
    const [lease] = await queue.claim();
    assert.ok(lease);
    await queue.begin(lease);
    const stage = { ...lease, workspace_id: queue.workspace_id, n: 1, state: 7, facts: [] };
    await queue.workspace(tx => commitStage(tx, stage));
    await queue.end(lease, outcome);
    await queue.workspace(tx => retryTask(tx, { ...by(queue), task_id: lease.task_id }));
    const [next] = await queue.claim();
    assert.ok(next);
    await queue.begin(next);
    const again = { ...next, workspace_id: queue.workspace_id, n: next.stage + 1, state: 8, facts: [] };
    assert.equal(await queue.workspace(tx => commitStage(tx, again)), 'accepted');
    return [run_id.length, next.stage, next.stage_state];
  };
  assert.deepEqual(await stageOf(DONE), [36, 0, null]);
  assert.deepEqual(await stageOf(failure('terminal')), [36, 1, 7]);
});

test('marked as succeeded, a task lets those after it run; the mark says who and why', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(sketch(['bad', { name: 'then', after: ['bad'] }]));
  await queue.work({ bad: failure('terminal') });
  const task_id = await queue.taskId(run_id, 'bad');
  await queue.workspace(tx =>
    markTask(tx, { ...by(queue), task_id, as: 'succeeded', reason: 'done by hand' }),
  );
  assert.equal((await queue.run(run_id)).error, null);
  assert.deepEqual(await queue.work(), ['then']);
  assert.equal((await queue.run(run_id)).state, 'succeeded');
  const row = await queue.instance(tx =>
    tx.selectFrom('task_runs').select('marked_by').where('id', '=', task_id).executeTakeFirstOrThrow(),
  );
  assert.equal(row.marked_by, `${ACTOR}: done by hand`);
});

test('all of a run once more is a new run with the same tasks', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(
    sketch(['a', { name: 'b', after: ['a'], keys: ['k'], condition: 'all_done', input: { x: 1 } }], {
      parameters: { p: 1 },
    }),
  );
  await queue.work();
  const again = await queue.workspace(tx =>
    repeatRun(tx, { ...by(queue), run_id, kinds: KINDS, run_as: RUN_AS }),
  );
  const run = await queue.run(again.run_id);
  assert.deepEqual([run.parent_id, run.trigger, run.parameters], [run_id, 'retry', { p: 1 }]);
  assert.deepEqual(await queue.work(), ['a', 'b']);
});

test('progress is written by whoever holds the lease', async t => {
  const queue = await openQueue(t);
  await queue.create(sketch(['it']));
  const [lease] = await queue.claim();
  assert.ok(lease);
  const now = {
    done: 1,
    total: 2,
    unit: 'rows',
    rate: null,
    seconds_left: null,
    message: null,
    at: '2026-11-21T00:00:00.000000Z',
  };
  const read = () =>
    queue.instance(tx => tx.selectFrom('task_runs').select('progress').executeTakeFirstOrThrow());
  await queue.instance(tx => writeProgress(tx, new Map([[lease.task_id, now]]), [{ ...lease, fence: '9' }]));
  assert.equal((await read()).progress, null);
  await queue.instance(tx => writeProgress(tx, new Map([[lease.task_id, now]]), [lease]));
  assert.deepEqual((await read()).progress, now);
});

test('a run or task of another workspace is not there', async t => {
  const queue = await openQueue(t);
  const { run_id } = await queue.create(sketch(['it']));
  const task_id = await queue.taskId(run_id, 'it');
  const workspace_id = await queue.newWorkspace();
  const other = { workspace_id, actor: ACTOR };
  const not_found = { code: 'object.not_found' };
  for (const ask of [
    () => queue.workspace(tx => cancelRun(tx, { ...other, run_id }), workspace_id),
    () => queue.workspace(tx => retryRun(tx, { ...other, run_id }), workspace_id),
    () => queue.workspace(tx => retryTask(tx, { ...other, task_id }), workspace_id),
    () => queue.workspace(tx => markTask(tx, { ...other, task_id, as: 'failed', reason: 'r' }), workspace_id),
    () => queue.instance(tx => cancelRun(tx, { ...other, run_id })),
  ])
    await assert.rejects(ask(), not_found);
});
