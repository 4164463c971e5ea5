import { stripVTControlCharacters } from 'node:util';

export type Format = 'table' | 'json' | 'csv';
export const FORMATS: readonly Format[] = ['table', 'json', 'csv'];

/** A column of a list: its heading (also the field's name in CSV) and what it shows of an item. */
export type Column<T> = readonly [heading: string, cell: (item: T) => Cell];
export type Cell = string | number | boolean | null | undefined | readonly string[];

export interface Paper {
  format: Format;
  /** Characters of a line; undefined when nobody looks: then nothing is cut. */
  width: number | undefined;
}

/** A list as a person, a program or a spreadsheet wants it. */
export function renderList<T>(items: readonly T[], columns: readonly Column<T>[], paper: Paper): string {
  if (paper.format === 'json') return toJson(items);
  const headings = columns.map(([heading]) => heading);
  const rows = items.map(item => columns.map(([, cell]) => textOf(cell(item))));
  if (paper.format === 'csv') return [headings, ...rows].map(row => row.map(csvCell).join(',')).join('\r\n');
  const shown = rows.map(row => row.map(cell => visible(cell === '' ? '–' : cell)));
  return table([headings.map(heading => heading.toUpperCase()), ...shown], paper.width);
}

/** One object: a line for each field. */
export function renderObject<T>(item: T, columns: readonly Column<T>[], paper: Paper): string {
  if (paper.format === 'json') return toJson(item);
  if (paper.format === 'csv') return renderList([item], columns, paper);
  const rows = columns.map(([heading, cell]) => [heading, visible(textOf(cell(item)) || '–')]);
  return table(rows, undefined);
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** Times as people read them: the answer of the API without its microseconds. */
export function shortTime(timestamp: string | null): string {
  return timestamp === null ? '' : timestamp.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `12.3 GiB`: sizes as people compare them; JSON has the bytes. */
export function shortSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}

function textOf(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  return typeof cell === 'object' ? cell.join(', ') : String(cell);
}

/** Names come from other people: no escape sequence, line break or change of direction of theirs reaches the terminal. */
export function visible(text: string): string {
  return stripVTControlCharacters(text).replace(
    /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    '·',
  );
}

/** A spreadsheet would run what begins like a formula. */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const GAP = 2;
const LEAST_WIDTH = 6;

function table(rows: readonly (readonly string[])[], width: number | undefined): string {
  const wanted = (rows[0] ?? []).map((_, at) => Math.max(...rows.map(row => lengthOf(row[at] ?? ''))));
  const widths = width === undefined ? wanted : fit(wanted, width);
  return rows
    .map(row =>
      row
        .map((cell, at) => pad(cut(cell, widths[at] ?? 0), widths[at] ?? 0))
        .join(' '.repeat(GAP))
        .trimEnd(),
    )
    .join('\n');
}

/** The widest columns give way first. */
function fit(wanted: readonly number[], width: number): number[] {
  const widths = [...wanted];
  let excess = widths.reduce((sum, one) => sum + one + GAP, -GAP) - width;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= LEAST_WIDTH) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

const segmenter = new Intl.Segmenter();

function lengthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : [...segmenter.segment(text)].length;
}

function cut(text: string, width: number): string {
  if (lengthOf(text) <= width) return text;
  const letters = Array.from(segmenter.segment(text), part => part.segment);
  return `${letters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - lengthOf(text)));
}
