import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { type EventFeed, openEvents } from '../../src/base/db/index.ts';
import type { Clock } from '../../src/base/kit/clock.ts';
import { openLog } from '../../src/base/kit/log.ts';
import { type Outbound, openOutbound } from '../../src/base/kit/outbound.ts';
import { createRedactor } from '../../src/base/kit/redact.ts';
import { makeFolders, openFolderStorage, type Storage } from '../../src/base/storage/index.ts';
import { type Client, createClient } from '../../src/contract/client.ts';
import type { Config } from '../../src/contract/config.ts';
import type { Role } from '../../src/contract/permissions.ts';
import { type Access, openAccess } from '../../src/domains/access/index.ts';
import { openKeyProvider, openSecrets, type Secrets } from '../../src/domains/access/secrets/index.ts';
import { alertHandlers, countIncidents } from '../../src/domains/alerts/index.ts';
import {
  type Lake,
  type LakeParts,
  lakeHandlers,
  lakeKinds,
  openCatalog,
  openLake,
} from '../../src/domains/lakehouse/index.ts';
import {
  kindTable,
  logHandlers,
  runHandlers,
  scheduleHandlers,
  workerHandlers,
} from '../../src/domains/runs/index.ts';
import { backupDownload, buildServer, idempotencyStore, injectFetch } from '../../src/doors/server/index.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testKinds } from '../support/kinds.ts';
import { lakeParts } from '../support/lake.ts';
import { scratchFolder } from '../support/scratch.ts';

// The real door, the real access and the real store, without a socket. Time is the test's.

export const URL_HERE = 'http://127.0.0.1:4610';
export const PASSWORD = 'fünf Birnen im Korb';

export interface TestClock extends Clock {
  advance(ms: number): void;
  /** The time of day is set: it says something else, and nothing has passed. */
  jump(ms: number): void;
}

export interface World extends TestDatabase {
  access: Access;
  events: EventFeed;
  outbound: Outbound;
  secrets: Secrets;
  lake: Lake;
  /** Of the lake. */
  storage: Storage;
  server: FastifyInstance;
  clock: TestClock;
  /** What was logged, one line each. */
  lines: string[];
  /** The command line on the server: owns everything. */
  local: Client;
  local_secret: string;
  /** A browser that nobody has signed in with. */
  browser(origin?: { ip?: string }): Browser;
  /** The owner of `main`, with all instance rights. */
  firstAdmin(): Promise<Person>;
  /** Somebody with an account and a role in a workspace, signed in. */
  person(role: Role, options?: { workspace?: string; email?: string; name?: string }): Promise<Person>;
  bearer(token: string): Client;
}

export interface WorldOptions {
  /** Another server on the store of this world. */
  database?: TestDatabase;
  oidc?: Partial<Config['oidc']>;
  session?: Partial<Config['session']>;
  outbound_allow?: string[];
  flood_limits?: Parameters<typeof openAccess>[0]['flood_limits'];
  lake?: Partial<LakeParts>;
}

export async function openWorld(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const database = options.database ?? (await testDatabase(t));
  const clock = testClock();
  const lines: string[] = [];
  const redactor = createRedactor();
  const { log } = openLog({
    level: 'debug',
    format: 'json',
    clock,
    redact: redactor.redact,
    console: line => lines.push(line),
  });
  const { store } = database;
  const events = openEvents(store);
  const outbound = openOutbound({ allow: options.outbound_allow ?? [] });
  const secrets = await openSecrets({ store, keys: testKeys(store.instance_id), redactor });
  const config = { oidc: { ...OIDC, ...options.oidc }, session: { ...SESSION, ...options.session } };
  const url = () => URL_HERE;
  const { flood_limits } = options;
  const access = openAccess({ store, config, url, clock, log, redactor, outbound, secrets, flood_limits });
  await access.prepare();
  const storage = await openFolderStorage(scratchFolder(t));
  const logs = logHandlers({ store, storage, clock, days: 30 });
  const { audit, record } = access;
  const given = await lakeParts(t, database, scratchFolder(t), { clock, record, ...options.lake });
  const lake = openLake(given);
  const catalog = openCatalog({
    ...{ lake, clock, identify: access.identify, storage: given.storage },
    makeFolders: locations => makeFolders(given.storage, locations),
  });
  const app = await buildServer({
    config: SERVER,
    instance_id: store.instance_id,
    version: '0.0.0',
    handlers: {
      ...access.handlers,
      ...runHandlers({ store, clock, kinds: testKinds, audit, countIncidents }),
      ...logs.handlers,
      ...scheduleHandlers({ store, clock, kinds: testKinds, record }),
      ...workerHandlers({ store, version: '0.0.0', audit }),
      ...alertHandlers({ store, secrets, outbound, clock, record }),
      ...lakeHandlers({
        ...{ lake, store, storage: given.storage, clock, secrets, outbound },
        kinds: kindTable(lakeKinds(given, { kind: 'folder', folder: '' })),
        ...{ record, audit, url, vends: false },
      }),
    },
    identify: access.identify,
    denied: access.recordDenied,
    idempotency: idempotencyStore(store, 24),
    events,
    backup: backupDownload(store),
    checks: [],
    describe: async () => ({ ...SYSTEM, instance_id: store.instance_id }),
    web_folder: undefined,
    catalog,
    log,
    redactor,
    clock,
  });
  t.after(async () => {
    logs.close();
    await app.close();
    await events.close();
    await outbound.close();
  });
  return {
    ...database,
    access,
    events,
    outbound,
    secrets,
    lake,
    storage: given.storage,
    server: app,
    clock,
    lines,
    ...peopleOf(app, access),
  };
}

