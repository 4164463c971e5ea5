import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { fail } from '../kit/errors.ts';
import { type Address, clientConfig, inDatabase, isConnectionLost, withClient } from './connection.ts';
import { findBinaries } from './embedded/binaries.ts';
import { type Credentials, ensureCluster, OWNER, readCredentials, SUPERUSER } from './embedded/cluster.ts';
import { type Guard, startGuard } from './embedded/guard.ts';
import { type Home, openHome, socketFolder } from './embedded/home.ts';
import { type PidFile, readPidFile, whoHas } from './embedded/pid-file.ts';
import { freePort } from './embedded/port.ts';
import { type PostgresProcess, startPostgres, stopPostgres } from './embedded/process.ts';
import { SETTINGS } from './embedded/settings.ts';
import { lockKey } from './locks.ts';
import { APP_ROLE, ensureRoles } from './roles.ts';
import { scramVerifier } from './scram.ts';

export const DATABASE = 'moulin';

export interface EmbeddedOptions {
  /** `DATA/store` */
  folder: string;
  log_file: string;
  /** For the person at the console: what takes long, what is unusual. */
  say?: (text: string) => void;
  /** Sockets unless they are not available. */
  listen?: 'socket' | 'loopback';
  guard?: 'shell' | 'node';
  settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedServer {
  /** Migrates and owns the database. */
  owner: Address;
  app: Address;
  /** The launcher's alone; for tests that make databases. */
  superuser: Address;
  pid(): number | undefined;
  /** Stops it; nothing is left running. */
  close(): Promise<void>;
}

const READY_MS = 60_000;
const RESTART_MS = { first: 100, last: 30_000 };
/** A start that has just begun may not hold its lock yet. */
const YOUNG_SECONDS = 5;
const OWNER_LOCK = lockKey('owner of the embedded server');

/** Everything that stays the same over the lives of the process. */
interface Plan {
  home: Home;
  credentials: Credentials;
  start(): PostgresProcess;
  stop(pid: number, gone?: () => boolean): Promise<void>;
  superuser: Address;
}

/** The embedded PostgreSQL: made at the first start, run, watched, started again when it dies, stopped with us. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const plan = await makePlan(options);
  const guard = startGuard({
    kind: options.guard ?? (process.platform === 'win32' ? 'node' : 'shell'),
    pg_ctl: findBinaries(plan.home.account).pg_ctl,
    data_folder: plan.home.data,
  });
  try {
    await endLeftover(plan);
    const life = await startLife(plan, guard);
    await prepareServer(plan);
    return supervise(plan, guard, life, options.say ?? (() => {}));
  } catch (error) {
    guard.close();
    throw error;
  }
}

async function makePlan(options: EmbeddedOptions): Promise<Plan> {
  const say = options.say ?? (() => {});
  const home = openHome(options.folder, say);
  const binaries = findBinaries(home.account);
  const credentials = readCredentials(home);
  await ensureCluster(home, binaries, credentials);
  const place = await choosePlace(home, options.listen);
  const settings = { ...SETTINGS, ...options.settings, ...place.settings };
  return {
    home,
    credentials,
    start: () => startPostgres(home, binaries, settings, options.log_file),
    stop: (pid, gone) => stopPostgres(pid, home, binaries, gone),
    superuser: {
      ...place.address,
      user: SUPERUSER,
      password: credentials.superuser,
      database: 'postgres',
    },
  };
}

interface Place {
  address: { host: string; port: number };
  settings: Record<string, string>;
}

async function choosePlace(home: Home, wanted?: 'socket' | 'loopback'): Promise<Place> {
  if ((wanted ?? (process.platform === 'win32' ? 'loopback' : 'socket')) === 'loopback') {
    const port = await freePort();
    return {
      address: { host: '127.0.0.1', port },
      settings: { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' },
    };
  }
  const folder = socketFolder(home);
  return {
    address: { host: folder, port: 5432 },
    settings: {
      listen_addresses: '',
      port: '5432',
      // A comma would separate two folders.
      unix_socket_directories: `"${folder.replaceAll('"', '""')}"`,
      unix_socket_permissions: '0700',
    },
  };
}

// ── One life: the process, and the lock that says who owns it ───────────────────────────────────────

interface Life {
  process: PostgresProcess;
  /** Holds the owner's lock; PostgreSQL lets go of it the moment we die. */
  claim: pg.Client;
}

async function startLife(plan: Plan, guard: Guard): Promise<Life> {
  const process = plan.start();
  guard.watch(process.pid);
  try {
    const claim = await connectWhenReady(plan, process);
    if (await takeClaim(claim)) return { process, claim };
    await claim.end().catch(() => {});
    throw inUse(plan, 'another process that started at the same moment');
  } catch (error) {
    if (!process.hasEnded()) await plan.stop(process.pid, process.hasEnded);
    guard.watch(undefined);
    throw error;
  }
}

async function connectWhenReady(plan: Plan, process: PostgresProcess): Promise<pg.Client> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const client = await tryConnect(plan.superuser).catch(error => {
      if (isConnectionLost(error) && performance.now() < deadline) return undefined;
      throw error;
    });
    if (client) return client;
    if (process.hasEnded()) throw process.whyEnded();
    await Promise.race([delay(20), process.ended]);
  }
}

