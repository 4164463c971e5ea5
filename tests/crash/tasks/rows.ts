import { join } from 'node:path';
import { sql } from 'kysely';
import { openPrepared, prepareStore } from '../../../src/base/db/index.ts';
import type { StoreRows } from './verdict.ts';

export interface FinalRows extends StoreRows {
  workers: readonly { id: string; pid: number }[];
}

/** Of an installation that does not run: its store alone is started, read and stopped. */
export async function readRows(data: string): Promise<FinalRows> {
  const embedded = { folder: join(data, 'store'), log_file: join(data, 'logs', 'postgres.log') };
  const prepared = await prepareStore({ embedded });
  const store = await openPrepared(prepared.app, prepared.instance_id);
  try {
    return await store.withInstance('verdict', async tx => {
      const runs = await tx
        .selectFrom('pipeline_runs')
        .select(['id', 'state', 'title', 'tasks_total', 'tasks_open'])
        .select([
          'tasks_succeeded',
          'tasks_partial',
          'tasks_failed',
          'tasks_lost',
          'tasks_cancelled',
          'tasks_skipped',
        ])
        .execute();
      const marks = await sql<{ task_id: string; stage: number; rows: number }>`
        select task_id, stage, count(*)::int "rows" from diagnostic_marks group by 1, 2`.execute(tx);
      return {
        runs: runs.map(({ id, state, title, tasks_total, tasks_open, ...counts }) => ({
          id,
          state,
          title,
          tasks_total,
          tasks_open,
          counts: Object.fromEntries(
            Object.entries(counts).map(([name, count]) => [name.replace('tasks_', ''), count]),
          ),
        })),
        tasks: await tx
          .selectFrom('task_runs')
          .select(['id', 'run_id', 'name', 'state', 'stage', 'attempt'])
          .execute(),
        attempts: await tx
          .selectFrom('task_attempts')
          .select(['task_id', 'number', 'state', 'worker_id', 'ended_at'])
          .execute(),
        stages: await tx.selectFrom('task_stages').select(['task_id', 'n']).execute(),
        marks: marks.rows,
        workers: await tx.selectFrom('workers').select(['id', 'pid']).execute(),
      };
    });
  } finally {
    await store.close();
    await prepared.close();
  }
}
