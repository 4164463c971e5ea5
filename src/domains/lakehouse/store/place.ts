import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';

/** Where the lake was when a server last had it; null before the first. */
export async function formerRoot(tx: Tx): Promise<string | null> {
  const row = await tx.selectFrom('instance').select('lake_root').executeTakeFirst();
  return row?.lake_root ?? null;
}

export async function saveRoot(tx: Tx, root: string): Promise<void> {
  await tx.updateTable('instance').set({ lake_root: root }).execute();
}

export async function workspaceSlug(tx: Tx, workspace_id: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('workspaces')
    .select('slug')
    .where('id', '=', workspace_id)
    .executeTakeFirst();
  return row?.slug;
}

/** Whether there is anything that names places: an empty lake may be anywhere. */
export async function hasTables(tx: Tx): Promise<boolean> {
  const { rows } = await sql`select from lake_tables limit 1`.execute(tx);
  return rows.length > 0;
}
