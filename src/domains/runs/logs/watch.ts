import type { Store } from '../../../base/db/index.ts';
import { findGrowth, type Growth, LOG_CHANNEL } from './store.ts';

// One question for everything that is tailed in this process, however many look: at each hint, and once a second because
// hints get lost.

export interface LogWatch {
  /** Resolves when the attempt has more than `lines` or has ended, at a beat, or when the signal aborts or the watch closes. */
  wait(place: { task_id: string; attempt: number }, lines: number, signal: AbortSignal): Promise<Wake>;
  close(): void;
}

export type Wake = 'news' | 'beat' | 'end';

interface Waiter {
  task_id: string;
  attempt: number;
  lines: number;
  wake: (wake: Wake) => void;
}

const POLL_MS = 1000;
const BEAT_MS = 15_000;

export function openLogWatch(
  store: Pick<Store, 'withInstance' | 'listen'>,
  beat_ms: number = BEAT_MS,
): LogWatch {
  const waiters = new Set<Waiter>();
  let looking = false;
  let again = false;
  let closed = false;
  let poll: NodeJS.Timeout | undefined;

  /** One at a time, and once more for a hint that came meanwhile. */
  async function look(): Promise<void> {
    again = true;
    if (looking) return;
    looking = true;
    while (again && waiters.size > 0) {
      again = false;
      // While the store is away nothing is new; the poll asks again.
      const growth = await ask([...waiters]).catch((): Growth[] => []);
      for (const waiter of waiters) if (growth.some(one => concerns(one, waiter))) waiter.wake('news');
    }
    looking = false;
  }

  const ask = (asked: readonly Waiter[]) => {
    const places = new Map(
      asked.map(({ task_id, attempt }) => [`${task_id} ${attempt}`, { task_id, attempt }]),
    );
    return store.withInstance('see which logs grew', tx => findGrowth(tx, [...places.values()]), {
      read_only: true,
    });
  };
  const startPolling = () => {
    poll ??= setInterval(() => {
      if (waiters.size > 0) return void look();
      clearInterval(poll);
      poll = undefined;
    }, POLL_MS).unref();
  };
  const stopListening = store.listen(LOG_CHANNEL, () => void look());

  return {
    wait: (place, lines, signal) =>
      new Promise(resolve => {
        if (closed || signal.aborted) return resolve('end');
        const wake = (wake: Wake) => {
          waiters.delete(waiter);
          clearTimeout(beat);
          signal.removeEventListener('abort', end);
          resolve(wake);
        };
        const end = () => wake('end');
        const waiter: Waiter = { ...place, lines, wake };
        const beat = setTimeout(() => wake('beat'), beat_ms);
        signal.addEventListener('abort', end, { once: true });
        waiters.add(waiter);
        startPolling();
        // It may have come between reading and waiting.
        void look();
      }),
    close() {
      closed = true;
      stopListening();
      clearInterval(poll);
      for (const { wake } of waiters) wake('end');
    },
  };
}

function concerns(growth: Growth, { task_id, attempt, lines }: Waiter): boolean {
  return growth.task_id === task_id && growth.attempt === attempt && (growth.ended || growth.lines > lines);
}
