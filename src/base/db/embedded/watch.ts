import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf } from '../connection.ts';
import type { Guard } from './guard.ts';
import { type Life, startLife } from './life.ts';
import type { Plan } from './plan.ts';

export interface Watch {
  pid(): number | undefined;
  /** Stops the server and watches no longer. */
  close(): Promise<void>;
}

const RESTART_MS = { first: 100, last: 30_000 };

/** Starts PostgreSQL again whenever it ends, for as long as it takes: a full disk is freed, a killer goes away. */
export function watch(plan: Plan, guard: Guard, first: Life, say: (text: string) => void): Watch {
  let life: Life | undefined = first;
  const closing = new AbortController();

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await life?.process.ended;
      guard.watch(undefined);
      life = undefined;
      if (closing.signal.aborted) return;
      say('PostgreSQL ended unexpectedly; starting it again');
      life = await startAgain(plan, guard, say, closing.signal);
    }
  };
  const running = run();

  return {
    pid: () => life?.process.pid,
    async close() {
      closing.abort();
      // Twice: a start may have been under way the first time.
      await stop(plan, life);
      await running;
      await stop(plan, life);
      guard.close();
    },
  };
}

async function startAgain(
  plan: Plan,
  guard: Guard,
  say: (text: string) => void,
  closing: AbortSignal,
): Promise<Life | undefined> {
  for (let pause = RESTART_MS.first; !closing.aborted; pause = Math.min(pause * 2, RESTART_MS.last)) {
    try {
      return await startLife(plan, guard);
    } catch (error) {
      say(`PostgreSQL does not start: ${reasonOf(error)}`);
    }
    await delay(pause, undefined, { signal: closing }).catch(() => {});
  }
  return undefined;
}

async function stop(plan: Plan, life: Life | undefined): Promise<void> {
  if (life && !life.process.hasEnded()) await plan.stop(life.process.pid, life.process.hasEnded);
}
