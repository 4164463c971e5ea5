// Numbers, sizes, durations and times as people write them there. Pure: the clock is passed in.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function formatNumber(value: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(value);
}

/** 48.2 M, 1,2 M: for tiles, never where the exact figure counts. */
export function formatCompact(value: number, locale: string): string {
  return new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** 62 %, whole. */
export function formatPercent(share: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(share);
}

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;

/** Decimal, as disks are sold and as `df -H` says. */
export function formatBytes(bytes: number, locale: string): string {
  const step = bytes < 1000 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: BYTE_UNITS[step] ?? 'byte',
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumSignificantDigits: 3,
  }).format(bytes / 1000 ** step);
}

/** 0:41 and 1:02:07 while it fits a clock, then 2 d 4 h. */
export function formatDuration(milliseconds: number, locale: string): string {
  const total = Math.max(0, Math.round(milliseconds / SECOND));
  const [days, hours, minutes, seconds] = [
    Math.floor(total / 86_400),
    Math.floor(total / 3600) % 24,
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  const two = (n: number) => String(n).padStart(2, '0');
  if (days > 0) return locale.startsWith('fr') ? `${days} j ${hours} h` : `${days} d ${hours} h`;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

const STEPS = [
  ['year', 365 * DAY],
  ['month', 30 * DAY],
  ['week', 7 * DAY],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
] as const;

/** "3 minutes ago", "dans 2 jours", "just now" as "now". */
export function formatRelative(timestamp: string, now: number, locale: string): string {
  const difference = Date.parse(timestamp) - now;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const step = STEPS.find(([, size]) => Math.abs(difference) >= size);
  return step === undefined
    ? format.format(0, 'second')
    : format.format(whole(difference / step[1]), step[0]);
}

/** What is past has passed completely; what comes is named by what is nearest: 89.9 days are no 2 months. */
function whole(units: number): number {
  return units > 0 ? Math.round(units) : Math.trunc(units);
}

/** How long until `formatRelative` may say something else. */
export function relativeRefresh(timestamp: string, now: number): number {
  const age = Math.abs(Date.parse(timestamp) - now);
  if (age < HOUR) return MINUTE / 2;
  return age < DAY ? 10 * MINUTE : HOUR;
}

/** Date, time and zone with its offset: what stands behind every relative time. */
export function formatExact(timestamp: string, locale: string, zone: string): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  }).format(new Date(timestamp));
}

export function formatDate(timestamp: string, locale: string, zone: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone: zone, dateStyle: 'medium' }).format(new Date(timestamp));
}

export function formatDateTime(timestamp: string, locale: string, zone: string): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    dateStyle: 'medium',
    timeStyle: 'short',
  }).format(new Date(timestamp));
}

/** The day in words, at the beginning of the line under a greeting: "Samedi 21 novembre". */
export function formatDay(now: number, locale: string, zone: string): string {
  const words = new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
  }).format(new Date(now));
  return words.charAt(0).toLocaleUpperCase(locale) + words.slice(1);
}

/** 06:00, of a clock and not of a day. */
export function formatTimeOfDay({ hour, minute }: { hour: number; minute: number }, locale: string): string {
  const at = Date.UTC(2026, 0, 1, hour, minute);
  return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', timeStyle: 'short' }).format(at);
}

/** 1 is Monday, 7 Sunday. */
export function formatWeekday(day: number, locale: string): string {
  // The fifth of January 2026 was a Monday.
  const at = Date.UTC(2026, 0, 4 + day);
  return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', weekday: 'long' }).format(at);
}

/** 24 December, of every year; in one that has the 29th of February. */
export function formatDayOfYear({ day, month }: { day: number; month: number }, locale: string): string {
  const at = Date.UTC(2028, month - 1, day);
  return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', day: 'numeric', month: 'long' }).format(at);
}

export function formatMonth(month: number, locale: string): string {
  const at = Date.UTC(2026, month - 1, 1);
  return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', month: 'long' }).format(at);
}

/** A day or a time of no zone: `2026-12-24`, `2026-12-24T18:00`. */
export function formatWall(text: string, locale: string): string {
  const timed = text.length > 10;
  const format = new Intl.DateTimeFormat(locale, {
    timeZone: 'UTC',
    dateStyle: 'medium',
    ...(timed && { timeStyle: 'short' }),
  });
  return format.format(new Date(timed ? `${text}Z` : text));
}

export function formatList(items: readonly string[], locale: string): string {
  return new Intl.ListFormat(locale, { type: 'conjunction' }).format(items);
}
