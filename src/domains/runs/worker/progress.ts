import type { Progress } from '../../../contract/runs.ts';

/** What a task says of itself. */
export interface Said {
  done: number;
  total?: number;
  unit?: string;
  message?: string;
}

/** What the rate is taken from: points of the last seconds, by the monotonic clock. */
export interface Pace {
  readonly points: readonly { at_ms: number; done: number }[];
}

export const NO_PACE: Pace = { points: [] };

/** Long enough that a batch now and then gives a steady figure, short enough to follow a change. */
const WINDOW_MS = 10_000;
/** Two points that are closer say nothing. */
const APART_MS = 250;

/** The points after one more: at most forty, and what went backwards (a new pass, say) begins anew. */
export function addPoint({ points }: Pace, at_ms: number, done: number): Pace {
  const last = points.at(-1);
  if (last && done < last.done) return { points: [{ at_ms, done }] };
  // The newest of those that are close together: the first one stays, so that time passes between two points.
  const before = points.at(-2);
  const kept = last && before && last.at_ms - before.at_ms < APART_MS ? points.slice(0, -1) : points;
  const oldest = kept.findLastIndex(point => at_ms - point.at_ms >= WINDOW_MS);
  return { points: [...kept.slice(Math.max(0, oldest)), { at_ms, done }] };
}

/** Units a second over the window; null while there is too little to say. */
export function rateOf({ points }: Pace): number | null {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last || last.at_ms - first.at_ms < APART_MS) return null;
  return ((last.done - first.done) * 1000) / (last.at_ms - first.at_ms);
}

export function toProgress(said: Said, pace: Pace, at: string): Progress {
  const rate = rateOf(pace);
  const total = said.total ?? null;
  return {
    done: said.done,
    total,
    unit: storable(said.unit ?? ''),
    rate: rate === null ? null : round(rate),
    seconds_left: secondsLeft(said.done, total, rate),
    message: said.message === undefined ? null : storable(said.message),
    at,
  };
}

/** Progress of many tasks is one statement: what PostgreSQL cannot store of one of them would keep all from being written. */
function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

function secondsLeft(done: number, total: number | null, rate: number | null): number | null {
  if (total === null || rate === null || rate <= 0) return null;
  return Math.max(0, Math.ceil((total - done) / rate));
}

/** Three digits that count. */
function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
