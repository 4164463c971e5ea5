/** Time comes in from outside, so that tests move it and nothing sleeps. */
export interface Clock {
  /** Milliseconds since 1970: for what people read. It may step. */
  now(): number;
  /** Milliseconds that only grow: for leases, time-outs and durations. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** RFC 3339 with six digits. JavaScript has milliseconds only; the database's own times are never passed through here. */
export function toTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
