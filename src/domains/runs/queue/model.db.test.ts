import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CANCELLED,
  DONE,
  failure,
  openQueue,
  type Queue,
  recountAll,
  sketch,
} from '../../../../tests/support/queue.ts';
import {
  again,
  cancel,
  fail,
  isActive,
  isOpen,
  isReady,
  type ModelRun,
  type ModelTask,
  move,
  rest,
  SLOTS,
  skippedBecauseOf,
  wouldRetry,
} from '../../../../tests/support/queue-model.ts';
import { isFailure } from '../../../base/kit/errors.ts';
import { hasEnded } from '../../../contract/task-states.ts';
import {
  beatWorker,
  type Claimant,
  type Claimed,
  cancelRun,
  cancelTask,
  commitStage,
  type Lease,
  loseWorker,
  markTask,
  type Outcome,
  releaseTasks,
  retryRun,
  retryTask,
  setLimit,
} from './index.ts';

// Random graphs and random commands, against a model that derives everything anew after each step (queue-model.ts).

// ── What is tried ───────────────────────────────────────────────────────────────────────────────────

const taskArbitrary = fc.record({
  /** Bits: which of the tasks before it in the list it comes after. */
  after: fc.nat(63),
  condition: fc.constantFrom('all_succeeded', 'all_succeeded', 'all_done', 'any_failed'),
  limited: fc.boolean(),
  attempts: fc.integer({ min: 1, max: 3 }),
});
const graphArbitrary = fc.array(taskArbitrary, { minLength: 1, maxLength: 6, size: 'max' });
type Graph = typeof graphArbitrary extends fc.Arbitrary<infer T> ? T : never;

const OUTCOMES = {
  succeeded: DONE,
  partial: { state: 'partial', result: {}, reason: 'a part is missing' },
  transient: failure('transient'),
  terminal: failure('terminal'),
  cancelled: CANCELLED,
} as const satisfies Record<string, Outcome>;

const pick = fc.nat(1000);
const commandArbitrary = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('claim'), limit: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('begin'), pick }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('end'),
      pick,
      as: fc.constantFrom(...(Object.keys(OUTCOMES) as (keyof typeof OUTCOMES)[])),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stage'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('beat') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel task'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel run'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry task'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry run'), pick }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('mark'),
      pick,
      as: fc.constantFrom('succeeded' as const, 'failed' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass time') }) },
);
type Command = typeof commandArbitrary extends fc.Arbitrary<infer T> ? T : never;

// ── Both worlds, side by side ───────────────────────────────────────────────────────────────────────

interface World {
  queue: Queue;
  workspace_id: string;
  worker: Omit<Claimant, 'limit'>;
  runs: ModelRun[];
  ids: Map<ModelRun | ModelTask, string>;
  /** Of every task that was ever claimed: the newest lease, held or not. */
  leases: Map<ModelTask, Lease>;
}

/** Two runs of one key: the second is held back until the first has ended. */
async function begin(queue: Queue, graphs: readonly Graph[]): Promise<World> {
  const workspace_id = await queue.newWorkspace();
  const worker = await queue.newWorker();
  const limit = { workspace_id, key: 'key:k', slots: SLOTS, actor: 'test' };
  await queue.workspace(tx => setLimit(tx, limit), workspace_id);
  const world: World = { queue, workspace_id, worker, runs: [], ids: new Map(), leases: new Map() };
  for (const [index, graph] of graphs.entries()) await addRun(world, `run ${index}`, graph);
  return world;
}

async function addRun(world: World, title: string, graph: Graph): Promise<void> {
  const run: ModelRun = { title, tasks: [], state: 'queued', held: world.runs.some(isOpen) };
  for (const [index, { after, condition, limited, attempts }] of graph.entries())
    run.tasks.push({
      run,
      name: `t${index}`,
      before: run.tasks.filter((_, place) => (after >> place) & 1),
      condition,
      limited,
      budget: attempts,
      state: 'queued',
      attempt: 0,
      max_attempts: attempts,
      stage: 0,
      timed: false,
      released: false,
    });
  const tasks = run.tasks.map(({ name, before, condition, limited, budget }) => ({
    name,
    after: before.map(task => task.name),
    condition,
    keys: limited ? ['k'] : [],
    retry: { max_attempts: budget, delay_seconds: 60 },
  }));
  const { queue, workspace_id } = world;
  const { run_id } = await queue.create(sketch(tasks, { title, overlap_key: 'one' }), { workspace_id });
  world.ids.set(run, run_id);
  for (const task of run.tasks) world.ids.set(task, await queue.taskId(run_id, task.name));
  world.runs.push(run);
  rest(world.runs);
}

function idOf(world: World, what: ModelRun | ModelTask): string {
  return world.ids.get(what) ?? assert.fail('nothing is without an id');
}

