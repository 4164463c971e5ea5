import { z } from 'zod';
import { fail } from './errors.ts';
import { findUnstorable } from './json.ts';

// Lists are walked by key (contract/page.ts). A cursor is the key of the last row seen, in a spelling that says "do not
// build this yourself"; it carries no right: the statement filters as it does without one.

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** What a statement is asked for: one row more than the page, which tells whether there is another page. */
export function rowsOf(limit: number): number {
  return limit + 1;
}

export function toPage<T>(rows: readonly T[], limit: number, keyOf: (row: T) => readonly unknown[]): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const has_more = rows.length > limit && last !== undefined;
  return { items, next_cursor: has_more ? writeCursor(keyOf(last)) : null };
}

/** The key behind a cursor, in the form that the list's own schema says; undefined for the first page. */
export function readCursor<T>(cursor: string | undefined, key: z.ZodType<T>): T | undefined {
  if (cursor === undefined) return undefined;
  const read = key.safeParse(parse(cursor));
  if (read.success && findUnstorable(read.data, 'cursor') === undefined) return read.data;
  const field = { path: 'query.cursor', code: 'cursor', message: 'is not a cursor that this list gave' };
  throw fail('request.invalid', { count: 1, summary: `${field.path} ${field.message}` }, { fields: [field] });
}

// ── Lists with several orders ───────────────────────────────────────────────────────────────────────

export function toSortedPage<T>(
  rows: readonly T[],
  { limit, sort }: { limit: number; sort: string },
  keyOf: (row: T) => readonly unknown[],
): Page<T> {
  return toPage(rows, limit, row => [sort, keyOf(row)]);
}

/** Its order is part of a cursor: walked on in another one, a list would leave out rows, and nobody would see it. */
export function readSortedCursor<T>(
  { cursor, sort }: { cursor?: string; sort: string },
  key: z.ZodType<T>,
): T | undefined {
  return readCursor(cursor, z.tuple([z.literal(sort), key]))?.[1];
}

/** The usual key: the row's id. */
export const idKey = z.tuple([z.uuid()]);

/** Of lists in the order of time: the instant, and the id of those that share it. PostgreSQL knows no year 0. */
export const timeKey = z.tuple([
  z.iso.datetime({ precision: 6 }).refine(at => !at.startsWith('0000')),
  z.uuid(),
]);
export type TimeKey = z.infer<typeof timeKey>;

/** For a list that says itself where it goes on. */
export function writeCursor(key: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(key), 'utf8').toString('base64url');
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
