/**
 * The states of a task and every way between them: the one table. Statements are guarded by it, the model test walks it, the
 * picture in the guide is drawn from it.
 */
export const TASK_STATES = [
  'queued',
  'starting',
  'running',
  'retrying',
  'succeeded',
  'partial',
  'failed',
  'cancelling',
  'cancelled',
  'skipped',
  'lost',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** Who makes a transition, and why: the words on the arrows. */
export const TRANSITIONS = {
  claim: { from: ['queued', 'retrying'], to: 'starting', by: 'a worker takes it' },
  begin: { from: ['starting'], to: 'running', by: 'its runner began' },
  release: { from: ['starting', 'running'], to: 'queued', by: 'a draining worker hands it over' },
  succeed: { from: ['running'], to: 'succeeded', by: 'its last commit' },
  half_succeed: { from: ['running'], to: 'partial', by: 'its last commit, with something left out' },
  fail: {
    from: ['queued', 'retrying', 'starting', 'running'],
    to: 'failed',
    by: 'a failure, and no attempt left',
  },
  retry_later: {
    from: ['starting', 'running'],
    to: 'retrying',
    by: 'a failure that may pass, or a lost lease',
  },
  lose: { from: ['starting', 'running'], to: 'lost', by: 'its lease was lost, and no attempt left' },
  ask_cancel: { from: ['starting', 'running'], to: 'cancelling', by: 'somebody cancels it' },
  cancel: { from: ['queued', 'retrying', 'cancelling'], to: 'cancelled', by: 'nothing of it runs any more' },
  skip: { from: ['queued'], to: 'skipped', by: 'its condition cannot come true' },
  again: {
    from: ['succeeded', 'partial', 'failed', 'cancelled', 'skipped', 'lost'],
    to: 'queued',
    by: 'somebody runs it again',
  },
  mark_succeeded: {
    from: ['partial', 'failed', 'cancelled', 'skipped', 'lost'],
    to: 'succeeded',
    by: 'marked by hand',
  },
  mark_failed: {
    from: ['succeeded', 'partial', 'cancelled', 'skipped', 'lost'],
    to: 'failed',
    by: 'marked by hand',
  },
} as const satisfies Record<string, { from: readonly TaskState[]; to: TaskState; by: string }>;
export type Transition = keyof typeof TRANSITIONS;

/** A worker has it, and its slot is taken. */
export const ACTIVE_STATES = ['starting', 'running', 'cancelling'] as const satisfies readonly TaskState[];
export const ENDED_STATES = [
  'succeeded',
  'partial',
  'failed',
  'cancelled',
  'skipped',
  'lost',
] as const satisfies readonly TaskState[];
export type EndedState = (typeof ENDED_STATES)[number];

export function hasEnded(state: TaskState): state is EndedState {
  return (ENDED_STATES as readonly TaskState[]).includes(state);
}

/** States that a transition may leave; for `where state in (…)`. */
export function leaves(transition: Transition): readonly TaskState[] {
  return TRANSITIONS[transition].from;
}
