import { type RawBuilder, sql } from 'kysely';
import type { z } from 'zod';
import { contains, type Tx } from '../../../base/db/index.ts';
import type { TimeKey } from '../../../base/kit/pages.ts';
import type { Run, RunState, runDetailSchema } from '../../../contract/runs.ts';

// What is read of runs: every statement through the door of one workspace, every list by an index.

export interface RunFilter {
  workspace_id: string;
  states?: readonly string[];
  kind?: string;
  trigger?: string;
  schedule_id?: string;
  text?: string;
  since?: string;
  until?: string;
  late?: boolean;
}

/** A text is looked for in so many runs at once; the answer says where to go on, so that no search keeps the store busy. */
const SEARCHED_RUNS = 20_000;

export interface RunRows {
  rows: Run[];
  /** Where to go on; undefined at the end. */
  next: TimeKey | undefined;
}

/** Newest first, after the key of the page before. */
export async function runsBefore(
  tx: Tx,
  filter: RunFilter,
  before: TimeKey | undefined,
  limit: number,
): Promise<RunRows> {
  if (filter.text !== undefined) return searchRuns(tx, filter, filter.text, before, limit);
  const found = await runsOf(tx, newestRuns(filter, before, limit + 1));
  return { rows: found.slice(0, limit), next: found.length > limit ? keyOf(found[limit - 1]) : undefined };
}

async function searchRuns(
  tx: Tx,
  filter: RunFilter,
  text: string,
  before: TimeKey | undefined,
  limit: number,
): Promise<RunRows> {
  const searched = sql<string>`concat_ws(' ', title, reason, error ->> 'message')`;
  const { rows } = await sql<{ ids: string[]; searched: number; last: TimeKey }>`
    with looked_at as materialized (${newestRuns(filter, before, SEARCHED_RUNS)})
    select
      array(
        select id from looked_at where ${contains(searched, text)}
        order by created_at desc, id desc limit ${limit + 1}) ids,
      (select count(*)::int from looked_at) searched,
      (select json_build_array(to_char(created_at at time zone 'UTC', ${ISO}), id)
        from looked_at order by created_at, id limit 1) "last"`.execute(tx);
  const [answer] = rows;
  if (!answer || answer.ids.length === 0)
    return { rows: [], next: answer?.searched === SEARCHED_RUNS ? answer.last : undefined };
  const found = await runsOf(tx, sql`select * from pipeline_runs where id = any(${answer.ids}::uuid[])`);
  if (found.length > limit) return { rows: found.slice(0, limit), next: keyOf(found[limit - 1]) };
  return { rows: found, next: answer.searched === SEARCHED_RUNS ? answer.last : undefined };
}

const ISO = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';

function keyOf(run: Run | undefined): TimeKey | undefined {
  return run && [run.created_at, run.id];
}

/** The newest rows of a filter. Of several states each is walked in its own order: a rare one costs no walk past the others. */
export function newestRuns(
  filter: RunFilter,
  before: TimeKey | undefined,
  rows: number,
): RawBuilder<unknown> {
  const walk = (condition: RawBuilder<unknown>) => sql`
    select * from pipeline_runs where ${condition} order by created_at desc, id desc limit ${rows}`;
  const condition = conditionOf(filter, before);
  if (filter.states === undefined) return walk(condition);
  return sql`
    select run.* from unnest(${[...new Set(filter.states)]}::text[]) wanted(state),
      lateral (${walk(sql`${condition} and pipeline_runs.state = wanted.state`)}) run
    order by run.created_at desc, run.id desc limit ${rows}`;
}

function conditionOf(filter: RunFilter, before: TimeKey | undefined): RawBuilder<unknown> {
  const { workspace_id, kind, trigger, schedule_id, since, until, late } = filter;
  const conditions = [
    sql`workspace_id = ${workspace_id}`,
    kind !== undefined && sql`kind = ${kind}`,
    trigger !== undefined && sql`trigger = ${trigger}`,
    schedule_id !== undefined && sql`schedule_id = ${schedule_id}`,
    since !== undefined && sql`created_at >= ${since}::timestamptz`,
    until !== undefined && sql`created_at < ${until}::timestamptz`,
    late !== undefined && (late ? sql`late` : sql`not late`),
    before !== undefined && sql`(created_at, id) < (${before[0]}::timestamptz, ${before[1]}::uuid)`,
  ];
  return sql.join(
    conditions.filter(condition => condition !== false),
    sql` and `,
  );
}

