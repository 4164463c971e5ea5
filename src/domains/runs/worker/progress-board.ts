import type { Store } from '../../../base/db/index.ts';
import { type Clock, toTimestamp } from '../../../base/kit/clock.ts';
import type { Progress } from '../../../contract/runs.ts';
import { type Claimed, type Lease, writeProgress } from '../queue/index.ts';
import { addPoint, NO_PACE, type Pace, type Said, toProgress } from './progress.ts';

/** The last progress of each task; what is new is written once a second, for all tasks in one statement. */
export interface ProgressBoard {
  note(task: Claimed, said: Said): void;
  forget(task_id: string): void;
  close(): Promise<void>;
}

interface Noted {
  lease: Lease;
  pace: Pace;
  latest: Progress;
  is_new: boolean;
}

const EVERY_MS = 1000;

export function openProgressBoard(parts: {
  store: Pick<Store, 'withInstance'>;
  clock: Clock;
  failed(error: unknown): void;
  every_ms?: number;
}): ProgressBoard {
  const { store, clock, failed, every_ms = EVERY_MS } = parts;
  const board = new Map<string, Noted>();
  let writing: Promise<void> | undefined;

  const write = async (): Promise<void> => {
    const news = [...board].filter(([, noted]) => noted.is_new);
    if (news.length === 0) return;
    for (const [, noted] of news) noted.is_new = false;
    const progress = new Map(news.map(([task_id, { latest }]) => [task_id, latest]));
    const leases = news.map(([, { lease }]) => lease);
    // Best effort: the next one is a second away, and says more.
    await store
      .withInstance('progress of tasks', tx => writeProgress(tx, progress, leases), { statement_seconds: 5 })
      .catch(error => failed(error));
  };
  const tick = setInterval(() => {
    writing ??= write().finally(() => {
      writing = undefined;
    });
  }, every_ms);

  return {
    note(task, said) {
      const { task_id, attempt, fence } = task;
      const pace = addPoint(board.get(task_id)?.pace ?? NO_PACE, clock.monotonic(), said.done);
      const latest = toProgress(said, pace, toTimestamp(clock.now()));
      board.set(task_id, { lease: { task_id, attempt, fence }, pace, latest, is_new: true });
    },
    forget: task_id => void board.delete(task_id),
    async close() {
      clearInterval(tick);
      await writing;
    },
  };
}
