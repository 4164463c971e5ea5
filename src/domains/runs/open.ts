import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { Store, Tx } from '../../base/db/index.ts';
import type { Clock } from '../../base/kit/clock.ts';
import { fail } from '../../base/kit/errors.ts';
import type { Log } from '../../base/kit/log.ts';
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
  runners: Pick<PoolOptions, 'folder' | 'spawn_args' | 'pass' | 'warm' | 'memory_mb' | 'keep'>;
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

const PATIENCE_MS = 20_000;

/** Whether a runner starts here, and how long it took. Throws why it does not. */
export async function tryRunner(runners: RunsWorkerParts['runners'], clock: Clock): Promise<number> {
  const begun_at = clock.monotonic();
  const pool = openPool({ ...runners, size: 1, warm: 0, clock, log: NOWHERE });
  const late = new AbortController();
  const deadline = delay(PATIENCE_MS, undefined, { signal: late.signal });
  try {
    const runner = await Promise.race([pool.take('standard'), deadline]);
    if (!runner) throw new Error(`It was not ready within ${PATIENCE_MS / 1000} s.`);
    await runner.kill();
    return clock.monotonic() - begun_at;
  } finally {
    deadline.catch(() => {});
    late.abort();
    await pool.close();
  }
}

/** What is worth telling is in the answer. */
const NOWHERE: Log = pino({ level: 'silent' });

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
