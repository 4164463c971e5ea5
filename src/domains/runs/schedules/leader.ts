import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../../../base/db/index.ts';
import type { Log } from '../../../base/kit/log.ts';

/** Something that one process of the installation does, again and again. */
export interface Duty {
  name: string;
  every_ms: number;
  run(): Promise<unknown>;
}

const ASK_MS = 2000;

/**
 * One server at a time does what must not be done by two: the one that holds the lock. Two of them for an instant (a lock that
 * was lost unnoticed) would do no harm, since every duty guards its own statements.
 */
export function openLeader({ store, log, duties }: { store: Store; log: Log; duties: readonly Duty[] }): {
  /** Waits for what is in hand. */
  close(): Promise<void>;
} {
  const closing = new AbortController();
  const running = lead(store, log, duties, closing.signal);
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}

async function lead(store: Store, log: Log, duties: readonly Duty[], closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    const lock = await store.tryLock('runs leader');
    if (!lock) {
      await rest(ASK_MS, closing);
      continue;
    }
    log.debug('This server leads: it fires schedules and looks after leases');
    const until = AbortSignal.any([closing, lock.lost]);
    await Promise.all(duties.map(duty => repeat(duty, log, until)));
    await lock.release();
  }
}

/** One after the other, never beside itself. A failure is told and does not end the others. */
async function repeat({ name, every_ms, run }: Duty, log: Log, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await run().catch((error: unknown) => log.warn({ duty: name, error }, 'A duty failed; it is done again'));
    await rest(every_ms, until);
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => {});
}
