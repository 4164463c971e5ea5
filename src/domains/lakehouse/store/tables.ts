import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import { contains } from '../../../base/db/index.ts';
import type { LakePolicy } from '../../../contract/lake.ts';
import type { LakeRow } from '../lake.ts';

// Sizes are numbers: beyond 2^53 bytes a list may be a little wrong.
const FIELDS = sql`
  t.id, t.workspace_id, t.kind, t.namespace_id, n.path "namespace", n.levels, t.name, t.zone, n.mount_id, m.name mount,
  t.location, t.places, t.table_uuid, t.metadata_location, t.description, t.format_version, t.snapshot_id::text snapshot_id,
  t.committed_at, t.rows::float8 "rows", t.bytes::float8 bytes, t.files::float8 files,
  t.delete_files::float8 delete_files, t.snapshots, t.metadata_bytes::float8 metadata_bytes, t.columns,
  t.partitioned_by, t.health, t.health_at, t.policy, t.error, t.version, t.created_at, t.updated_at`;
const FROM = sql`
  lake_tables t join lake_namespaces n on n.id = t.namespace_id left join lake_mounts m on m.id = n.mount_id`;

async function select(tx: Tx, condition: RawBuilder<unknown>): Promise<LakeRow[]> {
  const { rows } = await sql<LakeRow>`
    select ${FIELDS} from ${FROM} where ${condition} and t.dropped_at is null order by t.name, t.id`.execute(
    tx,
  );
  return rows;
}

export async function tablesById(tx: Tx, workspace_id: string, ids: readonly string[]): Promise<LakeRow[]> {
  return select(tx, sql`t.workspace_id = ${workspace_id} and t.id = any(${[...ids]}::uuid[])`);
}

export async function tablesNamed(
  tx: Tx,
  workspace_id: string,
  { path, name }: { path: string; name: string },
): Promise<LakeRow[]> {
  return select(
    tx,
    sql`t.workspace_id = ${workspace_id} and lower(n.path) = lower(${path}::text) and lower(t.name) = lower(${name}::text)`,
  );
}

/** What people write: of names with dots, the one with the longer namespace comes first. */
export async function tablesWritten(tx: Tx, workspace_id: string, text: string): Promise<LakeRow[]> {
  const found = await select(
    tx,
    sql`t.workspace_id = ${workspace_id} and lower(n.path || '.' || t.name) = lower(${text}::text)`,
  );
  return found.sort((a, b) => b.namespace.length - a.namespace.length);
}

export async function tablesIn(
  tx: Tx,
  workspace_id: string,
  namespace_id: string,
  kind: 'table' | 'view',
): Promise<LakeRow[]> {
  return select(
    tx,
    sql`t.workspace_id = ${workspace_id} and t.namespace_id = ${namespace_id} and t.kind = ${kind}`,
  );
}

// ── Lists ───────────────────────────────────────────────────────────────────────────────────────────

export type TableSort = 'name' | 'committed_at' | '-committed_at' | 'bytes' | '-bytes' | 'rows' | '-rows';

export interface TableList {
  workspace_id: string;
  sort: TableSort;
  text?: string | undefined;
  namespace?: string | undefined;
  kind?: 'table' | 'view' | undefined;
  health?: string | undefined;
  /** The sorted value, as text, and the id of the last one of the page before. */
  after: readonly [string, string] | undefined;
  rows: number;
}

const ORDERS = {
  name: { value: sql`lower(n.path || '.' || t.name)`, type: sql`text` },
  committed_at: { value: sql`coalesce(t.committed_at, '-infinity')`, type: sql`timestamptz` },
  bytes: { value: sql`coalesce(t.bytes, -1)`, type: sql`bigint` },
  rows: { value: sql`coalesce(t.rows, -1)`, type: sql`bigint` },
} as const;

