import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import type { LakePolicy } from '../../../contract/lake.ts';

/** Version 0: nobody has said anything yet. */
export async function policyOf(
  tx: Tx,
  workspace_id: string,
): Promise<{ policy: Partial<LakePolicy>; version: number }> {
  const { rows } = await sql<{ policy: Partial<LakePolicy>; version: number }>`
    select policy, version from lake_policies where workspace_id = ${workspace_id}`.execute(tx);
  return rows[0] ?? { policy: {}, version: 0 };
}

/** False where it is not at that version any more. */
export async function savePolicy(
  tx: Tx,
  workspace_id: string,
  policy: LakePolicy,
  version: number,
): Promise<boolean> {
  const { rows } = await sql`
    insert into lake_policies (workspace_id, policy) select ${workspace_id}, ${JSON.stringify(policy)}::jsonb where ${version}::int = 0
    on conflict (workspace_id) do nothing returning version`.execute(tx);
  if (rows.length > 0) return true;
  const { rows: changed } = await sql`
    update lake_policies set policy = ${JSON.stringify(policy)}, version = version + 1, updated_at = now()
    where workspace_id = ${workspace_id} and version = ${version} returning version`.execute(tx);
  return changed.length > 0;
}
