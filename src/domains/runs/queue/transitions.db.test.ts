import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CANCELLED, DONE, failure, openQueue, type Queue, sketch } from '../../../../tests/support/queue.ts';
import { TASK_STATES, type TaskState, TRANSITIONS, type Transition } from '../../../contract/task-states.ts';
import {
  cancelTask,
  type Lease,
  loseWorker,
  markTask,
  type Outcome,
  releaseTasks,
  retryTask,
} from './index.ts';

// Every way between two states that the table allows is gone, and every other is refused: tried from each state.

/** A task in a state, brought there by the queue itself, with a worker of its own. */
async function taskIn(queue: Queue, state: TaskState, attempts: number) {
  const worker = await queue.newWorker();
  const max_attempts = state === 'retrying' ? 2 : state === 'lost' ? 1 : attempts;
  const given = { name: 'it', retry: { max_attempts, delay_seconds: 0 } };
  const { run_id } = await createIn(queue, state, given);
  const task_id = await queue.taskId(run_id, 'it');
  const by = { workspace_id: queue.workspace_id, actor: 'person:test', task_id };
  const never = { task_id, attempt: 1, fence: '0' };
  const claim = async () => (await queue.claim(1, worker))[0] ?? assert.fail('nothing was ready');
  const run = async () => {
    const lease = await claim();
    await queue.begin(lease);
    return lease;
  };
  const endAs = async (outcome: Outcome) => {
    const lease = await run();
    await queue.end(lease, outcome);
    return lease;
  };
  const cancel = () => queue.workspace(tx => cancelTask(tx, by));
  const reach: Record<TaskState, () => Promise<Lease>> = {
    queued: async () => never,
    skipped: async () => never,
    starting: claim,
    running: run,
    retrying: () => endAs(failure()),
    succeeded: () => endAs(DONE),
    partial: () => endAs({ state: 'partial', result: null, reason: 'half' }),
    failed: () => endAs(failure('terminal')),
    cancelling: async () => {
      const lease = await claim();
      await cancel();
      return lease;
    },
    cancelled: async () => {
      await cancel();
      return never;
    },
    lost: async () => {
      const lease = await claim();
      await queue.instance(tx => loseWorker(tx, worker.worker_id));
      return lease;
    },
  };
  const lease = await reach[state]();
  const now = async () => (await queue.states(run_id)).it;
  assert.equal(await now(), state);
  return { run_id, task_id, by, lease, now, worker };
}

/** Queued: it waits for another, so that nobody claims it by chance. Skipped: its run was not to overlap with another. */
async function createIn(queue: Queue, state: TaskState, it: { name: string }): Promise<{ run_id: string }> {
  if (state === 'queued') return queue.create(sketch(['before', { ...it, after: ['before'] }]));
  if (state !== 'skipped') return queue.create(sketch([it]));
  const more = { overlap_key: 'one', overlap: 'skip' as const };
  const other = await queue.create(sketch(['other'], more));
  const created = await queue.create(sketch([it], more));
  await queue.instance(tx => tx.deleteFrom('pipeline_runs').where('id', '=', other.run_id).execute());
  return created;
}
type Placed = Awaited<ReturnType<typeof taskIn>>;

/** What asks for a transition. Of those that end it, each with the word of the worker. */
const ASK: Record<Transition, (queue: Queue, task: Placed) => Promise<unknown>> = {
  claim: queue => queue.claim(),
  begin: (queue, { lease }) => queue.begin(lease),
  release: (queue, { lease }) => queue.instance(tx => releaseTasks(tx, [lease])),
  succeed: (queue, { lease }) => queue.end(lease, DONE),
  half_succeed: (queue, { lease }) => queue.end(lease, { state: 'partial', result: 1, reason: 'half' }),
  fail: (queue, { lease }) => queue.end(lease, failure('terminal')),
  retry_later: (queue, { lease }) => queue.end(lease, failure('transient')),
  lose: (queue, { worker }) => queue.instance(tx => loseWorker(tx, worker.worker_id)),
  ask_cancel: (queue, { by }) => queue.workspace(tx => cancelTask(tx, by)),
  cancel: (queue, { by, lease }) =>
    queue.end(lease, CANCELLED).then(() => queue.workspace(tx => cancelTask(tx, by))),
  skip: (queue, { run_id }) => failWhatIsBefore(queue, run_id),
  again: (queue, { by }) => queue.workspace(tx => retryTask(tx, by)),
  mark_succeeded: (queue, { by }) =>
    queue.workspace(tx => markTask(tx, { ...by, as: 'succeeded', reason: 'r' })),
  mark_failed: (queue, { by }) => queue.workspace(tx => markTask(tx, { ...by, as: 'failed', reason: 'r' })),
};

async function failWhatIsBefore(queue: Queue, run_id: string): Promise<void> {
  if ((await queue.states(run_id)).before !== 'queued') return;
  const claimed = await queue.claim();
  const before = claimed.find(({ name }) => name === 'before');
  if (!before) return;
  await queue.begin(before);
  await queue.end(before, failure('terminal'));
}

/** By the table: where a request leads, or nothing where it is refused. Requests that may be answered in two ways say both. */
function expected(transition: Transition, state: TaskState): TaskState {
  const go = (...ways: Transition[]): TaskState => {
    const way = ways.find(each => (TRANSITIONS[each].from as readonly TaskState[]).includes(state));
    return way ? TRANSITIONS[way].to : state;
  };
  // Only a claim of its own gives anybody the word: an end comes from the worker that has it.
  const isHeld = ['starting', 'running', 'cancelling'].includes(state);
  switch (transition) {
    case 'succeed':
    case 'half_succeed':
    case 'retry_later':
    case 'lose':
      return state === 'cancelling' ? 'cancelled' : go(transition);
    case 'fail':
      return state === 'cancelling' ? 'cancelled' : isHeld ? go('fail') : state;
    case 'ask_cancel':
    case 'cancel':
      if (transition === 'cancel' && state === 'cancelling') return 'cancelled';
      return state === 'cancelling' ? state : go('ask_cancel', 'cancel');
    // It waits for another task here; the claim of one that waits for none is tried by every other test.
    case 'claim':
      return state === 'queued' ? 'queued' : go('claim');
    default:
      return go(transition);
  }
}

for (const transition of Object.keys(TRANSITIONS) as Transition[])
  test(`${transition}: from where it may go, and from nowhere else`, async t => {
    const queue = await openQueue(t);
    for (const state of TASK_STATES) {
      // With an attempt left, a failure that may pass is tried again.
      const task = await taskIn(queue, state, transition === 'retry_later' ? 2 : 1);
      // What is refused says so, or has no effect; either way the state tells.
      await ASK[transition](queue, task).catch(error =>
        assert.match(String(error.code), /^task\.(not_)?ended$/),
      );
      assert.equal(await task.now(), expected(transition, state), `${transition} from ${state}`);
      await queue.instance(tx => tx.deleteFrom('pipeline_runs').where('id', '=', task.run_id).execute());
    }
  });

test('every transition of the table leads somewhere in these tests', () => {
  for (const [transition, { from, to }] of Object.entries(TRANSITIONS) as [
    Transition,
    (typeof TRANSITIONS)[Transition],
  ][])
    if (
      transition !== 'claim' &&
      transition !== 'fail' &&
      transition !== 'cancel' &&
      transition !== 'ask_cancel'
    )
      for (const state of from) assert.equal(expected(transition, state), to, `${transition} from ${state}`);
});