// ── One run ─────────────────────────────────────────────────────────────────────────────────────────

type RunDetail = z.input<typeof runDetailSchema>;

export async function runById(tx: Tx, workspace_id: string, id: string): Promise<RunDetail | undefined> {
  const [row] = await readRows(
    tx,
    sql`select * from pipeline_runs where workspace_id = ${workspace_id} and id = ${id}`,
  );
  if (!row) return undefined;
  const { window_start: start, window_end: end } = row;
  return {
    ...toRun(row),
    parameters: row.parameters,
    window: start !== null && end !== null ? { start, end } : null,
    dedupe_key: row.dedupe_key,
    overlap_key: row.overlap_key,
    overlap: row.overlap,
    held_back: row.held_back,
    late_at: row.late_at,
  };
}

/** Those of the ids that are here. */
export async function runsById(tx: Tx, workspace_id: string, ids: readonly string[]): Promise<Run[]> {
  return runsOf(
    tx,
    sql`select * from pipeline_runs where workspace_id = ${workspace_id} and id = any(${[...ids]}::uuid[])`,
  );
}

/** What kinds of tasks it has: to run it again, one must be allowed to start each of them. */
export async function kindsOfRuns(tx: Tx, workspace_id: string, ids: readonly string[]) {
  const { rows } = await sql<{ run_id: string; kind: string }>`
    select distinct run_id, kind from task_runs
    where workspace_id = ${workspace_id} and run_id = any(${[...ids]}::uuid[])`.execute(tx);
  return rows;
}

async function runsOf(tx: Tx, selected: RawBuilder<unknown>): Promise<Run[]> {
  return (await readRows(tx, selected)).map(toRun);
}

interface RunRow {
  id: string;
  title: string;
  kind: string;
  state: RunState;
  trigger: Run['trigger'];
  cause: string | null;
  schedule_id: string | null;
  schedule_name: string | null;
  fire_time: string | null;
  definition_id: string | null;
  definition_version: number | null;
  parent_id: string | null;
  run_as_kind: Run['run_as']['kind'];
  run_as_id: string;
  run_as_name: string;
  priority: number;
  tasks_total: number;
  tasks_open: number;
  tasks_active: number;
  tasks_succeeded: number;
  tasks_partial: number;
  tasks_failed: number;
  tasks_lost: number;
  tasks_cancelled: number;
  tasks_skipped: number;
  late: boolean;
  error: Run['error'];
  reason: string | null;
  version: number;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  parameters: RunDetail['parameters'];
  window_start: string | null;
  window_end: string | null;
  dedupe_key: string | null;
  overlap_key: string | null;
  overlap: RunDetail['overlap'];
  held_back: boolean;
  late_at: string | null;
}

async function readRows(tx: Tx, selected: RawBuilder<unknown>): Promise<RunRow[]> {
  const { rows } = await sql<RunRow>`
    select run.*, schedule.name schedule_name
    from (${selected}) run
    left join schedules schedule on schedule.id = run.schedule_id and schedule.workspace_id = run.workspace_id
    order by run.created_at desc, run.id desc`.execute(tx);
  return rows;
}

