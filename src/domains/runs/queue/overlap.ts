import { sql } from 'kysely';
import { lockKey, type Tx } from '../../../base/db/index.ts';
import { cancelHeldRuns } from './cancel.ts';
import { holdRuns } from './runs.ts';

/**
 * Open runs of a key beside this one, oldest first; held until the transaction ends, so that none of them ends unseen
 * meanwhile. Who makes or restarts a run of the key comes one after the other.
 */
export async function othersWithKey(
  tx: Tx,
  { workspace_id, overlap_key, run_id }: { workspace_id: string; overlap_key: string; run_id: string },
): Promise<string[]> {
  await sql`select pg_advisory_xact_lock(${lockKey(`overlap ${workspace_id} ${overlap_key}`)})`.execute(tx);
  const { rows } = await sql<{ id: string }>`
    select id from pipeline_runs
    where workspace_id = ${workspace_id} and overlap_key = ${overlap_key} and ended_at is null and id <> ${run_id}
    order by id for update`.execute(tx);
  return rows.map(({ id }) => id);
}

export async function cancelOthers(
  tx: Tx,
  { workspace_id, run_ids, actor }: { workspace_id: string; run_ids: readonly string[]; actor?: string },
): Promise<void> {
  const runs = await holdRuns(tx, run_ids, workspace_id);
  await cancelHeldRuns(tx, runs, { reason: 'A newer run with the same key took its place.', actor });
}
