import type { Run } from '../../../../src/contract/runs.ts';
import type { ApiOutput } from '../../api.ts';

// What the first page shows of the runs: a line for each that needs an eye, then what comes next. Pure.

export type Summary = Pick<ApiOutput<'runs.summary'>, 'running' | 'failed' | 'late' | 'next'>;

export interface Line {
  key: string;
  name: string;
  /** Null: it has not begun, its schedule is what there is. */
  run: Run | null;
  schedule_id: string | null;
  next: string | null;
}

/** What failed, what is late, what runs, what comes; each run and each coming time once. */
export function nowAndNext({ failed, late, running, next }: Summary): Line[] {
  const runs = [...new Map([...failed, ...late, ...running].map(run => [run.id, run])).values()];
  const times = new Map(next.map(({ schedule_id, at }) => [schedule_id, at]));
  const now = runs.map(run => ({
    key: run.id,
    name: run.schedule?.name ?? run.title,
    run,
    schedule_id: run.schedule?.id ?? null,
    next: times.get(run.schedule?.id ?? '') ?? null,
  }));
  const there = new Set(now.map(line => line.schedule_id));
  const later = next
    .filter(({ schedule_id }) => !there.has(schedule_id))
    .map(({ schedule_id, name, at }) => ({ key: schedule_id, name, run: null, schedule_id, next: at }));
  return [...now, ...later];
}

/** Share of the tasks that have ended; undefined where one task is all there is. */
export function shareDone({ tasks }: Pick<Run, 'tasks'>): number | undefined {
  return tasks.total > 1 ? (tasks.total - tasks.open) / tasks.total : undefined;
}
