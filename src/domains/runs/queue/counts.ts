import type { RunState } from '../../../contract/runs.ts';
import { ACTIVE_STATES, hasEnded, type TaskState } from '../../../contract/task-states.ts';

// What a run is, follows from its tasks: counted move by move, so that the end of one task of thousands costs nothing.

export interface Counts {
  total: number;
  open: number;
  active: number;
  succeeded: number;
  partial: number;
  failed: number;
  lost: number;
  cancelled: number;
  skipped: number;
}

export const NO_TASKS: Readonly<Counts> = {
  total: 0,
  open: 0,
  active: 0,
  succeeded: 0,
  partial: 0,
  failed: 0,
  lost: 0,
  cancelled: 0,
  skipped: 0,
};

export interface Step {
  from: TaskState;
  to: TaskState;
}

export function counted(counts: Counts, steps: readonly Step[]): Counts {
  const after = { ...counts };
  for (const { from, to } of steps) {
    add(after, from, -1);
    add(after, to, 1);
  }
  return after;
}

/** From nothing. */
export function countOf(states: readonly TaskState[]): Counts {
  const counts = { ...NO_TASKS, total: states.length };
  for (const state of states) add(counts, state, 1);
  return counts;
}

function add(counts: Counts, state: TaskState, one: 1 | -1): void {
  if (hasEnded(state)) counts[state] += one;
  else counts.open += one;
  if (isActive(state)) counts.active += one;
}

export function isActive(state: TaskState): boolean {
  return (ACTIVE_STATES as readonly TaskState[]).includes(state);
}

/** The worst that happened is what is said of the run. */
const ENDINGS = ['failed', 'lost', 'cancelled', 'partial', 'succeeded'] as const;

export function runStateOf(counts: Counts, now: RunState): RunState {
  if (counts.open === 0) return ENDINGS.find(state => counts[state] > 0) ?? 'skipped';
  if (now === 'cancelling') return 'cancelling';
  return counts.active > 0 || now === 'running' ? 'running' : 'queued';
}

const OPEN_RUNS: readonly RunState[] = ['queued', 'running', 'cancelling'];

export function isOpenRun(state: RunState): boolean {
  return OPEN_RUNS.includes(state);
}
