import type { Column, Value } from './column.ts';

/** A spreadsheet runs what begins with one of these. */
const FORMULA = /^[=+\-@\t\r]/;

/** RFC 4180, with the mark by which Excel recognises UTF-8. */
export function toCsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(column => csvCell(column.header)),
    ...rows.map(row => columns.map(column => csvCell(column.value(row)))),
  ];
  return `\uFEFF${lines.map(line => `${line.join(',')}\r\n`).join('')}`;
}

/** Text that would be a formula gets an apostrophe; numbers are numbers, also negative ones. */
export function csvCell(value: Value): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
