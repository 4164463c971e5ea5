import { z } from 'zod';

/** Lists are walked by key, never by offset: the cursor is opaque, a page stays right while rows are added. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(1000).optional(),
});
export type PageQuery = z.infer<typeof pageQuery>;

/**
 * The orders in which a list can be walked, each of them one that an index has: `field` upwards, `-field` downwards. The
 * first is the list's own. Goes into the query beside `pageQuery`; the cursor remembers the order (`base/kit/pages.ts`).
 */
export function sortedBy<const Orders extends readonly [string, ...string[]]>(...orders: Orders) {
  return z.object({
    sort: z.enum(orders).default(orders[0]).describe('Upwards by this field; downwards with `-` before it'),
  }).shape;
}

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}

/** RFC 3339, UTC, six digits: text from the database to the client, never a `Date` (it would lose microseconds). */
export const timestamp = z.string().meta({ format: 'date-time', example: '2026-11-21T12:00:00.000000Z' });
/** A time that comes in, as PostgreSQL can compare it: it knows no year 0, and no offset of a day. */
export const instant = z.iso
  .datetime({ offset: true })
  .refine(
    text => !/^0000|[+-](1[5-9]|2\d)(:?\d\d)?$/.test(text),
    'must be a time such as 2026-11-21T12:00:00Z',
  );
export const id = z.uuid();
/** 1 to 500 visible characters of any script; control characters and lone white space are nobody's name. */
export const name = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');
export const slug = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be lower-case letters, digits and dashes, 1 to 63 of them',
  );
export const version = z.number().int();

export const timeZone = z.string().refine(isTimeZone, 'is not an IANA time zone such as Europe/Paris');

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
