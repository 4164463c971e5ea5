import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import { DEFAULT_LAKE_POLICY } from '../../../contract/lake.ts';

// What is being written, read and thrown away: the three things that deletion has to know of (foundations §7).

export interface StagedPrefix {
  id: string;
  workspace_id: string;
  /** Null: of a table that is not there yet. */
  table_id: string | null;
  prefix: string;
  task_id: string | null;
  attempt: number | null;
  request_id: string | null;
}

export async function addStagedPrefixes(tx: Tx, rows: readonly StagedPrefix[]): Promise<void> {
  await sql`
    insert into staged_prefixes (id, workspace_id, table_id, prefix, task_id, attempt, request_id)
    select id, workspace_id, table_id, prefix, task_id, attempt, request_id
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as w(id uuid, workspace_id uuid, table_id uuid, prefix text, task_id uuid, attempt int, request_id text)`.execute(
    tx,
  );
}

export async function deleteStagedPrefixes(tx: Tx, ids: readonly string[]): Promise<void> {
  await sql`delete from staged_prefixes where id = any(${[...ids]}::uuid[])`.execute(tx);
}

export interface EndedPrefix extends StagedPrefix {
  /** Of the table, where it is still there: what it refers to stays. */
  metadata_location: string | null;
}

/**
 * Of attempts that have ended, and of requests older than any request lives. A task that has no row any more (retention) has
 * ended too.
 */
export async function endedPrefixes(tx: Tx, request_seconds: number, rows: number): Promise<EndedPrefix[]> {
  const { rows: found } = await sql<EndedPrefix>`
    select p.id, p.workspace_id, p.table_id, p.prefix, p.task_id, p.attempt, p.request_id, t.metadata_location
    from staged_prefixes p left join lake_tables t on t.id = p.table_id
    where case when p.task_id is null then p.created_at < now() - make_interval(secs => ${request_seconds})
      else p.created_at < now() - interval '60 seconds' and not exists (
        select from task_attempts a where a.task_id = p.task_id and a.number = p.attempt and a.ended_at is null) end
    order by p.created_at limit ${rows}`.execute(tx);
  return found;
}

/** Prefixes under which somebody may be writing now: orphans are not looked for there. */
export async function livePrefixes(tx: Tx, workspace_id: string, table_id: string): Promise<string[]> {
  const { rows } = await sql<{ prefix: string }>`
    select prefix from staged_prefixes where workspace_id = ${workspace_id} and table_id = ${table_id}`.execute(
    tx,
  );
  return rows.map(({ prefix }) => prefix);
}

// ── Pins ────────────────────────────────────────────────────────────────────────────────────────────

export interface Pin {
  id: string;
  workspace_id: string;
  table_id: string;
  snapshot_id: string | null;
  holder: string;
}

export async function addPin(tx: Tx, pin: Pin, seconds: number): Promise<void> {
  await sql`
    insert into lake_pins (id, workspace_id, table_id, snapshot_id, holder, until)
    values (${pin.id}, ${pin.workspace_id}, ${pin.table_id}, ${pin.snapshot_id}::bigint, ${pin.holder},
      now() + make_interval(secs => ${seconds}))`.execute(tx);
}

/** Several tables at once, for as long as a backup takes; in the order in which commits lock them. */
export async function pinAll(tx: Tx, holder: string, seconds: number): Promise<void> {
  await sql`
    insert into lake_pins (id, workspace_id, table_id, snapshot_id, holder, until)
    select gen_random_uuid(), workspace_id, id, snapshot_id, ${holder}, now() + make_interval(secs => ${seconds})
    from lake_tables where kind = 'table' order by id`.execute(tx);
}

export async function renewPins(tx: Tx, holder: string, seconds: number): Promise<void> {
  await sql`
    update lake_pins set until = now() + make_interval(secs => ${seconds}) where holder = ${holder}`.execute(
    tx,
  );
}

export async function removePins(tx: Tx, holder: string): Promise<void> {
  await sql`delete from lake_pins where holder = ${holder}`.execute(tx);
}

