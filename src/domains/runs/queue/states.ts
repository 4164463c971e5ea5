import { type RawBuilder, sql } from 'kysely';
import { ACTIVE_STATES, leaves, type TaskState, type Transition } from '../../../contract/task-states.ts';

// The table of transitions as SQL. The states stand in the text of the statements: the partial indexes are found by it.

/** `state in (…)`: the guard of every statement that moves a task. */
export function leaving(transition: Transition): RawBuilder<boolean> {
  return sql`t.state in (${listed(leaves(transition))})`;
}

export function listed(states: readonly TaskState[]): RawBuilder<unknown> {
  return sql.raw(states.map(state => `'${state}'`).join(', '));
}

export const isActive = sql<boolean>`t.state in (${listed(ACTIVE_STATES)})`;

/** Nobody has it: it may be waiting, parked or ready. */
export const isUnclaimed = leaving('claim');

export const isReady = sql<boolean>`${isUnclaimed} and t.waits_for = 0 and t.parked is null`;

/** Until when somebody must have taken it, where it becomes ready now. */
export const queueDeadline = sql`now() + make_interval(secs => (t.timeouts->>'queue')::float8)`;

/** A value for `jsonb_to_recordset`: any number of rows is one parameter. */
export function rows(list: readonly object[]): RawBuilder<unknown> {
  return sql`${JSON.stringify(list)}::jsonb`;
}

/** Hints: who hears one looks at the tables. */
export const TASKS_READY = 'moulin_tasks_ready';
export const TASK_CONTROL = 'moulin_task_control';
