import { sql } from 'kysely';
import { appendEvents, notifyAfterCommit, type Tx } from '../../../base/db/index.ts';
import { TASKS_READY } from './states.ts';

export interface NewLimit {
  workspace_id: string;
  /** `workspace`, `connection:<id>` or `key:<given>`. */
  key: string;
  /** Null: as many as there is room for. */
  slots: number | null;
  actor: string;
}

/** What runs goes on, also where there are fewer slots now; what waits under the key is looked at by the next claim. */
export async function setLimit(tx: Tx, { workspace_id, key, slots, actor }: NewLimit): Promise<void> {
  if (slots === null)
    await tx
      .deleteFrom('concurrency_limits')
      .where('workspace_id', '=', workspace_id)
      .where('key', '=', key)
      .execute();
  else
    await tx
      .insertInto('concurrency_limits')
      .values({ workspace_id, key, slots })
      .onConflict(conflict =>
        conflict.columns(['workspace_id', 'key']).doUpdateSet({ slots, updated_at: sql`now()` }),
      )
      .execute();
  const subject = `workspace:${workspace_id}`;
  await appendEvents(tx, [{ workspace_id, type: 'limits.changed', subject, actor, payload: { key, slots } }]);
  notifyAfterCommit(tx, TASKS_READY);
}
