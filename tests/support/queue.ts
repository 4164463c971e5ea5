import type { TestContext } from 'node:test';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Store, Tx } from '../../src/base/db/index.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { type NewRun, newRunSchema, type TaskError } from '../../src/contract/runs.ts';
import type { TaskState } from '../../src/contract/task-states.ts';
import { kindTable } from '../../src/domains/runs/kinds.ts';
import {
  type Answer,
  beginTasks,
  type Claimant,
  type Claimed,
  claimTasks,
  createRun,
  endTasks,
  type Lease,
  type Outcome,
  type RunOrder,
  registerWorker,
} from '../../src/domains/runs/queue/index.ts';
import { defineTask } from '../../src/domains/runs/task.ts';
import { testDatabase } from './database.ts';

// A queue with one workspace, one worker and one kind that takes anything: what tests of the queue begin with.

export const KINDS = kindTable([
  defineTask({
    id: 'test',
    permission: 'runs:start',
    input: z.looseObject({}),
    result: z.unknown(),
    resource: 'light',
  }),
]);

export const RUN_AS = { kind: 'local', id: 'local', name: 'local' } as const;
export const ACTOR = 'person:0190';
export const DONE: Outcome = { state: 'succeeded', result: { ok: true } };

export function failure(retry: TaskError['retry'] = 'transient', code = 'task.failed'): Outcome {
  return { state: 'failed', error: { code, message: 'it failed', hint: 'look', retry } };
}

export const CANCELLED: Outcome = {
  state: 'cancelled',
  error: { code: 'task.cancelled', message: 'cancelled', hint: '', retry: 'terminal' },
};

export type TaskSketch = Partial<Omit<z.input<typeof newRunSchema>['tasks'][number], 'name'>> & {
  name: string;
};
export type RunSketch = Partial<Omit<z.input<typeof newRunSchema>, 'tasks'>>;

export function sketch(tasks: readonly (string | TaskSketch)[], more: RunSketch = {}): NewRun {
  return newRunSchema.parse({
    title: 'a run',
    ...more,
    tasks: tasks.map(task => ({ kind: 'test', ...(typeof task === 'string' ? { name: task } : task) })),
  });
}

export interface Queue {
  store: Store;
  openAnother(): Promise<Store>;
  workspace_id: string;
  newWorkspace(): Promise<string>;
  newWorker(more?: { tags?: string[]; kinds?: string[] }): Promise<Omit<Claimant, 'limit'>>;
  worker: Omit<Claimant, 'limit'>;
  /** Through the doors. */
  instance<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  workspace<T>(work: (tx: Tx) => Promise<T>, workspace_id?: string): Promise<T>;
  create(run: NewRun, more?: Partial<RunOrder>): Promise<{ run_id: string; created: boolean }>;
  claim(limit?: number, worker?: Omit<Claimant, 'limit'>): Promise<Claimed[]>;
  begin(...leases: Lease[]): Promise<Set<string>>;
  end(lease: Lease, outcome?: Outcome): Promise<Answer | undefined>;
  /** Claimed, begun and ended, until nothing is ready. How it ends is said by name; success unless said. */
  work(outcomes?: Readonly<Record<string, Outcome>>): Promise<string[]>;
  run(run_id: string): Promise<RunRow>;
  /** name → state. */
  states(run_id: string): Promise<Record<string, TaskState>>;
  taskId(run_id: string, name: string): Promise<string>;
  /** Everything that waits for its time has waited long enough. */
  passTime(): Promise<void>;
}

