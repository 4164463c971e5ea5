import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';

/** False where it points elsewhere by now. */
export async function moveView(
  tx: Tx,
  view: { workspace_id: string; id: string; base: string | null; location: string },
): Promise<boolean> {
  const { rows } = await sql`
    update iceberg_tables i
    set metadata_location = ${view.location}, previous_metadata_location = i.metadata_location
    from lake_tables t join lake_namespaces n on n.id = t.namespace_id
    where t.workspace_id = ${view.workspace_id} and t.id = ${view.id} and t.dropped_at is null and t.kind = 'view'
      and i.catalog_name = ${view.workspace_id}::text and i.table_namespace = n.path and i.table_name = t.name
      and i.metadata_location is not distinct from ${view.base}::text
    returning t.id`.execute(tx);
  return rows.length > 0;
}

export async function describeView(
  tx: Tx,
  view: {
    workspace_id: string;
    id: string;
    metadata_location: string;
    metadata_bytes: number;
    table_uuid: string;
    versions: number;
  },
): Promise<void> {
  await sql`
    update lake_tables set metadata_location = ${view.metadata_location}, metadata_bytes = ${view.metadata_bytes},
      table_uuid = ${view.table_uuid}, snapshots = ${view.versions}, committed_at = now(), error = null,
      version = version + 1, updated_at = now()
    where workspace_id = ${view.workspace_id} and id = ${view.id}`.execute(tx);
}
