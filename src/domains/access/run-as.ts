import { sql } from 'kysely';
import type { Store, Tx } from '../../base/db/index.ts';
import { ROLES, type Role, roleHolds, type WorkspacePermission } from '../../contract/permissions.ts';

/** In whose name something runs that nobody waits for: kept with the run, asked again when it starts. */
export interface RunAs {
  kind: 'person' | 'service' | 'local';
  id: string;
}

/** Whether they may still do it: somebody who left, or lost the role since, starts nothing any more. */
export async function mayRunAs(
  store: Pick<Store, 'withInstance'>,
  workspace_id: string,
  run_as: RunAs,
  permission: WorkspacePermission,
): Promise<boolean> {
  // Whoever can read the data folder could do it by hand.
  if (run_as.kind === 'local') return true;
  const role = await store.withInstance('rights of a run', tx => roleOf(tx, workspace_id, run_as), {
    read_only: true,
  });
  return role !== undefined && roleHolds(role, permission);
}

async function roleOf(tx: Tx, workspace_id: string, { kind, id }: RunAs): Promise<Role | undefined> {
  const { rows } =
    kind === 'person'
      ? await sql<{ role: string }>`
          select m.role from memberships m join users u on u.id = m.user_id and u.disabled_at is null
          where m.workspace_id = ${workspace_id} and m.user_id = ${id}`.execute(tx)
      : await sql<{ role: string }>`
          select role from service_accounts where workspace_id = ${workspace_id} and id = ${id}`.execute(tx);
  return ROLES.find(role => role === rows[0]?.role);
}
