import { sql } from 'kysely';
import { appendEvents, lockKey, type NewEvent, notifyAfterCommit, type Tx } from '../../../base/db/index.ts';
import type { RunState, TaskError } from '../../../contract/runs.ts';
import { hasEnded, type TaskState } from '../../../contract/task-states.ts';
import { type Ended, type Settled, settle } from '../graph.ts';
import { type Counts, counted, isActive, isOpenRun, runStateOf } from './counts.ts';
import { queueDeadline, rows, TASKS_READY } from './states.ts';
import { afterAll, afterDirectly } from './waiting.ts';

// A run's row is the lock of its tasks: whoever moves one holds it until the end of the transaction (in the order of the
// ids, so that two never wait for each other). So the counters, what becomes ready and what the run is now are decided from
// what nobody else changes meanwhile; a cancel and a success that come at the same instant come one after the other.

export interface HeldRun {
  id: string;
  workspace_id: string;
  title: string;
  kind: string;
  state: RunState;
  definition_id: string | null;
  schedule_id: string | null;
  overlap_key: string | null;
  held_back: boolean;
  counts: Counts;
  error: unknown;
  /** Somebody limits something in its workspace: whoever waits for a slot may go on. */
  limited: boolean;
}
export type HeldRuns = ReadonlyMap<string, HeldRun>;

