import { type RawBuilder, sql } from 'kysely';
import type { z } from 'zod';
import { contains, type Tx } from '../../../base/db/index.ts';
import type { TimeKey } from '../../../base/kit/pages.ts';
import type { attemptSchema, TaskError, taskDetailSchema, taskSchema } from '../../../contract/runs.ts';
import type { TaskState } from '../../../contract/task-states.ts';

// What is read of tasks: every statement through the door of one workspace.

export type TaskRow = Omit<z.input<typeof taskSchema>, 'waits_for'> & {
  state: TaskState;
  parked: string | null;
  tags: string[];
  limit_keys: string[];
};

/** As the contract names them; and what the reason to wait is found by. */
const FIELDS = sql`
  id, run_id, name, kind, state, condition, waits_for open_before, attempt, max_attempts, stage, not_before, progress, error,
  marked_by, created_at, started_at, ended_at, parked, tags, limit_keys`;

export interface TaskFilter {
  workspace_id: string;
  run_id: string;
  states?: readonly string[];
  text?: string;
}

/** In the order in which they were made. */
export async function tasksAfter(
  tx: Tx,
  { workspace_id, run_id, states, text }: TaskFilter,
  after: TimeKey | undefined,
  rows: number,
): Promise<TaskRow[]> {
  const conditions = [
    sql`workspace_id = ${workspace_id} and run_id = ${run_id}`,
    states !== undefined && sql`state = any(${[...states]}::text[])`,
    text !== undefined && contains(sql<string>`concat_ws(' ', name, error ->> 'message')`, text),
    after !== undefined && sql`(created_at, id) > (${after[0]}::timestamptz, ${after[1]}::uuid)`,
  ].filter(condition => condition !== false);
  return tasksOf(
    tx,
    sql`select * from task_runs where ${sql.join(conditions, sql` and `)} order by created_at, id limit ${rows}`,
  );
}

export async function taskById(tx: Tx, workspace_id: string, id: string): Promise<TaskRow | undefined> {
  const [task] = await tasksOf(
    tx,
    sql`select * from task_runs where workspace_id = ${workspace_id} and id = ${id}`,
  );
  return task;
}

async function tasksOf(tx: Tx, selected: RawBuilder<unknown>): Promise<TaskRow[]> {
  const { rows } = await sql<TaskRow>`
    select ${FIELDS} from (${selected}) task order by created_at, id`.execute(tx);
  return rows;
}

export async function hasRun(tx: Tx, workspace_id: string, id: string): Promise<boolean> {
  const row = await tx
    .selectFrom('pipeline_runs')
    .select('id')
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', id)
    .executeTakeFirst();
  return row !== undefined;
}

// ── One task ────────────────────────────────────────────────────────────────────────────────────────

type TaskDetail = z.input<typeof taskDetailSchema>;
type TaskParts = Omit<TaskDetail, keyof z.input<typeof taskSchema>>;

/** A task that never ends has no end of stages, and one that ten thousand others come before is drawn, not listed. */
const SHOWN = { before: 200, stages: 200 };

/** What the list does not show of it. */
export async function partsOfTask(tx: Tx, workspace_id: string, id: string): Promise<TaskParts> {
  const task = await tx
    .selectFrom('task_runs')
    .select(['input', 'result', 'tags', 'limit_keys', 'priority', 'resource_class', 'retry', 'timeouts'])
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', id)
    .$narrowType<{ retry: TaskDetail['retry'] & object; timeouts: TaskDetail['timeouts'] & object }>()
    .executeTakeFirstOrThrow();
  const before = await tx
    .selectFrom('task_edges as edge')
    .innerJoin('task_runs as task', 'task.id', 'edge.before_id')
    .select(['task.id', 'task.name', 'task.state'])
    .where('edge.workspace_id', '=', workspace_id)
    .where('edge.after_id', '=', id)
    .orderBy('task.created_at')
    .orderBy('task.id')
    .limit(SHOWN.before)
    .execute();
  return {
    ...task,
    before,
    attempts: await attemptsOf(tx, workspace_id, id),
    stages: await stagesOf(tx, workspace_id, id),
  };
}

async function attemptsOf(
  tx: Tx,
  workspace_id: string,
  task_id: string,
): Promise<z.input<typeof attemptSchema>[]> {
  const rows = await tx
    .selectFrom('task_attempts')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .where('task_id', '=', task_id)
    .orderBy('number')
    .execute();
  return rows.map(row => ({
    number: row.number,
    state: row.state,
    worker: { id: row.worker_id, name: row.worker_name },
    from_stage: row.from_stage,
    claimed_at: row.claimed_at,
    started_at: row.started_at,
    ended_at: row.ended_at,
    error: row.error as TaskError | null,
    metrics: row.metrics as Record<string, number>,
    log: { lines: Number(row.log_lines), bytes: Number(row.log_bytes), dropped: Number(row.log_dropped) },
  }));
}

async function stagesOf(tx: Tx, workspace_id: string, task_id: string): Promise<TaskDetail['stages']> {
  const rows = await tx
    .selectFrom('task_stages')
    .select(['n', 'attempt', 'facts', 'committed_at'])
    .where('workspace_id', '=', workspace_id)
    .where('task_id', '=', task_id)
    .orderBy('n', 'desc')
    .limit(SHOWN.stages)
    .execute();
  return rows.reverse();
}
