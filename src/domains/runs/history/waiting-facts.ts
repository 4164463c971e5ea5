import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import type { Facts, Limit, WorkerFacts } from './waiting.ts';

/** Names that say what somebody waits for; who wants all of them looks at the graph. */
const NAMED = 5;

/** Through the door of the workspace; all tasks of a page at once. */
export async function openBefore(
  tx: Tx,
  workspace_id: string,
  task_ids: readonly string[],
): Promise<Facts['before']> {
  if (task_ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; names: string[] }>`
    select wanted.id, array(
      select before.name from task_edges edge join task_runs before on before.id = edge.before_id
      where edge.workspace_id = ${workspace_id} and edge.after_id = wanted.id and before.ended_at is null
      order by before.created_at, before.id limit ${NAMED}) "names"
    from unnest(${[...task_ids]}::uuid[]) wanted(id)`.execute(tx);
  return new Map(rows.map(({ id, names }) => [id, names]));
}

/** The runs with the same overlap key that came earlier and have not ended. */
export async function runsBefore(
  tx: Tx,
  workspace_id: string,
  run_ids: readonly string[],
): Promise<Facts['runs_before']> {
  if (run_ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; titles: string[] }>`
    select held.id, array(
      select earlier.title from pipeline_runs earlier
      where earlier.workspace_id = ${workspace_id} and earlier.overlap_key = held.overlap_key
        and earlier.ended_at is null and (earlier.created_at, earlier.id) < (held.created_at, held.id)
      order by earlier.created_at, earlier.id limit ${NAMED}) titles
    from pipeline_runs held
    where held.workspace_id = ${workspace_id} and held.id = any(${[...new Set(run_ids)]}::uuid[])`.execute(
    tx,
  );
  return new Map(rows.map(({ id, titles }) => [id, titles]));
}

/** Every limit of the workspace, and how many tasks run under it. */
export async function limitsOf(tx: Tx, workspace_id: string): Promise<Map<string, Limit>> {
  const { rows } = await sql<Limit & { key: string }>`
    with active as materialized (
      select limit_keys from task_runs
      where workspace_id = ${workspace_id} and state in ('starting', 'running', 'cancelling'))
    select key, slots, (
      select count(*)::int from active
      where concurrency_limits.key = 'workspace' or concurrency_limits.key = any(limit_keys)) running
    from concurrency_limits where workspace_id = ${workspace_id}`.execute(tx);
  return new Map(rows.map(({ key, slots, running }) => [key, { slots, running }]));
}

/** Instance door: workers belong to the installation, and nothing of other workspaces is told but how many slots are taken. */
export async function workersNow(tx: Tx): Promise<WorkerFacts[]> {
  const { rows } = await sql<WorkerFacts>`
    select state, tags, concurrency, (
      select count(*)::int from task_runs
      where worker_id = workers.id and state in ('starting', 'running', 'cancelling')) running
    from workers where state in ('active', 'draining')`.execute(tx);
  return rows;
}
