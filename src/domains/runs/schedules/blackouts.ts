import type { z } from 'zod';
import type { blackoutSchema } from '../../../contract/schedules.ts';
import { momentOf, nextMidnight, wallTime } from './local-time.ts';

/** Times at which nothing fires, on the wall clock of the schedule's zone. */
export type Blackout = z.infer<typeof blackoutSchema>;

/** The end of the blackout that a moment lies in; undefined when it lies in none. */
export function blackoutEnd(ms: number, blackouts: readonly Blackout[], zone: string): number | undefined {
  if (blackouts.length === 0) return undefined;
  const wall = wallTime(ms, zone);
  const ends = blackouts.filter(one => covers(one, wall)).map(one => endOf(one, wall, zone));
  return ends.length > 0 ? Math.max(...ends) : undefined;
}

function covers(blackout: Blackout, wall: string): boolean {
  if ('weekday' in blackout) return weekdayOf(wall) === blackout.weekday;
  if ('yearly' in blackout) return wall.slice(5, 10) === blackout.yearly;
  return (
    wall >= fullTime(blackout.from) &&
    (isDay(blackout.to) ? wall.slice(0, 10) <= blackout.to : wall < fullTime(blackout.to))
  );
}

function endOf(blackout: Blackout, wall: string, zone: string): number {
  if (!('to' in blackout)) return nextMidnight(wall, zone);
  return isDay(blackout.to)
    ? nextMidnight(`${blackout.to}T00:00:00`, zone)
    : momentOf(fullTime(blackout.to), zone);
}

/** A day without a time, as an end, is meant with all its hours. */
function isDay(text: string): boolean {
  return text.length === 10;
}

function fullTime(text: string): string {
  return isDay(text) ? `${text}T00:00:00` : text.padEnd(19, ':00');
}

/** 1 is Monday, 7 Sunday. */
function weekdayOf(wall: string): number {
  return new Date(`${wall.slice(0, 10)}T00:00:00Z`).getUTCDay() || 7;
}