/** One claim at a time in the whole installation, and none while a worker is closed. Before anything else of a transaction. */
export async function holdClaims(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lockKey('claim')})`.execute(tx);
}

export async function holdRuns(tx: Tx, ids: readonly string[], workspace_id?: string): Promise<HeldRuns> {
  return hold(tx, sql`${ids}::uuid[]`, workspace_id);
}

export async function holdRunsOf(
  tx: Tx,
  task_ids: readonly string[],
  workspace_id?: string,
): Promise<HeldRuns> {
  const ids = sql`array(select run_id from task_runs where id = any(${task_ids}::uuid[]))`;
  return hold(tx, ids, workspace_id);
}

/** `no key update`: whoever only refers to a run (a stage that is committed, say) need not wait for its counters. */
async function hold(tx: Tx, ids: ReturnType<typeof sql>, workspace_id?: string): Promise<HeldRuns> {
  const { rows: found } = await sql<HeldRun>`
    select r.id, r.workspace_id, r.title, r.kind, r.state, r.definition_id, r.schedule_id, r.overlap_key, r.held_back,
      r.error, exists (select from concurrency_limits l where l.workspace_id = r.workspace_id) limited,
      jsonb_build_object('total', tasks_total, 'open', tasks_open, 'active', tasks_active,
        'succeeded', tasks_succeeded, 'partial', tasks_partial, 'failed', tasks_failed, 'lost', tasks_lost,
        'cancelled', tasks_cancelled, 'skipped', tasks_skipped) counts
    from pipeline_runs r
    where r.id = any(${ids}) ${workspace_id === undefined ? sql`` : sql`and r.workspace_id = ${workspace_id}`}
    order by r.id for no key update of r`.execute(tx);
  return new Map(found.map(run => [run.id, run]));
}

/** A task that was moved, by a statement guarded by the state it left. */
export interface Moved {
  id: string;
  run_id: string;
  name: string;
  from: TaskState;
  to: TaskState;
  error?: TaskError | null;
  /** What a half success left out. */
  reason?: string;
}

export interface Finish {
  /** Who did it, where somebody did. */
  actor?: string;
  /** A state that the run is brought into by hand, before it is derived: `cancelling`, or `queued` again. */
  state?: RunState;
  /** Replaces the error of the run; without it, the first failure stays. */
  error?: unknown;
  reason?: string | null;
  /** Those after them have been counted anew already: telling them once more would count these twice. */
  recounted?: boolean;
}

/**
 * What follows from tasks that were moved, in their transaction: those after them, the counters and states of their runs, the
 * events, and the next run of a key that may not overlap.
 */
export async function finishMoves(
  tx: Tx,
  runs: HeldRuns,
  moved: readonly Moved[],
  how: Finish = {},
): Promise<void> {
  const skipped = await settleAfter(tx, how.recounted ? [] : moved);
  const byRun = Map.groupBy([...moved, ...skipped.moved], ({ run_id }) => run_id);
  const changes = [...runs.values()].flatMap(run => changeOf(run, byRun.get(run.id) ?? [], how));
  await writeRuns(tx, changes);
  await appendEvents(
    tx,
    changes.map(change => eventOf(change, how.actor)),
  );
  const freed = moved.some(
    ({ run_id, from, to }) => isActive(from) && !isActive(to) && runs.get(run_id)?.limited === true,
  );
  if (skipped.ready || freed) notifyAfterCommit(tx, TASKS_READY);
  for (const { run, state } of changes)
    if (run.overlap_key !== null && !isOpenRun(state) && isOpenRun(run.state))
      await letNextRunGo(tx, run.workspace_id, run.overlap_key);
}

// ── Those after them ────────────────────────────────────────────────────────────────────────────────

async function settleAfter(tx: Tx, moved: readonly Moved[]): Promise<{ moved: Moved[]; ready: boolean }> {
  const ended: Ended[] = moved.filter(({ to }) => hasEnded(to)).map(({ id, to }) => ({ id, state: to }));
  if (ended.length === 0) return { moved: [], ready: false };
  const near = await afterDirectly(tx, ended);
  let settled = settle(ended, near.edges, near.waiting);
  if (settled.some(({ verdict }) => verdict === 'skip')) {
    // Rare, and may go far: the whole graph is read at once.
    const far = await afterAll(tx, [...new Set(moved.map(({ run_id }) => run_id))]);
    settled = settle(ended, far.edges, far.waiting);
  }
  const written = await writeSettled(tx, settled);
  return { moved: written, ready: settled.some(({ verdict }) => verdict === 'ready') };
}

/**
 * Answers those that were skipped. What is parked becomes ready when it is let go. Each row finds its values in one object by
 * its id, without a join: these may be thousands, and a planner without statistics compares each with each.
 */
export async function writeSettled(tx: Tx, settled: readonly Settled[]): Promise<Moved[]> {
  if (settled.length === 0) return [];
  const values = Object.fromEntries(settled.map(({ id, condition: _condition, ...value }) => [id, value]));
  const isOpen = sql`(t.parked is null or t.parked like 'key:%')`;
  const verdict = sql`(s.values->t.id::text->>'verdict')`;
  const count = (name: string) => sql`(s.values->t.id::text->>${name}::text)::int`;
  const { rows: written } = await sql<Moved>`
    update task_runs t set
      waits_for = ${count('waits_for')}, before_failed = ${count('before_failed')},
      before_unsuccessful = ${count('before_unsuccessful')},
      state = case when ${verdict} = 'skip' then 'skipped' else t.state end,
      ended_at = case when ${verdict} = 'skip' then now() end,
      parked = case when ${verdict} = 'ready' or (${verdict} = 'wait' and t.parked not like 'key:%') then t.parked end,
      ready_at = case when ${verdict} = 'ready' and ${isOpen} then coalesce(t.ready_at, now()) end,
      queue_deadline = case when ${verdict} = 'ready' and ${isOpen}
        then coalesce(t.queue_deadline, ${queueDeadline}) end
    from (select ${JSON.stringify(values)}::jsonb "values") s
    where t.id = any(${settled.map(({ id }) => id)}::uuid[]) and t.state = 'queued'
    returning t.id, t.run_id, t.name, 'queued' "from", t.state "to"`.execute(tx);
  return written.filter(({ to }) => to === 'skipped');
}

// ── The runs ────────────────────────────────────────────────────────────────────────────────────────

interface Change {
  run: HeldRun;
  state: RunState;
  counts: Counts;
  error: unknown;
  /** Said by hand: replaces what was said before. */
  reason?: string | null;
  /** Of the first task that left something out: stays. */
  left_out: string | null;
}

function changeOf(run: HeldRun, moved: readonly Moved[], how: Finish): Change[] {
  if (moved.length === 0 && how.state === undefined && how.error === undefined) return [];
  const counts = counted(run.counts, moved);
  const state = runStateOf(counts, how.state ?? run.state);
  const error = how.error === undefined ? (run.error ?? firstError(moved)) : how.error;
  return [{ run, state, counts, error, reason: how.reason, left_out: leftOut(moved) }];
}

function leftOut(moved: readonly Moved[]): string | null {
  const half = moved.find(({ reason }) => reason !== undefined);
  return half?.reason === undefined ? null : `${half.name}: ${half.reason}`;
}

function firstError(moved: readonly Moved[]): unknown {
  const failed = moved.find(({ to, error }) => (to === 'failed' || to === 'lost') && error);
  return failed ? { ...failed.error, task_id: failed.id, task_name: failed.name } : null;
}

async function writeRuns(tx: Tx, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  const list = changes.map(({ run, state, counts, error, reason, left_out }) => ({
    id: run.id,
    state,
    ...counts,
    ended: !isOpenRun(state),
    error,
    reason: reason ?? left_out,
    has_reason: reason !== undefined,
  }));
  await sql`
    update pipeline_runs r set
      state = c.state, tasks_total = c.total, tasks_open = c.open, tasks_active = c.active,
      tasks_succeeded = c.succeeded, tasks_partial = c.partial, tasks_failed = c.failed, tasks_lost = c.lost,
      tasks_cancelled = c.cancelled, tasks_skipped = c.skipped,
      started_at = case when c.state = 'running' then coalesce(r.started_at, now()) else r.started_at end,
      ended_at = case when c.ended then coalesce(r.ended_at, now()) end,
      held_back = r.held_back and not c.ended,
      error = c.error, reason = case when c.has_reason then c.reason else coalesce(r.reason, c.reason) end, version = r.version + 1
    from jsonb_to_recordset(${rows(list)}) as c(id uuid, state text, total int, open int, active int, succeeded int,
      partial int, failed int, lost int, cancelled int, skipped int, ended boolean, error jsonb, reason text,
      has_reason boolean)
    where r.id = c.id`.execute(tx);
}

type Told = Pick<HeldRun, 'id' | 'workspace_id' | 'title' | 'kind' | 'definition_id' | 'schedule_id'>;

function eventOf({ run, state, error }: Change, actor?: string): NewEvent {
  return runEvent(run, state === run.state ? 'progressed' : state, state, { error, actor });
}

export function runEvent(
  run: Told,
  what: string,
  state: RunState,
  more: { error?: unknown; actor?: string | null; cause?: string | null } = {},
): NewEvent {
  const { title, kind, schedule_id, definition_id } = run;
  const about =
    (schedule_id && `schedule:${schedule_id}`) ??
    (definition_id && `definition:${definition_id}`) ??
    `run:${run.id}`;
  return {
    workspace_id: run.workspace_id,
    type: `run.${what}`,
    subject: `run:${run.id}`,
    actor: more.actor ?? null,
    cause: more.cause ?? null,
    payload: JSON.parse(
      JSON.stringify({
        title,
        kind,
        schedule_id,
        definition_id,
        subject_key: about,
        state,
        ...(more.error ? { error: more.error } : {}),
      }),
    ),
  };
}

export type RunningRun = Told & { state: RunState };

/** Of runs whose tasks moved without any change of what is counted: once of each. */
export async function tellProgress(tx: Tx, runs: readonly RunningRun[]): Promise<void> {
  const each = new Map(runs.map(run => [run.id, run]));
  await appendEvents(
    tx,
    [...each.values()].map(run => runEvent(run, 'progressed', run.state)),
  );
}

// ── Runs that may not overlap ───────────────────────────────────────────────────────────────────────

/** The oldest that was held back goes on, unless another of its key is under way. */
async function letNextRunGo(tx: Tx, workspace_id: string, overlap_key: string): Promise<void> {
  for (;;) {
    const { rows: next } = await sql<{ id: string }>`
      select r.id from pipeline_runs r
      where r.workspace_id = ${workspace_id} and r.overlap_key = ${overlap_key} and r.ended_at is null
        and not exists (
          select from pipeline_runs o
          where o.workspace_id = r.workspace_id and o.overlap_key = r.overlap_key and o.ended_at is null
            and not o.held_back)
      order by r.created_at, r.id limit 1`.execute(tx);
    const [first] = next;
    // Somebody may have cancelled it while we waited for its row: then the one after it is next.
    if (!first || (await letGo(tx, first.id))) return;
  }
}

async function letGo(tx: Tx, run_id: string): Promise<boolean> {
  const { rows: gone } = await sql<Told>`
    update pipeline_runs set held_back = false, version = version + 1
    where id = ${run_id} and held_back and ended_at is null
    returning id, workspace_id, title, kind, definition_id, schedule_id`.execute(tx);
  const [run] = gone;
  if (!run) return false;
  await sql`
    update task_runs t set
      parked = case when t.not_before > now() then 'time' end,
      ready_at = case when t.waits_for = 0 and coalesce(t.not_before <= now(), true) then now() end,
      queue_deadline = case when t.waits_for = 0 and coalesce(t.not_before <= now(), true) then ${queueDeadline} end
    where t.run_id = ${run_id} and t.parked = 'run'`.execute(tx);
  await appendEvents(tx, [runEvent(run, 'progressed', 'queued')]);
  notifyAfterCommit(tx, TASKS_READY);
  return true;
}
