export const UNITS = ['seconds', 'minutes', 'hours', 'days'] as const;
export type Unit = (typeof UNITS)[number];

const SECONDS: Readonly<Record<Unit, number>> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };

/** In the largest unit of which it is a whole number. */
export function intervalOf(seconds: number): { unit: Unit; count: number } {
  const unit = UNITS.findLast(unit => seconds % SECONDS[unit] === 0) ?? 'seconds';
  return { unit, count: seconds / SECONDS[unit] };
}

export function secondsOf(count: number, unit: Unit): number {
  return count * SECONDS[unit];
}

export function isUnit(text: unknown): text is Unit {
  return UNITS.some(unit => unit === text);
}
