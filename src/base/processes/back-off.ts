/** How long to wait before something that keeps ending is started again: twice as long each time, until it has stood. */
export interface BackOff {
  /** It began. */
  began(now: number): void;
  /** It ended; milliseconds until the next try. */
  ended(now: number): number;
}

export interface BackOffOptions {
  first_ms: number;
  last_ms: number;
  /** Up for so long, it counts as well again. */
  well_ms: number;
}

export function backOff({ first_ms, last_ms, well_ms }: BackOffOptions): BackOff {
  let pause = first_ms;
  let since = Number.POSITIVE_INFINITY;
  return {
    began(now) {
      since = now;
    },
    ended(now) {
      if (now - since >= well_ms) pause = first_ms;
      since = Number.POSITIVE_INFINITY;
      const wait = pause;
      pause = Math.min(pause * 2, last_ms);
      return wait;
    },
  };
}
