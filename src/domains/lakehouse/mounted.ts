import { z } from 'zod';
import { metadataOf, parseJson, type TableMetadata } from '../../base/iceberg/index.ts';
import { fail, isFailure } from '../../base/kit/errors.ts';
import type { Outbound } from '../../base/kit/outbound.ts';
import { toFailure } from './problems.ts';

// Another Iceberg REST catalog, read-only: what is there, and what a table looks like. Its files are not read here.

export interface OtherCatalog {
  url: string;
  warehouse: string | null;
  auth: 'none' | 'token' | 'oauth2';
  client_id: string | null;
  scope: string | null;
  /** The token, or the client's secret. */
  secret: string | undefined;
}

export interface OtherTable {
  levels: string[];
  name: string;
}

export interface Visit {
  tables(): Promise<{ namespaces: string[][]; tables: OtherTable[] }>;
  load(table: OtherTable): Promise<{ metadata: TableMetadata; metadata_location: string | null }>;
}

const MAX_NAMESPACES = 1000;
const MAX_TABLES = 10_000;
const MAX_PAGES = 1000;
const MAX_BYTES = 64 * 1024 * 1024;
const SEPARATOR = '\x1f';

const configSchema = z.object({
  defaults: z.record(z.string(), z.string()).default({}),
  overrides: z.record(z.string(), z.string()).default({}),
});
const namespacesSchema = z.object({
  namespaces: z.array(z.array(z.string())),
  'next-page-token': z.string().nullish(),
});
const tablesSchema = z.object({
  identifiers: z.array(z.object({ namespace: z.array(z.string()), name: z.string() })),
  'next-page-token': z.string().nullish(),
});
const tableSchema = z.object({ 'metadata-location': z.string().nullish(), metadata: z.unknown() });
const tokenSchema = z.object({ access_token: z.string() });

export async function visit(outbound: Outbound, catalog: OtherCatalog): Promise<Visit> {
  const base = catalog.url.replace(/\/+$/, '');
  const authorization = await authorize(outbound, catalog, base);

  const ask = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const text = await answerOf(outbound, base, path, {
      headers: { accept: 'application/json', ...authorization },
    });
    return inItsWords(base, async () => schema.parse(parseJson(text)));
  };

  const warehouse = catalog.warehouse === null ? '' : `?warehouse=${encodeURIComponent(catalog.warehouse)}`;
  const { defaults, overrides } = await ask(`/v1/config${warehouse}`, configSchema);
  const prefix = overrides.prefix ?? defaults.prefix ?? '';
  const root = prefix === '' ? '/v1' : `/v1/${prefix.split('/').map(encodeURIComponent).join('/')}`;

  /** Some catalogs page whether one asks them to or not. */
  const all = async <T extends { 'next-page-token'?: string | null | undefined }, I>(
    path: string,
    schema: z.ZodType<T>,
    items: (page: T) => I[],
  ): Promise<I[]> => {
    const found: I[] = [];
    let token = '';
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const more = `${path.includes('?') ? '&' : '?'}pageToken=${encodeURIComponent(token)}`;
      const page = await ask(token === '' ? path : `${path}${more}`, schema);
      found.push(...items(page));
      token = page['next-page-token'] ?? '';
      if (token === '') break;
    }
    return found;
  };

  const namespacesBelow = (levels: readonly string[]) => {
    const parent = levels.length > 0 ? `?parent=${encodeURIComponent(levels.join(SEPARATOR))}` : '';
    return all(`${root}/namespaces${parent}`, namespacesSchema, page => page.namespaces);
  };

  return {
    async tables() {
      const namespaces: string[][] = [];
      const waiting: string[][] = [[]];
      for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
        for (const levels of await namespacesBelow(at)) {
          // Some answer with the parent itself: they would be asked for ever.
          if (levels.length <= at.length || namespaces.length === MAX_NAMESPACES) continue;
          namespaces.push(levels);
          waiting.push(levels);
        }
      }
      const tables: OtherTable[] = [];
      for (const levels of namespaces) {
        const path = `${root}/namespaces/${encodeURIComponent(levels.join(SEPARATOR))}/tables`;
        const named = await all(path, tablesSchema, page => page.identifiers);
        tables.push(...named.slice(0, MAX_TABLES - tables.length).map(({ name }) => ({ levels, name })));
      }
      return { namespaces, tables };
    },
    async load({ levels, name }) {
      const namespace = encodeURIComponent(levels.join(SEPARATOR));
      const answer = await ask(
        `${root}/namespaces/${namespace}/tables/${encodeURIComponent(name)}`,
        tableSchema,
      );
      const metadata = await inItsWords(base, async () => metadataOf(answer.metadata, name));
      return { metadata, metadata_location: answer['metadata-location'] ?? null };
    },
  };
}

async function authorize(
  outbound: Outbound,
  { auth, client_id, secret = '', scope }: OtherCatalog,
  base: string,
): Promise<Record<string, string>> {
  if (auth === 'none') return {};
  if (auth === 'token') return { authorization: `Bearer ${secret}` };
  const form = {
    grant_type: 'client_credentials',
    client_id: client_id ?? '',
    client_secret: secret,
    scope: scope ?? 'catalog',
  };
  const text = await answerOf(outbound, base, '/v1/oauth/tokens', {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  const { access_token } = await inItsWords(base, async () => tokenSchema.parse(JSON.parse(text)));
  return { authorization: `Bearer ${access_token}` };
}

/** What it says in its own words is not shown: it may be anything. */
async function answerOf(
  outbound: Outbound,
  base: string,
  path: string,
  init: Parameters<Outbound['fetch']>[1],
): Promise<string> {
  try {
    const response = await outbound.fetch(`${base}${path}`, { ...init, max_bytes: MAX_BYTES });
    const text = await response.text();
    if (response.ok) return text;
    throw fail('lake.mount_failed', { url: base, reason: `it answered ${response.status}` });
  } catch (error) {
    if (isFailure(error) && error.code !== 'outbound.failed' && error.code !== 'outbound.too_large')
      throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw fail('lake.mount_failed', { url: base, reason: reason.replace(/\.$/, '') }, { cause: error });
  }
}

async function inItsWords<T>(base: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const failure = toFailure(error);
    const reason =
      failure instanceof z.ZodError
        ? 'it answered in another form than a catalog does'
        : String(failure instanceof Error ? failure.message : failure);
    throw fail('lake.mount_failed', { url: base, reason: reason.replace(/\.$/, '') }, { cause: error });
  }
}
