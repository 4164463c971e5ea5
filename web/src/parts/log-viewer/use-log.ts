import { useCallback, useContext, useEffect, useReducer, useRef, useState } from 'react';
import { urlOf } from '../../../../src/contract/client.ts';
import type { Problem } from '../../../../src/contract/errors.ts';
import type { LogLevel, LogLine } from '../../../../src/contract/runs.ts';
import { callApi, WorkspaceScope } from '../../api.ts';
import { toProblem } from '../../problems.ts';
import { changeLog, EMPTY, type LogPage, type LogWindow } from './log-window.ts';

/** Which lines there are to be seen. */
export interface LogSource {
  task_id: string;
  attempt: number;
  level: LogLevel;
  /** Only lines that match it. */
  only?: string;
}

/** A line by its number, or an end. */
export type LogPlace = number | 'start' | 'end';

export interface OpenLog {
  log: LogWindow;
  loading: boolean;
  problem: Problem | undefined;
  /** Where the view is to go; a new object each time, also to the same place. */
  target: { place: LogPlace } | undefined;
  following: boolean;
  follow: (on: boolean) => void;
  goTo: (place: LogPlace) => void;
  readEarlier: () => void;
  readLater: () => void;
  /** The number of the next line (or the one before) that matches. */
  find: (wanted: Wanted, signal: AbortSignal) => Promise<number | null>;
}

export interface Wanted {
  search?: string;
  level?: LogLevel;
  from: number;
  back?: boolean;
}

const PAGE_LINES = 500;
/** More than any log has. */
const BEHIND_ALL = 2 ** 40;

/**
 * The stretch of a log that is in memory: read page by page, and followed while it grows. `begin` says where, at first and
 * whenever other lines are asked for.
 */
export function useLog(source: LogSource, begin: () => LogPlace): OpenLog {
  const { task_id, attempt, level, only } = source;
  const workspace = useContext(WorkspaceScope);
  const [log, change] = useReducer(changeLog, EMPTY);
  const [loading, setLoading] = useState(true);
  const [problem, setProblem] = useState<Problem>();
  const [target, setTarget] = useState<{ place: LogPlace }>();
  const [following, setFollowing] = useState(false);
  /** From which line the tail listens; undefined: nothing more will come, or it is not known yet. */
  const [tail, setTail] = useState<{ from: number }>();
  const follows = useRef(false);
  const reading = useRef<AbortController>(null);

  const read = useCallback(
    (query: object, signal: AbortSignal): Promise<LogPage> =>
      callApi(
        'logs.page',
        { params: { id: task_id }, query: { attempt, level, search: only, ...query } },
        { workspace, signal },
      ),
    [task_id, attempt, level, only, workspace],
  );

  /** One reading at a time; a jump ends whatever is under way. */
  const start = useCallback(async (work: (signal: AbortSignal) => Promise<void>) => {
    reading.current?.abort();
    const stop = new AbortController();
    reading.current = stop;
    setLoading(true);
    try {
      await work(stop.signal);
      if (!stop.signal.aborted) setProblem(undefined);
    } catch (error) {
      if (!stop.signal.aborted) setProblem(toProblem(error));
    }
    if (reading.current !== stop) return;
    reading.current = null;
    setLoading(false);
  }, []);

  const follow = useCallback((on: boolean) => {
    follows.current = on;
    setFollowing(on);
    if (on) change({ type: 'seen' });
  }, []);

  const open = useCallback(
    (place: LogPlace) => {
      follow(place === 'end');
      setTail(undefined);
      void start(async signal => {
        const stretch = await readAround(query => read(query, signal), place);
        if (signal.aborted) return;
        change({ type: 'opened', ...stretch });
        setTarget({ place });
        const latest = stretch.after ?? stretch.before;
        if (latest?.open && only === undefined) setTail({ from: nextNumber(latest) });
      });
    },
    [start, read, only, follow],
  );

  const whereToBegin = useRef(begin);
  useEffect(() => {
    whereToBegin.current = begin;
  });
  useEffect(() => {
    open(whereToBegin.current());
    return () => reading.current?.abort();
  }, [open]);

  const isHere = holds(log, target === undefined);
  const goTo = (place: LogPlace) => {
    if (!isHere(place)) return open(place);
    follow(place === 'end');
    setTarget({ place });
  };

  useEffect(() => {
    if (tail === undefined) return;
    const query = { workspace, attempt, level, from: tail.from };
    return listen(urlOf('logs.tail', { params: { id: task_id }, query }), {
      lines: lines => change({ type: 'tailed', lines, following: follows.current }),
      ended: ({ lines, dropped }) => change({ type: 'ended', total: lines, dropped }),
    });
  }, [tail, workspace, task_id, attempt, level]);

  const { before, after } = log;
  const readEarlier = useCallback(() => {
    if (before === null || reading.current !== null) return;
    void start(async signal => {
      const page = await read({ from: before, limit: PAGE_LINES, back: true }, signal);
      if (!signal.aborted) change({ type: 'earlier', page });
    });
  }, [before, start, read]);
  const readLater = useCallback(() => {
    if (after === null || reading.current !== null) return;
    void start(async signal => {
      const page = await read({ from: after, limit: PAGE_LINES }, signal);
      if (!signal.aborted) change({ type: 'later', page });
    });
  }, [after, start, read]);

  const find = useCallback(
    async ({ from, back = false, ...wanted }: Wanted, signal: AbortSignal) => {
      let at: number | null = from;
      // The server stops in between to let others have their turn, and says where to go on.
      while (at !== null) {
        const page: LogPage = await read({ search: undefined, ...wanted, from: at, back, limit: 1 }, signal);
        const [found] = page.items;
        if (found !== undefined) return found.n;
        at = page.next;
      }
      return null;
    },
    [read],
  );

  return { log, loading, problem, target, following, follow, goTo, readEarlier, readLater, find };
}

