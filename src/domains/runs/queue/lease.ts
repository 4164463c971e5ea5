import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { findUnstorable } from '../../../base/kit/json.ts';
import { finishMoves, holdRunsOf, type Moved, type RunningRun, tellProgress } from './runs.ts';
import { isActive, leaving, queueDeadline, rows } from './states.ts';
import type { Lease, StageCommit, TaskProgress } from './types.ts';

// What a worker says of the tasks it has. Each statement is guarded by the fence: who lost its lease says nothing any more.

/**
 * The runners began. Answers the tasks that are still the worker's and were not cancelled. It changes nothing that is counted,
 * so it waits for nobody else who moves tasks of the same run.
 */
export async function beginTasks(tx: Tx, leases: readonly Lease[]): Promise<Set<string>> {
  if (leases.length === 0) return new Set();
  const { rows: begun } = await sql<RunningRun & { task_id: string }>`
    with found as (${lockLeases(leases)}),
    begun as (
      update task_runs t set state = 'running', started_at = coalesce(t.started_at, now())
      from found where t.id = found.id and ${leaving('begin')}
      returning t.id, t.run_id, t.attempt
    ),
    attempts as (
      update task_attempts a set state = 'running', started_at = now()
      from begun where a.task_id = begun.id and a.number = begun.attempt
    )
    select b.id task_id, r.id, r.workspace_id, r.title, r.kind, r.definition_id, r.schedule_id, r.state
    from begun b join pipeline_runs r on r.id = b.run_id`.execute(tx);
  await tellProgress(tx, begun);
  return new Set(begun.map(({ task_id }) => task_id));
}

/** A draining worker hands them over. The attempt does not count: somebody else gets as many as this one had. */
export async function releaseTasks(tx: Tx, leases: readonly Lease[]): Promise<Set<string>> {
  if (leases.length === 0) return new Set();
  const runs = await holdRunsOf(tx, idsOf(leases));
  const { rows: moved } = await sql<Moved>`
    with found as (${lockLeases(leases)}),
    released as (
      update task_runs t set state = 'queued', worker_id = null, max_attempts = t.max_attempts + 1, progress = null,
        ready_at = now(), queue_deadline = ${queueDeadline}
      from found where t.id = found.id and ${leaving('release')}
      returning t.id, t.run_id, t.name, t.attempt, found.state
    ),
    attempts as (
      update task_attempts a set state = 'released', ended_at = now()
      from released where a.task_id = released.id and a.number = released.attempt
    )
    select id, run_id, name, state "from", 'queued' "to" from released`.execute(tx);
  await finishMoves(tx, runs, moved);
  return new Set(moved.map(({ id }) => id));
}

/**
 * Workspace door, in the transaction in which the kind writes what the stage is about: first this, then that. `known`: it is
 * committed already (the answer was lost on the way). `refused`: the lease is lost, or somebody cancelled.
 */
export async function commitStage(tx: Tx, stage: StageCommit): Promise<'accepted' | 'refused' | 'known'> {
  const { workspace_id, task_id, fence, n, state, facts } = stage;
  const bad = findUnstorable(state, 'state') ?? findUnstorable(facts, 'facts');
  if (bad !== undefined)
    throw fail('task.result', { kind: '', problems: `${bad}: holds what cannot be stored` });
  const { rows: committed } = await sql<{ n: number }>`
    with moved as (
      update task_runs t set stage = ${n}, stage_state = ${JSON.stringify(state ?? null)}::jsonb, beat = t.beat + 1
      where t.workspace_id = ${workspace_id} and t.id = ${task_id} and t.fence = ${fence}
        and t.state = 'running' and t.stage = ${n - 1}
      returning t.id, t.run_id, t.attempt
    )
    insert into task_stages (task_id, n, workspace_id, run_id, attempt, state, facts)
    select id, ${n}, ${workspace_id}, run_id, attempt, ${JSON.stringify(state ?? null)}::jsonb,
      ${JSON.stringify(facts)}::jsonb
    from moved returning n`.execute(tx);
  if (committed.length > 0) return 'accepted';
  const held = await heldStage(tx, stage);
  if (held === undefined) return 'refused';
  if (held >= n) return 'known';
  throw new Error(`stage ${n} of task ${task_id} comes after stage ${held}`);
}

/** The last committed stage, where the lease is held and nobody cancelled. */
async function heldStage(tx: Tx, { workspace_id, task_id, fence }: StageCommit): Promise<number | undefined> {
  const row = await tx
    .selectFrom('task_runs')
    .select('stage')
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', task_id)
    .where('fence', '=', fence)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return row?.stage;
}

/** No event: whoever looks at a running task asks for its progress. */
export async function writeProgress(tx: Tx, progress: TaskProgress, leases: readonly Lease[]): Promise<void> {
  const list = leases.flatMap(({ task_id, fence }) => {
    const now = progress.get(task_id);
    return now ? [{ id: task_id, fence, progress: now }] : [];
  });
  if (list.length === 0) return;
  await sql`
    with told as (
      select p.progress, t.id
      from jsonb_to_recordset(${rows(list)}) as p(id uuid, fence bigint, progress jsonb)
      join task_runs t on t.id = p.id and t.fence = p.fence and ${isActive}
      order by t.id for no key update of t
    )
    update task_runs t set progress = told.progress from told where t.id = told.id and ${isActive}`.execute(
    tx,
  );
}

/** The tasks whose lease is held, locked in the order of their ids. */
export function lockLeases(leases: readonly Lease[]) {
  const list = leases.map(({ task_id, fence }) => ({ id: task_id, fence }));
  return sql`
    select t.id, t.state from jsonb_to_recordset(${rows(list)}) as l(id uuid, fence bigint)
    join task_runs t on t.id = l.id and t.fence = l.fence
    order by t.id for no key update of t`;
}

export function idsOf(leases: readonly Lease[]): string[] {
  return leases.map(({ task_id }) => task_id);
}
