import type { Store, Tx } from '../../base/db/index.ts';
import { fail } from '../../base/kit/errors.ts';
import type { KindTable } from './kinds.ts';
import { openLogWriter } from './logs/index.ts';
import { openPool, type PoolOptions } from './runner/pool.ts';
import type { SecretName } from './task.ts';
import { openWorker, type Worker, type WorkerParts } from './worker/index.ts';

/** What the worker of a process is made of; the rest is made here. */
export interface RunsWorkerParts
  extends Omit<WorkerParts, 'pool' | 'logs' | 'secrets' | 'store' | 'concurrency'> {
  store: Pick<Store, 'withInstance' | 'withWorkspace' | 'listen'>;
  kinds: KindTable;
  /** The value of a secret of a workspace, if there is one. */
  readSecret(tx: Tx, ref: SecretName & { workspace_id: string }): Promise<string | undefined>;
  /** Tasks at once, each with a runner of its own. */
  concurrency: number;
  /** Where runners work, what starts one, what it may use. */
  runners: Pick<PoolOptions, 'folder' | 'spawn_args' | 'warm' | 'memory_mb' | 'keep'>;
}

/** A worker with its pool and its logs. Closing it closes them too: the runners after their tasks, the logs last. */
export async function openRunsWorker(parts: RunsWorkerParts): Promise<Worker> {
  const { store, clock, log, concurrency, runners } = parts;
  const logs = openLogWriter({ store, clock, log });
  const pool = openPool({ ...runners, size: concurrency, clock, log });
  const close = async () => {
    await pool.close();
    await logs.close();
  };
  try {
    const worker = await openWorker({ ...parts, pool, logs, secrets: secretReader(parts) });
    return {
      get id() {
        return worker.id;
      },
      drain: worker.drain,
      stats: worker.stats,
      async close() {
        await worker.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** All that a task needs, in one transaction. One that is not there is no reason to start without it. */
function secretReader({ store, readSecret }: RunsWorkerParts): WorkerParts['secrets'] {
  return (workspace_id, names) =>
    store.withWorkspace({ workspace_id }, async tx => {
      const found: Record<string, string> = {};
      for (const [name, ref] of Object.entries(names)) {
        const value = await readSecret(tx, { ...ref, workspace_id });
        if (value === undefined) throw fail('object.not_found', { kind: 'secret', id: describeSecret(ref) });
        found[name] = value;
      }
      return found;
    });
}

function describeSecret({ object_kind, object_id, field }: SecretName): string {
  return `${object_kind}/${object_id}/${field}`;
}
