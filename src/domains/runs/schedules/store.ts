import { sql } from 'kysely';
import { contains, type Tx } from '../../../base/db/index.ts';
import type { RunDefinition } from '../../../contract/runs.ts';
import type { NewSchedule } from '../../../contract/schedules.ts';
import type { Blackout } from './blackouts.ts';

export interface ScheduleRow {
  id: string;
  workspace_id: string;
  name: string;
  description: string;
  enabled: boolean;
  cron: string | null;
  every_seconds: number | null;
  once_at: string | null;
  time_zone: string | null;
  workspace_time_zone: string;
  starts_at: string | null;
  ends_at: string | null;
  jitter_seconds: number;
  catch_up: 'skip' | 'latest' | 'all';
  catch_up_limit: number;
  overlap: 'queue' | 'skip' | 'cancel_previous';
  calendar_id: string | null;
  blackouts: Blackout[];
  definition: RunDefinition;
  priority: number;
  late_after_seconds: number | null;
  run_as_kind: 'person' | 'service' | 'local';
  run_as_id: string;
  version: number;
  next_fire_at: string | null;
  next_due_at: string | null;
  last_fire_at: string | null;
  created_at: string;
  updated_at: string;
}

/** With what its times depend on: the zone of its workspace and its calendar. */
function schedules(tx: Tx) {
  return tx
    .selectFrom('schedules as s')
    .innerJoin('workspaces as w', 'w.id', 's.workspace_id')
    .leftJoin('calendars as c', join =>
      join.onRef('c.workspace_id', '=', 's.workspace_id').onRef('c.id', '=', 's.calendar_id'),
    )
    .selectAll('s')
    .select([
      'w.time_zone as workspace_time_zone',
      sql<Blackout[]>`coalesce(c.blackouts, '[]')`.as('blackouts'),
    ])
    .$castTo<ScheduleRow>();
}

export interface ScheduleFilter {
  workspace_id: string;
  after: readonly [string, string] | undefined;
  text?: string | undefined;
  enabled?: boolean | undefined;
}

/** By name. */
export async function schedulesAfter(tx: Tx, filter: ScheduleFilter, rows: number): Promise<ScheduleRow[]> {
  const { workspace_id, after, text, enabled } = filter;
  let query = schedules(tx).where('s.workspace_id', '=', workspace_id);
  if (after) query = query.where(sql<boolean>`(s.name, s.id) > (${after[0]}, ${after[1]}::uuid)`);
  if (text !== undefined) query = query.where(contains(sql.ref('s.name'), text));
  if (enabled !== undefined) query = query.where('s.enabled', '=', enabled);
  return query.orderBy('s.name').orderBy('s.id').limit(rows).execute();
}

export async function scheduleById(
  tx: Tx,
  workspace_id: string,
  id: string,
): Promise<ScheduleRow | undefined> {
  return schedules(tx).where('s.workspace_id', '=', workspace_id).where('s.id', '=', id).executeTakeFirst();
}

/** Held until the end of the transaction: neither a tick nor another edit comes between. */
export async function lockSchedule(
  tx: Tx,
  workspace_id: string,
  id: string,
): Promise<ScheduleRow | undefined> {
  return schedules(tx)
    .where('s.workspace_id', '=', workspace_id)
    .where('s.id', '=', id)
    .forUpdate('s')
    .executeTakeFirst();
}

/** Instance door. What another tick has in hand is left to it. */
export async function lockDue(tx: Tx, now: string, rows: number): Promise<ScheduleRow[]> {
  return schedules(tx)
    .where('s.enabled', '=', true)
    .where('s.next_due_at', '<=', now)
    .orderBy('s.next_due_at')
    .limit(rows)
    .forUpdate('s')
    .skipLocked()
    .execute();
}

export interface NextTimes {
  next_fire_at: string | null;
  next_due_at: string | null;
  last_fire_at: string | null;
}

/** One statement for a whole tick. */
export async function moveOn(tx: Tx, moves: readonly ({ id: string } & NextTimes)[]): Promise<void> {
  if (moves.length === 0) return;
  await sql`
    update schedules s set next_fire_at = m.next_fire_at, next_due_at = m.next_due_at, last_fire_at = m.last_fire_at
    from jsonb_to_recordset(${JSON.stringify(moves)}::jsonb)
      as m(id uuid, next_fire_at timestamptz, next_due_at timestamptz, last_fire_at timestamptz)
    where s.id = m.id`.execute(tx);
}

export interface NewScheduleRow {
  id: string;
  workspace_id: string;
  run_as_kind: ScheduleRow['run_as_kind'];
  run_as_id: string;
}

