export type DayPart = 'morning' | 'afternoon' | 'evening';

/** By the clock of the workspace's zone. */
export function dayPart(now: number, zone: string): DayPart {
  const hour = Number(
    new Intl.DateTimeFormat('en', { timeZone: zone, hour: 'numeric', hourCycle: 'h23' }).format(now),
  );
  if (hour >= 5 && hour < 12) return 'morning';
  return hour >= 12 && hour < 18 ? 'afternoon' : 'evening';
}
