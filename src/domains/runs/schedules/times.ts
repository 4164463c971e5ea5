import { createHash } from 'node:crypto';
import { Cron } from 'croner';
import { fail } from '../../../base/kit/errors.ts';
import { type Blackout, blackoutEnd } from './blackouts.ts';

// When a schedule fires, as pure functions of time. Moments are milliseconds since 1970.
//
// The hour that daylight saving leaves out: a time in it fires once, at the moment of the jump. The hour that comes twice: a
// time in it fires the first time only; an expression that names no hour goes on through both. Intervals are elapsed time and
// know no daylight saving.

export interface When {
  cron: string | null;
  every_seconds: number | null;
  once_at: number | null;
  zone: string;
  /** Nothing before, nothing after; both included. */
  starts_at: number | null;
  ends_at: number | null;
  /** Intervals are counted from here when there is no `starts_at`. */
  anchor: number;
  blackouts: readonly Blackout[];
}

/** Each blackout that is met moves on by at least a day or to its end: this is decades. */
const MAX_JUMPS = 20_000;

/** The first fire time after a moment; undefined: never again. */
export function nextFire(when: When, after: number): number | undefined {
  const next = whatComesAfter(when);
  let from = when.starts_at === null ? after : Math.max(after, when.starts_at - 1);
  for (let jumps = 0; jumps < MAX_JUMPS; jumps += 1) {
    const time = next(from);
    if (time === undefined || (when.ends_at !== null && time > when.ends_at)) return undefined;
    const end = blackoutEnd(time, when.blackouts, when.zone);
    if (end === undefined) return time;
    from = Math.max(end - 1, time);
  }
  return undefined;
}

export function nextFires(when: When, after: number, count: number): number[] {
  const times: number[] = [];
  for (let from = after; times.length < count; ) {
    const time = nextFire(when, from);
    if (time === undefined) break;
    times.push(time);
    from = time;
  }
  return times;
}

function whatComesAfter({
  cron,
  every_seconds,
  once_at,
  zone,
  starts_at,
  anchor,
}: When): (after: number) => number | undefined {
  if (once_at !== null) return after => (once_at > after ? once_at : undefined);
  if (every_seconds !== null) {
    const step = every_seconds * 1000;
    const first = starts_at ?? anchor;
    return after => first + Math.max(0, Math.floor((after - first) / step) + 1) * step;
  }
  const pattern = parseCron(cron ?? '', zone);
  return after => pattern.nextRun(new Date(after))?.getTime();
}

/** `schedule.cron` when it cannot be read, or names a day that never comes. */
export function parseCron(cron: string, zone: string): Cron {
  try {
    // Seven fields would be years, which nobody writes and everybody takes for something else.
    if (cron.trim().split(/\s+/).length > 6) throw new Error('there are more than six fields');
    const parsed = new Cron(cron, { timezone: zone, paused: true });
    if (parsed.nextRun() === null) throw new Error('no such day ever comes');
    return parsed;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const reason = said.replace(/^CronPattern: /, '').replace(/\.$/, '');
    throw fail(
      'schedule.cron',
      { cron, reason: reason.charAt(0).toLowerCase() + reason.slice(1) },
      { cause: error },
    );
  }
}

// ── What has been missed ────────────────────────────────────────────────────────────────────────────

/** A fire that is no later than this, after it was due, was not missed. */
export const ON_TIME_MS = 60_000;

export type CatchUp = { catch_up: 'skip' | 'latest' | 'all'; catch_up_limit: number };

/** Which fire times of those that have come fire now. `first` is the earliest; the order is that of time. */
export function dueFires(
  when: When,
  first: number,
  now: number,
  { catch_up, catch_up_limit }: CatchUp,
  due: (fire: number) => number = fire => fire,
): number[] {
  if (catch_up !== 'skip') return lastFires(when, first, now, catch_up === 'latest' ? 1 : catch_up_limit);
  return lastFires(when, first, now, 1).filter(fire => now - due(fire) <= ON_TIME_MS);
}

const FIRST_WINDOW_MS = 60_000;

/**
 * The last `count` fire times from `first` to `now`. Looked for backwards, in windows that double: a schedule of every second
 * that slept for a year is not walked through second by second.
 */
function lastFires(when: When, first: number, now: number, count: number): number[] {
  for (let window = FIRST_WINDOW_MS; ; window *= 2) {
    const from = Math.max(first, now - window);
    const times = between(when, from, now);
    if (times.length >= count || from === first) return times.slice(-count);
  }
}

function between(when: When, from: number, to: number): number[] {
  const times: number[] = [];
  for (let time = nextFire(when, from - 1); time !== undefined && time <= to; time = nextFire(when, time))
    times.push(time);
  return times;
}

/** When a fire time is due: moved by chance, but always by the same for the same fire, whoever asks. */
export function dueAt(schedule_id: string, fire: number, jitter_seconds: number): number {
  if (jitter_seconds === 0) return fire;
  const share = createHash('sha256').update(`${schedule_id} ${fire}`).digest().readUInt32BE() / 2 ** 32;
  return fire + Math.floor(share * jitter_seconds * 1000);
}
