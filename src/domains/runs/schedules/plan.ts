import { toTimestamp } from '../../../base/kit/clock.ts';
import { fail } from '../../../base/kit/errors.ts';
import type { NextTimes, ScheduleRow } from './store.ts';
import { dueAt, dueFires, nextFire, parseCron, type When } from './times.ts';

// What a schedule's row says about time, and what its row says next. No I/O.

type Timing = Pick<
  ScheduleRow,
  'cron' | 'every_seconds' | 'once_at' | 'starts_at' | 'ends_at' | 'blackouts'
> & {
  zone: string;
  created_at: string;
};

export function zoneOfSchedule({
  time_zone,
  workspace_time_zone,
}: Pick<ScheduleRow, 'time_zone' | 'workspace_time_zone'>): string {
  return time_zone ?? workspace_time_zone;
}

export function whenOf(row: ScheduleRow): When {
  return toWhen({ ...row, zone: zoneOfSchedule(row) });
}

export function toWhen({
  cron,
  every_seconds,
  once_at,
  starts_at,
  ends_at,
  blackouts,
  zone,
  created_at,
}: Timing): When {
  const moment = (text: string | null) => (text === null ? null : Date.parse(text));
  return {
    cron,
    every_seconds,
    once_at: moment(once_at),
    zone,
    starts_at: moment(starts_at),
    ends_at: moment(ends_at),
    // Without its fraction: fire times are whole seconds, as with cron.
    anchor: Math.floor(Date.parse(created_at) / 1000) * 1000,
    blackouts,
  };
}

/** Exactly one of the three, and one that can be read. */
export function checkWhen(
  {
    cron,
    every_seconds,
    once_at,
  }: {
    cron?: string | null | undefined;
    every_seconds?: number | null | undefined;
    once_at?: string | null | undefined;
  },
  zone: string,
): void {
  const count = [cron, every_seconds, once_at].filter(one => one !== null && one !== undefined).length;
  if (count !== 1) throw fail('schedule.when', { count });
  if (cron) parseCron(cron, zone);
}

/** Where a schedule goes on after a moment. A fire time is never before one that has fired: a clock may have stepped back. */
export function nextTimes(row: ScheduleRow, after: number, last_fire_at = row.last_fire_at): NextTimes {
  const from = last_fire_at === null ? after : Math.max(after, Date.parse(last_fire_at));
  const next = row.enabled ? nextFire(whenOf(row), from) : undefined;
  if (next === undefined) return { next_fire_at: null, next_due_at: null, last_fire_at };
  const due = dueAt(row.id, next, row.jitter_seconds);
  return { next_fire_at: toTimestamp(next), next_due_at: toTimestamp(due), last_fire_at };
}

/**
 * What of a schedule fires at this moment, and where it goes on. A fire whose jitter lies ahead is not due yet: it is the next
 * one, even if its time has passed.
 */
export function planFires(row: ScheduleRow, now: number): { fires: number[]; next: NextTimes } {
  const first = row.next_fire_at === null ? undefined : Date.parse(row.next_fire_at);
  if (first === undefined) return { fires: [], next: nextTimes(row, now) };
  const due = (fire: number) => dueAt(row.id, fire, row.jitter_seconds);
  const all = dueFires(whenOf(row), first, now, row, due);
  const waiting = all.find(fire => fire !== first && due(fire) > now);
  const fires = all.filter(fire => waiting === undefined || fire < waiting);
  const last = fires.at(-1);
  const last_fire_at = last === undefined ? row.last_fire_at : toTimestamp(last);
  const after = waiting === undefined ? now : waiting - 1;
  return { fires, next: nextTimes(row, after, last_fire_at) };
}
