import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';

export interface LimitRow {
  key: string;
  slots: number | null;
  running: number;
  waiting: number;
}

const SHOWN = 500;

/** Through the door of the workspace: every key that is limited, and every one that is at work or waited for. */
export async function limitRows(tx: Tx, workspace_id: string): Promise<LimitRow[]> {
  const { rows } = await sql<LimitRow>`
    with
      active as materialized (
        select limit_keys from task_runs
        where workspace_id = ${workspace_id} and state in ('starting', 'running', 'cancelling')),
      at_work as (
        select key, count(*)::int running from active, unnest(limit_keys) key group by key
        union all select 'workspace', count(*)::int from active),
      waited_for as (
        select substr(parked, 5) "key", count(*)::int waiting from task_runs
        where workspace_id = ${workspace_id} and state in ('queued', 'retrying') and parked is not null
          and starts_with(parked, 'key:')
        group by parked),
      limited as (select key, slots from concurrency_limits where workspace_id = ${workspace_id})
    select key, slots, coalesce(running, 0) running, coalesce(waiting, 0) waiting
    from limited full join at_work using (key) full join waited_for using (key)
    order by key <> 'workspace', key limit ${SHOWN}`.execute(tx);
  return rows;
}