export async function openQueue(t: Pick<TestContext, 'after'>): Promise<Queue> {
  const { store, openAnother } = await testDatabase(t);
  const instance: Queue['instance'] = work => store.withInstance('test', work);
  const newWorkspace = async () => {
    const id = newId();
    await instance(tx =>
      tx
        .insertInto('workspaces')
        .values({ id, slug: `w-${id.slice(-12)}`, name: id })
        .execute(),
    );
    return id;
  };
  const workspace_id = await newWorkspace();
  const newWorker: Queue['newWorker'] = async ({ tags = [], kinds = ['test'] } = {}) => {
    const id = newId();
    const worker = {
      id,
      name: `worker ${id.slice(-4)}`,
      host: 'here',
      pid: 1,
      version: '1',
      tags,
      concurrency: 8,
    };
    await instance(tx => registerWorker(tx, worker));
    return { worker_id: id, worker_name: worker.name, tags, kinds };
  };
  const worker = await newWorker();
  const queue: Queue = {
    store,
    openAnother,
    workspace_id,
    newWorkspace,
    newWorker,
    worker,
    instance,
    workspace: (work, id = workspace_id) => store.withWorkspace({ workspace_id: id }, work),
    create: (run, more = {}) => {
      const order: RunOrder = { workspace_id, run, kinds: KINDS, run_as: RUN_AS, trigger: 'manual', ...more };
      return queue.workspace(tx => createRun(tx, order), order.workspace_id);
    },
    claim: (limit = 100, by = worker) => instance(tx => claimTasks(tx, { ...by, limit })),
    begin: (...leases) => instance(tx => beginTasks(tx, leases)),
    async end(lease, outcome = DONE) {
      const log = { lines: 1, bytes: 2, dropped: 0 };
      const answers = await instance(tx =>
        endTasks(tx, [{ ...lease, outcome, metrics: { cpu_ms: 1 }, log }]),
      );
      return answers.get(lease.task_id);
    },
    async work(outcomes = {}) {
      const order: string[] = [];
      for (let claimed = await queue.claim(); claimed.length > 0; claimed = await queue.claim()) {
        await queue.begin(...claimed);
        for (const task of claimed) {
          order.push(task.name);
          await queue.end(task, outcomes[task.name]);
        }
        await queue.passTime();
      }
      return order;
    },
    run: run_id =>
      instance(tx =>
        tx.selectFrom('pipeline_runs').selectAll().where('id', '=', run_id).executeTakeFirstOrThrow(),
      ),
    async states(run_id) {
      const tasks = await instance(tx =>
        tx
          .selectFrom('task_runs')
          .select(['name', 'state'])
          .where('run_id', '=', run_id)
          .orderBy('created_at')
          .orderBy('id')
          .execute(),
      );
      return Object.fromEntries(tasks.map(({ name, state }) => [name, state]));
    },
    async taskId(run_id, name) {
      const { id } = await instance(tx =>
        tx
          .selectFrom('task_runs')
          .select('id')
          .where('run_id', '=', run_id)
          .where('name', '=', name)
          .executeTakeFirstOrThrow(),
      );
      return id;
    },
    async passTime() {
      await instance(tx =>
        sql`update task_runs set not_before = now() - interval '1 second' where not_before > now()`.execute(
          tx,
        ),
      );
    },
  };
  return queue;
}

type RunRow = Awaited<ReturnType<typeof readRun>>;
function readRun(tx: Tx, run_id: string) {
  return tx.selectFrom('pipeline_runs').selectAll().where('id', '=', run_id).executeTakeFirstOrThrow();
}

/** Of every run: what its counters say, beside what its tasks say. Equal when all is well. */
export async function recountAll(queue: Queue): Promise<{ kept: unknown[]; counted: unknown[] }> {
  const { rows } = await queue.instance(tx =>
    sql<{ kept: unknown; counted: unknown }>`
      select
        jsonb_build_array(r.title, tasks_total, tasks_open, tasks_active, tasks_succeeded, tasks_partial, tasks_failed,
          tasks_lost, tasks_cancelled, tasks_skipped) kept,
        (select jsonb_build_array(r.title, count(*), count(*) filter (where t.ended_at is null),
          count(*) filter (where t.state in ('starting', 'running', 'cancelling')),
          count(*) filter (where t.state = 'succeeded'), count(*) filter (where t.state = 'partial'),
          count(*) filter (where t.state = 'failed'), count(*) filter (where t.state = 'lost'),
          count(*) filter (where t.state = 'cancelled'), count(*) filter (where t.state = 'skipped'))
          from task_runs t where t.run_id = r.id) counted
      from pipeline_runs r order by r.id`.execute(tx),
  );
  return { kept: rows.map(({ kept }) => kept), counted: rows.map(({ counted }) => counted) };
}
