import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import { ACTIVE_STATES } from '../../../contract/task-states.ts';
import type { Lease } from '../queue/index.ts';
import type { Fact } from '../task.ts';

/** What the store thinks that this worker has; a claim whose answer was lost is among it. */
export async function leasesOf(tx: Tx, worker_id: string): Promise<Lease[]> {
  return tx
    .selectFrom('task_runs')
    .select(['id as task_id', 'attempt', 'fence'])
    .where('worker_id', '=', worker_id)
    .where('state', 'in', [...ACTIVE_STATES])
    .execute();
}

/** Facts that only the commit knew, to those that the runner declared with the stage. */
export async function addStageFacts(
  tx: Tx,
  stage: { workspace_id: string; task_id: string; n: number },
  facts: readonly Fact[],
): Promise<void> {
  await tx
    .updateTable('task_stages')
    .set({ facts: sql`facts || ${JSON.stringify(facts)}::jsonb` })
    .where('workspace_id', '=', stage.workspace_id)
    .where('task_id', '=', stage.task_id)
    .where('n', '=', stage.n)
    .execute();
}