function toRun(row: RunRow): Run {
  const { schedule_id } = row;
  return {
    id: row.id,
    title: row.title,
    kind: row.kind,
    state: row.state,
    trigger: row.trigger,
    cause: row.cause,
    // A schedule that was deleted leaves its runs, and no name.
    schedule: schedule_id === null ? null : { id: schedule_id, name: row.schedule_name ?? '' },
    fire_time: row.fire_time,
    definition_id: row.definition_id,
    definition_version: row.definition_version,
    parent_id: row.parent_id,
    run_as: { kind: row.run_as_kind, id: row.run_as_id, name: row.run_as_name },
    priority: row.priority,
    tasks: {
      total: row.tasks_total,
      open: row.tasks_open,
      active: row.tasks_active,
      succeeded: row.tasks_succeeded,
      partial: row.tasks_partial,
      failed: row.tasks_failed,
      lost: row.tasks_lost,
      cancelled: row.tasks_cancelled,
      skipped: row.tasks_skipped,
    },
    late: row.late,
    error: row.error,
    reason: row.reason,
    version: row.version,
    created_at: row.created_at,
    started_at: row.started_at,
    ended_at: row.ended_at,
  };
}

// ── The first page ──────────────────────────────────────────────────────────────────────────────────

const SHOWN = 10;
const NEXT_FIRES = 5;

export async function runningNow(tx: Tx, workspace_id: string): Promise<Run[]> {
  return runsOf(tx, newestRuns({ workspace_id, states: ['running', 'cancelling'] }, undefined, SHOWN));
}

export async function lateNow(tx: Tx, workspace_id: string): Promise<Run[]> {
  return runsOf(
    tx,
    sql`select * from pipeline_runs where workspace_id = ${workspace_id} and late and ended_at is null
      order by created_at desc, id desc limit ${SHOWN}`,
  );
}

/**
 * What failed or was lost in the last day and is not well again: of each schedule, definition or single run the newest
 * failure, unless a later run of the same, or the same run tried again as a new one, went well.
 */
export async function failedLately(tx: Tx, workspace_id: string): Promise<Run[]> {
  return runsOf(
    tx,
    sql`
      select * from (
        select distinct on (coalesce(run.schedule_id, run.definition_id, run.id)) run.*
        from pipeline_runs run
        where run.workspace_id = ${workspace_id} and run.state in ('failed', 'lost')
          and run.ended_at > now() - interval '1 day'
          and not exists (
            select from pipeline_runs later
            where later.workspace_id = run.workspace_id and later.schedule_id = run.schedule_id
              and later.created_at > run.created_at and later.state in ('succeeded', 'partial'))
          and not exists (
            select from pipeline_runs later
            where later.workspace_id = run.workspace_id and later.definition_id = run.definition_id
              and later.created_at > run.created_at and later.state in ('succeeded', 'partial'))
          and not exists (
            select from pipeline_runs again
            where again.parent_id = run.id and again.trigger = 'retry' and again.state in ('succeeded', 'partial'))
        order by coalesce(run.schedule_id, run.definition_id, run.id), run.created_at desc, run.id desc) broken
      order by created_at desc, id desc limit ${SHOWN}`,
  );
}

export interface Figures {
  queued: number;
  schedules: number;
  succeeded: number;
  failed: number;
}

/** Waiting now; ended in the last 24 hours. */
export async function figuresOf(tx: Tx, workspace_id: string): Promise<Figures> {
  const { rows } = await sql<Figures>`
    select
      (select count(*)::int from pipeline_runs where workspace_id = ${workspace_id} and state = 'queued') queued,
      (select count(*)::int from schedules where workspace_id = ${workspace_id}) schedules,
      count(*) filter (where state in ('succeeded', 'partial'))::int succeeded,
      count(*) filter (where state in ('failed', 'lost'))::int failed
    from pipeline_runs
    where workspace_id = ${workspace_id} and ended_at > now() - interval '1 day'`.execute(tx);
  return rows[0] ?? { queued: 0, schedules: 0, succeeded: 0, failed: 0 };
}

export async function nextFires(tx: Tx, workspace_id: string) {
  return tx
    .selectFrom('schedules')
    .select(['id as schedule_id', 'name', 'next_fire_at as at'])
    .where('workspace_id', '=', workspace_id)
    .where('enabled', '=', true)
    .where('next_fire_at', 'is not', null)
    .$narrowType<{ at: string }>()
    .orderBy('next_fire_at')
    .orderBy('id')
    .limit(NEXT_FIRES)
    .execute();
}
