import { sql } from 'kysely';
import type { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import type { workerSchema } from '../../../contract/runs.ts';

export type WorkerRow = Omit<z.input<typeof workerSchema>, 'same_version' | 'tasks'>;

/** Instance door. Those alive, and those that ended in the last day; the youngest first. */
export async function workerRows(tx: Tx): Promise<WorkerRow[]> {
  const { rows } = await sql<WorkerRow>`
    select id, name, host, pid, version, tags, concurrency, state, started_at, seen_at, ended_at, stats,
      (select count(*)::int from task_runs
        where worker_id = workers.id and state in ('starting', 'running', 'cancelling')) tasks_elsewhere
    from workers where state in ('active', 'draining')
    union all
    select id, name, host, pid, version, tags, concurrency, state, started_at, seen_at, ended_at, stats, 0
    from workers where state in ('lost', 'gone') and ended_at > now() - interval '1 day'
    order by started_at desc, id limit 500`.execute(tx);
  return rows;
}

export interface WorkerTask {
  worker_id: string;
  id: string;
  name: string;
  kind: string;
  run_id: string;
  started_at: string | null;
  slug: string;
  workspace_name: string;
}

/** Of which workspaces somebody may see tasks by name: all (the command line on the server), their own, or a token's one. */
export type Seer =
  | { of: 'all' }
  | { of: 'person'; user_id: string }
  | { of: 'workspace'; workspace_id: string };

/** Instance door. What workers have of the workspaces that the caller belongs to. */
export async function tasksOfWorkers(tx: Tx, seer: Seer): Promise<WorkerTask[]> {
  const belongs =
    seer.of === 'all'
      ? sql`true`
      : seer.of === 'workspace'
        ? sql`workspace.id = ${seer.workspace_id}`
        : sql`workspace.id in (select workspace_id from memberships where user_id = ${seer.user_id})`;
  const { rows } = await sql<WorkerTask>`
    select task.worker_id, task.id, task.name, task.kind, task.run_id, task.started_at,
      workspace.slug, workspace.name workspace_name
    from task_runs task join workspaces workspace on workspace.id = task.workspace_id
    where task.worker_id is not null and task.state in ('starting', 'running', 'cancelling') and ${belongs}
    order by task.started_at, task.id limit 5000`.execute(tx);
  return rows;
}

/** Instance door. */
export async function workerById(tx: Tx, id: string) {
  return tx.selectFrom('workers').select(['id', 'name', 'state']).where('id', '=', id).executeTakeFirst();
}
