import { sql } from 'kysely';
import { notifyAfterCommit, type Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { type NewTask, newRunSchema, retrySchema } from '../../../contract/runs.ts';
import { hasEnded, type TaskState, type Transition } from '../../../contract/task-states.ts';
import { descendants, type Edge, recount } from '../graph.ts';
import type { KindTable } from '../kinds.ts';
import { stateOf } from './cancel.ts';
import { isOpenRun } from './counts.ts';
import { createRun } from './create.ts';
import { othersWithKey } from './overlap.ts';
import {
  finishMoves,
  type HeldRun,
  type HeldRuns,
  holdRuns,
  holdRunsOf,
  type Moved,
  writeSettled,
} from './runs.ts';
import { leaving, TASKS_READY } from './states.ts';
import type { ByHand, RunAs } from './types.ts';
import { graphOf, type NamedNode } from './waiting.ts';

// What people do by hand to what has ended: run it again, or say how it counts. Rare, so the whole graph is read and counted
// anew: what was skipped because of a task waits again, and what cannot come true any more is skipped.

/** Everything that did not succeed. */
export async function retryRun(
  tx: Tx,
  { workspace_id, run_id, actor }: ByHand & { run_id: string },
): Promise<void> {
  const { runs, run } = await holdRun(tx, workspace_id, run_id);
  if (isOpenRun(run.state)) throw fail('run.not_ended', { id: run_id, state: run.state });
  const graph = await graphOf(tx, workspace_id, run_id);
  const again = graph.nodes.filter(({ state }) => state !== 'succeeded' && state !== 'partial');
  // A task for the case of a failure that never came is skipped again, whatever is tried.
  const would = recount(queuedAgain(graph.nodes, new Set(again.map(({ id }) => id))), graph.edges);
  if (would.every(({ verdict }) => verdict === 'skip')) throw fail('run.nothing_to_retry', { id: run_id });
  await startAgain(tx, { runs, run, again, ...graph, actor });
}

/** The task, and what was skipped because of it. */
export async function retryTask(
  tx: Tx,
  { workspace_id, task_id, actor }: ByHand & { task_id: string },
): Promise<void> {
  const { runs, run } = await holdRunOf(tx, workspace_id, task_id);
  await ended(tx, workspace_id, task_id);
  const graph = await graphOf(tx, workspace_id, run.id);
  const again = withSkipped(graph.nodes, graph.edges, task_id);
  await startAgain(tx, { runs, run, again, ...graph, actor });
}

/** Says how a task counts; the attempts keep saying what happened. What was skipped because of it gets another chance. */
export async function markTask(
  tx: Tx,
  {
    workspace_id,
    task_id,
    as,
    reason,
    actor,
  }: ByHand & { task_id: string; as: 'succeeded' | 'failed'; reason: string },
): Promise<void> {
  const { runs, run } = await holdRunOf(tx, workspace_id, task_id);
  const state = await ended(tx, workspace_id, task_id);
  if (state === as) return;
  const marked = await mark(tx, { task_id, as, actor, reason });
  const graph = await graphOf(tx, workspace_id, run.id);
  const again = withSkipped(graph.nodes, graph.edges, task_id).filter(({ id }) => id !== task_id);
  await startAgain(tx, { runs, run, again, ...graph, actor, marked });
}

/** All of it once more, as a new run. */
export async function repeatRun(
  tx: Tx,
  {
    workspace_id,
    run_id,
    kinds,
    run_as,
    actor,
  }: ByHand & { run_id: string; kinds: KindTable; run_as: RunAs },
): Promise<{ run_id: string }> {
  const before = await tx
    .selectFrom('pipeline_runs')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', run_id)
    .executeTakeFirst();
  if (!before) throw fail('object.not_found', { kind: 'run', id: run_id });
  const { window_start: start, window_end: end } = before;
  const run = newRunSchema.parse({
    title: before.title,
    parameters: before.parameters,
    priority: before.priority,
    ...(start !== null && end !== null ? { window: { start, end } } : {}),
    ...(before.overlap_key === null ? {} : { overlap_key: before.overlap_key, overlap: before.overlap }),
    tasks: await tasksOf(tx, workspace_id, run_id),
  });
  const { schedule_id, definition_id, definition_version } = before;
  const origin = {
    schedule_id,
    definition_id,
    definition_version,
    parent_id: run_id,
    cause: `run:${run_id}`,
  };
  return createRun(tx, { workspace_id, run, kinds, run_as, trigger: 'retry', actor, ...origin });
}

// ── Starting again ──────────────────────────────────────────────────────────────────────────────────

interface Again {
  runs: HeldRuns;
  run: HeldRun;
  again: readonly NamedNode[];
  nodes: readonly NamedNode[];
  edges: readonly Edge[];
  actor: string;
  marked?: readonly Moved[];
}

async function startAgain(
  tx: Tx,
  { runs, run, again, nodes, edges, actor, marked = [] }: Again,
): Promise<void> {
  const reopens = again.length > 0 && !isOpenRun(run.state);
  const held_back = reopens ? await mustWait(tx, run) : run.held_back;
  const ids = again.map(({ id }) => id);
  const reset = await resetTasks(tx, again, held_back);
  if (reopens) await reopenRun(tx, run.id, held_back);
  const skipped = await writeSettled(tx, recount(queuedAgain(nodes, new Set(ids)), edges));
  notifyAfterCommit(tx, TASKS_READY);
  const error = await firstErrorOf(tx, run.id);
  // Somebody wants it after all, also where the rest of it is just being cancelled.
  const wanted = reopens || (again.length > 0 && run.state === 'cancelling');
  await finishMoves(tx, runs, [...marked, ...reset, ...skipped], {
    actor,
    error,
    recounted: true,
    ...(wanted ? { state: 'queued' as const, reason: null } : {}),
  });
}

function queuedAgain(nodes: readonly NamedNode[], again: ReadonlySet<string>): NamedNode[] {
  return nodes.map(node => (again.has(node.id) ? { ...node, state: 'queued' } : node));
}

/** Itself, and everything after it that was skipped, through what was skipped. */
function withSkipped(nodes: readonly NamedNode[], edges: readonly Edge[], task_id: string): NamedNode[] {
  const skipped = new Set(nodes.filter(({ state }) => state === 'skipped').map(({ id }) => id));
  const after = descendants([task_id], edges, id => skipped.has(id));
  return nodes.filter(({ id }) => id === task_id || after.has(id));
}

/** A run of a key that may not overlap waits, where another of the key is open. */
async function mustWait(tx: Tx, { id, workspace_id, overlap_key }: HeldRun): Promise<boolean> {
  if (overlap_key === null) return false;
  return (await othersWithKey(tx, { workspace_id, overlap_key, run_id: id })).length > 0;
}

async function holdRun(
  tx: Tx,
  workspace_id: string,
  run_id: string,
): Promise<{ runs: HeldRuns; run: HeldRun }> {
  const runs = await holdRuns(tx, [run_id], workspace_id);
  const run = runs.get(run_id);
  if (!run) throw fail('object.not_found', { kind: 'run', id: run_id });
  return { runs, run };
}

async function holdRunOf(
  tx: Tx,
  workspace_id: string,
  task_id: string,
): Promise<{ runs: HeldRuns; run: HeldRun }> {
  const runs = await holdRunsOf(tx, [task_id], workspace_id);
  const [run] = runs.values();
  if (!run) throw fail('object.not_found', { kind: 'task', id: task_id });
  return { runs, run };
}

async function ended(tx: Tx, workspace_id: string, task_id: string): Promise<TaskState> {
  const state = await stateOf(tx, workspace_id, task_id);
  if (!hasEnded(state)) throw fail('task.not_ended', { id: task_id, state });
  return state;
}

// ── Statements ──────────────────────────────────────────────────────────────────────────────────────

/**
 * What had failed goes on from its last committed stage. What had succeeded begins at the beginning: going on from its last
 * stage, it would find nothing to do.
 */
async function resetTasks(tx: Tx, again: readonly NamedNode[], held_back: boolean): Promise<Moved[]> {
  if (again.length === 0) return [];
  const ids = again.map(({ id }) => id);
  const done = again.filter(({ state }) => state === 'succeeded' || state === 'partial').map(({ id }) => id);
  if (done.length > 0) await tx.deleteFrom('task_stages').where('task_id', 'in', done).execute();
  const { rows: reset } = await sql<Omit<Moved, 'from'>>`
    update task_runs t set
      state = 'queued', waits_for = 0, before_failed = 0, before_unsuccessful = 0,
      parked = case when ${held_back} then 'run' end, not_before = null, ready_at = null, queue_deadline = null,
      max_attempts = t.attempt + coalesce((t.retry->>'max_attempts')::int, 1),
      stage = case when t.state in ('succeeded', 'partial') then 0 else t.stage end,
      stage_state = case when t.state in ('succeeded', 'partial') then null else t.stage_state end,
      cancel_requested_at = null, cancel_reason = null, result = null, error = null, progress = null, marked_by = null,
      started_at = null, ended_at = null
    where t.id = any(${ids}::uuid[]) and ${leaving('again')}
    returning t.id, t.run_id, t.name, t.state "to"`.execute(tx);
  // The run is held: they were as they were read.
  const before = new Map(again.map(({ id, state }) => [id, state]));
  return reset.map(task => ({ ...task, from: before.get(task.id) ?? 'skipped' }));
}

async function reopenRun(tx: Tx, run_id: string, held_back: boolean): Promise<void> {
  await tx.updateTable('pipeline_runs').set({ held_back, ended_at: null }).where('id', '=', run_id).execute();
}

async function mark(
  tx: Tx,
  {
    task_id,
    as,
    actor,
    reason,
  }: { task_id: string; as: 'succeeded' | 'failed'; actor: string; reason: string },
): Promise<Moved[]> {
  const transition: Transition = as === 'succeeded' ? 'mark_succeeded' : 'mark_failed';
  const { rows: marked } = await sql<Moved>`
    with before as (select id, state from task_runs where id = ${task_id})
    update task_runs t set state = ${as}, marked_by = ${`${actor}: ${reason}`}
    from before where t.id = before.id and ${leaving(transition)}
    returning t.id, t.run_id, t.name, before.state "from", t.state "to"`.execute(tx);
  return marked;
}

/** As the run shows it; null when nothing of it counts as failed now. */
async function firstErrorOf(tx: Tx, run_id: string): Promise<unknown> {
  const { rows: found } = await sql<{ error: unknown }>`
    select t.error || jsonb_build_object('task_id', t.id, 'task_name', t.name) error from task_runs t
    where t.run_id = ${run_id} and t.state in ('failed', 'lost') and t.error is not null
    order by t.ended_at, t.id limit 1`.execute(tx);
  return found[0]?.error ?? null;
}

async function tasksOf(tx: Tx, workspace_id: string, run_id: string): Promise<object[]> {
  const { nodes, edges } = await graphOf(tx, workspace_id, run_id);
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const before = Map.groupBy(edges, ({ after_id }) => after_id);
  const tasks = await tx
    .selectFrom('task_runs')
    .select([
      'id',
      'name',
      'kind',
      'input',
      'condition',
      'priority',
      'tags',
      'limit_keys',
      'retry',
      'timeouts',
    ])
    .where('workspace_id', '=', workspace_id)
    .where('run_id', '=', run_id)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return tasks.map(({ id, limit_keys, retry, ...task }) => ({
    ...task,
    ...givenLimits(limit_keys),
    retry: retrySchema.parse(retry),
    after: (before.get(id) ?? []).map(({ before_id }) => names.get(before_id)),
  }));
}

/** Those of the kind come by themselves again. */
function givenLimits(limit_keys: readonly string[]): Pick<NewTask, 'keys' | 'connection_id'> {
  const connection = limit_keys.find(key => key.startsWith('connection:'));
  return {
    keys: limit_keys.filter(key => key.startsWith('key:')).map(key => key.slice('key:'.length)),
    ...(connection === undefined ? {} : { connection_id: connection.slice('connection:'.length) }),
  };
}
