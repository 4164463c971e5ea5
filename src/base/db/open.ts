import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { newId } from '../kit/ids.ts';
import { openBell } from './bell.ts';
import { type Address, clientConfig, reasonOf, withClient } from './connection.ts';
import { type Doors, openDoors, type Tx } from './doors.ts';
import { type EmbeddedServer, startEmbedded } from './embedded.ts';
import { checkServer, roleOf } from './external.ts';
import { type Lock, openLocks } from './locks.ts';
import { type MigrationReport, migrate, readMigrations } from './migrate.ts';
import { APP_ROLE, checkAppRole, closeDatabase, ensureAppPassword, ensureRoles } from './roles.ts';

export interface StoreHealth {
  state: 'ok' | 'down';
  /** In words; empty when all is well. */
  detail: string;
  postgres_version: string;
  schema_version: number;
  size_bytes: number;
}

export interface Store extends Doors {
  readonly instance_id: string;
  /** A lock among all processes of the installation. */
  tryLock(name: string): Promise<Lock | undefined>;
  listen(channel: string, heard: (payload: string) => void): () => void;
  notify(channel: string): void;
  health(): Promise<StoreHealth>;
  close(): Promise<void>;
}

export interface ExternalOptions {
  url: string;
  app_url?: string | null;
  /** The password that moulin_app gets, from a secret that is not in the store; see `deriveAppPassword`. */
  app_password: (instance_id: string) => string;
}

export interface OpenOptions {
  /** `DATA/store` and a log file: the embedded PostgreSQL. */
  embedded?: { folder: string; log_file: string; listen?: 'socket' | 'loopback' };
  /** Or a PostgreSQL of the user's own; `app_url` where the role in `url` may not make roles. */
  external?: ExternalOptions;
  /** The id that an empty store gets. */
  instance_id?: string;
  say?: (text: string) => void;
  /** Before a migration of a store that holds something. */
  beforeMigration?: (owner: Address, from_version: number) => Promise<void>;
}

const POOL_SIZE = 8;
const POOL_IDLE_SECONDS = 30;
/** Longer than the role's own statement time-out: only a server that is gone runs into it. */
const QUERY_SECONDS = 45;

/** The metadata store, ready for use: running, migrated, and open as a role that row-level security holds. */
export async function openStore(options: OpenOptions): Promise<Store & { migrated: MigrationReport }> {
  const embedded = options.embedded && (await startEmbedded({ ...options.embedded, say: options.say }));
  try {
    const ready = await prepare(embedded, options);
    const store = await openPrepared(ready.app, ready.instance_id);
    return {
      ...store,
      migrated: ready.migrated,
      async close() {
        await store.close();
        await embedded?.close();
      },
    };
  } catch (error) {
    await embedded?.close();
    throw error;
  }
}

interface Ready {
  app: Address;
  instance_id: string;
  migrated: MigrationReport;
}

async function prepare(embedded: EmbeddedServer | undefined, options: OpenOptions): Promise<Ready> {
  if (embedded) return prepareEmbedded(embedded, options);
  if (options.external) return prepareExternal(options.external, options);
  throw new Error('openStore needs `embedded` or `external`');
}

async function prepareEmbedded(server: EmbeddedServer, options: OpenOptions): Promise<Ready> {
  const prepared = await prepareDatabase(server.owner, APP_ROLE, options);
  await checkAppRole(server.app);
  return { app: server.app, ...prepared };
}

async function prepareExternal(external: ExternalOptions, options: OpenOptions): Promise<Ready> {
  const owner: Address = { url: external.url };
  await checkServer(owner);
  const by_hand: Address | undefined = external.app_url ? { url: external.app_url } : undefined;
  if (by_hand) await checkServer(by_hand);
  const app_role = by_hand ? await roleOf(by_hand) : APP_ROLE;
  const { instance_id, migrated } = await prepareDatabase(owner, app_role, options);
  const app = by_hand ?? (await ensureAppPassword(owner, external.app_password(instance_id), instance_id));
  await checkAppRole(app);
  return { app, instance_id, migrated };
}

/** Roles, schema and identity, as the owner. */
async function prepareDatabase(
  owner: Address,
  app_role: string,
  options: OpenOptions,
): Promise<Omit<Ready, 'app'>> {
  const migrations = await readMigrations();
  return withClient(owner, 'moulin: prepare', async client => {
    await ensureRoles(client, { app: app_role === APP_ROLE });
    await closeDatabase(client, app_role);
    const migrated = await migrate(client, migrations, async from => {
      await options.beforeMigration?.(owner, from);
    });
    return { migrated, instance_id: await ensureInstance(client, options.instance_id ?? newId()) };
  });
}

/** The store says which installation it is; an empty one is told. */
async function ensureInstance(client: pg.Client, suggested: string): Promise<string> {
  await client.query('insert into instance (id) values ($1) on conflict do nothing', [suggested]);
  const { rows } = await client.query<{ id: string }>('select id from instance');
  const [row] = rows;
  if (!row) throw new Error('the store has no identity');
  return row.id;
}

/** A store that is prepared already, as the application's role. */
export async function openPrepared(app: Address, instance_id: string): Promise<Store> {
  const pool = openPool(app);
  const bell = await openBell(app);
  const locks = await openLocks(app);
  const doors = openDoors(pool, bell.ring);
  return {
    instance_id,
    ...doors,
    tryLock: locks.tryLock,
    listen: bell.listen,
    notify: bell.ring,
    health: () => readHealth(doors),
    async close() {
      await Promise.all([bell.close(), locks.close(), pool.end()]);
    },
  };
}

function openPool(app: Address): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(app, 'moulin'),
    max: POOL_SIZE,
    idleTimeoutMillis: POOL_IDLE_SECONDS * 1000,
    query_timeout: QUERY_SECONDS * 1000,
  });
  // The failure reaches the caller through its statement; an idle connection that dies is replaced when one is needed.
  pool.on('error', () => {});
  pool.on('connect', client => client.on('error', () => {}));
  return pool;
}

const HEALTH_SECONDS = 3;
const DOWN: StoreHealth = {
  state: 'down',
  detail: '',
  postgres_version: '',
  schema_version: 0,
  size_bytes: 0,
};

async function readHealth(doors: Doors): Promise<StoreHealth> {
  const late = new AbortController();
  const deadline = delay(HEALTH_SECONDS * 1000, undefined, { signal: late.signal });
  const asked = doors.withInstance('health', askHealth, { read_only: true });
  // Who comes second is not waited for, and its failure interests nobody.
  asked.catch(() => {});
  try {
    const answer = await Promise.race([asked, deadline]);
    return answer ?? { ...DOWN, detail: `The metadata store did not answer within ${HEALTH_SECONDS} s.` };
  } catch (error) {
    return { ...DOWN, detail: reasonOf(error) };
  } finally {
    deadline.catch(() => {});
    late.abort();
  }
}

async function askHealth(tx: Tx): Promise<StoreHealth> {
  const { rows } = await sql<{ version: string; schema_version: number; bytes: string }>`
    select current_setting('server_version') "version", pg_database_size(current_database()) bytes,
      (select max(number) from schema_migrations) schema_version`.execute(tx);
  const [row] = rows;
  return {
    state: 'ok',
    detail: '',
    postgres_version: row?.version ?? '',
    schema_version: row?.schema_version ?? 0,
    size_bytes: Number(row?.bytes ?? 0),
  };
}
