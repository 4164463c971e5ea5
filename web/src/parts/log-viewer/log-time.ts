// How the time of a line is written. Pure; the zone is the one that the page shows times in.

export const TIME_FORMATS = ['local', 'utc', 'relative', 'none'] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

export function timeWriter(format: TimeFormat, zone: string, start: string): (at: string) => string {
  if (format === 'utc') return at => at.slice(11, 23);
  if (format === 'relative') return at => since(Date.parse(at) - Date.parse(start));
  if (format === 'none') return () => '';
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  });
  return at => clock.format(new Date(at));
}

/** +0:00.123, +1:02:03.456 */
function since(ms: number): string {
  const total = Math.abs(Math.round(ms));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const [hours, minutes] = [Math.floor(total / 3_600_000), Math.floor(total / 60_000) % 60];
  const seconds = `${two((total / 1000) % 60)}.${String(total % 1000).padStart(3, '0')}`;
  const clock = hours > 0 ? `${hours}:${two(minutes)}:${seconds}` : `${minutes}:${seconds}`;
  return `${ms < 0 ? '-' : '+'}${clock}`;
}
