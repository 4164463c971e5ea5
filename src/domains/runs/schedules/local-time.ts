// Local times without a library: what a clock on the wall of a time zone shows, and back. Node carries the zones.

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(zone, made);
  return made;
}

/** `2026-12-24T18:00:00`: comparable as text, with the times of the same zone. */
export function wallTime(ms: number, zone: string): string {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`;
}

/**
 * When the wall shows it: the first time, where it does so twice; where it never does (the hour that is left out), the moment of
 * the jump or soon after.
 */
export function momentOf(wall: string, zone: string): number {
  const read = Date.parse(`${wall}Z`);
  const offset = (ms: number) => Date.parse(`${wallTime(ms, zone)}Z`) - ms;
  // The offset of a day before is the one in force before a change that the time may lie behind.
  const candidates = [offset(read - DAY_MS), offset(read + DAY_MS)].map(shift => read - shift);
  const exact = candidates.filter(ms => wallTime(ms, zone) === wall);
  return exact.length > 0 ? Math.min(...exact) : Math.max(...candidates);
}

export const DAY_MS = 86_400_000;

/** Midnight after the given wall time. */
export function nextMidnight(wall: string, zone: string): number {
  const day = Date.parse(`${wall.slice(0, 10)}T00:00:00Z`) + DAY_MS;
  return momentOf(new Date(day).toISOString().slice(0, 19), zone);
}
