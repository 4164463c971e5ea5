// The proleptic Gregorian calendar over the whole range of DuckDB's dates (5.8 million years to either side), of which JavaScript's
// `Date` knows a twentieth. Year 0 is 1 BC.

export interface Day {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
}

const DAYS_OF_400_YEARS = 146_097;
/** From 0000-03-01, where the years of this arithmetic begin, to 1970-01-01. */
const EPOCH = 719_468;

/** Days since 1970-01-01. Years begin in March, so that the leap day is the last of one. */
export function daysOf({ year, month, day }: Day): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const year_of_era = y - era * 400;
  const day_of_year = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leap_days = Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100);
  return era * DAYS_OF_400_YEARS + year_of_era * 365 + leap_days + day_of_year - EPOCH;
}

export function dayOf(days: number): Day {
  const z = days + EPOCH;
  const era = Math.floor(z / DAYS_OF_400_YEARS);
  const day_of_era = z - era * DAYS_OF_400_YEARS;
  const leap_days =
    Math.floor(day_of_era / 1460) - Math.floor(day_of_era / 36_524) + Math.floor(day_of_era / 146_096);
  const year_of_era = Math.floor((day_of_era - leap_days) / 365);
  const day_of_year =
    day_of_era - (365 * year_of_era + Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100));
  const m = Math.floor((5 * day_of_year + 2) / 153);
  const month = m < 10 ? m + 3 : m - 9;
  const day = day_of_year - Math.floor((153 * m + 2) / 5) + 1;
  return { year: year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** ISO 8601: four digits, or a sign and as many as it takes. */
export function showYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(4, '0')}`;
}

export function showDay(days: number): string {
  const { year, month, day } = dayOf(days);
  return `${showYear(year)}-${two(month)}-${two(day)}`;
}

export function two(n: number): string {
  return String(n).padStart(2, '0');
}

export const MICROS_OF_HOUR = 3_600_000_000n;
export const MICROS_OF_DAY = 86_400_000_000n;

/** Towards minus infinity, as time goes: one microsecond before 1970 is the day before. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}
