import type { Claimed } from '../queue/index.ts';

/**
 * Which claimed tasks work, and which wait for a slot. A claim costs the same for one task as for twenty: where tasks are
 * over in milliseconds, the next ones are claimed before there is a slot for them.
 */
export interface Slots {
  /** How many tasks to claim now. */
  room(): number;
  take(tasks: readonly Claimed[]): void;
  /** One has been worked on for so long, and its slot is free. */
  free(worked_ms: number): void;
  busy(): number;
  waiting(): readonly Claimed[];
  /** Takes it out, if it waits. */
  remove(task_id: string): Claimed | undefined;
  /** What was to be over soon is not: nothing more is claimed ahead until something has ended. */
  slow(): void;
}

/** What waits here could be worked on elsewhere: it should not be for longer than a claim takes, give or take. */
const AHEAD_MS = 50;
const MAX_AHEAD = 64;
/** How much the last one counts. */
const WEIGHT = 0.2;

/** As many as will begin soon, as far as those before them tell. */
export function howFarAhead(concurrency: number, mean_ms: number): number {
  return Math.min(MAX_AHEAD, Math.floor((concurrency * AHEAD_MS) / Math.max(mean_ms, 1)));
}

export function openSlots(concurrency: number, begin: (task: Claimed) => void): Slots {
  let mean_ms = Number.POSITIVE_INFINITY;
  let busy = 0;
  let waiting: Claimed[] = [];

  const serve = (): void => {
    while (busy < concurrency) {
      const next = waiting.shift();
      if (!next) return;
      busy += 1;
      begin(next);
    }
  };
  return {
    room() {
      const ahead = howFarAhead(concurrency, mean_ms);
      // Not one by one: half of them are claimed together.
      if (busy >= concurrency && waiting.length > ahead / 2) return 0;
      return Math.max(0, concurrency + ahead - busy - waiting.length);
    },
    take(tasks) {
      waiting.push(...tasks);
      serve();
    },
    free(worked_ms) {
      mean_ms = Number.isFinite(mean_ms) ? mean_ms + WEIGHT * (worked_ms - mean_ms) : worked_ms;
      busy -= 1;
      serve();
    },
    slow() {
      mean_ms = Number.POSITIVE_INFINITY;
    },
    busy: () => busy,
    waiting: () => waiting,
    remove(task_id) {
      const found = waiting.find(task => task.task_id === task_id);
      if (found) waiting = waiting.filter(task => task !== found);
      return found;
    },
  };
}
