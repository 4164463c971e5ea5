import { sql } from 'kysely';
import { notifyAfterCommit, type Tx } from '../../../base/db/index.ts';
import { type Candidate, type Choice, choose, type Occupancy, Occupied, WORKSPACE } from './choose.ts';
import { finishMoves, holdClaims, holdRuns, type Moved } from './runs.ts';
import { isActive, isReady, isUnclaimed, leaving, queueDeadline, rows, TASKS_READY } from './states.ts';
import type { Claimant, Claimed } from './types.ts';

// Taking work. One claim at a time in the whole installation, so that what is counted (who runs how much, which slots are
// free) is still true when it is written; each is a handful of statements. Parking and un-parking under limit keys happens
// here only.

/** How far behind what is blocked a claim looks, round by round: what it finds blocked is out of the way for the next one. */
const FURTHER = [0, 500, 2000, 5000];

/** Instance door. Nothing for a worker that drains or was given up. */
export async function claimTasks(tx: Tx, claimant: Claimant): Promise<Claimed[]> {
  await holdClaims(tx);
  const { may, occupancies } = await begin(tx, claimant.worker_id);
  if (!may) return [];
  const picked = await pick(tx, claimant, occupancies);
  return picked.length === 0 ? [] : take(tx, picked, claimant);
}

async function pick(tx: Tx, claimant: Claimant, occupancies: readonly Occupancy[]): Promise<Candidate[]> {
  const occupied = new Occupied(occupancies);
  const picked: Candidate[] = [];
  for (const further of FURTHER) {
    const wanted = claimant.limit - picked.length;
    const candidates = await readCandidates(tx, claimant, { occupancies, picked, rows: wanted + further });
    const choice = choose(candidates, occupied, wanted);
    picked.push(...choice.picked);
    if (choice.parked.length === 0 || picked.length === claimant.limit) {
      await park(tx, choice.parked);
      return picked;
    }
    await park(tx, choice.parked);
  }
  // There is more behind; whoever asks next goes on there.
  notifyAfterCommit(tx, TASKS_READY);
  return picked;
}

/** What waited for its time becomes ready. Rows that somebody is just changing are let go the next time. */
export async function letDueGo(tx: Tx): Promise<number> {
  const { numAffectedRows } = await sql`with ${due} ${letGo}`.execute(tx);
  return Number(numAffectedRows ?? 0);
}

const due = sql`due as (
  select t.id from task_runs t
  where ${isUnclaimed} and t.parked = 'time' and t.not_before <= now()
  order by t.not_before limit 1000 for update skip locked
)`;
const letGo = sql`
  update task_runs t set parked = null,
    ready_at = case when t.waits_for = 0 then t.not_before end,
    queue_deadline = case when t.waits_for = 0 then ${queueDeadline} end
  from due where t.id = due.id and ${isUnclaimed} and t.parked = 'time'`;

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────

/**
 * All that comes before picking, in one way to the server and back: each costs a chain of small tasks as much as the work itself.
 * What is let go here is not active, so that counting beside it counts the same.
 */
async function begin(tx: Tx, worker_id: string): Promise<{ may: boolean; occupancies: Occupancy[] }> {
  const { rows: found } = await sql<{ may: boolean; occupancies: Occupancy[] }>`
    with ${due}, gone as (${letGo}),
    used as (
      select t.workspace_id, k.key, count(*)::int used
      from task_runs t cross join lateral (select distinct unnest(${WORKSPACE}::text || t.limit_keys) key) k
      where ${isActive} group by 1, 2
    ),
    occupied as (
      select workspace_id, key, coalesce(a.used, 0) used, l.slots
      from used a full join concurrency_limits l using (workspace_id, key)
    )
    select exists (select from workers where id = ${worker_id} and state = 'active') may,
      coalesce((select jsonb_agg(o) from occupied o), '[]') occupancies`.execute(tx);
  const [first] = found;
  if (!first) throw new Error('a select without a table answers one row');
  return first;
}

interface Look {
  occupancies: readonly Occupancy[];
  picked: readonly Candidate[];
  /** Of one workspace. */
  rows: number;
}

/**
 * The first of each workspace that has something ready, and the first of each key that has a free slot, without those that
 * this worker may not take. Which workspaces and keys there are is found by leaping through the index, not by reading it.
 */