async function step(world: World, command: Command): Promise<void> {
  const { queue, workspace_id } = world;
  const tasks = world.runs.flatMap(run => run.tasks);
  const chosen = <T>(list: readonly T[]): T | undefined =>
    'pick' in command ? list[command.pick % Math.max(1, list.length)] : undefined;
  const by = { workspace_id, actor: 'person:test' };
  const ask = (work: Parameters<Queue['workspace']>[0]) => queue.workspace(work, workspace_id);
  // Endings of tasks that were never claimed, of old leases, of cancelled tasks: all of them come.
  const task = chosen([...world.leases.keys()]);
  const lease = task && world.leases.get(task);
  switch (command.do) {
    case 'claim':
      return claim(world, command.limit);
    case 'pass time':
      for (const each of tasks) each.timed = false;
      return queue.passTime();
    case 'beat': {
      const held = tasks.filter(isActive);
      const leases = held.flatMap(each => world.leases.get(each) ?? []);
      const answer = await queue.instance(tx =>
        beatWorker(tx, { worker_id: world.worker.worker_id, leases, stats: {} }),
      );
      const asked = held.filter(({ state }) => state === 'cancelling').map(each => idOf(world, each));
      assert.deepEqual(answer.cancel.sort(), asked.sort());
      return assert.deepEqual(answer.lost, []);
    }
    case 'lose': {
      for (const each of tasks.filter(isActive)) fail(each, 'lost');
      await queue.instance(tx => loseWorker(tx, world.worker.worker_id));
      world.worker = await queue.newWorker();
      return;
    }
    case 'begin': {
      if (!task || !lease) return;
      const begun = await queue.begin(lease);
      return assert.equal(begun.has(lease.task_id), move(task, 'begin'));
    }
    case 'end':
      return task && lease && end(world, task, lease, command.as);
    case 'release': {
      if (!task || !lease) return;
      const released = await queue.instance(tx => releaseTasks(tx, [lease]));
      const may = move(task, 'release');
      if (may) task.max_attempts += 1;
      if (may) task.released = true;
      return assert.equal(released.has(lease.task_id), may);
    }
    case 'stage': {
      if (!task || !lease) return;
      const stage = { ...lease, workspace_id, n: task.stage + 1, state: { n: task.stage + 1 }, facts: [] };
      const answer = await queue.workspace(tx => commitStage(tx, stage), workspace_id);
      assert.equal(answer, task.state === 'running' ? 'accepted' : 'refused');
      if (answer === 'accepted') task.stage += 1;
      return;
    }
    case 'cancel task': {
      const any = chosen(tasks);
      if (!any) return;
      if (hasEnded(any.state))
        return refused(
          'task.ended',
          ask(tx => cancelTask(tx, { ...by, task_id: idOf(world, any) })),
        );
      cancel(any);
      return void (await ask(tx => cancelTask(tx, { ...by, task_id: idOf(world, any) })));
    }
    case 'cancel run': {
      const run = chosen(world.runs);
      if (!run) return;
      if (!isOpen(run))
        return refused(
          'run.ended',
          ask(tx => cancelRun(tx, { ...by, run_id: idOf(world, run) })),
        );
      run.tasks.forEach(cancel);
      run.state = 'cancelling';
      return void (await ask(tx => cancelRun(tx, { ...by, run_id: idOf(world, run) })));
    }
    case 'retry task': {
      const any = chosen(tasks);
      if (!any) return;
      const asked = ask(tx => retryTask(tx, { ...by, task_id: idOf(world, any) }));
      if (!hasEnded(any.state)) return refused('task.not_ended', asked);
      restart(world, any.run, [any, ...skippedBecauseOf(any)]);
      return void (await asked);
    }
    case 'retry run': {
      const run = chosen(world.runs);
      if (!run) return;
      const asked = ask(tx => retryRun(tx, { ...by, run_id: idOf(world, run) }));
      if (isOpen(run)) return refused('run.not_ended', asked);
      if (!wouldRetry(run)) return refused('run.nothing_to_retry', asked);
      const bad = run.tasks.filter(({ state }) => state !== 'succeeded' && state !== 'partial');
      restart(world, run, bad);
      return void (await asked);
    }
    case 'mark': {
      const any = chosen(tasks);
      if (!any) return;
      const asked = ask(tx =>
        markTask(tx, { ...by, task_id: idOf(world, any), as: command.as, reason: 'seen by hand' }),
      );
      if (!hasEnded(any.state)) return refused('task.not_ended', asked);
      if (any.state !== command.as) {
        const skipped = skippedBecauseOf(any);
        move(any, command.as === 'succeeded' ? 'mark_succeeded' : 'mark_failed');
        restart(world, any.run, skipped);
      }
      return void (await asked);
    }
  }
}

function restart(world: World, run: ModelRun, tasks: readonly ModelTask[]): void {
  const reopens = tasks.length > 0 && !isOpen(run);
  if (reopens) run.held = world.runs.some(other => other !== run && isOpen(other));
  for (const task of run.tasks) task.released = false;
  tasks.forEach(again);
  if (reopens || (tasks.length > 0 && run.state === 'cancelling')) run.state = 'queued';
}

