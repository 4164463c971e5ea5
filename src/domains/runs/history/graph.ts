import { sql } from 'kysely';
import type { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import type { RunGraph, runGraphSchema } from '../../../contract/runs.ts';

type GraphTask = z.input<typeof runGraphSchema>['tasks'][number];

interface TaskRow {
  id: string;
  name: string;
  kind: string;
  state: GraphTask[3];
  attempt: number;
  created: number;
  started: number | null;
  ended: number | null;
}

/** Through the door of the workspace. Undefined when there is no such run. */
export async function graphOf(tx: Tx, workspace_id: string, run_id: string): Promise<RunGraph | undefined> {
  const run = await tx
    .selectFrom('pipeline_runs')
    .select(['created_at', sql<string>`clock_timestamp()`.as('at')])
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', run_id)
    .executeTakeFirst();
  if (!run) return undefined;
  const sinceThen = (column: string) =>
    sql`(extract(epoch from ${sql.ref(column)} - ${run.created_at}::timestamptz) * 1000)::float8`;
  const { rows: tasks } = await sql<TaskRow>`
    select id, name, kind, state, attempt, ${sinceThen('created_at')} created, ${sinceThen('started_at')} started,
      ${sinceThen('ended_at')} ended
    from task_runs where workspace_id = ${workspace_id} and run_id = ${run_id}
    order by created_at, id`.execute(tx);
  const edges = await tx
    .selectFrom('task_edges')
    .select(['before_id', 'after_id'])
    .where('workspace_id', '=', workspace_id)
    .where('run_id', '=', run_id)
    .execute();
  return { tasks: tasks.map(toTuple), edges: placesOf(tasks, edges), at: run.at };
}

function toTuple(task: TaskRow): GraphTask {
  const { id, name, kind, state, attempt, created, started, ended } = task;
  return [id, name, kind, state, attempt, created, started, ended];
}

interface Edge {
  before_id: string;
  after_id: string;
}

/** Edges by their places in the list: a tenth of the size of two ids. */
function placesOf(tasks: readonly TaskRow[], edges: readonly Edge[]): [number, number][] {
  const places = new Map(tasks.map(({ id }, place) => [id, place]));
  return edges.flatMap(({ before_id, after_id }) => {
    const before = places.get(before_id);
    const after = places.get(after_id);
    return before === undefined || after === undefined ? [] : [[before, after] as [number, number]];
  });
}
