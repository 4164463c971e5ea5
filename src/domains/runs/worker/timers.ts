/** Node's own timers fire at once when they are to wait longer than 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

export interface Timers {
  /** Under a name: setting it again forgets the former one. Nothing fires after `stop`. */
  after(name: string, ms: number, fire: () => void): void;
  clear(name: string): void;
  stop(): void;
}

export function openTimers(): Timers {
  const timers = new Map<string, NodeJS.Timeout>();
  const set = (name: string, ms: number, fire: () => void): void => {
    const now = Math.min(ms, LONGEST_MS);
    const next = () => (ms > now ? set(name, ms - now, fire) : fire());
    timers.set(name, setTimeout(next, now));
  };
  const clear = (name: string): void => {
    clearTimeout(timers.get(name));
    timers.delete(name);
  };
  return {
    after(name, ms, fire) {
      clear(name);
      set(name, ms, fire);
    },
    clear,
    stop() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
