import type { Store } from '../../../base/db/index.ts';
import { type BeatAnswer, beatWorker, type Lease } from '../queue/index.ts';

export interface BeatParts {
  store: Pick<Store, 'withInstance'>;
  worker_id(): string;
  leases(): readonly Lease[];
  stats(): Readonly<Record<string, number>>;
  /** `asked`: for whom the beat was made; the worker may have another id by now. */
  hear(answer: BeatAnswer, asked: { worker_id: string; leases: readonly Lease[] }): void;
  failed(error: unknown): void;
  every_ms?: number;
}

export interface Heart {
  /** Out of turn: something may have been asked of us. */
  soon(): void;
  close(): Promise<void>;
}

/** A third of the time after which a lease is lost. */
const EVERY_MS = 5000;
/** A beat that takes longer is worth less than the next one. */
const STATEMENT_SECONDS = 5;
/** One that hangs in a half-open connection must not keep the next from being tried on another one. */
const MAX_AT_ONCE = 2;

/** On its own timer: whatever the worker is busy with, what it holds is kept up. */
export function openHeart(parts: BeatParts): Heart {
  const { every_ms = EVERY_MS } = parts;
  const under_way = new Set<Promise<void>>();
  let wanted = false;
  let closed = false;

  const beat = async (): Promise<void> => {
    const worker_id = parts.worker_id();
    const leases = parts.leases();
    try {
      const answer = await parts.store.withInstance(
        'beat of a worker',
        tx => beatWorker(tx, { worker_id, leases, stats: parts.stats() }),
        { prepared: true, statement_seconds: STATEMENT_SECONDS },
      );
      parts.hear(answer, { worker_id, leases });
    } catch (error) {
      parts.failed(error);
    }
  };
  const start = (): void => {
    wanted = false;
    const one = beat().finally(() => {
      under_way.delete(one);
      if (wanted && !closed) start();
    });
    under_way.add(one);
  };
  const timer = setInterval(() => {
    if (under_way.size < MAX_AT_ONCE) start();
  }, every_ms);

  return {
    soon() {
      // One that is under way may have looked before it was asked: one more, after it.
      if (under_way.size > 0) wanted = true;
      else if (!closed) start();
    },
    async close() {
      closed = true;
      clearInterval(timer);
      await Promise.all(under_way);
    },
  };
}
