import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import { fail, toProblem } from '../../../base/kit/errors.ts';
import { findUnstorable } from '../../../base/kit/json.ts';
import { type ErrorCode, type ErrorParams, errors } from '../../../contract/errors.ts';
import type { Retry, TaskError } from '../../../contract/runs.ts';
import { leaves, type TaskState, TRANSITIONS, type Transition } from '../../../contract/task-states.ts';
import { nextAttemptIn } from '../retry.ts';
import { isActive } from './counts.ts';
import { finishMoves, holdRunsOf, type Moved } from './runs.ts';
import { queueDeadline, rows } from './states.ts';
import type { Answer, Ending, Outcome } from './types.ts';

// The end of an attempt, and what it means for the task: it is over, or it is tried again. Any number of tasks at once, each
// with an answer of its own: one that is refused keeps nobody else from ending.

/** What is said of an attempt that ended, by its worker or, where that is gone, by the sweeper. */
export interface Verdict {
  task_id: string;
  fence: string;
  /** `lost`: its worker is gone. */
  outcome: Outcome | { state: 'lost'; error: TaskError };
  metrics?: Readonly<Record<string, number>>;
  log?: Ending['log'];
  /** Only where the counter still stands where it stood when it was given up. */
  beat?: string;
}

export async function endTasks(tx: Tx, endings: readonly Ending[]): Promise<Map<string, Answer>> {
  const moved = await endAttempts(tx, endings.map(storable));
  const ended = new Map(moved.map(({ id, to }) => [id, to]));
  return new Map(
    endings.map(({ task_id, outcome }) => [
      task_id,
      counts(outcome, ended.get(task_id)) ? 'accepted' : 'refused',
    ]),
  );
}

/** A success that came after the cancel does not count, though the task has ended by it. */
function counts(outcome: Outcome, state: TaskState | undefined): boolean {
  if (state === undefined) return false;
  return state === 'cancelled' ? outcome.state === 'cancelled' || outcome.state === 'failed' : true;
}

export async function endAttempts(
  tx: Tx,
  verdicts: readonly Verdict[],
  chance: () => number = Math.random,
): Promise<Moved[]> {
  if (verdicts.length === 0) return [];
  const ids = verdicts.map(({ task_id }) => task_id);
  const runs = await holdRunsOf(tx, ids);
  const is_judged = verdicts.some(({ beat }) => beat !== undefined);
  const tasks = new Map((await lockTasks(tx, ids, is_judged)).map(task => [task.id, task]));
  const writes = verdicts.flatMap(verdict => {
    const task = tasks.get(verdict.task_id);
    const write = task && isHeld(task, verdict) ? writeOf(task, verdict, chance()) : undefined;
    return write ? [write] : [];
  });
  const reasons = new Map(writes.map(({ id, reason }) => [id, reason]));
  const moved = (await writeEnds(tx, writes)).map(each => ({ ...each, reason: reasons.get(each.id) }));
  await finishMoves(tx, runs, moved);
  return moved;
}

/** A task that was handed over keeps its fence until it is claimed again: by then nobody speaks for it. */
function isHeld(task: Task, { fence, beat }: Verdict): boolean {
  return isActive(task.state) && task.fence === fence && (beat === undefined || task.beat === beat);
}

// ── What it means ───────────────────────────────────────────────────────────────────────────────────

interface Task {
  id: string;
  state: TaskState;
  fence: string;
  beat: string;
  attempt: number;
  max_attempts: number;
  retry: Retry;
}

interface Write {
  id: string;
  fence: string;
  leaves: readonly TaskState[];
  to: TaskState;
  attempt_state: 'succeeded' | 'partial' | 'failed' | 'cancelled' | 'lost';
  delay_seconds?: number;
  result?: unknown;
  error?: TaskError;
  reason?: string;
  metrics: Readonly<Record<string, number>>;
  log: Ending['log'];
}

const NO_LOG = { lines: 0, bytes: 0, dropped: 0 };

/** Undefined: from the state in which it is, this end cannot come. */
function writeOf(task: Task, verdict: Verdict, chance: number): Write | undefined {
  const { outcome, metrics = {}, log = NO_LOG } = verdict;
  const end = endOf(task, outcome, chance);
  if (!end || !(leaves(end.transition) as readonly TaskState[]).includes(task.state)) return undefined;
  const { transition, delay_seconds } = end;
  const { to } = TRANSITIONS[transition];
  return {
    id: task.id,
    fence: task.fence,
    leaves: leaves(transition),
    to,
    attempt_state: to === 'cancelled' ? 'cancelled' : outcome.state,
    delay_seconds,
    result: 'result' in outcome && to !== 'cancelled' ? outcome.result : undefined,
    error: errorOf(outcome, to),
    reason: to === 'partial' && 'reason' in outcome ? outcome.reason.slice(0, 2000) : undefined,
    metrics,
    log,
  };
}

