import type { LogLine } from '../../../../src/contract/runs.ts';

// What is in memory of a log: a stretch of its lines, at most two thousand, that grows at the end one reads towards and is cut at
// the other. A log of a million lines costs as much as one of two thousand. Pure: pages and lines come in, the next state goes out.

export const MOST_LINES = 2000;

export interface LogWindow {
  /** By number, upwards; not without gaps where a level or a search leaves lines out. */
  lines: readonly LogLine[];
  /** Where to read on towards the beginning and the end. Null: nothing is there but what is still to be written. */
  before: number | null;
  after: number | null;
  /** Lines of the attempt so far, and those that were dropped because there were too many. */
  total: number;
  dropped: number;
  /** More may come. */
  open: boolean;
  /** Lines that came while one was not following. */
  unseen: number;
}

export interface LogPage {
  items: readonly LogLine[];
  lines: number;
  dropped: number;
  open: boolean;
  next: number | null;
}

export type LogChange =
  /** A new stretch, read from one line backwards, forwards, or both. */
  | { type: 'opened'; before?: LogPage; after?: LogPage }
  | { type: 'earlier'; page: LogPage }
  | { type: 'later'; page: LogPage }
  | { type: 'tailed'; lines: readonly LogLine[]; following: boolean }
  | { type: 'ended'; total: number; dropped: number }
  | { type: 'seen' };

export const EMPTY: LogWindow = {
  lines: [],
  before: null,
  after: null,
  total: 0,
  dropped: 0,
  open: true,
  unseen: 0,
};

export function changeLog(log: LogWindow, change: LogChange): LogWindow {
  switch (change.type) {
    case 'opened':
      return opened(change.before, change.after);
    case 'earlier':
      return prepend(log, change.page);
    case 'later':
      return later(log, change.page);
    case 'tailed':
      return tailed(log, change.lines, change.following);
    case 'ended':
      return { ...log, open: false, total: Math.max(log.total, change.total), dropped: change.dropped };
    case 'seen':
      return log.unseen === 0 ? log : { ...log, unseen: 0 };
  }
}

function opened(before: LogPage | undefined, after: LogPage | undefined): LogWindow {
  const latest = after ?? before;
  if (latest === undefined) return EMPTY;
  return {
    ...EMPTY,
    ...factsOf(latest),
    lines: [...(before?.items ?? []), ...(after?.items ?? [])],
    before: before?.next ?? null,
    after: after?.next ?? null,
  };
}

function prepend(log: LogWindow, page: LogPage): LogWindow {
  const first = log.lines[0]?.n ?? Number.POSITIVE_INFINITY;
  const all = [...page.items.filter(line => line.n < first), ...log.lines];
  const lines = all.slice(0, MOST_LINES);
  const after = all.length > MOST_LINES ? numberAfter(lines) : log.after;
  return { ...log, ...factsOf(page), lines, before: page.next, after };
}

function later(log: LogWindow, page: LogPage): LogWindow {
  const total = Math.max(log.total, page.lines);
  const longer = append({ ...log, ...factsOf(page), total }, page.items, page.next);
  // Lines that the tail told of while this page was on its way are neither in it nor in memory.
  const missed = page.next === null && log.total > page.lines;
  return missed ? { ...longer, after: Math.max(page.lines, numberAfter(longer.lines)) } : longer;
}

function append(log: LogWindow, fresh: readonly LogLine[], after: number | null): LogWindow {
  const from = numberAfter(log.lines);
  const all = [...log.lines, ...fresh.filter(line => line.n >= from)];
  const lines = all.slice(-MOST_LINES);
  const before = all.length > MOST_LINES ? (lines[0]?.n ?? null) : log.before;
  return { ...log, lines, before, after, total: Math.max(log.total, numberAfter(all)) };
}

/** What one reads is never cut away beneath one: who does not follow gets new lines only while there is room. */
function tailed(log: LogWindow, lines: readonly LogLine[], following: boolean): LogWindow {
  const from = Math.max(numberAfter(log.lines), log.after === null ? 0 : log.total);
  const fresh = lines.filter(line => line.n >= from);
  if (fresh.length === 0) return log;
  const unseen = following ? 0 : log.unseen + fresh.length;
  const fits = following || log.lines.length + fresh.length <= MOST_LINES;
  if (log.after === null && fits) return { ...append(log, fresh, null), unseen };
  const after = log.after ?? numberAfter(log.lines);
  return { ...log, after, total: Math.max(log.total, numberAfter(fresh)), unseen };
}

function numberAfter(lines: readonly LogLine[]): number {
  return (lines.at(-1)?.n ?? -1) + 1;
}

function factsOf({ lines, dropped, open }: LogPage): Pick<LogWindow, 'total' | 'dropped' | 'open'> {
  return { total: lines, dropped, open };
}
