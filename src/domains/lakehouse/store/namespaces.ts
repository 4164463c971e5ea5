import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import { contains } from '../../../base/db/index.ts';
import type { Namespace } from '../lake.ts';

const FIELDS = sql`
  n.id, n.levels, n.path, n.description, n.properties, n.mount_id, m.name mount, n.version, n.created_at, n.updated_at`;
const FROM = sql`lake_namespaces n left join lake_mounts m on m.id = n.mount_id`;

async function select(tx: Tx, condition: RawBuilder<unknown>): Promise<Namespace[]> {
  const { rows } = await sql<Namespace>`
    select ${FIELDS} from ${FROM} where ${condition} order by n.path, n.id`.execute(tx);
  return rows;
}

export async function namespacesOf(tx: Tx, workspace_id: string): Promise<Namespace[]> {
  return select(tx, sql`n.workspace_id = ${workspace_id}`);
}

/** Those that look like it in the form joined by dots, whatever their case. */
export async function namespacesByPath(tx: Tx, workspace_id: string, path: string): Promise<Namespace[]> {
  return select(tx, sql`n.workspace_id = ${workspace_id} and lower(n.path) = lower(${path}::text)`);
}

export async function namespaceById(
  tx: Tx,
  workspace_id: string,
  id: string,
): Promise<Namespace | undefined> {
  const [row] = await select(tx, sql`n.workspace_id = ${workspace_id} and n.id = ${id}`);
  return row;
}

/** Stays until the transaction ends: a table goes into a namespace that somebody may be deleting. */
export async function holdNamespace(tx: Tx, workspace_id: string, id: string): Promise<boolean> {
  const { rows } = await sql`
    select from lake_namespaces where workspace_id = ${workspace_id} and id = ${id} for key share`.execute(
    tx,
  );
  return rows.length > 0;
}

export interface ListedNamespace extends Namespace {
  tables: number;
  bytes: number;
}

export async function listNamespaces(
  tx: Tx,
  workspace_id: string,
  { text, after, rows }: { text: string | undefined; after: [string, string] | undefined; rows: number },
): Promise<ListedNamespace[]> {
  const conditions = [
    sql`n.workspace_id = ${workspace_id}`,
    text !== undefined && contains(sql<string>`n.path`, text),
    after !== undefined && sql`(n.path, n.id) > (${after[0]}::text, ${after[1]}::uuid)`,
  ].filter(condition => condition !== false);
  const { rows: found } = await sql<ListedNamespace>`
    select ${FIELDS}, held.tables, held.bytes
    from ${FROM} cross join lateral (
      select count(*)::int "tables", coalesce(sum(t.bytes), 0)::float8 bytes
      from lake_tables t where t.namespace_id = n.id and t.dropped_at is null) held
    where ${sql.join(conditions, sql` and `)}
    order by n.path, n.id limit ${rows}`.execute(tx);
  return found;
}

/** False where there is one that looks the same. */
export async function insertNamespace(
  tx: Tx,
  row: {
    id: string;
    workspace_id: string;
    levels: readonly string[];
    path: string;
    description: string;
    properties: Readonly<Record<string, string>>;
    mount_id: string | null;
  },
): Promise<boolean> {
  const { rows } = await sql`
    insert into lake_namespaces (id, workspace_id, mount_id, levels, path, description, properties)
    values (${row.id}, ${row.workspace_id}, ${row.mount_id}, ${[...row.levels]}::text[], ${row.path},
      ${row.description}, ${JSON.stringify(row.properties)})
    on conflict do nothing returning id`.execute(tx);
  return rows.length > 0;
}

export async function updateNamespace(
  tx: Tx,
  workspace_id: string,
  id: string,
  change: { description: string; properties: Readonly<Record<string, string>> },
): Promise<void> {
  await sql`
    update lake_namespaces set description = ${change.description}, properties = ${JSON.stringify(change.properties)},
      version = version + 1, updated_at = now()
    where workspace_id = ${workspace_id} and id = ${id}`.execute(tx);
}

/** For update: whoever changes or deletes it. */
export async function lockNamespace(
  tx: Tx,
  workspace_id: string,
  id: string,
): Promise<{ version: number } | undefined> {
  const { rows } = await sql<{ version: number }>`
    select version from lake_namespaces where workspace_id = ${workspace_id} and id = ${id} for update`.execute(
    tx,
  );
  return rows[0];
}

/** Tables and views that are there, dropped ones whose files are, and namespaces below. */
export async function contentsOf(
  tx: Tx,
  workspace_id: string,
  { id, levels }: Pick<Namespace, 'id' | 'levels'>,
): Promise<{ present: number; dropped: number }> {
  const { rows } = await sql<{ present: number; dropped: number }>`
    select
      (select count(*)::int from lake_tables where namespace_id = ${id} and dropped_at is null) +
      (select count(*)::int from lake_namespaces
        where workspace_id = ${workspace_id} and mount_id is null and id <> ${id}
          and cardinality(levels) > ${levels.length}
          and lower(array_to_string(levels[1:${levels.length}::int], '.')) = lower(${levels.join('.')}::text)) present,
      (select count(*)::int from lake_tables where namespace_id = ${id} and dropped_at is not null) dropped
  `.execute(tx);
  return rows[0] ?? { present: 0, dropped: 0 };
}

export async function deleteNamespaceRow(tx: Tx, workspace_id: string, id: string): Promise<void> {
  await sql`delete from lake_namespaces where workspace_id = ${workspace_id} and id = ${id}`.execute(tx);
}

/** In the form of the JDBC catalog: `exists` says that there is one, whatever else is said of it. */
export async function writeJdbcNamespace(
  tx: Tx,
  workspace_id: string,
  path: string,
  properties: Readonly<Record<string, string>> | undefined,
): Promise<void> {
  await sql`
    delete from iceberg_namespace_properties
    where catalog_name = ${workspace_id}::text and namespace = ${path}`.execute(tx);
  if (properties === undefined) return;
  await sql`
    insert into iceberg_namespace_properties (catalog_name, namespace, property_key, property_value)
    select ${workspace_id}::text, ${path}, key, value
    from jsonb_each_text(${JSON.stringify({ ...properties, exists: 'true' })}::jsonb)`.execute(tx);
}