export async function removeLatePins(tx: Tx): Promise<void> {
  await sql`
    delete from lake_pins p where until < now() or (starts_with(holder, 'task:') and created_at < now() - interval '60 seconds'
      and not exists (
        select from task_attempts a
        where a.task_id::text = split_part(p.holder, ':', 2) and a.number::text = split_part(p.holder, ':', 3)
          and a.ended_at is null))`.execute(tx);
}

// ── Garbage ─────────────────────────────────────────────────────────────────────────────────────────

/**
 * Dated when it is written and not when its transaction began, which may be long before: by then whoever reads what is forgotten
 * here has pinned it, for a pin cannot be set while the table is locked for its commit.
 */
export async function addGarbage(
  tx: Tx,
  garbage: {
    workspace_id: string;
    table_id: string;
    reason: string;
    locations: readonly string[];
  },
): Promise<void> {
  await sql`
    insert into lake_garbage (id, workspace_id, table_id, location, reason, created_at)
    select gen_random_uuid(), ${garbage.workspace_id}, ${garbage.table_id}, location, ${garbage.reason}, clock_timestamp()
    from unnest(${[...garbage.locations]}::text[]) as w(location)`.execute(tx);
}

export interface Garbage {
  id: string;
  workspace_id: string;
  table_id: string | null;
  location: string;
}

/**
 * What may go now. A pin that is older than the row may be of somebody who reads a snapshot that still had the file; one that
 * came later found the table without it.
 */
export async function dueGarbage(tx: Tx, rows: number): Promise<Garbage[]> {
  const { rows: found } = await sql<Garbage>`
    select g.id, g.workspace_id, g.table_id, g.location from lake_garbage g
    where g.not_before <= now() and not exists (
      select from lake_pins p where p.table_id = g.table_id and p.until >= now() and p.created_at <= g.created_at)
    order by g.not_before, g.id limit ${rows}`.execute(tx);
  return found;
}

export async function deleteGarbage(tx: Tx, ids: readonly string[]): Promise<void> {
  await sql`delete from lake_garbage where id = any(${[...ids]}::uuid[])`.execute(tx);
}

/** What cannot be deleted now is tried again later, and does not stand in the way of the rest. */
export async function putOffGarbage(tx: Tx, ids: readonly string[], seconds: number): Promise<void> {
  await sql`
    update lake_garbage set not_before = now() + make_interval(secs => ${seconds})
    where id = any(${[...ids]}::uuid[])`.execute(tx);
}

export interface DroppedTable {
  id: string;
  workspace_id: string;
  location: string;
  /** One that was taken in, and not made here, keeps its files unless somebody purged it. */
  keeps_files: boolean;
}

/** Dropped for longer than the policy says, and read by nobody. */
export async function purgeableTables(tx: Tx, default_days: number, rows: number): Promise<DroppedTable[]> {
  const { rows: found } = await sql<DroppedTable>`
    select t.id, t.workspace_id, t.location,
      t.kind = 'table' and t.created_by ->> 'registered' is not null
        and t.policy ->> 'dropped_days' is distinct from '0' keeps_files
    from lake_tables t
    left join lake_policies w on w.workspace_id = t.workspace_id
    where t.dropped_at is not null
      and t.dropped_at <= now() - make_interval(secs => 86400 * coalesce(
        (t.policy ->> 'dropped_days')::float8, (w.policy ->> 'dropped_days')::float8, ${default_days}))
      and not exists (select from lake_pins p where p.table_id = t.id and p.until >= now())
    order by t.dropped_at limit ${rows}`.execute(tx);
  return found;
}

export async function deleteTableRows(tx: Tx, ids: readonly string[]): Promise<void> {
  await sql`delete from lake_garbage where table_id = any(${[...ids]}::uuid[])`.execute(tx);
  await sql`delete from lake_tables where id = any(${[...ids]}::uuid[]) and dropped_at is not null`.execute(
    tx,
  );
}

/**
 * The folders of dropped tables, as garbage of its own (a location that ends with a slash is everything below): for when the
 * rows of those tables go with their namespace.
 */
