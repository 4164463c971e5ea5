// What a clock on the wall of a time zone shows, as a `datetime-local` field holds it, and back. Pure.

const DAY_MS = 86_400_000;

/** `2026-12-24T18:00`; with seconds where there are any. */
export function wallTime(at: number, zone: string): string {
  const format = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  return format.format(at).replace(' ', 'T').replace(/:00$/, '');
}

/**
 * The first moment when it shows so, where it does so twice; about the moment of the jump, where it never does. Undefined for
 * a text that is no time.
 */
export function momentOf(wall: string, zone: string): string | undefined {
  const read = Date.parse(`${wall}Z`);
  if (Number.isNaN(read)) return undefined;
  const offset = (at: number) => Date.parse(`${wallTime(at, zone)}Z`) - at;
  // Of the day before and of the day after: the clocks may change in between.
  const candidates = [offset(read - DAY_MS), offset(read + DAY_MS)].map(shift => read - shift);
  const exact = candidates.filter(at => wallTime(at, zone) === wallTime(read, 'UTC'));
  return new Date(exact.length > 0 ? Math.min(...exact) : Math.max(...candidates)).toISOString();
}
