import pg from 'pg';
import type { Failure } from '../kit/errors.ts';
import { fail } from '../kit/errors.ts';

/** Where a PostgreSQL answers and as whom: parts for the embedded one (a socket has no good URL), a URL for the user's own. */
export type Address =
  | { host: string; port: number; user: string; password: string; database: string }
  | { url: string };

export const CONNECT_SECONDS = 5;

/**
 * Every session speaks the same dialect whatever the server's, the role's or the machine's defaults are: the type
 * parsers below read ISO dates in UTC, and unqualified names mean our schema only.
 */
const DIALECT = '-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c search_path=public';
/**
 * How soon the server notices that we are gone without a word (a machine that lost its power, a network that swallows), and
 * gives back the locks we held. Left to itself it takes two hours, in which nobody else could lead.
 */
const KEEPALIVE =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2 -c tcp_user_timeout=20000';
const SESSION = `${DIALECT} ${KEEPALIVE}`;

export function clientConfig(address: Address, application_name: string): pg.ClientConfig {
  return {
    ...('url' in address
      ? { connectionString: withSessionOptions(address.url) }
      : // Said, because the driver would otherwise follow PGSSLMODE, which is meant for other servers.
        { ...address, ssl: false, options: SESSION }),
    application_name,
    types: { getTypeParser },
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_SECONDS * 1000,
  };
}

/** What the URL says wins over other parameters in the driver, so that the session options go into the URL. */
function withSessionOptions(address: string): string {
  const url = new URL(address);
  const given = url.searchParams.get('options');
  url.searchParams.set('options', given ? `${given} ${SESSION}` : SESSION);
  // The driver decodes percent signs, but not the "+" that URLSearchParams writes for a blank.
  url.search = url.search.replaceAll('+', '%20');
  return url.href;
}

/** The same database as another role. */
export function asRole(address: Address, user: string, password: string): Address {
  if (!('url' in address)) return { ...address, user, password };
  const url = new URL(address.url);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  for (const name of ['user', 'password']) url.searchParams.delete(name);
  return { url: url.href };
}

/** The same server, another database. */
export function inDatabase(address: Address, database: string): Address {
  if (!('url' in address)) return { ...address, database };
  const url = new URL(address.url);
  url.pathname = `/${encodeURIComponent(database)}`;
  return { url: url.href };
}

/** For messages: where it is, without user and password. */
export function describeAddress(address: Address): string {
  if (!('url' in address)) return `${address.host} (database ${address.database})`;
  const url = new URL(address.url);
  return `${url.host || (url.searchParams.get('host') ?? 'localhost')}${url.pathname}`;
}

/** One connection for one piece of work; always ended. */
export async function withClient<T>(
  address: Address,
  name: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(clientConfig(address, name));
  // The failure reaches us through the query; without a listener Node would end the process as well.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

// ── Types: what must survive stays text ─────────────────────────────────────────────────────────────

type Parse = (text: string) => unknown;

const TIMESTAMPTZ = 1184;
const TIMESTAMPTZ_ARRAY = 1185;
const TEXT_ARRAY = 1009;
const asText: Parse = text => text;
const OWN_PARSERS: Readonly<Record<number, Parse>> = {
  [TIMESTAMPTZ]: toTimestamp,
  [TIMESTAMPTZ_ARRAY]: text => parseArray(text).map(item => item && toTimestamp(item)),
  1082: asText, // date
  1114: asText, // timestamp without time zone
  1115: parseArray,
  1182: parseArray,
  1186: asText, // interval
  1187: parseArray,
};

/** The driver's own reading of text[] suits every array whose items stay text. */
function parseArray(text: string): (string | null)[] {
  return (pg.types.getTypeParser(TEXT_ARRAY as never, 'text') as (text: string) => (string | null)[])(text);
}

function getTypeParser(oid: number, format?: 'text' | 'binary'): Parse {
  return OWN_PARSERS[oid] ?? (pg.types.getTypeParser(oid, format ?? 'text') as Parse);
}

/** `2026-11-21 12:00:00.12+00` as RFC 3339 with six digits; `infinity` and years before Christ stay as they are. */
export function toTimestamp(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/.exec(text);
  return match ? `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(6, '0')}Z` : text;
}

// ── What a failure means ────────────────────────────────────────────────────────────────────────────

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EACCES',
]);
/** Shutting down, crashed, starting up, too many connections; class 08 is "connection exception". */
const SERVER_CODES = new Set(['57P01', '57P02', '57P03', '53300']);
/** The driver gives these no code. */
const DRIVER_TEXTS =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|not queryable|Query read timeout|Client was closed/;

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function isConnectionLost(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isConnectionLost);
  const code = codeOf(error);
  if (NETWORK_CODES.has(code) || SERVER_CODES.has(code) || /^08...$/.test(code)) return true;
  return error instanceof Error && code === '' && DRIVER_TEXTS.test(error.message);
}

/** Serialisation failure or deadlock: the same work, done again, would succeed. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error));
}

/** A migration changed what a prepared statement gives: on another connection it is planned anew. */
export function isStalePlan(error: unknown): boolean {
  return codeOf(error) === '0A000' && reasonOf(error).includes('cached plan must not change result type');
}

/** What the caller can act upon becomes an expected error; everything else (a broken constraint, say) stays as it is. */
export function translate(error: unknown): unknown {
  return toFailure(error) ?? error;
}

function toFailure(error: unknown): Failure | undefined {
  if (isConnectionLost(error))
    return fail('server.unavailable', { part: 'The metadata store' }, { cause: error });
  switch (codeOf(error)) {
    case '53100':
      return fail('store.disk_full', { reason: reasonOf(error) }, { cause: error });
    case '57014':
    case '55P03':
      return fail('store.timeout', { reason: reasonOf(error) }, { cause: error });
    default:
      return undefined;
  }
}

export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
