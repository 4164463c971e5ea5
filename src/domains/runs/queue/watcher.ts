/** A counter that has not moved for so long is given up. */
export const LOST_AFTER_MS = 15_000;
/** A gap between two looks counts at most so much: while nobody looked, or the store was away, everybody may have beaten. */
export const GAP_MS = 6_000;

/** Sees whether counters move, by a clock that only grows. What it has never seen begins anew, so a new leader kills nobody. */
export interface Watcher {
  /** What is there now, by key; answers the keys whose counter has not moved for too long. */
  look(now: number, counters: ReadonlyMap<string, string>): string[];
}

interface Seen {
  counter: string;
  still_ms: number;
}

export function openWatcher(): Watcher {
  let seen = new Map<string, Seen>();
  let last: number | undefined;
  return {
    look(now, counters) {
      const gap = Math.min(now - (last ?? now), GAP_MS);
      last = now;
      seen = new Map(
        [...counters].map(([key, counter]) => {
          const before = seen.get(key);
          const still_ms = before?.counter === counter ? before.still_ms + gap : 0;
          return [key, { counter, still_ms }];
        }),
      );
      return [...seen].filter(([, { still_ms }]) => still_ms >= LOST_AFTER_MS).map(([key]) => key);
    },
  };
}
