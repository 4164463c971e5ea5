import { badRequest } from './problem.ts';

// Paging as the specification has it: without `pageToken` a client wants everything at once; with one, however empty, it goes
// from page to page. The token is the name that a page ended with, so that what comes and goes meanwhile shifts nothing.

const MAX_PAGE = 1000;

export interface PageRequest {
  /** Undefined: everything. */
  limit: number | undefined;
  /** The last name of the page before. */
  after: string | undefined;
}

export interface NamePage<T> {
  items: T[];
  /** For `next-page-token`. */
  next: string | null;
}

export function readPage(query: URLSearchParams): PageRequest {
  const token = query.get('pageToken');
  const size = readSize(query.get('pageSize'));
  if (token === null && size === undefined) return { limit: undefined, after: undefined };
  return { limit: Math.min(size ?? MAX_PAGE, MAX_PAGE), after: token ? openToken(token) : undefined };
}

export function pageOf<T>(
  items: readonly T[],
  { limit, after }: PageRequest,
  nameOf: (item: T) => string,
): NamePage<T> {
  const rest = after === undefined ? items : items.filter(item => compareNames(nameOf(item), after) > 0);
  const page = [...rest].sort((a, b) => compareNames(nameOf(a), nameOf(b))).slice(0, limit ?? rest.length);
  const last = page.at(-1);
  const next = last !== undefined && page.length < rest.length ? makeToken(nameOf(last)) : null;
  return { items: page, next };
}

/** The same everywhere, unlike an order of some language. */
function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function makeToken(name: string): string {
  return Buffer.from(name, 'utf8').toString('base64url');
}

function openToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString('utf8');
  if (name === '' || makeToken(name) !== token)
    throw badRequest('The pageToken is none that this catalog gave.');
  return name;
}

function readSize(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  const size = Number(text);
  if (!Number.isSafeInteger(size) || size < 1)
    throw badRequest(`The pageSize "${text.slice(0, 50)}" is no number of items.`);
  return size;
}