/** With the value that the list is sorted by, for the cursor. */
export async function listTables(tx: Tx, list: TableList): Promise<(LakeRow & { sorted: string })[]> {
  const down = list.sort.startsWith('-');
  const { value, type } = ORDERS[list.sort.replace('-', '') as keyof typeof ORDERS];
  const conditions = [
    sql`t.workspace_id = ${list.workspace_id} and t.dropped_at is null`,
    list.text !== undefined && contains(sql<string>`n.path || '.' || t.name`, list.text),
    list.namespace !== undefined && sql`lower(n.path) = lower(${list.namespace}::text)`,
    list.kind !== undefined && sql`t.kind = ${list.kind}`,
    list.health !== undefined && sql`coalesce(t.health ->> 'level', 'unknown') = ${list.health}`,
    list.after !== undefined &&
      sql`(${value}, t.id) ${down ? sql`<` : sql`>`} (${list.after[0]}::text::${type}, ${list.after[1]}::uuid)`,
  ].filter(condition => condition !== false);
  const way = down ? sql`desc` : sql`asc`;
  const { rows } = await sql<LakeRow & { sorted: string }>`
    select ${FIELDS}, (${value})::text sorted from ${FROM}
    where ${sql.join(conditions, sql` and `)}
    order by ${value} ${way}, t.id ${way} limit ${list.rows}`.execute(tx);
  return rows;
}

export interface LakeFigures {
  tables: number;
  views: number;
  rows: number;
  bytes: number;
  due: number;
  poor: number;
  newest: { id: string; namespace: string; name: string; committed_at: string } | null;
}

export async function figuresOf(tx: Tx, workspace_id: string): Promise<LakeFigures> {
  const { rows } = await sql<LakeFigures>`
    select
      count(*) filter (where kind = 'table')::int "tables", count(*) filter (where kind = 'view')::int views,
      coalesce(sum("rows"), 0)::float8 "rows", coalesce(sum(bytes), 0)::float8 bytes,
      count(*) filter (where health ->> 'level' = 'due')::int due,
      count(*) filter (where health ->> 'level' = 'poor')::int poor,
      (select json_build_object('id', t.id, 'namespace', n.path, 'name', t.name, 'committed_at',
          to_char(t.committed_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        from lake_tables t join lake_namespaces n on n.id = t.namespace_id
        where t.workspace_id = ${workspace_id} and t.dropped_at is null and t.committed_at is not null
        order by t.committed_at desc limit 1) newest
    from lake_tables where workspace_id = ${workspace_id} and dropped_at is null`.execute(tx);
  return rows[0] ?? { tables: 0, views: 0, rows: 0, bytes: 0, due: 0, poor: 0, newest: null };
}

// ── Making, naming, dropping ────────────────────────────────────────────────────────────────────────

export interface TableRow {
  id: string;
  workspace_id: string;
  namespace_id: string;
  name: string;
  kind: 'table' | 'view';
  zone: string;
  location: string;
  description: string;
  created_by: unknown;
  places: readonly string[];
}

/** False where the namespace has something of that name. It points nowhere yet. */
export async function insertTable(tx: Tx, row: TableRow): Promise<boolean> {
  const { rows } = await sql`
    insert into lake_tables (id, workspace_id, namespace_id, name, kind, zone, location, description, created_by, places)
    values (${row.id}, ${row.workspace_id}, ${row.namespace_id}, ${row.name}, ${row.kind}, ${row.zone},
      ${row.location}, ${row.description}, ${JSON.stringify(row.created_by)}, ${[...row.places]}::text[])
    on conflict do nothing returning id`.execute(tx);
  return rows.length > 0;
}

/** Its row in the form of the JDBC catalog. */
export async function insertPointer(
  tx: Tx,
  row: { workspace_id: string; path: string; name: string; kind: 'table' | 'view' },
): Promise<boolean> {
  const { rows } = await sql`
    insert into iceberg_tables (catalog_name, table_namespace, table_name, iceberg_type)
    values (${row.workspace_id}::text, ${row.path}, ${row.name}, ${row.kind === 'view' ? 'VIEW' : 'TABLE'})
    on conflict do nothing returning table_name`.execute(tx);
  return rows.length > 0;
}

