import { setTimeout as delay } from 'node:timers/promises';
import {
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type Transaction,
} from 'kysely';
import type pg from 'pg';
import { fail } from '../kit/errors.ts';
import { CONNECT_SECONDS, isConflict, isConnectionLost, isStalePlan, translate } from './connection.ts';
import type { DB } from './types.ts';

export type Tx = Transaction<DB>;

export interface TransactionOptions {
  read_only?: boolean;
  /** `read committed` unless said. */
  isolation?: 'repeatable read' | 'serializable';
  /** Its statements come many times a second, with the same text: each connection plans them once. */
  prepared?: boolean;
  /**
   * How long one statement may take, where the role's 30 seconds are too few (building an index, a large sweep) or too many:
   * a network that swallows what is sent shows only in this, at both ends, and until then what the transaction has locked
   * stays locked. All limits move, the server's and the driver's. What takes longer still (a backup, a migration) has a
   * connection of its own.
   */
  statement_seconds?: number;
}

export interface Doors {
  /**
   * One workspace: row-level security shows its rows only. The work may run more than once (a deadlock, a serialisation
   * failure), so it does nothing but SQL.
   */
  withWorkspace<T>(
    context: { workspace_id: string },
    work: (tx: Tx) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  /** What spans workspaces. The reason stands in the server's list of sessions while it runs. */
  withInstance<T>(reason: string, work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
}

const MAX_ATTEMPTS = 6;
const OPENING_DELAYS_MS = [0, 100, 400];

export function openDoors(pool: pg.Pool, notify: (channel: string) => void): Doors {
  const nameOf = openNames();
  const plain = () => undefined;
  const run = <T>(opening: () => Opening, work: (tx: Tx) => Promise<T>, options: TransactionOptions = {}) =>
    repeatOnConflict(() => {
      const place = { pool, opening: opening(), nameOf: options.prepared ? nameOf : plain };
      return transact(place, work, notify);
    });
  return {
    withWorkspace: (context, work, options) =>
      run(() => workspaceOpening(context.workspace_id, options), work, options),
    withInstance: (reason, work, options) => run(() => instanceOpening(reason, options), work, options),
  };
}

/** Under a name, a connection keeps the plan of a statement. */
type NameOf = (text: string) => string | undefined;

/** A connection keeps them for as long as it lives. */
const MAX_NAMES = 100;
const MAX_TEXTS = 2000;
const TIMES_SEEN = 3;

/** Names for texts that come again. Those that are made for each call (a list of so many values) get none. */
function openNames(): NameOf {
  const names = new Map<string, string>();
  const seen = new Map<string, number>();
  return text => {
    const known = names.get(text);
    if (known !== undefined || names.size === MAX_NAMES) return known;
    if (seen.size === MAX_TEXTS) seen.clear();
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    if (times < TIMES_SEEN) return undefined;
    const name = `moulin_${names.size + 1}`;
    names.set(text, name);
    return name;
  };
}

// ── The opening: one round trip that begins the transaction, takes the role and names the workspace ──

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface Opening {
  sql: string;
  /** When the driver gives up on a statement; undefined: as the pool says. */
  query_timeout: number | undefined;
}

/** The server, which knows more, speaks first; the driver only when it is gone. */
const GRACE_SECONDS = 15;
/** The role's own, for a transaction whose client is gone or thinks. */
const IDLE_SECONDS = 60;

function workspaceOpening(workspace_id: string, options: TransactionOptions = {}): Opening {
  // It stands in the text of the statement (several statements at once take no parameters), so its form is checked here.
  if (!UUID.test(workspace_id)) throw fail('workspace.required');
  return opening(
    options,
    `SET LOCAL ROLE moulin_workspace; SET LOCAL moulin.workspace_id = '${workspace_id}'`,
  );
}

function instanceOpening(reason: string, options: TransactionOptions = {}): Opening {
  const name = `moulin: ${reason.replaceAll(/[^\w .:,-]/g, '?')}`.slice(0, 63);
  return opening(options, `SET LOCAL ROLE moulin_instance; SET LOCAL application_name = '${name}'`);
}

function opening(options: TransactionOptions, door: string): Opening {
  const { statement_seconds: seconds } = options;
  if (seconds === undefined) return { sql: `${begin(options)}; ${door}`, query_timeout: undefined };
  const ms = Math.ceil(seconds * 1000);
  const idle_ms = Math.min(ms, IDLE_SECONDS * 1000);
  return {
    sql: `${begin(options)}; SET LOCAL statement_timeout = ${ms};
      SET LOCAL idle_in_transaction_session_timeout = ${idle_ms}; ${door}`,
    query_timeout: ms + Math.min(ms / 2, GRACE_SECONDS * 1000),
  };
}

function begin(options: TransactionOptions): string {
  const isolation = options.isolation ? ` ISOLATION LEVEL ${options.isolation.toUpperCase()}` : '';
  return `BEGIN${isolation}${options.read_only ? ' READ ONLY' : ''}`;
}

// ── One transaction ─────────────────────────────────────────────────────────────────────────────────

/** Channels to ring once the transaction is committed; asked for inside it. */
const hints = new WeakMap<object, Set<string>>();

/** A hint that leaves only when the transaction commits. NOTIFY inside it would make all commits queue for one lock. */
export function notifyAfterCommit(tx: Tx, channel: string): void {
  hints.get(tx)?.add(channel);
}

interface Place {
  pool: pg.Pool;
  opening: Opening;
  nameOf: NameOf;
}

async function transact<T>(
  place: Place,
  work: (tx: Tx) => Promise<T>,
  notify: (channel: string) => void,
): Promise<T> {
  const channels = new Set<string>();
  const result = await kyselyOn(doorDriver(place))
    .transaction()
    .execute(tx => {
      hints.set(tx, channels);
      return work(tx);
    });
  for (const channel of channels) notify(channel);
  return result;
}

async function repeatOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(isConflict(error) || isStalePlan(error)) || count === MAX_ATTEMPTS) throw error;
      // Random, so that the two that met do not meet again.
      await delay(Math.random() * 10 * 2 ** count);
    }
  }
}