async function readCandidates(
  tx: Tx,
  { tags, kinds, limit }: Claimant,
  { occupancies, picked, rows: at_most }: Look,
): Promise<Candidate[]> {
  const fits = sql`t.kind = any(${kinds}::text[]) and t.tags <@ ${tags}::text[]
    and t.id <> all(${picked.map(({ id }) => id)}::uuid[])`;
  const columns = sql`t.id, t.run_id, t.workspace_id, t.priority, t.ready_at, t.limit_keys, t.parked`;
  const order = sql`order by t.priority desc, t.ready_at, t.id`;
  const { rows: found } = await sql<Candidate>`
    with recursive occupied as (
      select * from jsonb_to_recordset(${rows(occupancies)}) as o(workspace_id uuid, key text, used int, slots int)
    ),
    workspaces as (
      (select t.workspace_id from task_runs t where ${isReady} order by t.workspace_id limit 1)
      union all
      select (select t.workspace_id from task_runs t where ${isReady} and t.workspace_id > w.workspace_id
        order by t.workspace_id limit 1)
      from workspaces w where w.workspace_id is not null
    ),
    keys as (
      (select t.workspace_id, t.parked from task_runs t
        where ${isUnclaimed} and t.parked is not null order by t.workspace_id, t.parked limit 1)
      union all
      select n.workspace_id, n.parked from keys k cross join lateral (
        select t.workspace_id, t.parked from task_runs t
        where ${isUnclaimed} and t.parked is not null and (t.workspace_id, t.parked) > (k.workspace_id, k.parked)
        order by t.workspace_id, t.parked limit 1) n
    ),
    ready as (
      select first.*, row_number() over (partition by first.workspace_id order by first.priority desc, first.ready_at,
        first.id) + coalesce(o.used, 0) place
      from workspaces w left join occupied o on o.workspace_id = w.workspace_id and o.key = ${WORKSPACE}
      cross join lateral (
        select ${columns} from task_runs t where ${isReady} and t.workspace_id = w.workspace_id and ${fits}
        ${order} limit case when o.slots <= o.used then 0 else ${at_most} end
      ) first
      where w.workspace_id is not null
    ),
    gated as (
      select first.* from keys k
      left join occupied o on o.workspace_id = k.workspace_id and 'key:' || o.key = k.parked
      cross join lateral (
        select ${columns} from task_runs t
        where ${isUnclaimed} and t.waits_for = 0 and t.parked = k.parked and t.workspace_id = k.workspace_id and ${fits}
        ${order} limit least(greatest(coalesce(o.slots - o.used, ${limit}), 0), ${limit})
      ) first
      where k.parked like 'key:%'
    )
    (select ${sql.raw(COLUMNS)} from ready order by place, priority desc, ready_at, id limit ${at_most})
    union all
    select ${sql.raw(COLUMNS)} from gated`.execute(tx);
  return found;
}

const COLUMNS = 'id, run_id, workspace_id, priority, ready_at, limit_keys, parked';

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

/** Rows that somebody is just changing stay where they are: the next claim meets them again. */
async function park(tx: Tx, list: Choice['parked']): Promise<void> {
  for (const [parked, blocked] of Map.groupBy(list, each => each.parked)) {
    const { rows: locked } = await sql<{ id: string }>`
      select id from task_runs where id = any(${blocked.map(({ id }) => id)}::uuid[])
      for update skip locked`.execute(tx);
    await sql`
      update task_runs t set parked = ${parked}
      where t.id = any(${locked.map(({ id }) => id)}::uuid[]) and ${isUnclaimed} and t.waits_for = 0
        and (t.parked is null or t.parked like 'key:%')`.execute(tx);
  }
}

type Taken = Claimed & { was: Moved['from'] };

async function take(
  tx: Tx,
  picked: readonly Candidate[],
  { worker_id, worker_name }: Claimant,
): Promise<Claimed[]> {
  const runs = await holdRuns(tx, [...new Set(picked.map(({ run_id }) => run_id))]);
  const { rows: taken } = await sql<Taken>`
    with before as (select id, state from task_runs where id = any(${picked.map(({ id }) => id)}::uuid[])),
    taken as (
      update task_runs t set state = 'starting', attempt = t.attempt + 1, fence = t.fence + 1, beat = 0,
        worker_id = ${worker_id}, parked = null, not_before = null, queue_deadline = null
      from before
      where t.id = before.id and ${leaving('claim')} and t.waits_for = 0
        and (t.parked is null or t.parked like 'key:%')
      returning t.*, before.state was
    ),
    attempts as (
      insert into task_attempts (task_id, number, workspace_id, run_id, state, worker_id, worker_name, fence, from_stage)
      select id, attempt, workspace_id, run_id, 'starting', ${worker_id}, ${worker_name}, fence, stage from taken
    )
    select t.id task_id, t.run_id, t.workspace_id, t.name, t.kind, t.input, t.attempt, t.max_attempts, t.fence, t.stage,
      t.stage_state, t.retry, t.timeouts, t.resource_class, t.was, r.parameters, r.title run_title,
      jsonb_build_object('kind', r.run_as_kind, 'id', r.run_as_id, 'name', r.run_as_name) run_as,
      case when r.window_start is not null then
        jsonb_build_object('start', ${inUtc(sql`r.window_start`)}, 'end', ${inUtc(sql`r.window_end`)}) end "window"
    from taken t join pipeline_runs r on r.id = t.run_id`.execute(tx);
  const moved = taken.map(({ task_id: id, run_id, name, was: from }) => ({
    id,
    run_id,
    name,
    from,
    to: 'starting' as const,
  }));
  await finishMoves(tx, runs, moved);
  const claimed = new Map(taken.map(({ was: _was, ...task }) => [task.task_id, task]));
  return picked.flatMap(({ id }) => claimed.get(id) ?? []);
}

/** Inside jsonb the driver's own spelling of times does not reach. */
function inUtc(column: ReturnType<typeof sql>) {
  return sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