export async function throwAwayDropped(tx: Tx, workspace_id: string, namespace_id: string): Promise<void> {
  await sql`
    insert into lake_garbage (id, workspace_id, table_id, location, reason, not_before)
    select gen_random_uuid(), t.workspace_id, t.id, t.location || '/', 'dropped',
      t.dropped_at + make_interval(secs => 86400 * coalesce(
        (t.policy ->> 'dropped_days')::float8, (w.policy ->> 'dropped_days')::float8, ${DEFAULT_LAKE_POLICY.dropped_days}))
    from lake_tables t left join lake_policies w on w.workspace_id = t.workspace_id
    where t.workspace_id = ${workspace_id} and t.namespace_id = ${namespace_id} and t.dropped_at is not null
      and t.kind = 'table' and (t.created_by ->> 'registered' is null or t.policy ->> 'dropped_days' = '0')`.execute(
    tx,
  );
}

/** A dropped table that is exactly there. */
export async function droppedAt(tx: Tx, workspace_id: string, location: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from lake_tables
    where workspace_id = ${workspace_id} and location = ${location} and dropped_at is not null for update`.execute(
    tx,
  );
  return rows[0]?.id;
}

/** Attempts that run now, as they are called in the names of files. */
export async function liveAttempts(tx: Tx, workspace_id: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select task_id || '-' || number "name" from task_attempts
    where workspace_id = ${workspace_id} and ended_at is null`.execute(tx);
  return rows.map(({ name }) => name);
}

/** By its id, or by the folder that it was to be made in; dropped ones too, for as long as their files are there. */
export async function locationNow(
  tx: Tx,
  workspace_id: string,
  table_id: string | null,
  prefix: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ metadata_location: string | null }>`
    select metadata_location from lake_tables
    where workspace_id = ${workspace_id}
      and (id = ${table_id}::uuid or starts_with(${prefix}, location || '/'))
    order by (id = ${table_id}::uuid) desc nulls last limit 1`.execute(tx);
  return rows[0]?.metadata_location ?? undefined;
}

// ── Care ────────────────────────────────────────────────────────────────────────────────────────────

export interface Unchecked {
  id: string;
  workspace_id: string;
  namespace: string;
  name: string;
  policy: Record<string, unknown>;
  workspace_policy: Record<string, unknown> | null;
}

/** Tables that changed since somebody looked, or that nobody has looked at for a day; the longest waiting first. */
export async function uncheckedTables(tx: Tx, rows: number): Promise<Unchecked[]> {
  const { rows: found } = await sql<Unchecked>`
    select t.id, t.workspace_id, n.path "namespace", t.name, t.policy, w.policy workspace_policy
    from lake_tables t join lake_namespaces n on n.id = t.namespace_id and n.mount_id is null
    left join lake_policies w on w.workspace_id = t.workspace_id
    where t.dropped_at is null and t.kind = 'table' and t.metadata_location is not null
      and (t.health_at is null or t.health_at < now() - interval '1 day'
        or (t.committed_at > t.health_at and t.health_at < now() - interval '1 minute'))
    order by t.health_at nulls first limit ${rows}`.execute(tx);
  return found;
}

export async function saveHealth(tx: Tx, id: string, health: unknown): Promise<void> {
  await sql`
    update lake_tables set health = ${JSON.stringify(health)}::jsonb, health_at = now() where id = ${id}`.execute(
    tx,
  );
}

/** When orphans of a table were last looked for. */
export async function lastCare(tx: Tx, table_id: string, kind: string): Promise<string | null> {
  const { rows } = await sql<{ at: string | null }>`
    select max(at) at from lake_maintenance where table_id = ${table_id} and kind = ${kind}`.execute(tx);
  return rows[0]?.at ?? null;
}

/** A run about the table that has not ended. */
export async function isCaredFor(tx: Tx, workspace_id: string, overlap_key: string): Promise<boolean> {
  const { rows } = await sql`
    select from pipeline_runs where workspace_id = ${workspace_id} and overlap_key = ${overlap_key} and ended_at is null
    limit 1`.execute(tx);
  return rows.length > 0;
}

export async function trimHistory(tx: Tx, days: number): Promise<void> {
  await sql`delete from lake_commits where at < now() - make_interval(days => ${days})`.execute(tx);
  await sql`delete from lake_maintenance where at < now() - make_interval(days => ${days})`.execute(tx);
}
