import { InvalidArgumentError, Option } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import type { Client } from '../../contract/client.ts';
import { INSTANCE_RIGHTS, ROLES, SCOPES } from '../../contract/permissions.ts';
import type { Answer } from './command.ts';
import type { Column } from './present.ts';

/** What a list of the API is made of. */
export type ItemOf<Name extends keyof Client> =
  Awaited<ReturnType<Client[Name]>> extends { items: (infer T)[] } ? T : never;

interface Page<T> {
  items: readonly T[];
  next_cursor: string | null;
}
type PageQuery = { limit: number; cursor?: string };

const PAGE = 500;
export const DEFAULT_LIMIT = 100;

export function limitOption(): Option {
  return new Option('--limit <number>', 'how many to show at most')
    .argParser(wholeNumber)
    .default(DEFAULT_LIMIT);
}

/** Walks the pages until there are `limit` items. */
export async function take<T>(
  limit: number,
  page: (query: PageQuery) => Promise<Page<T>>,
): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const next = await page({ limit: Math.min(PAGE, limit - items.length), ...(cursor && { cursor }) });
    items.push(...next.items);
    cursor = next.next_cursor ?? undefined;
  } while (cursor !== undefined && items.length < limit);
  return { items, more: cursor !== undefined };
}

/** A list that was cut off says so, or a script takes the part for the whole. */
export async function showList<T>(
  answer: Answer,
  limit: number,
  page: (query: PageQuery) => Promise<Page<T>>,
  columns: readonly Column<T>[],
): Promise<void> {
  const { items, more } = await take(limit, page);
  await answer.list(items, columns);
  if (more) await answer.warn(`There are more than these ${items.length}: add --limit NUMBER.`);
}

/** The one item that a person means by a name, an address or an id. */
export async function findOne<T>(
  kind: string,
  name: string,
  page: (query: PageQuery) => Promise<Page<T>>,
  isMeant: (item: T) => boolean,
): Promise<T> {
  const { items } = await take(Number.MAX_SAFE_INTEGER, page);
  const [found, second] = items.filter(isMeant);
  if (found === undefined) throw fail('cli.not_found', { kind, name });
  if (second !== undefined)
    throw fail('cli.usage', { reason: `more than one ${kind} is called "${name}"; use the id` });
  return found;
}

// ── Options that many commands share ────────────────────────────────────────────────────────────────

export function roleOption(description = 'role in the workspace'): Option {
  return new Option('--role <role>', description).choices(ROLES);
}

export function rightsOption(flag: string, description: string): Option {
  return new Option(`${flag} <right...>`, description).choices(INSTANCE_RIGHTS);
}

export function scopeOption(): Option {
  return new Option('--scope <scope...>', 'narrow the token to these permissions').choices(SCOPES);
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return value;
}

/** Only what was said: a field that is left out stays as it is. */
export function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

export function needSome(values: object, options: string): void {
  if (Object.values(values).every(value => value === undefined))
    throw fail('cli.usage', { reason: `nothing to change: give ${options}` });
}
