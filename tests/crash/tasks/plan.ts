import type { z } from 'zod';
import type { newRunSchema } from '../../../src/contract/runs.ts';
import type { Chance } from './random.ts';

type NewRun = z.input<typeof newRunSchema>;
type NewTask = NewRun['tasks'][number];

/** What the ledger knows of a task before it is handed over. */
export interface PlannedTask {
  name: string;
  after: readonly string[];
  condition: 'all_succeeded' | 'all_done' | 'any_failed';
  /** Marks that it leaves when it comes to its end: stages, each with so many rows. */
  stages: number;
  rows: number;
  fails: boolean;
}

export interface PlannedRun {
  key: string;
  body: NewRun;
  tasks: readonly PlannedTask[];
  /** Cancelled so long after it was acknowledged. */
  cancel_after_ms: number | undefined;
}

/** Kills take attempts: so many that only chance itself could use them up. */
const ATTEMPTS = 100;
const MOST_TASKS = 9;

/** A graph of diagnostic tasks, none like another: they sleep, log, commit marks, fail, crash, and depend on each other. */
export function planRun(chance: Chance, key: string): PlannedRun {
  const count = chance.whole(1, MOST_TASKS);
  const planned: PlannedTask[] = [];
  const tasks: NewTask[] = [];
  for (let n = 0; n < count; n += 1) {
    const after = planned.filter(() => chance.is(0.3)).map(({ name }) => name);
    const task: PlannedTask = {
      name: `t${n}`,
      after,
      condition:
        after.length === 0
          ? 'all_succeeded'
          : chance.one(['all_succeeded', 'all_succeeded', 'all_done', 'any_failed']),
      stages: chance.is(0.6) ? chance.whole(1, 4) : 0,
      rows: chance.whole(1, 3),
      fails: chance.is(0.06),
    };
    planned.push(task);
    tasks.push(bodyOf(task, chance));
  }
  const body: NewRun = { title: key, tasks, priority: chance.whole(-2, 2), dedupe_key: key };
  return { key, body, tasks: planned, cancel_after_ms: chance.is(0.12) ? chance.whole(0, 3000) : undefined };
}

function bodyOf(task: PlannedTask, chance: Chance): NewTask {
  const { name, after, condition, stages, rows, fails } = task;
  const steps: Record<string, z.core.util.JSONType>[] = [];
  if (chance.is(0.5)) steps.push({ do: 'log', lines: chance.whole(1, 50), text: 'a line' });
  if (chance.is(0.4)) steps.push({ do: 'sleep', ms: chance.whole(0, 600) });
  // Only on its first attempts: it comes to its end in spite of them.
  if (chance.is(0.12))
    steps.push({ do: 'fail', retry: 'transient', on: { from: 1, to: chance.whole(1, 2) } });
  if (chance.is(0.06))
    steps.push({ do: 'crash', how: chance.one(['kill', 'segv', 'exit_0', 'throw']), on: { from: 1, to: 1 } });
  if (chance.is(0.05)) steps.push({ do: 'break', how: 'close_channel', on: { from: 1, to: 1 } });
  if (stages > 0)
    steps.push({
      do: 'stages',
      count: stages,
      rows,
      mark: name,
      each_ms: chance.whole(0, 150),
      rebase: chance.is(0.1) ? 1 : 0,
    });
  if (chance.is(0.3)) steps.push({ do: 'sleep', ms: chance.whole(0, 300) });
  if (fails) steps.push({ do: 'fail', retry: 'terminal' });
  // After its stages: the first of two answers counts.
  else if (chance.is(0.05)) steps.push({ do: 'break', how: 'result_twice' });
  return {
    name,
    kind: 'diagnostic',
    input: { steps },
    after: [...after],
    condition,
    retry: { max_attempts: ATTEMPTS, delay_seconds: 0.2, factor: 1, jitter: 0.5 },
    ...(chance.is(0.2) && { keys: [chance.one(['red', 'green'])] }),
  };
}

/** How each task must end when nobody cancels: from the plan alone, without asking whom we test. */
export function expectedStates(
  tasks: readonly PlannedTask[],
): Map<string, 'succeeded' | 'failed' | 'skipped'> {
  const states = new Map<string, 'succeeded' | 'failed' | 'skipped'>();
  for (const { name, after, condition, fails } of tasks) {
    const before = after.map(one => states.get(one));
    const runs =
      condition === 'all_succeeded'
        ? before.every(state => state === 'succeeded')
        : condition === 'all_done' || before.includes('failed');
    states.set(name, !runs ? 'skipped' : fails ? 'failed' : 'succeeded');
  }
  return states;
}