/** What is in memory already needs no asking. */
function holds(log: LogWindow, unread: boolean): (place: LogPlace) => boolean {
  return place => {
    if (unread) return false;
    if (place === 'start') return log.before === null;
    if (place === 'end') return log.after === null;
    return log.lines.some(line => line.n === place);
  };
}

/** A line with as much before it as after it; an end with what leads there. */
async function readAround(
  read: (query: object) => Promise<LogPage>,
  place: LogPlace,
): Promise<{ before?: LogPage; after?: LogPage }> {
  if (place === 'start') return { after: await read({ from: 0, limit: PAGE_LINES }) };
  if (place === 'end') return { before: await read({ from: BEHIND_ALL, limit: PAGE_LINES, back: true }) };
  const limit = PAGE_LINES / 2;
  const [before, after] = await Promise.all([
    place === 0 ? undefined : read({ from: place, limit, back: true }),
    read({ from: place, limit }),
  ]);
  return { ...(before && { before }), after };
}

function nextNumber({ lines, items }: LogPage): number {
  return Math.max(lines, (items.at(-1)?.n ?? -1) + 1);
}

interface Heard {
  lines: (lines: LogLine[]) => void;
  ended: (facts: { lines: number; dropped: number }) => void;
}

/** A broken connection is the browser's to mend: it comes back with the number of the next line. */
function listen(url: string, heard: Heard): () => void {
  const source = new EventSource(url);
  source.onmessage = ({ data }) => {
    const { items }: { items: LogLine[] } = JSON.parse(data);
    heard.lines(items);
  };
  source.addEventListener('end', ({ data }) => {
    const end: { code: string | null; lines?: number; dropped?: number } = JSON.parse(data);
    // A server that stops will be back.
    if (end.code === 'server.stopping') return;
    source.close();
    if (end.code === null) heard.ended({ lines: end.lines ?? 0, dropped: end.dropped ?? 0 });
  });
  return () => source.close();
}
