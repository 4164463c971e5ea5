import type { LogLine } from '../../../../src/contract/runs.ts';
import { withoutAnsi } from './ansi.ts';

// The rows of a window of lines: a line is one row or, where its text has several lines, one each; what belongs to a stack trace
// is folded under the line that it explains. Pure.

export interface LogRow {
  /** Stays the same while rows around it come and go. */
  key: string;
  line: LogLine;
  text: string;
  /** The first row of its line: it carries the number and the time. */
  head: boolean;
  /** Rows under this one, and whether they are shown. */
  fold: { count: number; open: boolean } | null;
}

const FRAME =
  /^\s+at\s|^\s*File "[^"]*", line \d+|^\s*(?:Caused by|Suppressed): |^\s+\.\.\. \d+ (?:more|common)|^Traceback \(most recent|^\s+\^+\s*$|^goroutine \d+ |^\t\S+\.go:\d+/;
/** Of Python, whose frames are two lines: the second is code, indented. */
const INDENTED = /^\s{4,}\S/;
/** A fold that saves nothing is only in the way. */
const LEAST_FOLDED = 2;

/** `turned` holds the numbers of lines whose fold somebody opened. */
export function rowsOf(lines: readonly LogLine[], turned: ReadonlySet<number>): LogRow[] {
  const rows: LogRow[] = [];
  for (let place = 0; place < lines.length; ) {
    const line = lines[place];
    if (line === undefined) break;
    const length = isTrace(line) ? 1 : 1 + traceAfter(lines, place + 1);
    const all = lines.slice(place, place + length).flatMap(textRows);
    rows.push(...folded(all, turned.has(line.n)));
    place += length;
  }
  return rows;
}

function textRows(line: LogLine): LogRow[] {
  return line.text.split('\n').map((text, part) => ({
    key: `${line.n}.${part}`,
    line,
    text,
    head: part === 0,
    fold: null,
  }));
}

function folded(rows: readonly LogRow[], open: boolean): LogRow[] {
  const [head, ...rest] = rows;
  if (head === undefined || rest.length < LEAST_FOLDED) return [...rows];
  return [{ ...head, fold: { count: rest.length, open } }, ...(open ? rest : [])];
}

/** How many lines from here on are frames of a trace. */
function traceAfter(lines: readonly LogLine[], from: number): number {
  let count = 0;
  for (let line = lines[from]; line !== undefined && isPart(line, count > 0); line = lines[from + count])
    count++;
  return count;
}

function isPart(line: LogLine, inside: boolean): boolean {
  return isTrace(line) || (inside && line.stream !== 'moulin' && INDENTED.test(withoutAnsi(line.text)));
}

function isTrace({ stream, text }: LogLine): boolean {
  return stream !== 'moulin' && FRAME.test(withoutAnsi(text));
}

/** Beyond this a row shows only its beginning: more than a screen is wide nobody reads sideways. */
export const SHOWN_CHARACTERS = 2000;

/** Is there more of the row than is shown? */
export function isCut(row: LogRow): boolean {
  return row.text.length > SHOWN_CHARACTERS || (row.head && row.line.cut);
}

/** The text of a search that is plain words, to mark them in the rows; a pattern is for the server alone, which can be stopped. */
export function plainSearch(search: string | undefined): string | undefined {
  return search === undefined || search === '' || /[\\^$.*+?()[\]{}|]/.test(search) ? undefined : search;
}
