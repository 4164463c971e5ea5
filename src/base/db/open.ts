import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { openBell } from './bell.ts';
import { type Address, clientConfig, reasonOf } from './connection.ts';
import { type Doors, openDoors, type Tx } from './doors.ts';
import { type Lock, openLocks } from './locks.ts';
import type { MigrationReport } from './migrate.ts';
import { type OpenOptions, prepareStore } from './prepare.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';

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
  /** Of the pool, at this moment; for the metrics. */
  connections(): { used: number; idle: number; waiting: number };
  /** One consistent, read-only view of everything, for a backup. */
  openSnapshot(reason: string): Promise<Snapshot>;
  close(): Promise<void>;
}

type OpenedStore = Store & { migrated: MigrationReport };

const POOL_SIZE = 8;
const POOL_IDLE_SECONDS = 30;
/** Longer than the role's own statement time-out: only a server that is gone runs into it. `statement_seconds` moves both. */
const QUERY_SECONDS = 45;
const CLOSE_SECONDS = 5;

/** The metadata store, ready for use: running, migrated, and open as a role that row-level security holds. */
export async function openStore(options: OpenOptions): Promise<OpenedStore> {
  const { app, instance_id, migrated, close } = await prepareStore(options);
  try {
    const store = await openPrepared(app, instance_id);
    return {
      ...store,
      migrated,
      async close() {
        await store.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A store that is prepared already, as the application's role. */
export async function openPrepared(app: Address, instance_id: string): Promise<Store> {
  const bell = await openBell(app);
  const locks = await openLocks(app).catch(async error => {
    await bell.close();
    throw error;
  });
  const pool = openPool(app);
  const doors = openDoors(pool, bell.ring);
  return {
    instance_id,
    ...doors,
    tryLock: locks.tryLock,
    listen: bell.listen,
    notify: bell.ring,
    health: () => readHealth(doors),
    connections: () => ({
      used: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    openSnapshot: reason => openSnapshot(app, reason),
    async close() {
      await Promise.all([bell.close(), locks.close(), endPool(pool)]);
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

/** Transactions under way may end; one that does not, ends with its connection. */
async function endPool(pool: pg.Pool): Promise<void> {
  const late = new AbortController();
  const deadline = delay(CLOSE_SECONDS * 1000, undefined, { signal: late.signal }).catch(() => {});
  await Promise.race([pool.end(), deadline]);
  late.abort();
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
