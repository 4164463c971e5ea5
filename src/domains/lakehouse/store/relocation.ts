import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';

// Moving the lake: through the instance door, while nothing runs.

export interface Placed {
  id: string;
  workspace_id: string;
  kind: 'table' | 'view';
  namespace: string;
  name: string;
  location: string;
  metadata_location: string;
}

/** Tables and views that name the old place, in the order of their ids. */
export async function placedBelow(tx: Tx, root: string, after: string, rows: number): Promise<Placed[]> {
  const { rows: found } = await sql<Placed>`
    select t.id, t.workspace_id, t.kind, n.path "namespace", t.name, t.location, t.metadata_location
    from lake_tables t join lake_namespaces n on n.id = t.namespace_id and n.mount_id is null
    where t.id > ${after}::uuid and t.metadata_location is not null and t.dropped_at is null
      and starts_with(t.metadata_location, ${`${root}/`})
    order by t.id limit ${rows}`.execute(tx);
  return found;
}

/** One table at its new place, pointer and all; false where somebody changed it meanwhile. */
export async function placeTable(
  tx: Tx,
  { id, metadata_location: base }: Placed,
  to: { location: string; metadata_location: string },
): Promise<boolean> {
  const { rows } = await sql`
    update lake_tables set location = ${to.location}, metadata_location = ${to.metadata_location}, error = null, updated_at = now()
    where id = ${id} and metadata_location = ${base} returning id`.execute(tx);
  if (rows.length === 0) return false;
  await sql`
    update iceberg_tables i set previous_metadata_location = null, metadata_location = ${to.metadata_location}
    from lake_tables t join lake_namespaces n on n.id = t.namespace_id
    where t.id = ${id} and i.catalog_name = t.workspace_id::text and i.table_namespace = n.path
      and i.table_name = t.name`.execute(tx);
  return true;
}

/** What else names the old place: dropped tables, what is to be deleted, what was being written. */
export async function placeTheRest(tx: Tx, from: string, to: string): Promise<void> {
  const cut = from.length + 1;
  for (const [table, column] of [
    ['lake_tables', 'location'],
    ['lake_garbage', 'location'],
    ['staged_prefixes', 'prefix'],
  ] as const)
    await sql`
      update ${sql.table(table)} set ${sql.ref(column)} = ${to}::text || substring(${sql.ref(column)} from ${cut}::int)
      where starts_with(${sql.ref(column)}, ${`${from}/`})`.execute(tx);
  await sql`
    update lake_tables set places = array(
      select case when starts_with(place, ${`${from}/`}) then ${to}::text || substring(place from ${cut}::int) else place end
      from unnest(places) place)
    where places <> '{}'`.execute(tx);
  await sql`
    update lake_tables set metadata_location = ${to}::text || substring(metadata_location from ${cut}::int)
    where dropped_at is not null and starts_with(metadata_location, ${`${from}/`})`.execute(tx);
}
