import type { Store } from '../../../base/db/index.ts';
import { type Claimed, claimTasks, type Lease, releaseTasks } from '../queue/index.ts';
import { leasesOf } from './store.ts';

export interface ClaimParts {
  store: Pick<Store, 'withInstance'>;
  claimant(): { worker_id: string; worker_name: string; tags: readonly string[]; kinds: readonly string[] };
  /** Slots that are free now; 0 also while it drains. */
  free(): number;
  /** What it works on already. */
  holds(task_id: string): boolean;
  take(tasks: readonly Claimed[]): void;
  failed(error: unknown): void;
  poll_ms?: number;
}

export interface Claims {
  /** There may be something to take, or room for it. */
  wake(): void;
  /** Nothing is being asked for. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const POLL_MS = 2000;
/** Everybody's claims wait for one that hangs in a network that swallows. */
const STATEMENT_SECONDS = 10;

/** Claims as many as there is room for, whenever there may be some: one claim at a time. */
export function openClaims(parts: ClaimParts): Claims {
  const { poll_ms = POLL_MS } = parts;
  let closed = false;
  let woken = true;
  let working: Promise<void> | undefined;
  /** A claim whose answer never came may have been granted: those tasks would wait for a worker that does not know. */
  let unsure = false;

  const claim = async (limit: number): Promise<number> => {
    const claimant = parts.claimant();
    const tasks = await parts.store.withInstance(
      'claim tasks',
      async tx => {
        if (unsure) await giveBackUnknown(tx, claimant.worker_id, parts.holds);
        return claimTasks(tx, { ...claimant, limit });
      },
      { prepared: true, statement_seconds: STATEMENT_SECONDS },
    );
    unsure = false;
    parts.take(tasks);
    return tasks.length;
  };
  const work = async (): Promise<void> => {
    // What else happens in this turn of the event loop frees slots, too.
    await null;
    while (woken && !closed) {
      const limit = parts.free();
      if (limit === 0) return;
      woken = false;
      try {
        // All that was asked for: there may be more, for which there is no room now.
        if ((await claim(limit)) === limit) woken = true;
      } catch (error) {
        unsure = true;
        parts.failed(error);
        return;
      }
    }
  };
  const start = (): void => {
    if (closed) return;
    working ??= work().finally(() => {
      working = undefined;
      if (woken && !unsure && parts.free() > 0) start();
    });
  };
  const wake = (): void => {
    woken = true;
    start();
  };
  // The net under the hints; also what tries again after a failure.
  const poll = setInterval(wake, poll_ms);
  wake();

  return {
    wake,
    async idle() {
      await working;
    },
    async close() {
      closed = true;
      clearInterval(poll);
      await working;
    },
  };
}

async function giveBackUnknown(
  tx: Parameters<typeof leasesOf>[0],
  worker_id: string,
  holds: (task_id: string) => boolean,
): Promise<void> {
  const unknown: Lease[] = (await leasesOf(tx, worker_id)).filter(({ task_id }) => !holds(task_id));
  if (unknown.length > 0) await releaseTasks(tx, unknown);
}
