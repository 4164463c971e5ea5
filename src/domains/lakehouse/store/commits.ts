import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import type { TimeKey } from '../../../base/kit/pages.ts';

/** A pointer that is to move, with what lists show of the table from then on. */
export interface PointerMove {
  table_id: string;
  /** Null: the table points nowhere yet. */
  base_location: string | null;
  metadata_location: string;
  table_uuid: string;
  format_version: number;
  snapshot_id: string | null;
  /** The rows are others than before. */
  has_new_snapshot: boolean;
  rows: number | null;
  bytes: number | null;
  files: number | null;
  delete_files: number | null;
  snapshots: number;
  metadata_bytes: number;
  columns: number;
  partitioned_by: readonly string[];
}

export interface CommitRow {
  id: string;
  workspace_id: string;
  table_id: string;
  via: string;
  actor: unknown;
  operation: string;
  snapshot_id: string | null;
  metadata_location: string;
  summary: Readonly<Record<string, string>>;
  run_id: string | null;
  task_id: string | null;
  request_id: string | null;
}

/**
 * Moves the pointers of those that still point to their base, with all that is to be known of it: what lists show, who it was,
 * and that files which were only staged are the tables' own. How many; where it is less than were asked, nothing of this may
 * stay. The pointer is the row in the form of the JDBC catalog.
 *
 * One statement, for it is the one that a hundred commits a second wait for. Tables are locked in the order of their ids, whoever
 * asks: two commits to the same tables wait for each other, and never both for ever. Who waited for another commit finds the
 * pointer elsewhere, as PostgreSQL looks again at rows that changed meanwhile. `now()` is the database's: writers' clocks disagree.
 *
 * What is forgotten is dated when its table is locked and not when the transaction began, which may be long before: by then whoever
 * reads it has pinned it, for a pin cannot be set while the table is locked for its commit.
 */
export async function moveTables(
  tx: Tx,
  workspace_id: string,
  moves: readonly PointerMove[],
  commits: readonly CommitRow[],
  staged_ids: readonly string[],
  forgotten: readonly { table_id: string; location: string }[],
): Promise<number> {
  const { rows } = await sql`
    with wanted as (
      select * from jsonb_to_recordset(${JSON.stringify(moves)}::jsonb)
        as w(table_id uuid, base_location text, metadata_location text, table_uuid uuid, format_version int,
          snapshot_id bigint, has_new_snapshot boolean, "rows" bigint, bytes bigint, files bigint, delete_files bigint,
          snapshots int, metadata_bytes bigint, columns int, partitioned_by jsonb)
    ), locked as (
      select t.id, n.path, t.name from lake_tables t join lake_namespaces n on n.id = t.namespace_id
      where t.workspace_id = ${workspace_id} and t.id in (select table_id from wanted) and t.dropped_at is null
      order by t.id for update of t
    ), moved as (
      update iceberg_tables i
      set metadata_location = w.metadata_location, previous_metadata_location = i.metadata_location
      from wanted w join locked l on l.id = w.table_id
      where i.catalog_name = ${workspace_id}::text and i.table_namespace = l.path and i.table_name = l.name
        and i.metadata_location is not distinct from w.base_location
      returning l.id
    ), described as (
      update lake_tables t set metadata_location = w.metadata_location, table_uuid = w.table_uuid,
        format_version = w.format_version, snapshot_id = w.snapshot_id, "rows" = w."rows", bytes = w.bytes,
        files = w.files, delete_files = w.delete_files, snapshots = w.snapshots, metadata_bytes = w.metadata_bytes,
        columns = w.columns, partitioned_by = array(select jsonb_array_elements_text(w.partitioned_by)),
        committed_at = case when w.has_new_snapshot then now() else t.committed_at end,
        error = null, version = t.version + 1, updated_at = now()
      from wanted w join moved m on m.id = w.table_id
      where t.workspace_id = ${workspace_id} and t.id = w.table_id
    ), told as (
      insert into lake_commits (id, workspace_id, table_id, via, actor, operation, snapshot_id, metadata_location, summary,
        run_id, task_id, request_id)
      select c.id, c.workspace_id, c.table_id, c.via, c.actor, c.operation, c.snapshot_id, c.metadata_location, c.summary,
        c.run_id, c.task_id, c.request_id
      from jsonb_to_recordset(${JSON.stringify(commits)}::jsonb)
        as c(id uuid, workspace_id uuid, table_id uuid, via text, actor jsonb, operation text, snapshot_id bigint,
          metadata_location text, summary jsonb, run_id uuid, task_id uuid, request_id text)
    ), unstaged as (
      delete from staged_prefixes where id = any(${[...staged_ids]}::uuid[])
    ), forgotten as (
      insert into lake_garbage (id, workspace_id, table_id, location, reason, created_at)
      select gen_random_uuid(), ${workspace_id}, m.id, f.location, 'forgotten', clock_timestamp()
      from jsonb_to_recordset(${JSON.stringify(forgotten)}::jsonb) as f(table_id uuid, location text)
        join moved m on m.id = f.table_id
    )
    select id from moved`.execute(tx);
  return rows.length;
}

export interface Committer {
  snapshot_id: string;
  actor: { name?: string } | null;
  via: string;
  run_id: string | null;
}

/** Who made these snapshots, as far as we know it. */
export async function committersOf(
  tx: Tx,
  workspace_id: string,
  table_id: string,
  snapshot_ids: readonly string[],
): Promise<Committer[]> {
  const { rows } = await sql<Committer>`
    select distinct on (snapshot_id) snapshot_id::text snapshot_id, actor, via, run_id from lake_commits
    where workspace_id = ${workspace_id} and table_id = ${table_id}
      and snapshot_id = any(${[...snapshot_ids]}::bigint[]) and via <> 'rollback'
    order by snapshot_id, at, id`.execute(tx);
  return rows;
}

export interface CareRow {
  id: string;
  kind: string;
  at: string;
  run_id: string | null;
  result: Record<string, unknown>;
}

export async function careBefore(
  tx: Tx,
  workspace_id: string,
  table_id: string,
  before: TimeKey | undefined,
  rows: number,
): Promise<CareRow[]> {
  const older = before ? sql`and (at, id) < (${before[0]}::timestamptz, ${before[1]}::uuid)` : sql``;
  const { rows: found } = await sql<CareRow>`
    select id, kind, at, run_id, result from lake_maintenance
    where workspace_id = ${workspace_id} and table_id = ${table_id} ${older}
    order by at desc, id desc limit ${rows}`.execute(tx);
  return found;
}

export async function addCare(
  tx: Tx,
  row: {
    id: string;
    workspace_id: string;
    table_id: string;
    kind: string;
    run_id: string | null;
    task_id: string | null;
    result: unknown;
  },
): Promise<void> {
  await sql`
    insert into lake_maintenance (id, workspace_id, table_id, kind, run_id, task_id, result)
    values (${row.id}, ${row.workspace_id}, ${row.table_id}, ${row.kind}, ${row.run_id}, ${row.task_id},
      ${JSON.stringify(row.result)})`.execute(tx);
}
