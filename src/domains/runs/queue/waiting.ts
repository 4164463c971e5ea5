import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import type { Edge, Ended, Node, Waiting } from '../graph.ts';

// Reading the graph of a run, as far as somebody needs it. The run's row is held by whoever asks.

export interface Neighbourhood {
  edges: Edge[];
  waiting: Map<string, Waiting>;
}

type Row = Edge & Omit<Waiting, 'id'>;

export async function afterDirectly(tx: Tx, ended: readonly Ended[]): Promise<Neighbourhood> {
  const { rows } = await sql<Row>`
    select e.before_id, e.after_id, t.condition, t.waits_for, t.before_failed, t.before_unsuccessful
    from task_edges e join task_runs t on t.id = e.after_id
    where e.before_id = any(${ended.map(({ id }) => id)}::uuid[]) and t.state = 'queued' and t.waits_for > 0`.execute(
    tx,
  );
  return neighbourhood(rows);
}

/** Of whole runs, in two reads by their indexes: no plan can make a join of thousands of tasks slow. */
export async function afterAll(tx: Tx, run_ids: readonly string[]): Promise<Neighbourhood> {
  const { rows: edges } = await sql<Edge>`
    select before_id, after_id from task_edges where run_id = any(${run_ids}::uuid[])`.execute(tx);
  const { rows: waiting } = await sql<Waiting>`
    select t.id, t.condition, t.waits_for, t.before_failed, t.before_unsuccessful
    from task_runs t
    where t.run_id = any(${run_ids}::uuid[]) and t.state = 'queued' and t.waits_for > 0`.execute(tx);
  return { edges, waiting: new Map(waiting.map(task => [task.id, task])) };
}

function neighbourhood(rows: readonly Row[]): Neighbourhood {
  return {
    edges: rows.map(({ before_id, after_id }) => ({ before_id, after_id })),
    waiting: new Map(
      rows.map(({ after_id, condition, waits_for, before_failed, before_unsuccessful }) => [
        after_id,
        { id: after_id, condition, waits_for, before_failed, before_unsuccessful },
      ]),
    ),
  };
}

export type NamedNode = Node & { name: string };

/** All of it: for what people do by hand. */
export async function graphOf(
  tx: Tx,
  workspace_id: string,
  run_id: string,
): Promise<{ nodes: NamedNode[]; edges: Edge[] }> {
  const nodes = await tx
    .selectFrom('task_runs')
    .select(['id', 'name', 'condition', 'state'])
    .where('workspace_id', '=', workspace_id)
    .where('run_id', '=', run_id)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  const edges = await tx
    .selectFrom('task_edges')
    .select(['before_id', 'after_id'])
    .where('workspace_id', '=', workspace_id)
    .where('run_id', '=', run_id)
    .execute();
  return { nodes, edges };
}