async function tryConnect(address: Address): Promise<pg.Client> {
  // The process id is what a second start reads to say who is in its way.
  const client = new pg.Client(clientConfig(address, `moulin: process ${process.pid}`));
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

async function takeClaim(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) mine', [
    OWNER_LOCK,
  ]);
  return rows[0]?.mine === true;
}

// ── A server that somebody left behind ──────────────────────────────────────────────────────────────

/** A live server whose owner is gone (owner and guard were killed) is stopped; one that is owned is left alone. */
async function endLeftover(plan: Plan): Promise<void> {
  const found = readPidFile(plan.home.data);
  if (!found || whoHas(found.pid, plan.home.data) !== 'server') return;
  const isGone = () => whoHas(found.pid, plan.home.data) !== 'server';
  const holder = await findOwner(plan, found, isGone);
  if (holder) throw inUse(plan, holder);
  if (!isGone()) await plan.stop(found.pid);
  if (!isGone()) throw inUse(plan, `the PostgreSQL process ${found.pid}, which does not stop`);
}

/** Who owns it, in words; nothing when nobody does (any more). */
async function findOwner(plan: Plan, found: PidFile, isGone: () => boolean): Promise<string | undefined> {
  const deadline = performance.now() + READY_MS / 3;
  while (!isGone()) {
    const answer = await askOwner(plan, found).catch(error => {
      // Starting, recovering, or being stopped by its guard: it will answer, or be gone.
      if (isConnectionLost(error) && performance.now() < deadline) return 'wait' as const;
      if (isConnectionLost(error)) return `the PostgreSQL process ${found.pid}, which does not answer`;
      throw error;
    });
    const isYoung = Date.now() / 1000 - found.started_at < YOUNG_SECONDS;
    if (answer !== 'wait' && !(answer === undefined && isYoung)) return answer;
    await delay(100);
  }
  return undefined;
}

async function askOwner(plan: Plan, found: PidFile): Promise<string | undefined> {
  const host = found.socket_folder || found.listen_address || '127.0.0.1';
  const address = { ...plan.superuser, host, port: found.port };
  return withClient(address, 'moulin: who is there', async client => {
    if (await takeClaim(client)) return undefined;
    const { rows } = await client.query<{ name: string }>(
      `select application_name name from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and granted and (classid::bigint << 32) + objid::bigint = $1`,
      [OWNER_LOCK],
    );
    return rows[0]?.name.replace('moulin: ', '') ?? 'another process';
  });
}

function inUse(plan: Plan, holder: string) {
  return fail('store.in_use', { folder: plan.home.folder, holder });
}

// ── What the server needs once ──────────────────────────────────────────────────────────────────────

/** Roles, database, who may connect. Repeatable: a start that was killed half-way is finished by the next one. */
async function prepareServer(plan: Plan): Promise<void> {
  await withClient(plan.superuser, 'moulin: prepare', async client => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount) return;
    await ensureRoles(client);
    await client.query(`do $$ begin
      if not exists (select from pg_roles where rolname = '${OWNER}') then create role ${OWNER} login; end if;
    end $$`);
    await setPassword(client, OWNER, plan.credentials.owner);
    await setPassword(client, APP_ROLE, plan.credentials.app);
    for (const name of ['postgres', 'template1'])
      await client.query(`revoke connect, temporary on database ${name} from public`);
    await client.query(`create database ${DATABASE} owner ${OWNER}`);
  });
}

async function setPassword(client: pg.Client, role: string, password: string): Promise<void> {
  await client.query(`alter role ${role} password ${client.escapeLiteral(scramVerifier(password))}`);
}

// ── Watching ────────────────────────────────────────────────────────────────────────────────────────

/** Starts the process again whenever it ends, for as long as it takes: a full disk is freed, a killer goes away. */
function supervise(plan: Plan, guard: Guard, first: Life, say: (text: string) => void): EmbeddedServer {
  let life: Life | undefined = first;
  let closing = false;
  const stopped = new AbortController();

  const watch = async (): Promise<void> => {
    for (let pause = RESTART_MS.first; ; ) {
      if (life) {
        await life.process.ended;
        guard.watch(undefined);
        life = undefined;
        if (closing) return;
        say('The embedded PostgreSQL ended unexpectedly; starting it again');
      }
      try {
        life = await startLife(plan, guard);
        pause = RESTART_MS.first;
        if (closing) return;
      } catch (error) {
        say(`The embedded PostgreSQL does not start: ${error instanceof Error ? error.message : error}`);
        await delay(pause, undefined, { signal: stopped.signal }).catch(() => {});
        pause = Math.min(pause * 2, RESTART_MS.last);
        if (closing) return;
      }
    }
  };
  const watching = watch();

  const as = (user: string, password: string): Address =>
    inDatabase({ ...plan.superuser, user, password } as Address, DATABASE);
  return {
    owner: as(OWNER, plan.credentials.owner),
    app: as(APP_ROLE, plan.credentials.app),
    superuser: plan.superuser,
    pid: () => life?.process.pid,
    async close() {
      closing = true;
      stopped.abort();
      if (life) await plan.stop(life.process.pid, life.process.hasEnded);
      await watching;
      if (life && !life.process.hasEnded()) await plan.stop(life.process.pid, life.process.hasEnded);
      guard.close();
    },
  };
}