// ── People ──────────────────────────────────────────────────────────────────────────────────────────

export interface Browser {
  client: Client;
  fetch: (url: string, init?: RequestInit) => Promise<Response>;
  cookies: Map<string, string>;
  /** The workspace that requests name. */
  workspace: string | undefined;
}

export interface Person extends Browser {
  id: string;
  email: string;
}

function peopleOf(app: FastifyInstance, access: Access) {
  let count = 0;
  const bearer = (token: string) =>
    createClient({ fetch: injectFetch(app), headers: () => ({ authorization: `Bearer ${token}` }) });
  const local_secret = access.createLocalSecret();
  const local = bearer(local_secret);

  const firstAdmin = async (): Promise<Person> => {
    const link = await access.createFirstAdminLink();
    const email = 'first@example.com';
    return useLink(openBrowser(app, 'main'), link?.url, { name: 'First Admin', email, password: PASSWORD });
  };
  const person: World['person'] = async (role, { workspace = 'main', ...given } = {}) => {
    count += 1;
    const { email = `person${count}@example.com`, name = `Person ${count}` } = given;
    const { url } = await local['invitations.create']({ body: { email, role }, workspace });
    return useLink(openBrowser(app, workspace), url, { name, password: PASSWORD });
  };
  const browser: World['browser'] = ({ ip } = {}) => openBrowser(app, 'main', ip);
  return { local, local_secret, bearer, firstAdmin, person, browser };
}

async function useLink(
  browser: Browser,
  url: string | undefined,
  body: { name: string; email?: string; password: string },
): Promise<Person> {
  const me = await browser.client['links.use']({ body: { token: tokenIn(url), ...body } });
  return Object.assign(browser, { id: me.id, email: me.email ?? '' });
}

export function tokenIn(url: string | undefined): string {
  return url?.split('#')[1] ?? '';
}

/** Keeps cookies as a browser does, and comes from our own pages. */
export function openBrowser(app: FastifyInstance, workspace?: string, ip = '127.0.0.1'): Browser {
  const cookies = new Map<string, string>();
  const fetch: Browser['fetch'] = async (url, init = {}) => {
    const { pathname, search } = new URL(url, URL_HERE);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await app.inject({
      method: (init.method ?? 'GET') as 'GET',
      url: pathname + search,
      remoteAddress: ip,
      headers: {
        ...Object.fromEntries(new Headers(init.headers)),
        'sec-fetch-site': 'same-origin',
        host: '127.0.0.1:4610',
        ...(cookie !== '' && { cookie }),
      },
      payload: init.body === null ? undefined : (init.body as string | undefined),
    });
    for (const { name, value, expires, maxAge } of answer.cookies) {
      const isGone = maxAge === 0 || (expires !== undefined && expires.getTime() < 1000);
      if (isGone) cookies.delete(name);
      else cookies.set(name, value);
    }
    const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, String(one)]),
    );
    const isBodyless = [204, 205, 304].includes(answer.statusCode);
    return new Response(isBodyless ? null : answer.rawPayload, { status: answer.statusCode, headers });
  };
  const browser: Browser = { fetch, cookies, workspace, client: {} as Client };
  browser.client = createClient({ fetch, workspace: () => browser.workspace });
  return browser;
}

// ── What every world has ────────────────────────────────────────────────────────────────────────────

function testClock(): TestClock {
  let passed = 0;
  let set = 0;
  return {
    now: () => Date.now() + passed + set,
    monotonic: () => performance.now() + passed,
    advance(ms) {
      passed += ms;
    },
    jump(ms) {
      set += ms;
    },
  };
}

function testKeys(instance_id: string) {
  // The same for every server of one database.
  const text = createHash('sha256').update(instance_id).digest('base64');
  const given = { text, place: 'the test' };
  return openKeyProvider({ given, folder: '', instance_id, redactor: createRedactor() });
}

const OIDC: Config['oidc'] = {
  issuer: null,
  client_id: null,
  client_secret: null,
  name: 'Single sign-on',
  scopes: ['openid', 'profile', 'email'],
  groups_claim: 'groups',
  group_roles: [],
  password_login: true,
};

const SESSION: Config['session'] = { idle_hours: 8, absolute_days: 7 };

const SERVER = {
  host: '127.0.0.1',
  public_url: null,
  tls: { cert: null, key: null },
  trusted_proxies: [],
  insecure_http: false,
};

const SYSTEM = {
  version: '0.0.0',
  node: process.version,
  postgres: '18',
  schema_version: 1,
  platform: process.platform,
  started_at: '2026-11-21T12:00:00.000000Z',
  url: URL_HERE,
  data_folder: '',
  memory: { rss_bytes: 1, total_bytes: 1 },
  disk: { free_bytes: 1, total_bytes: 1, store_bytes: 1 },
  config: [],
};
