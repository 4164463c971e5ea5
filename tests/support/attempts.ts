import type { Store } from '../../src/base/db/index.ts';
import { newId } from '../../src/base/kit/ids.ts';

export interface PlantedAttempt {
  workspace_id: string;
  run_id: string;
  task_id: string;
  attempt: number;
}

/** A run with one task that runs in its first attempt, without the queue: for what hangs on attempts. */
export async function plantAttempt(store: Store, workspace_id: string): Promise<PlantedAttempt> {
  const ref = { workspace_id, run_id: newId(), task_id: newId(), attempt: 1 };
  const { run_id, task_id } = ref;
  const run = {
    id: run_id,
    workspace_id,
    title: 'planted',
    kind: 'diagnostic',
    state: 'running' as const,
    trigger: 'manual' as const,
    run_as_kind: 'person' as const,
    run_as_id: newId(),
    tasks_total: 1,
    tasks_open: 1,
  };
  const task = {
    id: task_id,
    workspace_id,
    run_id,
    name: 'planted task',
    kind: 'diagnostic',
    state: 'running' as const,
    attempt: 1,
  };
  const attempt = { task_id, number: 1, workspace_id, run_id, state: 'running' as const, fence: '1' };
  await store.withInstance('plant an attempt', async tx => {
    await tx.insertInto('pipeline_runs').values(run).execute();
    await tx.insertInto('task_runs').values(task).execute();
    await tx.insertInto('task_attempts').values(attempt).execute();
  });
  return ref;
}

export async function plantWorkspace(store: Store): Promise<string> {
  const id = newId();
  await store.withInstance('plant a workspace', async tx => {
    await tx
      .insertInto('workspaces')
      .values({ id, slug: `w-${id.slice(-12)}`, name: 'planted' })
      .execute();
  });
  return id;
}

/** As when it has ended, `seconds_ago`. */
export async function endAttempt(
  store: Store,
  { task_id, run_id, attempt }: PlantedAttempt,
  log: { lines: number; bytes: number; dropped: number },
  ended_at: string = new Date().toISOString(),
): Promise<void> {
  await store.withInstance('end an attempt', async tx => {
    await tx
      .updateTable('task_attempts')
      .set({
        state: 'succeeded',
        ended_at,
        log_lines: String(log.lines),
        log_bytes: String(log.bytes),
        log_dropped: String(log.dropped),
      })
      .where('task_id', '=', task_id)
      .where('number', '=', attempt)
      .execute();
    await tx
      .updateTable('task_runs')
      .set({ state: 'succeeded', ended_at })
      .where('id', '=', task_id)
      .execute();
    await tx
      .updateTable('pipeline_runs')
      .set({ state: 'succeeded', ended_at, tasks_open: 0 })
      .where('id', '=', run_id)
      .execute();
  });
}
