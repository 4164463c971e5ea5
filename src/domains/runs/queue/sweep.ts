import { sql } from 'kysely';
import { appendEvents, notifyAfterCommit, type Store, type Tx } from '../../../base/db/index.ts';
import type { RunState } from '../../../contract/runs.ts';
import { letDueGo } from './claim.ts';
import { endAttempts, taskError } from './end.ts';
import { finishMoves, holdRunsOf, type Moved, runEvent } from './runs.ts';
import { isActive, isUnclaimed, leaving, rows, TASKS_READY } from './states.ts';
import type { Watcher } from './watcher.ts';
import { closeWorker } from './workers.ts';

/** How many of each. */
export interface Swept {
  lost_workers: number;
  lost_tasks: number;
  too_late_to_start: number;
  due: number;
  late_runs: number;
}

/** In one pass, of each kind; the next pass takes the rest. */
const AT_MOST = 500;

/** What nobody else does, because who should do it is gone or time alone does it. `now`: milliseconds that only grow. */
export async function sweepOnce(store: Store, watcher: Watcher, now: number): Promise<Swept> {
  const seen = await store.withInstance('sweep: look', look, { read_only: true });
  const still = new Set(watcher.look(now, countersOf(seen)));
  return {
    ...(await giveUp(store, seen, still)),
    too_late_to_start: await store.withInstance('sweep: queue time', endTooLate),
    due: await store.withInstance('sweep: due', letDueGoAndTell),
    late_runs: await store.withInstance('sweep: late', markLate),
  };
}

// ── Leases and workers whose counter does not move ──────────────────────────────────────────────────

interface Seen {
  workers: { id: string; beat: string }[];
  tasks: { task_id: string; fence: string; beat: string; worker: string }[];
}

async function look(tx: Tx): Promise<Seen> {
  const { rows: workers } = await sql<Seen['workers'][number]>`
    select id, beat from workers where state in ('active', 'draining')`.execute(tx);
  const { rows: tasks } = await sql<Seen['tasks'][number]>`
    select t.id task_id, t.fence, t.beat, coalesce(w.name, 'unknown') worker
    from task_runs t left join workers w on w.id = t.worker_id where ${isActive}`.execute(tx);
  return { workers, tasks };
}

/** A lease is another one when its fence is another; its counter begins anew. */
function countersOf({ workers, tasks }: Seen): Map<string, string> {
  return new Map([
    ...workers.map(({ id, beat }) => [workerKey(id), beat] as const),
    ...tasks.map(task => [taskKey(task), task.beat] as const),
  ]);
}

const workerKey = (id: string) => `worker ${id}`;
const taskKey = ({ task_id, fence }: { task_id: string; fence: string }) => `task ${task_id} ${fence}`;

/** Whoever has beaten since we looked is spared: the statement compares the counter once more. */
async function giveUp(
  store: Store,
  { workers, tasks }: Seen,
  still: ReadonlySet<string>,
): Promise<{ lost_workers: number; lost_tasks: number }> {
  let lost_workers = 0;
  for (const { id, beat } of workers.filter(worker => still.has(workerKey(worker.id))))
    if (await store.withInstance('sweep: worker lost', tx => closeWorker(tx, id, 'lost', beat)))
      lost_workers += 1;
  const verdicts = tasks
    .filter(task => still.has(taskKey(task)))
    .slice(0, AT_MOST)
    .map(({ task_id, fence, beat, worker }) => ({
      task_id,
      fence,
      beat,
      outcome: { state: 'lost' as const, error: taskError('task.lost', { worker }) },
    }));
  if (verdicts.length === 0) return { lost_workers, lost_tasks: 0 };
  const lost = await store.withInstance('sweep: leases lost', async tx => {
    notifyAfterCommit(tx, TASKS_READY);
    return endAttempts(tx, verdicts);
  });
  return { lost_workers, lost_tasks: lost.length };
}

// ── What time alone does ────────────────────────────────────────────────────────────────────────────

async function letDueGoAndTell(tx: Tx): Promise<number> {
  const due = await letDueGo(tx);
  if (due > 0) notifyAfterCommit(tx, TASKS_READY);
  return due;
}

async function endTooLate(tx: Tx): Promise<number> {
  const { rows: late } = await sql<{ id: string; seconds: number }>`
    select t.id, (t.timeouts->>'queue')::float8 seconds from task_runs t
    where ${isUnclaimed} and t.queue_deadline <= now() order by t.queue_deadline limit ${AT_MOST}`.execute(
    tx,
  );
  if (late.length === 0) return 0;
  const runs = await holdRunsOf(
    tx,
    late.map(({ id }) => id),
  );
  const list = late.map(({ id, seconds }) => ({ id, error: taskError('task.queue_time', { seconds }) }));
  const { rows: moved } = await sql<Moved>`
    with found as (
      select t.id, t.state, l.error from jsonb_to_recordset(${rows(list)}) as l(id uuid, error jsonb)
      join task_runs t on t.id = l.id order by t.id for no key update of t
    )
    update task_runs t set state = 'failed', error = found.error, ended_at = now(), parked = null, queue_deadline = null
    from found
    where t.id = found.id and ${leaving('fail')} and ${isUnclaimed} and t.queue_deadline <= now()
    returning t.id, t.run_id, t.name, found.state "from", t.state "to", t.error`.execute(tx);
  await finishMoves(tx, runs, moved);
  return moved.length;
}

interface LateRun {
  id: string;
  workspace_id: string;
  title: string;
  kind: string;
  definition_id: string | null;
  schedule_id: string | null;
  state: RunState;
}

async function markLate(tx: Tx): Promise<number> {
  const { rows: late } = await sql<LateRun>`
    with found as (
      select id from pipeline_runs where ended_at is null and late_at is not null and not late and late_at <= now()
      order by late_at limit ${AT_MOST} for update skip locked
    )
    update pipeline_runs r set late = true, version = r.version + 1 from found where r.id = found.id
    returning r.id, r.workspace_id, r.title, r.kind, r.definition_id, r.schedule_id, r.state`.execute(tx);
  await appendEvents(
    tx,
    late.map(run => runEvent(run, 'late', run.state)),
  );
  return late.length;
}
