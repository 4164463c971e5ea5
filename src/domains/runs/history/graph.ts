import { sql } from 'kysely';
import type { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import type { RunGraph, runGraphSchema } from '../../../contract/runs.ts';

type GraphTask = z.input<typeof runGraphSchema>['tasks'][number];

type Edge = RunGraph['edges'][number];

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
    sql`round(extract(epoch from ${sql.ref(column)} - ${run.created_at}::timestamptz) * 1000, 3)`;
  // One value instead of thousands of rows. Edges find their places here: a join would not know how many tasks there are.
  const { rows } = await sql<{ tasks: GraphTask[]; edges: [before_id: string, after_id: string][] }>`
    select
      coalesce((
        select json_agg(json_build_array(id, name, kind, state, attempt, ${sinceThen('created_at')},
          ${sinceThen('started_at')}, ${sinceThen('ended_at')}) order by created_at, id)
        from task_runs where workspace_id = ${workspace_id} and run_id = ${run_id}), '[]') tasks,
      coalesce((
        select json_agg(json_build_array(before_id, after_id) order by before_id, after_id)
        from task_edges where workspace_id = ${workspace_id} and run_id = ${run_id}), '[]') edges`.execute(
    tx,
  );
  const [graph] = rows;
  if (!graph) return undefined;
  const places = new Map(graph.tasks.map(([id], place) => [id, place]));
  const edges = graph.edges.flatMap(([before_id, after_id]): Edge[] => {
    const before = places.get(before_id);
    const after = places.get(after_id);
    return before === undefined || after === undefined ? [] : [[before, after]];
  });
  return { tasks: graph.tasks, edges, at: run.at };
}
