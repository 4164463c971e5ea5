import { hasEnded, type TaskState, TRANSITIONS, type Transition } from '../../src/contract/task-states.ts';

// What a queue should do, said once more and differently: nothing is counted or propagated here. After each step, what is
// ready, skipped, held back and over is derived from how all tasks stand.

export interface ModelTask {
  run: ModelRun;
  name: string;
  before: readonly ModelTask[];
  condition: 'all_succeeded' | 'all_done' | 'any_failed';
  limited: boolean;
  budget: number;
  state: TaskState;
  attempt: number;
  max_attempts: number;
  stage: number;
  /** It waits for its next attempt. */
  timed: boolean;
  /** Handed over by a worker: it had begun, and stays ready whatever becomes of those before it, until the run is counted anew. */
  released: boolean;
}

export interface ModelRun {
  title: string;
  tasks: ModelTask[];
  state: string;
  held: boolean;
}

export const SLOTS = 2;

export function isOpen({ tasks }: ModelRun): boolean {
  return tasks.some(({ state }) => !hasEnded(state));
}

export function isActive({ state }: ModelTask): boolean {
  return state === 'starting' || state === 'running' || state === 'cancelling';
}

export function isReady(task: ModelTask): boolean {
  if (task.run.held || task.timed) return false;
  return task.state === 'retrying' || (task.state === 'queued' && verdictOf(task) === 'ready');
}

function verdictOf({ condition, before, released }: ModelTask): 'ready' | 'skip' | 'wait' {
  if (released) return 'ready';
  const states = before.map(({ state }) => state);
  const over = states.every(hasEnded);
  const bad = states.some(state => ['failed', 'lost', 'cancelled', 'skipped'].includes(state));
  const failed = states.some(state => state === 'failed' || state === 'lost');
  if (condition === 'all_done') return over ? 'ready' : 'wait';
  if (condition === 'any_failed') return failed ? 'ready' : over ? 'skip' : 'wait';
  return bad ? 'skip' : over ? 'ready' : 'wait';
}

/** True where the table allows it: then it is done. */
export function move(task: ModelTask, transition: Transition): boolean {
  const { from, to } = TRANSITIONS[transition];
  if (!(from as readonly TaskState[]).includes(task.state)) return false;
  task.state = to;
  return true;
}

export function fail(task: ModelTask, how: 'transient' | 'terminal' | 'lost'): void {
  if (move(task, 'cancel')) return;
  if (how === 'terminal' || task.attempt >= task.max_attempts) move(task, how === 'lost' ? 'lose' : 'fail');
  else if (move(task, 'retry_later')) task.timed = true;
}

export function cancel(task: ModelTask): void {
  if (!move(task, 'ask_cancel') && task.state !== 'cancelling' && move(task, 'cancel')) task.timed = false;
}

export function again(task: ModelTask): void {
  if (task.state === 'succeeded' || task.state === 'partial') task.stage = 0;
  if (!move(task, 'again')) return;
  task.max_attempts = task.attempt + task.budget;
  task.timed = false;
}

/** What was skipped because of it, near and far. */
export function skippedBecauseOf(task: ModelTask): ModelTask[] {
  const found = new Set<ModelTask>();
  const follow = (cause: ModelTask): void => {
    for (const next of task.run.tasks)
      if (next.state === 'skipped' && next.before.includes(cause) && !found.has(next)) {
        found.add(next);
        follow(next);
      }
  };
  follow(task);
  return [...found];
}

/** Whether starting again what did not succeed would start anything. */
export function wouldRetry(run: ModelRun): boolean {
  const copies = new Map(run.tasks.map(task => [task, { ...task }]));
  const copy: ModelRun = { ...run, held: false, tasks: [...copies.values()] };
  for (const [task, twin] of copies) {
    twin.run = copy;
    twin.released = false;
    twin.before = task.before.flatMap(before => copies.get(before) ?? []);
    if (twin.state !== 'succeeded' && twin.state !== 'partial') again(twin);
  }
  skipWhatCannotBe(copy);
  return copy.tasks.some(({ state }) => state === 'queued');
}

/** Brings everything that follows by itself to rest. */
export function rest(runs: readonly ModelRun[]): void {
  for (const run of runs) {
    skipWhatCannotBe(run);
    run.state = stateOf(run);
    if (!isOpen(run)) run.held = false;
  }
  const open = runs.filter(isOpen);
  const [first] = open;
  if (first && open.every(({ held }) => held)) first.held = false;
}

function skipWhatCannotBe(run: ModelRun): void {
  for (let changed = true; changed; )
    changed = run.tasks.some(
      task => task.state === 'queued' && verdictOf(task) === 'skip' && move(task, 'skip'),
    );
}

function stateOf(run: ModelRun): string {
  const has = (state: TaskState) => run.tasks.some(task => task.state === state);
  if (isOpen(run)) {
    if (run.state === 'cancelling') return 'cancelling';
    return run.state === 'running' || run.tasks.some(isActive) ? 'running' : 'queued';
  }
  for (const state of ['failed', 'lost', 'cancelled', 'partial', 'succeeded'] as const)
    if (has(state)) return state;
  return 'skipped';
}
