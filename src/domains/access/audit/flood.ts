import type { Clock } from '../../../base/kit/clock.ts';

/**
 * What a stranger can repeat without limit (a failed sign-in, a refused request) is written so often at most, so that a
 * flood fills no disk; what was left out is counted, and said by the next entry of the same key.
 */
export interface FloodGate {
  /** Undefined: not this one. Otherwise how many of this key were left out since the last that was written. */
  pass(key: string): number | undefined;
}

export interface FloodLimits {
  per_key: number;
  /** All keys together: an attacker has as many addresses as they like. */
  total: number;
  window_seconds: number;
}

export const FLOOD_LIMITS: FloodLimits = { per_key: 20, total: 200, window_seconds: 600 };
const MAX_KEYS = 10_000;

export function createFloodGate(clock: Clock, limits: FloodLimits = FLOOD_LIMITS): FloodGate {
  let window_started = Number.NEGATIVE_INFINITY;
  let total = 0;
  let written = new Map<string, number>();
  const left_out = new Map<string, number>();

  const leaveOut = (key: string): undefined => {
    const [oldest] = left_out.keys();
    if (left_out.size >= MAX_KEYS && oldest !== undefined && !left_out.has(key)) left_out.delete(oldest);
    left_out.set(key, (left_out.get(key) ?? 0) + 1);
  };

  return {
    pass(key) {
      const now = clock.monotonic();
      if (now - window_started >= limits.window_seconds * 1000) {
        window_started = now;
        total = 0;
        written = new Map();
      }
      const count = written.get(key) ?? 0;
      if (count >= limits.per_key || total >= limits.total) return leaveOut(key);
      total += 1;
      written.set(key, count + 1);
      const missed = left_out.get(key) ?? 0;
      left_out.delete(key);
      return missed;
    },
  };
}
