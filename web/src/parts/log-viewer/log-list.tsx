import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { scrollRegion } from '../scroll-region.ts';
import { LogRowView } from './log-row-view.tsx';
import { type LogRow, rowsOf } from './log-rows.ts';
import css from './log-viewer.module.css';
import type { OpenLog } from './use-log.ts';

interface LogListProps {
  open: OpenLog;
  label: string;
  wrap: boolean;
  time: (at: string) => string;
  hrefOf: (n: number) => string;
  marked: number | undefined;
  search: string | undefined;
  onLine: (n: number) => void;
  onDetails: (row: LogRow) => void;
  /** The number of the line at the upper edge. */
  onTop: (n: number) => void;
}

const ROW_REM = 1.5;
/** Read on before the edge is in sight. */
const NEAR_EDGE = 100;
const AT_BOTTOM_PX = 4;

/** The rows in sight. They stay where they are, whatever comes, goes or unfolds above them; who follows stays at the end. */
export function LogList(props: LogListProps) {
  const { open, label, wrap, time, marked, search, onTop } = props;
  const { log, following, follow, target, readEarlier, readLater, loading } = open;
  const box = useRef<HTMLDivElement>(null);
  const [turned, setTurned] = useState<ReadonlySet<number>>(new Set());
  const rows = useMemo(() => rowsOf(log.lines, turned), [log.lines, turned]);
  const [row_px] = useState(
    () => ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
  );
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => row_px,
    getItemKey: index => rows[index]?.key ?? index,
    overscan: 24,
  });
  const items = virtualizer.getVirtualItems();
  const size = virtualizer.getTotalSize();
  const anchor = useRef<{ key: string; offset: number }>(null);
  const reached = useRef<OpenLog['target']>(undefined);

  const toggle = useCallback((n: number) => setTurned(before => toggled(before, n)), []);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const startOf = (index: number) => virtualizer.getOffsetForIndex(index, 'start')?.[0] ?? index * row_px;
    if (target !== undefined && reached.current !== target) {
      const index = indexOf(rows, target.place);
      const fold = foldOver(rows, target.place);
      if (fold !== undefined) return toggle(fold);
      reached.current = target;
      anchor.current = null;
      if (typeof target.place === 'number') element.scrollTop = startOf(index) - element.clientHeight / 3;
      else element.scrollTop = target.place === 'start' ? 0 : size;
      return;
    }
    if (following) {
      // Beyond the end is the end.
      element.scrollTop = size;
      return;
    }
    const kept = anchor.current;
    const index = kept === null ? -1 : rows.findIndex(row => row.key === kept.key);
    if (kept !== null && index >= 0) element.scrollTop = startOf(index) + kept.offset;
  }, [rows, size, target, following, virtualizer, row_px, toggle]);

  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? -1];
  useEffect(() => {
    if (loading) return;
    if (log.after !== null && last >= rows.length - NEAR_EDGE && !following) readLater();
    else if (log.before !== null && first <= NEAR_EDGE && !following) readEarlier();
  }, [first, last, rows.length, log.before, log.after, following, loading, readEarlier, readLater]);

  const scrolled = () => {
    const element = box.current;
    if (element === null) return;
    const top = virtualizer.getVirtualItemForOffset(element.scrollTop);
    const row = top === undefined ? undefined : rows[top.index];
    if (top !== undefined && row !== undefined) {
      anchor.current = { key: row.key, offset: element.scrollTop - top.start };
      onTop(row.line.n);
    }
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    const scrolls = element.scrollHeight > element.clientHeight;
    if (following && below > AT_BOTTOM_PX) follow(false);
    else if (!following && scrolls && below <= AT_BOTTOM_PX && log.after === null && log.open) follow(true);
  };

  const pressed = (event: KeyboardEvent) => {
    if (event.key !== 'Home' && event.key !== 'End') return;
    event.preventDefault();
    open.goTo(event.key === 'Home' ? 'start' : 'end');
  };

  const region = { ...scrollRegion(label), onScroll: scrolled, onKeyDown: pressed };
  return (
    <div ref={box} className={css.list} data-wrap={wrap || undefined} translate="no" {...region}>
      <div className={css.sizer} style={{ height: size }}>
        <div className={css.rows} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
          {items.map(item => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <div key={row.key} data-index={item.index} ref={wrap ? virtualizer.measureElement : undefined}>
                <LogRowView
                  row={row}
                  time={time(row.line.at)}
                  href={props.hrefOf(row.line.n)}
                  marked={row.line.n === marked}
                  search={search}
                  onLine={props.onLine}
                  onFold={toggle}
                  onDetails={props.onDetails}
                />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function toggled(before: ReadonlySet<number>, n: number): ReadonlySet<number> {
  const next = new Set(before);
  if (!next.delete(n)) next.add(n);
  return next;
}

/** The row of a line, or the last one before it. */
function indexOf(rows: readonly LogRow[], place: number | 'start' | 'end'): number {
  return typeof place === 'number'
    ? Math.max(
        0,
        rows.findLastIndex(row => row.line.n <= place && row.head),
      )
    : 0;
}

/** The line under which another one is folded away. */
function foldOver(rows: readonly LogRow[], place: number | 'start' | 'end'): number | undefined {
  if (typeof place !== 'number') return undefined;
  const row = rows[indexOf(rows, place)];
  const next = rows[indexOf(rows, place) + 1];
  const hides = row !== undefined && row.line.n < place && row.fold !== null && !row.fold.open;
  return hides && (next === undefined || next.line.n > place) ? row.line.n : undefined;
}
