import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { z } from 'zod';
import type { Store } from '../../src/base/db/index.ts';
import { systemClock } from '../../src/base/kit/clock.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { type NewRun, newRunSchema, type TaskError } from '../../src/contract/runs.ts';
import { hasEnded, type TaskState } from '../../src/contract/task-states.ts';
import { type KindTable, kindTable } from '../../src/domains/runs/kinds.ts';
import { openRunsWorker, type RunsWorkerParts } from '../../src/domains/runs/open.ts';
import { createRun } from '../../src/domains/runs/queue/index.ts';
import type { TaskKind } from '../../src/domains/runs/task.ts';
import type { Worker } from '../../src/domains/runs/worker/index.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { defer } from './defer.ts';
import { type ProbeHooks, probeKind } from './probe-kinds.ts';
import { waitFor } from './wait-for.ts';

// Workers with real runners on a real store, in the process of the test.

const RUNNER = fileURLToPath(new URL('./probe-runner.ts', import.meta.url));
const SECONDS = 60;

export interface TestTask {
  id: string;
  name: string;
  state: TaskState;
  attempt: number;
  stage: number;
  result: unknown;
  error: TaskError | null;
  progress: unknown;
}

export interface WorkerWorld {
  database: TestDatabase;
  store: Store;
  workspace_id: string;
  kinds: KindTable;
  open(more?: Partial<RunsWorkerParts>, store?: Store): Promise<Worker>;
  create(tasks: readonly z.input<typeof newRunSchema>['tasks'][number][]): Promise<string>;
  tasks(run_id: string): Promise<TestTask[]>;
  /** Once all tasks of the run have ended. */
  ended(run_id: string): Promise<TestTask[]>;
  /** Once the only task is in this state. */
  reached(run_id: string, state: TaskState): Promise<TestTask>;
  marks(): Promise<string[]>;
}

export async function workerWorld(t: TestContext, hooks: ProbeHooks = {}, more: Partial<TaskKind> = {}) {
  const database = await testDatabase(t);
  const { store } = database;
  const folder = await mkdtemp(join(tmpdir(), 'moulin-worker-'));
  defer(t, () => rm(folder, { recursive: true, force: true }));
  const kinds = kindTable([probeKind(hooks, more as Partial<Parameters<typeof probeKind>[1]>)]);
  const workspace_id = newId();
  await store.withInstance('test', tx =>
    tx.insertInto('workspaces').values({ id: workspace_id, slug: 'probe', name: 'Probe' }).execute(),
  );

  const tasks = async (run_id: string): Promise<TestTask[]> => {
    const rows = await store.withInstance('test', tx =>
      tx
        .selectFrom('task_runs')
        .select(['id', 'name', 'state', 'attempt', 'stage', 'result', 'error', 'progress'])
        .where('run_id', '=', run_id)
        .orderBy('created_at')
        .orderBy('id')
        .execute(),
    );
    return rows as TestTask[];
  };
  const describe = (list: readonly TestTask[]) =>
    list
      .map(({ name, state, attempt, error }) => `${name}: ${state} (${attempt}) ${error?.message ?? ''}`)
      .join(', ');
  const whenTasks = async (run_id: string, what: string, are: (list: TestTask[]) => boolean) => {
    let last: TestTask[] = [];
    const look = async () => {
      // The store may be away: that is what some tests are about.
      last = await tasks(run_id).catch(() => []);
      return last.length > 0 && are(last) && last;
    };
    return waitFor(look, { seconds: SECONDS, what: () => `${what}; they are ${describe(last)}` });
  };

  const world: WorkerWorld = {
    database,
    store,
    workspace_id,
    kinds,
    async open(given = {}, own = store) {
      const worker = await openRunsWorker({
        store: own,
        kinds,
        clock: systemClock,
        log: pino({ level: process.env.MOULIN_TEST_LOG ?? 'silent' }),
        redact: text => text,
        readSecret: async () => undefined,
        mayRun: async () => true,
        name: 'test',
        tags: [],
        concurrency: 4,
        version: '1',
        runners: { folder: join(folder, newId()), spawn_args: [RUNNER] },
        ...given,
        times: {
          poll_ms: 50,
          beat_ms: 100,
          asked_ms: 300,
          terminated_ms: 200,
          drain_ms: 5000,
          ...given.times,
        },
      });
      defer(t, () => worker.close());
      return worker;
    },
    async create(list) {
      const run: NewRun = newRunSchema.parse({ title: 'a run', tasks: list });
      const run_as = { kind: 'local', id: 'local', name: 'local' } as const;
      const order = { workspace_id, run, kinds, run_as, trigger: 'manual' } as const;
      const { run_id } = await store.withWorkspace({ workspace_id }, tx => createRun(tx, order));
      return run_id;
    },
    tasks,
    ended: run_id =>
      whenTasks(run_id, 'all tasks to have ended', list => list.every(({ state }) => hasEnded(state))),
    async reached(run_id, state) {
      const [task] = await whenTasks(run_id, `the task to be ${state}`, ([task]) => task?.state === state);
      if (!task) throw new Error('the run has no task');
      return task;
    },
    async marks() {
      const rows = await store.withInstance('test', tx =>
        tx.selectFrom('diagnostic_marks').select('mark').orderBy('at').orderBy('id').execute(),
      );
      return rows.map(({ mark }) => mark);
    },
  };
  return world;
}
