import { sql } from 'kysely';
import { notifyAfterCommit, type Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { hasEnded, type TaskState } from '../../../contract/task-states.ts';
import { isOpenRun } from './counts.ts';
import { finishMoves, type HeldRuns, holdRuns, holdRunsOf, type Moved } from './runs.ts';
import { isUnclaimed, leaving, TASK_CONTROL } from './states.ts';
import type { ByHand } from './types.ts';

/** What nobody has is cancelled at once; what a worker has is asked to end. */
export async function cancelRun(
  tx: Tx,
  { workspace_id, run_id, reason, actor }: ByHand & { run_id: string; reason?: string },
): Promise<void> {
  const runs = await holdRuns(tx, [run_id], workspace_id);
  const run = runs.get(run_id);
  if (!run) throw fail('object.not_found', { kind: 'run', id: run_id });
  if (!isOpenRun(run.state)) throw fail('run.ended', { id: run_id, state: run.state });
  await cancelHeldRuns(tx, runs, { reason, actor });
}

export async function cancelHeldRuns(
  tx: Tx,
  runs: HeldRuns,
  { reason, actor }: { reason?: string; actor?: string },
): Promise<void> {
  const moved = await cancelTasks(tx, sql`t.run_id = any(${[...runs.keys()]}::uuid[])`, reason);
  await finishMoves(tx, runs, moved, { actor, state: 'cancelling', reason: reason ?? null });
}

export async function cancelTask(
  tx: Tx,
  { workspace_id, task_id, reason, actor }: ByHand & { task_id: string; reason?: string },
): Promise<void> {
  const runs = await holdRunsOf(tx, [task_id], workspace_id);
  const state = await stateOf(tx, workspace_id, task_id);
  if (hasEnded(state)) throw fail('task.ended', { id: task_id, state });
  const moved = await cancelTasks(tx, sql`t.id = ${task_id}`, reason);
  await finishMoves(tx, runs, moved, { actor });
}

/** Of a task that is there: what is not says so. */
export async function stateOf(tx: Tx, workspace_id: string, task_id: string): Promise<TaskState> {
  const row = await tx
    .selectFrom('task_runs')
    .select('state')
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', task_id)
    .executeTakeFirst();
  if (!row) throw fail('object.not_found', { kind: 'task', id: task_id });
  return row.state;
}

/** The rows are locked in the order of their ids first, as the beat does: two that lock many never wait for each other. */
async function cancelTasks(tx: Tx, which: ReturnType<typeof sql>, reason?: string): Promise<Moved[]> {
  const { rows: found } = await sql<{ id: string; state: TaskState }>`
    select t.id, t.state from task_runs t
    where ${which} and (${leaving('ask_cancel')} or ${isUnclaimed})
    order by t.id for no key update of t`.execute(tx);
  if (found.length === 0) return [];
  const before = new Map(found.map(({ id, state }) => [id, state]));
  const { rows: moved } = await sql<Omit<Moved, 'from'>>`
    update task_runs t set
      state = case when ${leaving('ask_cancel')} then 'cancelling' else 'cancelled' end,
      cancel_requested_at = now(), cancel_reason = ${reason ?? null},
      ended_at = case when ${leaving('ask_cancel')} then null else now() end,
      parked = null, queue_deadline = null
    where t.id = any(${[...before.keys()]}::uuid[]) and (${leaving('ask_cancel')} or ${isUnclaimed})
    returning t.id, t.run_id, t.name, t.state "to"`.execute(tx);
  if (moved.some(({ to }) => to === 'cancelling')) notifyAfterCommit(tx, TASK_CONTROL);
  return moved.map(task => ({ ...task, from: before.get(task.id) ?? 'queued' }));
}