/** False when the name is taken. */
export async function addSchedule(
  tx: Tx,
  row: NewScheduleRow & NextTimes,
  settings: NewSchedule,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('schedules')
    .values({ ...row, ...settings, definition: JSON.stringify(settings.definition) })
    .onConflict(conflict => conflict.columns(['workspace_id', 'name']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Only what was said: a field that is left out keeps its value. */
function columnsOf({ definition, ...settings }: Partial<NewSchedule>) {
  return { ...settings, ...(definition && { definition: JSON.stringify(definition) }) };
}

export async function isScheduleNameTaken(
  tx: Tx,
  { workspace_id, name, id }: { workspace_id: string; name: string; id: string },
): Promise<boolean> {
  const row = await tx
    .selectFrom('schedules')
    .select('id')
    .where('workspace_id', '=', workspace_id)
    .where('name', '=', name)
    .where('id', '!=', id)
    .executeTakeFirst();
  return row !== undefined;
}

export async function editSchedule(
  tx: Tx,
  { workspace_id, id }: { workspace_id: string; id: string },
  change: Partial<NewSchedule>,
  next: NextTimes,
): Promise<void> {
  await tx
    .updateTable('schedules')
    .set({
      ...columnsOf(change),
      ...next,
      version: sql`version + 1`,
      updated_at: sql`now()`,
    })
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', id)
    .execute();
}

export async function deleteSchedule(tx: Tx, workspace_id: string, id: string): Promise<void> {
  await tx.deleteFrom('schedules').where('workspace_id', '=', workspace_id).where('id', '=', id).execute();
}

export interface LastRun {
  schedule_id: string;
  id: string;
  state:
    | 'queued'
    | 'running'
    | 'cancelling'
    | 'succeeded'
    | 'partial'
    | 'failed'
    | 'lost'
    | 'cancelled'
    | 'skipped';
  created_at: string;
  ended_at: string | null;
}

/** The newest run of each. */
export async function lastRuns(tx: Tx, workspace_id: string, ids: readonly string[]): Promise<LastRun[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<LastRun>`
    select r.schedule_id, r.id, r.state, r.created_at, r.ended_at
    from unnest(${ids}::uuid[]) wanted(id)
    cross join lateral (
      select schedule_id, id, state, created_at, ended_at from pipeline_runs
      where workspace_id = ${workspace_id} and schedule_id = wanted.id
      order by created_at desc, id desc limit 1) r`.execute(tx);
  return rows;
}

export async function zoneOf(tx: Tx, workspace_id: string): Promise<string> {
  const row = await tx
    .selectFrom('workspaces')
    .select('time_zone')
    .where('id', '=', workspace_id)
    .executeTakeFirstOrThrow();
  return row.time_zone;
}

/** Those whose times change when the workspace's zone or a calendar does. Held like a single one. */
export async function lockDependent(
  tx: Tx,
  workspace_id: string,
  on: { calendar_id: string } | 'time_zone',
): Promise<ScheduleRow[]> {
  const query = schedules(tx).where('s.workspace_id', '=', workspace_id).forUpdate('s');
  return on === 'time_zone'
    ? query.where('s.time_zone', 'is', null).execute()
    : query.where('s.calendar_id', '=', on.calendar_id).execute();
}

// ── Calendars ───────────────────────────────────────────────────────────────────────────────────────

export interface CalendarRow {
  id: string;
  name: string;
  blackouts: Blackout[];
  version: number;
  updated_at: string;
}

function calendars(tx: Tx, workspace_id: string) {
  return tx
    .selectFrom('calendars')
    .select(['id', 'name', 'blackouts', 'version', 'updated_at'])
    .where('workspace_id', '=', workspace_id)
    .$castTo<CalendarRow>();
}

export async function calendarsAfter(
  tx: Tx,
  workspace_id: string,
  after: readonly [string, string] | undefined,
  rows: number,
): Promise<CalendarRow[]> {
  let query = calendars(tx, workspace_id);
  if (after) query = query.where(sql<boolean>`(name, id) > (${after[0]}, ${after[1]}::uuid)`);
  return query.orderBy('name').orderBy('id').limit(rows).execute();
}

export async function calendarById(
  tx: Tx,
  workspace_id: string,
  id: string,
): Promise<CalendarRow | undefined> {
  return calendars(tx, workspace_id).where('id', '=', id).executeTakeFirst();
}

export async function lockCalendar(
  tx: Tx,
  workspace_id: string,
  id: string,
): Promise<CalendarRow | undefined> {
  return calendars(tx, workspace_id).where('id', '=', id).forUpdate().executeTakeFirst();
}

/** False when the name is taken. */
export async function addCalendar(
  tx: Tx,
  calendar: { id: string; workspace_id: string; name: string; blackouts: readonly Blackout[] },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('calendars')
    .values({ ...calendar, blackouts: JSON.stringify(calendar.blackouts) })
    .onConflict(conflict => conflict.columns(['workspace_id', 'name']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function isCalendarNameTaken(
  tx: Tx,
  { workspace_id, name, id }: { workspace_id: string; name: string; id: string },
): Promise<boolean> {
  const row = await calendars(tx, workspace_id)
    .where('name', '=', name)
    .where('id', '!=', id)
    .executeTakeFirst();
  return row !== undefined;
}

export async function editCalendar(
  tx: Tx,
  { workspace_id, id }: { workspace_id: string; id: string },
  change: { name?: string | undefined; blackouts?: readonly Blackout[] | undefined },
): Promise<void> {
  await tx
    .updateTable('calendars')
    .set({
      ...(change.name !== undefined && { name: change.name }),
      ...(change.blackouts && { blackouts: JSON.stringify(change.blackouts) }),
      version: sql`version + 1`,
      updated_at: sql`now()`,
    })
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', id)
    .execute();
}

export async function countUsers(tx: Tx, workspace_id: string, calendar_id: string): Promise<number> {
  const row = await tx
    .selectFrom('schedules')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('workspace_id', '=', workspace_id)
    .where('calendar_id', '=', calendar_id)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function deleteCalendar(tx: Tx, workspace_id: string, id: string): Promise<void> {
  await tx.deleteFrom('calendars').where('workspace_id', '=', workspace_id).where('id', '=', id).execute();
}
