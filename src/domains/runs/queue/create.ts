import { sql } from 'kysely';
import { appendEvents, notifyAfterCommit, type Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { NewTask, RunState } from '../../../contract/runs.ts';
import { checkGraph, type Edge, type Node, recount, type Settled } from '../graph.ts';
import { type KindTable, type PlannedTask, planTask } from '../kinds.ts';
import { type Counts, countOf, isOpenRun, runStateOf } from './counts.ts';
import { cancelOthers, othersWithKey } from './overlap.ts';
import { holdRuns, runEvent } from './runs.ts';
import { queueDeadline, rows, TASKS_READY } from './states.ts';
import type { MoreTasks, RunOrder } from './types.ts';
import { graphOf } from './waiting.ts';

/** Through either door. `created` is false where a run with the same dedupe key, or for the same fire time, is there already. */
export async function createRun(tx: Tx, order: RunOrder): Promise<{ run_id: string; created: boolean }> {
  const drafts = draftTasks(order.run.tasks, order.kinds, order.run.priority);
  const { nodes, edges } = graphOfNew(drafts, new Map());
  const settled = recount(nodes, edges);
  const run_id = order.id ?? newId();
  if (!(await insertRun(tx, run_id, order)))
    return { run_id: await existingRun(tx, run_id, order), created: false };
  const fate = await overlapOf(tx, run_id, order);
  const states = settled.map(({ verdict }) =>
    fate === 'skip' || verdict === 'skip' ? 'skipped' : ('queued' as const),
  );
  const counts = countOf(states);
  const state = runStateOf(counts, 'queued');
  await writeNewRun(tx, run_id, { state, counts, fate });
  await insertTasks(tx, { ...order, run_id, drafts, settled, fate });
  await insertEdges(tx, { ...order, run_id, edges });
  const { workspace_id, schedule_id = null, definition_id = null, actor, cause } = order;
  const told = {
    id: run_id,
    workspace_id,
    schedule_id,
    definition_id,
    title: order.run.title,
    kind: kindOf(order.run.tasks),
  };
  await appendEvents(tx, [runEvent(told, state, state, { actor, cause })]);
  if (state === 'queued' && fate === 'go') notifyAfterCommit(tx, TASKS_READY);
  return { run_id, created: true };
}

/** In the transaction of the task that adds them. They may come after tasks of the run that are there, ended or not. */
export async function addTasks(tx: Tx, more: MoreTasks): Promise<void> {
  const { workspace_id, run_id, tasks, kinds } = more;
  if (tasks.length === 0) return;
  const runs = await holdRuns(tx, [run_id], workspace_id);
  const run = runs.get(run_id);
  if (!run) throw fail('object.not_found', { kind: 'run', id: run_id });
  if (!isOpenRun(run.state) || run.state === 'cancelling')
    throw fail('run.ended', { id: run_id, state: run.state });
  const there = await graphOf(tx, workspace_id, run_id);
  const drafts = draftTasks(
    tasks,
    kinds,
    await priorityOf(tx, run_id),
    new Set(there.nodes.map(n => n.name)),
  );
  const known = new Map(there.nodes.map(({ name, id }) => [name, id]));
  const added = graphOfNew(drafts, known);
  const fresh = new Set(drafts.map(({ id }) => id));
  const all = recount([...there.nodes, ...added.nodes], [...there.edges, ...added.edges]);
  const settled = all.filter(({ id }) => fresh.has(id));
  const counts = countOf(settled.map(({ verdict }) => (verdict === 'skip' ? 'skipped' : 'queued')));
  await insertTasks(tx, { workspace_id, run_id, drafts, settled, fate: run.held_back ? 'wait' : 'go' });
  await insertEdges(tx, { workspace_id, run_id, edges: added.edges });
  await sql`
    update pipeline_runs set tasks_total = tasks_total + ${counts.total}, tasks_open = tasks_open + ${counts.open},
      tasks_skipped = tasks_skipped + ${counts.skipped}, version = version + 1
    where id = ${run_id}`.execute(tx);
  await appendEvents(tx, [runEvent(run, 'progressed', run.state)]);
  notifyAfterCommit(tx, TASKS_READY);
}

// ── What is asked for ───────────────────────────────────────────────────────────────────────────────

interface Draft {
  id: string;
  asked: NewTask;
  plan: PlannedTask;
  priority: number;
}

function draftTasks(
  tasks: readonly NewTask[],
  kinds: KindTable,
  priority: number,
  existing?: ReadonlySet<string>,
): Draft[] {
  checkGraph(tasks, existing);
  return tasks.map(asked => ({
    id: newId(),
    asked,
    plan: planTask(kinds, asked),
    priority: asked.priority ?? priority,
  }));
}

function graphOfNew(
  drafts: readonly Draft[],
  known: ReadonlyMap<string, string>,
): { nodes: Node[]; edges: Edge[] } {
  const ids = new Map([...known, ...drafts.map(({ asked, id }) => [asked.name, id] as const)]);
  return {
    nodes: drafts.map(({ id, asked }) => ({ id, condition: asked.condition, state: 'queued' })),
    edges: drafts.flatMap(({ id, asked }) =>
      asked.after.flatMap(name => {
        const before_id = ids.get(name);
        return before_id === undefined ? [] : [{ before_id, after_id: id }];
      }),
    ),
  };
}

function kindOf(tasks: readonly NewTask[]): string {
  const [only] = tasks;
  return tasks.length === 1 && only ? only.kind : 'pipeline';
}

// ── Runs that may not overlap ───────────────────────────────────────────────────────────────────────

/** `wait`: it is held back until the one before it has ended. */
type Fate = 'go' | 'wait' | 'skip';

async function overlapOf(tx: Tx, run_id: string, { workspace_id, run, actor }: RunOrder): Promise<Fate> {
  const { overlap_key, overlap } = run;
  if (overlap_key === undefined) return 'go';
  const others = await othersWithKey(tx, { workspace_id, overlap_key, run_id });
  if (others.length === 0) return 'go';
  if (overlap !== 'cancel_previous') return overlap === 'skip' ? 'skip' : 'wait';
  await cancelOthers(tx, { workspace_id, run_ids: others, actor: actor ?? undefined });
  return (await othersWithKey(tx, { workspace_id, overlap_key, run_id })).length === 0 ? 'go' : 'wait';
}

// ── Statements ──────────────────────────────────────────────────────────────────────────────────────

/** Nothing, where one with its id, its dedupe key or its fire time is there. Waits for one that is just being made. */
async function insertRun(tx: Tx, id: string, order: RunOrder): Promise<boolean> {
  const { workspace_id, run, run_as } = order;
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('pipeline_runs')
    .values({
      id,
      workspace_id,
      title: run.title,
      kind: kindOf(run.tasks),
      state: 'queued',
      definition_id: order.definition_id ?? null,
      definition_version: order.definition_version ?? null,
      parameters: JSON.stringify(run.parameters),
      window_start: run.window?.start ?? null,
      window_end: run.window?.end ?? null,
      trigger: order.trigger,
      cause: order.cause ?? null,
      schedule_id: order.schedule_id ?? null,
      fire_time: order.fire_time ?? null,
      parent_id: order.parent_id ?? null,
      dedupe_key: run.dedupe_key ?? null,
      overlap_key: run.overlap_key ?? null,
      overlap: run.overlap,
      run_as_kind: run_as.kind,
      run_as_id: run_as.id,
      run_as_name: run_as.name,
      priority: run.priority,
      late_at:
        run.late_after_seconds === undefined
          ? null
          : sql<string>`coalesce(${order.fire_time ?? null}::timestamptz, now()) + make_interval(secs => ${run.late_after_seconds})`,
    })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

async function existingRun(tx: Tx, id: string, order: RunOrder): Promise<string> {
  const { rows: found } = await sql<{ id: string }>`
    select id from pipeline_runs
    where workspace_id = ${order.workspace_id} and (id = ${id} or dedupe_key = ${order.run.dedupe_key ?? null}
      or (schedule_id = ${order.schedule_id ?? null} and fire_time = ${order.fire_time ?? null}))
    order by created_at limit 1`.execute(tx);
  const [first] = found;
  // Deleted in between, or an id of another workspace: nothing that anybody could go on from.
  if (!first) throw fail('object.not_found', { kind: 'run', id });
  return first.id;
}

async function writeNewRun(
  tx: Tx,
  run_id: string,
  { state, counts, fate }: { state: RunState; counts: Counts; fate: Fate },
): Promise<void> {
  await tx
    .updateTable('pipeline_runs')
    .set({
      state,
      held_back: fate === 'wait' && isOpenRun(state),
      tasks_total: counts.total,
      tasks_open: counts.open,
      tasks_skipped: counts.skipped,
      reason: fate === 'skip' ? 'Another run with the same key had not ended.' : null,
      ended_at: isOpenRun(state) ? null : sql<string>`now()`,
    })
    .where('id', '=', run_id)
    .execute();
}

interface NewTasks {
  workspace_id: string;
  run_id: string;
  drafts: readonly Draft[];
  settled: readonly Settled[];
  fate: Fate;
}

/** One microsecond apart, so that they keep the order in which they were given. */
async function insertTasks(tx: Tx, { workspace_id, run_id, drafts, settled, fate }: NewTasks): Promise<void> {
  const counts = new Map(settled.map(task => [task.id, task]));
  const list = drafts.map(({ id, asked, plan, priority }, position) => ({
    ...counts.get(id),
    id,
    position,
    name: asked.name,
    kind: asked.kind,
    input: plan.input,
    condition: asked.condition,
    priority,
    tags: asked.tags,
    limit_keys: plan.limit_keys,
    resource_class: plan.resource_class,
    retry: plan.retry,
    timeouts: plan.timeouts,
    max_attempts: plan.retry.max_attempts,
    not_before: asked.not_before,
    delay_seconds: asked.delay_seconds,
  }));
  await sql`
    insert into task_runs (id, workspace_id, run_id, name, kind, input, state, condition, waits_for, before_failed,
      before_unsuccessful, parked, not_before, ready_at, queue_deadline, priority, tags, limit_keys, resource_class,
      retry, timeouts, max_attempts, ended_at, created_at)
    select t.id, ${workspace_id}, ${run_id}, t.name, t.kind, coalesce(t.input, 'null'), d.state, t.condition, t.waits_for,
      t.before_failed, t.before_unsuccessful, d.parked, n.not_before,
      case when d.ready then n.made end, case when d.ready then ${queueDeadline} end,
      t.priority, t.tags, t.limit_keys, t.resource_class, t.retry, t.timeouts, t.max_attempts,
      case when d.state = 'skipped' then n.made end, n.made
    from jsonb_to_recordset(${rows(list)}) as t(id uuid, position int, name text, kind text, input jsonb, condition text,
      waits_for int, before_failed int, before_unsuccessful int, verdict text, priority int, tags text[],
      limit_keys text[], resource_class text, retry jsonb, timeouts jsonb, max_attempts int, not_before timestamptz,
      delay_seconds float8)
    cross join lateral (
      select greatest(t.not_before, now() + make_interval(secs => t.delay_seconds)) not_before,
        now() + t.position * interval '1 microsecond' made) n
    cross join lateral (
      select case when t.verdict = 'skip' or ${fate === 'skip'} then 'skipped' else 'queued' end state,
        case when t.verdict = 'skip' or ${fate === 'skip'} then null when ${fate === 'wait'} then 'run'
          when n.not_before > now() then 'time' end parked,
        t.verdict = 'ready' and ${fate === 'go'} and coalesce(n.not_before <= now(), true) ready) d`.execute(
    tx,
  );
}

async function insertEdges(
  tx: Tx,
  { workspace_id, run_id, edges }: { workspace_id: string; run_id: string; edges: readonly Edge[] },
): Promise<void> {
  if (edges.length === 0) return;
  await sql`
    insert into task_edges (workspace_id, run_id, before_id, after_id)
    select ${workspace_id}, ${run_id}, e.before_id, e.after_id
    from jsonb_to_recordset(${rows(edges)}) as e(before_id uuid, after_id uuid)`.execute(tx);
}

async function priorityOf(tx: Tx, run_id: string): Promise<number> {
  const row = await tx
    .selectFrom('pipeline_runs')
    .select('priority')
    .where('id', '=', run_id)
    .executeTakeFirst();
  return row?.priority ?? 0;
}
