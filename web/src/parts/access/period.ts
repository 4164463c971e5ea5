// A stretch of time in an address: a word that moves with the clock, or two days. Pure: the clock is passed in.

export const PERIODS = ['hour', 'day', 'week', 'month', 'custom'] as const;
export type Period = (typeof PERIODS)[number];

const HOUR_MS = 3_600_000;
const LENGTH_MS: Readonly<Record<string, number>> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
  month: 30 * 24 * HOUR_MS,
};

interface Chosen {
  period?: string;
  /** Days as `2026-11-21`, in the zone that the page shows times in. */
  from?: string;
  to?: string;
}

export function periodBounds(chosen: Chosen, now: number, zone: string): { from?: string; to?: string } {
  if (chosen.period === 'custom')
    return {
      ...(isDay(chosen.from) && { from: startOfDay(chosen.from, zone) }),
      ...(isDay(chosen.to) && { to: startOfDay(nextDay(chosen.to), zone) }),
    };
  const length = LENGTH_MS[chosen.period ?? ''];
  // Whole minutes: the same question within a minute is the same question, and is not asked again.
  return length === undefined
    ? {}
    : { from: new Date(Math.floor((now - length) / 60_000) * 60_000).toISOString() };
}

function isDay(text: string | undefined): text is string {
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 24 * HOUR_MS).toISOString().slice(0, 10);
}

/** Midnight there, as an instant: the offset is that of the day itself, also when the clocks change in it. */
export function startOfDay(day: string, zone: string): string {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const guess = midnight - offsetMs(midnight, zone);
  return new Date(midnight - offsetMs(guess, zone)).toISOString();
}

function offsetMs(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(
    at,
  );
  const name = parts.find(part => part.type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  if (hours === undefined || minutes === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