async function refused(code: Parameters<typeof isFailure>[1], asked: Promise<unknown>): Promise<void> {
  await assert.rejects(asked, error => isFailure(error, code));
}

async function claim(world: World, limit: number): Promise<void> {
  const tasks = world.runs.flatMap(run => run.tasks);
  const ready = tasks.filter(isReady);
  const slots = SLOTS - tasks.filter(task => task.limited && isActive(task)).length;
  const may =
    ready.filter(({ limited }) => !limited).length +
    Math.min(slots, ready.filter(task => task.limited).length);
  const claimed = await world.queue.claim(limit, world.worker);
  const taken = claimed.map(
    each => ready.find(task => idOf(world, task) === each.task_id) ?? assert.fail(each.name),
  );
  assert.equal(new Set(taken).size, claimed.length, 'one task twice');
  assert.ok(taken.filter(({ limited }) => limited).length <= slots, 'more than the limit');
  assert.equal(claimed.length, Math.min(limit, may));
  for (const [place, task] of taken.entries()) take(world, task, claimed[place]);
}

function take(world: World, task: ModelTask, claimed: Claimed | undefined): void {
  assert.ok(claimed && move(task, 'claim'));
  task.released = false;
  task.attempt += 1;
  assert.equal(claimed.attempt, task.attempt);
  assert.equal(claimed.stage, task.stage);
  const { task_id, attempt, fence } = claimed;
  assert.notEqual(world.leases.get(task)?.fence, fence);
  world.leases.set(task, { task_id, attempt, fence });
}

async function end(world: World, task: ModelTask, lease: Lease, as: keyof typeof OUTCOMES): Promise<void> {
  // One that was taken from it long ago says the same just before, and nobody listens.
  const stale = { ...lease, fence: String(Number(lease.fence) - 1) };
  assert.equal(await world.queue.end(stale, OUTCOMES[as]), 'refused');
  const cancelling = task.state === 'cancelling';
  const before = task.state;
  if (cancelling) move(task, 'cancel');
  else if (as === 'succeeded') move(task, 'succeed');
  else if (as === 'partial') move(task, 'half_succeed');
  else if (as !== 'cancelled' && isActive(task)) fail(task, as);
  const counts = cancelling ? as !== 'succeeded' && as !== 'partial' : task.state !== before;
  assert.equal(await world.queue.end(lease, OUTCOMES[as]), counts ? 'accepted' : 'refused');
}

async function compare(world: World): Promise<void> {
  for (const run of world.runs) {
    const run_id = idOf(world, run);
    const { rows, found } = await world.queue.instance(async tx => ({
      rows: await tx
        .selectFrom('task_runs')
        .select(['name', 'state', 'attempt', 'max_attempts', 'stage'])
        .where('run_id', '=', run_id)
        .orderBy('name')
        .execute(),
      found: await tx
        .selectFrom('pipeline_runs')
        .select(['state', 'held_back', 'ended_at'])
        .where('id', '=', run_id)
        .executeTakeFirstOrThrow(),
    }));
    assert.deepEqual(
      rows,
      run.tasks.map(({ name, state, attempt, max_attempts, stage }) => ({
        name,
        state,
        attempt,
        max_attempts,
        stage,
      })),
    );
    assert.deepEqual(
      [found.state, found.held_back, found.ended_at === null],
      [run.state, run.held, isOpen(run)],
    );
  }
  const { kept, counted } = await recountAll(world.queue);
  assert.deepEqual(kept, counted);
}

async function forget({ queue, workspace_id }: World): Promise<void> {
  await queue.instance(tx => tx.deleteFrom('workspaces').where('id', '=', workspace_id).execute());
}

const SECONDS = 20;

test('whatever happens in whatever order, the queue does what the model says', async t => {
  const queue = await openQueue(t);
  // What decides about a change is the same each time; whoever works on it meets new orders with every run.
  const chance = process.env.CI ? 20_261_121 : Date.now() % 2 ** 31;
  const seed = Number(process.env.MOULIN_TEST_SEED ?? chance);
  t.diagnostic(`seed ${seed}; again with MOULIN_TEST_SEED=${seed}`);
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(graphArbitrary, { minLength: 1, maxLength: 2 }),
      fc.array(commandArbitrary, { maxLength: 60, size: 'max' }),
      async (graphs, commands) => {
        const world = await begin(queue, graphs);
        try {
          await compare(world);
          for (const command of commands) {
            await step(world, command);
            rest(world.runs);
            await compare(world);
            steps += 1;
          }
        } finally {
          await forget(world);
        }
      },
    ),
    { seed, numRuns: 60, interruptAfterTimeLimit: SECONDS * 1000, markInterruptAsFailure: false },
  );
  t.diagnostic(`${steps} steps compared`);
  assert.ok(steps > 0);
});
