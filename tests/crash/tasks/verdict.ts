import type { Entry } from './ledger.ts';
import { expectedStates } from './plan.ts';

// What the store says at the end, against what the ledger knows. Pure: rows in, complaints out.

export interface StoreRows {
  runs: readonly {
    id: string;
    state: string;
    title: string;
    tasks_total: number;
    tasks_open: number;
    counts: Record<string, number>;
  }[];
  tasks: readonly {
    id: string;
    run_id: string;
    name: string;
    state: string;
    stage: number;
    attempt: number;
  }[];
  attempts: readonly {
    task_id: string;
    number: number;
    state: string;
    worker_id: string | null;
    ended_at: string | null;
  }[];
  stages: readonly { task_id: string; n: number }[];
  marks: readonly { task_id: string; stage: number; rows: number }[];
}

export interface Verdict {
  /** Acknowledged and not there, not ended, or without an effect that it committed. */
  lost: string[];
  /** An effect more than once. */
  doubled: string[];
  /** A state that is not so. */
  untruthful: string[];
}

const ENDED = ['succeeded', 'partial', 'failed', 'cancelled', 'skipped', 'lost'];

export function judge(entries: readonly Entry[], rows: StoreRows): Verdict {
  const verdict: Verdict = { lost: [], doubled: [], untruthful: [] };
  const runs = new Map(rows.runs.map(run => [run.id, run]));
  const tasksOf = Map.groupBy(rows.tasks, task => task.run_id);
  const titles = Map.groupBy(rows.runs, run => run.title);
  const stagesOf = Map.groupBy(rows.stages, stage => stage.task_id);
  const marksOf = Map.groupBy(rows.marks, mark => mark.task_id);

  for (const entry of entries) {
    const { plan, run_id, cancelled } = entry;
    const run = runs.get(run_id);
    const tasks = tasksOf.get(run_id) ?? [];
    if (!run || tasks.length !== plan.tasks.length) {
      verdict.lost.push(
        `run ${run_id} (${plan.key}): ${run ? `${tasks.length} of ${plan.tasks.length} tasks` : 'is not there'}`,
      );
      continue;
    }
    if ((titles.get(plan.key)?.length ?? 0) > 1)
      verdict.doubled.push(`run ${plan.key} was made more than once`);
    judgeRun(run, tasks, verdict);
    const expected = expectedStates(plan.tasks);
    for (const task of tasks) {
      const planned = plan.tasks.find(({ name }) => name === task.name);
      const place = `${plan.key}/${task.name} (${task.id})`;
      if (!ENDED.includes(task.state)) verdict.lost.push(`${place} has not ended: ${task.state}`);
      else if (!cancelled && task.state !== expected.get(task.name))
        verdict.untruthful.push(`${place} is ${task.state}, and should be ${expected.get(task.name)}`);
      else if (
        cancelled &&
        task.state !== expected.get(task.name) &&
        !['cancelled', 'skipped'].includes(task.state)
      )
        verdict.untruthful.push(
          `${place} is ${task.state}, after a cancel and instead of ${expected.get(task.name)}`,
        );
      if (planned)
        judgeEffects(place, task, planned, stagesOf.get(task.id) ?? [], marksOf.get(task.id) ?? [], verdict);
    }
  }
  judgeAttempts(rows, verdict);
  return verdict;
}

function judgeRun(
  run: StoreRows['runs'][number],
  tasks: readonly StoreRows['tasks'][number][],
  { untruthful }: Verdict,
): void {
  if (!ENDED.includes(run.state)) untruthful.push(`run ${run.id} is ${run.state}`);
  const counted = Object.groupBy(tasks, task => task.state);
  for (const [state, count] of Object.entries(run.counts))
    if ((counted[state]?.length ?? 0) !== count)
      untruthful.push(`run ${run.id} counts ${count} ${state}, there are ${counted[state]?.length ?? 0}`);
  const has = (state: string) => (counted[state]?.length ?? 0) > 0;
  const state = ['failed', 'lost', 'cancelled', 'partial', 'succeeded'].find(has) ?? 'skipped';
  if (run.state !== state) untruthful.push(`run ${run.id} is ${run.state}, and its tasks say ${state}`);
}

/** Every stage that was committed left all its rows, once; a task that succeeded committed all its stages. */
function judgeEffects(
  place: string,
  task: { state: string; stage: number },
  planned: { stages: number; rows: number },
  stages: readonly { n: number }[],
  marks: readonly { stage: number; rows: number }[],
  { lost, doubled }: Verdict,
): void {
  const numbers = stages.map(({ n }) => n).sort((a, b) => a - b);
  if (numbers.some((n, at) => n !== at + 1)) lost.push(`${place} has the stages ${numbers.join(', ')}`);
  if (numbers.length !== task.stage)
    lost.push(`${place} knows ${task.stage} stages and has ${numbers.length}`);
  if (task.state === 'succeeded' && numbers.length !== planned.stages)
    (numbers.length < planned.stages ? lost : doubled).push(
      `${place} committed ${numbers.length} of ${planned.stages} stages`,
    );
  for (const n of numbers) {
    const rows = marks.find(mark => mark.stage === n)?.rows ?? 0;
    if (rows < planned.rows) lost.push(`${place} stage ${n} left ${rows} of ${planned.rows} rows`);
    if (rows > planned.rows) doubled.push(`${place} stage ${n} left ${rows} rows instead of ${planned.rows}`);
  }
  for (const { stage } of marks)
    if (!numbers.includes(stage))
      doubled.push(`${place} left rows of stage ${stage}, which is not committed`);
}

/** No attempt says that it goes on when its task has ended, and each task had at most one at a time. */
function judgeAttempts({ tasks, attempts }: StoreRows, { untruthful }: Verdict): void {
  const byTask = new Map(tasks.map(task => [task.id, task]));
  for (const { task_id, number, state, ended_at } of attempts) {
    const task = byTask.get(task_id);
    const is_open = state === 'starting' || state === 'running';
    if (is_open !== (ended_at === null))
      untruthful.push(`attempt ${number} of ${task_id} is ${state} and ended ${ended_at}`);
    if (is_open && task && (ENDED.includes(task.state) || task.attempt !== number))
      untruthful.push(
        `attempt ${number} of ${task_id} is ${state}, its task ${task.state} (attempt ${task.attempt})`,
      );
  }
}

/** Attempts of workers that had died: how long the store went on saying that they work. */
export function slowestTruth(
  attempts: StoreRows['attempts'],
  deaths: ReadonlyMap<string, number>,
  between: (from: number, to: number) => number,
): { worker_id: string; task_id: string; ms: number }[] {
  return attempts
    .flatMap(({ worker_id, task_id, ended_at }) => {
      const died = worker_id === null ? undefined : deaths.get(worker_id);
      if (died === undefined || worker_id === null || ended_at === null) return [];
      return [{ worker_id, task_id, ms: between(died, Date.parse(ended_at)) }];
    })
    .sort((a, b) => b.ms - a.ms);
}