function kyselyOn(driver: Driver): Kysely<DB> {
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createQueryCompiler: () => new PostgresQueryCompiler(),
      createIntrospector: db => new PostgresIntrospector(db),
    },
  });
}

/** Kysely's own driver begins with a bare BEGIN: this one begins with the opening, and says what failures mean. */
function doorDriver({ pool, opening: { sql: opening, query_timeout }, nameOf }: Place): Driver {
  let client: pg.PoolClient | undefined;
  let broken = false;

  const run = async (
    sql: string,
    values: readonly unknown[] = [],
    name?: string,
  ): Promise<pg.QueryResult> => {
    if (!client) throw new Error('the transaction has no connection');
    try {
      const limit = query_timeout && { query_timeout };
      return await client.query({ text: sql, values: [...values], name, ...limit });
    } catch (error) {
      broken ||= isConnectionLost(error) || isStalePlan(error);
      throw translate(error);
    }
  };
  const connection: DatabaseConnection = {
    executeQuery: async ({ sql, parameters }) => toResult(await run(sql, parameters, nameOf(sql))),
    streamQuery: () => {
      throw new Error('lists are read page by page, by key; stream() is not supported');
    },
  };
  return {
    init: async () => {},
    async acquireConnection() {
      client = await openTransaction(pool, opening);
      return connection;
    },
    beginTransaction: async () => {},
    async commitTransaction() {
      const { command } = await run('COMMIT');
      // An error that the work swallowed left the transaction aborted: PostgreSQL answers COMMIT with ROLLBACK.
      if (command === 'ROLLBACK')
        throw new Error('the transaction was rolled back: an earlier statement failed');
    },
    async rollbackTransaction() {
      // Best effort: a connection on which ROLLBACK fails is thrown away, which rolls back too, and the first error is
      // the one that tells.
      await run('ROLLBACK').catch(() => {
        broken = true;
      });
    },
    async releaseConnection() {
      client?.release(broken);
    },
    destroy: async () => {},
  };
}

/**
 * A pooled connection may have died while it lay idle (the server was restarted, a firewall forgot it), which shows at the
 * first statement. Nothing has been done by then, so another connection may try.
 */
async function openTransaction(pool: pg.Pool, opening: string): Promise<pg.PoolClient> {
  for (const [attempt, pause] of OPENING_DELAYS_MS.entries()) {
    if (pause > 0) await delay(pause);
    try {
      return await tryOpening(pool, opening);
    } catch (error) {
      const isLast = attempt === OPENING_DELAYS_MS.length - 1;
      if (isLast || !isConnectionLost(error)) throw translate(error);
    }
  }
  throw fail('server.unavailable', { part: 'The metadata store' });
}

/** It reads nothing and waits for no lock: whatever takes longer is no server that is busy, but none at all. */
const OPENING_LIMIT = { query_timeout: CONNECT_SECONDS * 1000 };

async function tryOpening(pool: pg.Pool, opening: string): Promise<pg.PoolClient> {
  const client = await pool.connect();
  try {
    await client.query({ text: opening, ...OPENING_LIMIT });
    return client;
  } catch (error) {
    client.release(true);
    if (isConnectionLost(error)) forgetIdle(pool);
    throw error;
  }
}

/** What one of them met, the others have met, too: finding it out one after the other would take a minute. */
function forgetIdle(pool: pg.Pool): void {
  for (let left = pool.idleCount; left > 0; left -= 1)
    pool.connect().then(
      client => client.release(true),
      () => {},
    );
}

function toResult<R>({ command, rowCount, rows }: pg.QueryResult): QueryResult<R> {
  const changes = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(command);
  return { numAffectedRows: changes ? BigInt(rowCount ?? 0) : undefined, rows: rows ?? [] };
}
