import type { RunTask } from './use-run-tasks.ts';

// The timeline of a run as shares of its width. Pure: the clock is passed in.

export interface Bar {
  task: RunTask;
  /** Waiting, then working: where each begins and how wide it is, in percent of the whole. */
  wait: { left: number; width: number };
  work: { left: number; width: number } | null;
  /** Milliseconds that it has worked. */
  took: number | null;
}

export interface Gantt {
  /** In the order in which they began; what has not begun comes last, as it was made. */
  bars: Bar[];
  ticks: { left: number; ms: number }[];
  length_ms: number;
}

/** So that what took no time at all can still be seen. */
const LEAST_WIDTH = 0.15;
const MOST_TICKS = 8;
/** Milliseconds between the lines of the axis: what people count in. */
const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000,
];

export function layOutGantt(tasks: readonly RunTask[], begin: number, now: number): Gantt {
  const end = Math.max(begin + 1, latest(tasks, begin, now));
  const length_ms = end - begin;
  const at = (ms: number) => Math.min(100, Math.max(0, (100 * (ms - begin)) / length_ms));
  return { bars: inOrder(tasks).map(task => barOf(task, at, now)), ticks: ticksOf(length_ms), length_ms };
}

function latest(tasks: readonly RunTask[], begin: number, now: number): number {
  return tasks.reduce(
    (most, { started, ended }) => Math.max(most, ended ?? (started === null ? begin : now)),
    begin,
  );
}

function inOrder(tasks: readonly RunTask[]): RunTask[] {
  const began = (task: RunTask) => task.started ?? Number.POSITIVE_INFINITY;
  return [...tasks].sort((a, b) =>
    began(a) === began(b) ? a.created - b.created : began(a) < began(b) ? -1 : 1,
  );
}

function barOf(task: RunTask, at: (ms: number) => number, now: number): Bar {
  const { created, started, ended } = task;
  const waited = at(started ?? ended ?? now);
  const wait = { left: at(created), width: Math.max(0, waited - at(created)) };
  if (started === null) return { task, wait, work: null, took: null };
  const left = Math.min(at(started), 100 - LEAST_WIDTH);
  const width = Math.max(LEAST_WIDTH, at(ended ?? now) - left);
  return { task, wait, work: { left, width }, took: (ended ?? now) - started };
}

function ticksOf(length_ms: number): Gantt['ticks'] {
  const step =
    STEPS.find(one => length_ms / one <= MOST_TICKS) ??
    Math.ceil(length_ms / MOST_TICKS / 86_400_000) * 86_400_000;
  return Array.from({ length: Math.floor(length_ms / step) + 1 }, (_, place) => ({
    ms: place * step,
    left: (100 * place * step) / length_ms,
  }));
}