/** Which way it goes. Nothing of a task that was asked to end runs any more: whatever its end was, it is cancelled. */
function endOf(
  task: Task,
  outcome: Verdict['outcome'],
  chance: number,
): { transition: Transition; delay_seconds?: number } | undefined {
  if (task.state === 'cancelling') return { transition: 'cancel' };
  switch (outcome.state) {
    case 'succeeded':
      return { transition: 'succeed' };
    case 'partial':
      return { transition: 'half_succeed' };
    // Nobody asked for it.
    case 'cancelled':
      return undefined;
    case 'failed':
    case 'lost': {
      const delay_seconds = nextAttemptIn(task, outcome.error, chance);
      if (delay_seconds !== undefined) return { transition: 'retry_later', delay_seconds };
      return { transition: outcome.state === 'lost' ? 'lose' : 'fail' };
    }
  }
}

function errorOf(outcome: Verdict['outcome'], to: TaskState): TaskError | undefined {
  if (to === 'cancelled' && outcome.state !== 'cancelled') return taskError('task.cancelled', { reason: '' });
  return 'error' in outcome ? outcome.error : undefined;
}

/** An error of the catalogue, as it is kept with an attempt. */
export function taskError(code: ErrorCode, params: ErrorParams): TaskError {
  const { detail, hint } = toProblem(fail(code, params), '');
  return { code, message: detail, hint, retry: errors[code].retry };
}

/** What PostgreSQL cannot store must not keep the others of the batch from ending. */
function storable(ending: Ending): Ending {
  const { outcome } = ending;
  if ('error' in outcome) return { ...ending, outcome: { ...outcome, error: cleanError(outcome.error) } };
  const bad = findUnstorable(outcome, 'answer');
  if (bad === undefined) return ending;
  const error = taskError('task.result', { kind: '', problems: `${bad} holds what cannot be stored` });
  return { ...ending, outcome: { state: 'failed', error } };
}

function cleanError(error: TaskError): TaskError {
  return JSON.parse(JSON.stringify(error), (_key, value) =>
    typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value,
  );
}

// ── Statements ──────────────────────────────────────────────────────────────────────────────────────

/** Judging waits for nobody: whose row is held has a commit under way, and keeps no other from being given up. */
async function lockTasks(tx: Tx, ids: readonly string[], is_judged: boolean): Promise<Task[]> {
  const { rows: found } = await sql<Task>`
    select id, state, fence, beat, attempt, max_attempts, retry from task_runs
    where id = any(${ids}::uuid[]) order by id for no key update
    ${is_judged ? sql`skip locked` : sql``}`.execute(tx);
  return found;
}

async function writeEnds(tx: Tx, writes: readonly Write[]): Promise<Moved[]> {
  if (writes.length === 0) return [];
  const { rows: moved } = await sql<Moved>`
    with ends as (
      select * from jsonb_to_recordset(${rows(writes)}) as e(id uuid, fence bigint, leaves text[], "to" text,
        attempt_state text, delay_seconds float8, result jsonb, error jsonb, metrics jsonb, log jsonb)
    ),
    before as (select t.id, t.state from task_runs t join ends on ends.id = t.id),
    moved as (
      update task_runs t set
        state = e.to,
        worker_id = null,
        result = coalesce(e.result, t.result),
        error = e.error,
        progress = case when e.to = 'retrying' then null else t.progress end,
        -- Tried again: at once, or later.
        not_before = case when e.delay_seconds > 0 then now() + make_interval(secs => e.delay_seconds) end,
        parked = case when e.delay_seconds > 0 then 'time' end,
        ready_at = case when e.delay_seconds = 0 then now() end,
        queue_deadline = case when e.delay_seconds = 0 then ${queueDeadline} end,
        ended_at = case when e.to = 'retrying' then null else now() end
      from ends e
      where t.id = e.id and t.fence = e.fence and t.state = any(e.leaves)
      returning t.id, t.run_id, t.name, t.state, t.attempt, t.error
    ),
    attempts as (
      update task_attempts a set state = e.attempt_state, ended_at = now(), error = e.error, metrics = e.metrics,
        log_lines = (e.log->>'lines')::bigint, log_bytes = (e.log->>'bytes')::bigint,
        log_dropped = (e.log->>'dropped')::bigint
      from moved join ends e on e.id = moved.id
      where a.task_id = moved.id and a.number = moved.attempt
    )
    select moved.id, moved.run_id, moved.name, before.state "from", moved.state "to", moved.error
    from moved join before on before.id = moved.id`.execute(tx);
  return moved;
}
