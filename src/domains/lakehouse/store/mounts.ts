import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import type { TimeKey } from '../../../base/kit/pages.ts';

export interface MountRow {
  id: string;
  workspace_id: string;
  name: string;
  url: string;
  warehouse: string | null;
  options: { auth: 'none' | 'token' | 'oauth2'; client_id: string | null; scope: string | null };
  error: { code: string; message: string } | null;
  refreshed_at: string | null;
  version: number;
  created_at: string;
  tables: number;
}

const FIELDS = sql`
  m.id, m.workspace_id, m.name, m.url, m.warehouse, m.options, m.error, m.refreshed_at, m.version, m.created_at,
  (select count(*)::int from lake_tables t join lake_namespaces n on n.id = t.namespace_id
    where n.mount_id = m.id and t.dropped_at is null) "tables"`;

export async function mountsBefore(
  tx: Tx,
  workspace_id: string,
  before: TimeKey | undefined,
  rows: number,
): Promise<MountRow[]> {
  const older = before
    ? sql`and (m.created_at, m.id) < (${before[0]}::timestamptz, ${before[1]}::uuid)`
    : sql``;
  const { rows: found } = await sql<MountRow>`
    select ${FIELDS} from lake_mounts m where m.workspace_id = ${workspace_id} ${older}
    order by m.created_at desc, m.id desc limit ${rows}`.execute(tx);
  return found;
}

export async function mountById(tx: Tx, workspace_id: string, id: string): Promise<MountRow | undefined> {
  const { rows } = await sql<MountRow>`
    select ${FIELDS} from lake_mounts m where m.workspace_id = ${workspace_id} and m.id = ${id}`.execute(tx);
  return rows[0];
}

export async function insertMount(
  tx: Tx,
  row: Pick<MountRow, 'id' | 'workspace_id' | 'name' | 'url' | 'warehouse' | 'options'> & {
    created_by: unknown;
  },
): Promise<boolean> {
  const { rows } = await sql`
    insert into lake_mounts (id, workspace_id, name, url, warehouse, options, created_by)
    values (${row.id}, ${row.workspace_id}, ${row.name}, ${row.url}, ${row.warehouse},
      ${JSON.stringify(row.options)}, ${JSON.stringify(row.created_by)})
    on conflict do nothing returning id`.execute(tx);
  return rows.length > 0;
}

export async function deleteMount(tx: Tx, workspace_id: string, id: string): Promise<void> {
  await sql`delete from lake_mounts where workspace_id = ${workspace_id} and id = ${id}`.execute(tx);
}

export async function saveMountError(
  tx: Tx,
  workspace_id: string,
  id: string,
  error: MountRow['error'],
): Promise<void> {
  await sql`
    update lake_mounts set error = ${error === null ? null : JSON.stringify(error)}::jsonb, updated_at = now()
    where workspace_id = ${workspace_id} and id = ${id}`.execute(tx);
}

/** One that another catalog has, under the name of the mount. */
export interface MountedTable {
  namespace_id: string;
  id: string;
  levels: readonly string[];
  name: string;
  location: string;
  metadata_location: string | null;
  facts: Readonly<Record<string, unknown>>;
}

/** What is there now takes the place of what was there before; a table that is still there keeps its id. */
export async function replaceMounted(
  tx: Tx,
  mount: { id: string; workspace_id: string; created_by: unknown },
  namespaces: readonly { id: string; levels: readonly string[] }[],
  tables: readonly MountedTable[],
): Promise<void> {
  const { id: mount_id, workspace_id } = mount;
  await sql`
    insert into lake_namespaces (id, workspace_id, mount_id, levels, path)
    select w.id, ${workspace_id}, ${mount_id}, array(select jsonb_array_elements_text(w.levels)),
      array_to_string(array(select jsonb_array_elements_text(w.levels)), '.')
    from jsonb_to_recordset(${JSON.stringify(namespaces)}::jsonb) as w(id uuid, levels jsonb)
    on conflict do nothing`.execute(tx);
  await sql`
    delete from lake_namespaces n where n.mount_id = ${mount_id} and not exists (
      select from jsonb_to_recordset(${JSON.stringify(namespaces)}::jsonb) as w(levels jsonb)
      where array(select jsonb_array_elements_text(w.levels)) = n.levels)`.execute(tx);
  const rows = JSON.stringify(tables.map(({ levels, ...table }) => ({ ...table, path: levels.join('.') })));
  const wanted = sql`
    jsonb_to_recordset(${rows}::jsonb) as w(id uuid, path text, name text, location text, metadata_location text, facts jsonb)
    join lake_namespaces n on n.mount_id = ${mount_id} and n.path = w.path`;
  await sql`
    delete from lake_tables t using lake_namespaces n
    where n.id = t.namespace_id and n.mount_id = ${mount_id} and not exists (
      select from jsonb_to_recordset(${rows}::jsonb) as w(path text, name text)
      where w.path = n.path and lower(w.name) = lower(t.name))`.execute(tx);
  await sql`
    insert into lake_tables (id, workspace_id, namespace_id, name, kind, zone, location, metadata_location, created_by)
    select w.id, ${workspace_id}, n.id, w.name, 'table', 'foreign', w.location, w.metadata_location,
      ${JSON.stringify(mount.created_by)}::jsonb
    from ${wanted} on conflict do nothing`.execute(tx);
  await sql`
    update lake_tables t set location = w.location, metadata_location = w.metadata_location,
      table_uuid = (w.facts ->> 'table_uuid')::uuid, format_version = (w.facts ->> 'format_version')::int,
      snapshot_id = (w.facts ->> 'snapshot_id')::bigint, "rows" = (w.facts ->> 'rows')::bigint,
      bytes = (w.facts ->> 'bytes')::bigint, files = (w.facts ->> 'files')::bigint,
      delete_files = (w.facts ->> 'delete_files')::bigint, snapshots = coalesce((w.facts ->> 'snapshots')::int, 0),
      columns = (w.facts ->> 'columns')::int,
      partitioned_by = coalesce(array(select jsonb_array_elements_text(w.facts -> 'partitioned_by')), '{}'),
      updated_at = now()
    from ${wanted}
    where t.namespace_id = n.id and lower(t.name) = lower(w.name)`.execute(tx);
  await sql`
    update lake_mounts set refreshed_at = now(), error = null, version = version + 1, updated_at = now()
    where id = ${mount_id}`.execute(tx);
}