export async function deletePointer(
  tx: Tx,
  row: { workspace_id: string; path: string; name: string },
): Promise<void> {
  await sql`
    delete from iceberg_tables
    where catalog_name = ${row.workspace_id}::text and table_namespace = ${row.path} and table_name = ${row.name}`.execute(
    tx,
  );
}

export async function movePointer(
  tx: Tx,
  workspace_id: string,
  from: { path: string; name: string },
  to: { path: string; name: string },
): Promise<void> {
  await sql`
    update iceberg_tables set table_namespace = ${to.path}, table_name = ${to.name}
    where catalog_name = ${workspace_id}::text and table_namespace = ${from.path} and table_name = ${from.name}`.execute(
    tx,
  );
}

/** For update: the row of a table that somebody names anew, drops or changes. */
export async function lockTable(
  tx: Tx,
  workspace_id: string,
  id: string,
): Promise<{ version: number } | undefined> {
  const { rows } = await sql<{ version: number }>`
    select version from lake_tables
    where workspace_id = ${workspace_id} and id = ${id} and dropped_at is null for update`.execute(tx);
  return rows[0];
}

/** Whether the namespace has something else of that name. */
export async function isNameTaken(
  tx: Tx,
  { namespace_id, name, but }: { namespace_id: string; name: string; but: string },
): Promise<boolean> {
  const { rows } = await sql`
    select from lake_tables
    where namespace_id = ${namespace_id} and lower(name) = lower(${name}::text) and dropped_at is null and id <> ${but}`.execute(
    tx,
  );
  return rows.length > 0;
}

export async function renameTable(
  tx: Tx,
  { id, namespace_id, name }: { id: string; namespace_id: string; name: string },
): Promise<void> {
  await sql`
    update lake_tables set namespace_id = ${namespace_id}, name = ${name}, version = version + 1, updated_at = now()
    where id = ${id}`.execute(tx);
}

export async function describeTable(tx: Tx, id: string, description: string): Promise<void> {
  await sql`
    update lake_tables set description = ${description}, version = version + 1, updated_at = now()
    where id = ${id}`.execute(tx);
}

/** `keep_days` overrides the policy: 0 for a purge. */
export async function dropTable(tx: Tx, id: string, keep_days: number | undefined): Promise<void> {
  await sql`
    update lake_tables set dropped_at = now(), version = version + 1, updated_at = now(),
      policy = case when ${keep_days ?? null}::float8 is null then policy
        else policy || jsonb_build_object('dropped_days', ${keep_days ?? null}::float8) end
    where id = ${id}`.execute(tx);
}

export async function saveTablePolicy(tx: Tx, id: string, policy: Partial<LakePolicy>): Promise<void> {
  await sql`
    update lake_tables set policy = ${JSON.stringify(policy)}, version = version + 1, updated_at = now(),
      health_at = null
    where id = ${id}`.execute(tx);
}

export async function saveTableError(
  tx: Tx,
  id: string,
  error: { code: string; message: string } | null,
): Promise<void> {
  await sql`
    update lake_tables set error = ${error === null ? null : JSON.stringify(error)}::jsonb
    where id = ${id} and error is distinct from ${error === null ? null : JSON.stringify(error)}::jsonb`.execute(
    tx,
  );
}

/** Of this workspace: a table, dropped or not, of which a folder holds that location, or lies in it. */
export async function tableAround(
  tx: Tx,
  workspace_id: string,
  location: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ location: string }>`
    select location from lake_tables
    where workspace_id = ${workspace_id} and kind = 'table' and exists (
      select from unnest(array_append(places, location)) place
      where starts_with(place || '/', ${`${location}/`}) or starts_with(${`${location}/`}, place || '/'))
    limit 1`.execute(tx);
  return rows[0]?.location;
}
