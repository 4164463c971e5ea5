import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { type Address, codeOf, inDatabase, withClient } from '../../src/base/db/connection.ts';
import { openPrepared, type Store } from '../../src/base/db/index.ts';
import { lockKey } from '../../src/base/db/locks.ts';
import { migrate, readMigrations } from '../../src/base/db/migrate.ts';
import { closeDatabase, ensureAppPassword, ensureRoles } from '../../src/base/db/roles.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { defer } from './defer.ts';
import { scratchRoot } from './scratch.ts';

/** A database of the test's own: migrated, empty, dropped when the test ends. */
export interface TestDatabase {
  store: Store;
  instance_id: string;
  name: string;
  owner: Address;
  app: Address;
  /** Another server process on the same database, so to speak. Closed when the test ends. */
  openAnother(): Promise<Store>;
  /** As when the server is restarted: every session of the application ends at once. */
  cutSessions(): Promise<void>;
}

interface TestServer {
  /** May make databases. */
  admin: Address;
  owner: Address;
  app: Address;
  /** The role that owns the databases, where it is not the one that makes them. */
  owner_role: string | undefined;
  /** How `create database` copies: files are faster than going through the log, where nothing else is written. */
  strategy: '' | 'strategy file_copy';
}

/**
 * A clone of the template database, in the embedded PostgreSQL that all test processes share (see keeper.ts) or in the one
 * that MOULIN_TEST_DATABASE_URL names; its role must be allowed to make databases and roles (createdb createrole).
 */
export async function testDatabase(t: Pick<TestContext, 'after'>): Promise<TestDatabase> {
  const { name, owner, app } = await emptyClone(t);
  const instance_id = newId();
  const stores: Store[] = [];
  defer(t, () => Promise.all(stores.map(store => store.close())));
  const openAnother = async (): Promise<Store> => {
    const store = await openPrepared(app, instance_id);
    stores.push(store);
    return store;
  };
  const store = await openAnother();
  await store.withInstance('name the test database', tx =>
    tx.insertInto('instance').values({ id: instance_id }).execute(),
  );
  return { store, instance_id, name, owner, app, openAnother, cutSessions: () => cutSessions(name) };
}

async function cutSessions(name: string): Promise<void> {
  const { admin } = await testServer();
  await withClient(admin, 'test', client =>
    client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = 'moulin_app'`,
      [name],
    ),
  );
}

/** As somebody writes it into the configuration: of an address that is no socket (see `openWire`). */
export function urlOf(address: Address): string {
  if ('url' in address) return address.url;
  const { host, port, user, password, database } = address;
  return `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
}

/** A database with nothing in it, not even the schema. */
export async function bareDatabase(t: Pick<TestContext, 'after'>): Promise<{ owner: Address; app: Address }> {
  const server = await testServer();
  const name = newName();
  await createDatabase(server, name);
  dropAfter(t, server, name);
  return { owner: inDatabase(server.owner, name), app: inDatabase(server.app, name) };
}

async function emptyClone(t: Pick<TestContext, 'after'>) {
  const server = await testServer();
  const template = await templateDatabase();
  const name = newName();
  await createDatabase(server, name, template);
  dropAfter(t, server, name);
  return { name, owner: inDatabase(server.owner, name), app: inDatabase(server.app, name) };
}

function newName(): string {
  return `test_${randomBytes(8).toString('hex')}`;
}

async function createDatabase(server: TestServer, name: string, template = 'template0'): Promise<void> {
  await withClient(server.admin, 'test', async client => {
    const owner = server.owner_role ? `owner ${server.owner_role}` : '';
    await client.query(`create database ${name} template ${template} ${owner} ${server.strategy}`);
    // What a template does not hand on.
    await client.query(`revoke connect, temporary on database ${name} from public`);
    await client.query(`grant connect on database ${name} to moulin_app, moulin_workspace, moulin_instance`);
  });
}

function dropAfter(t: Pick<TestContext, 'after'>, server: TestServer, name: string): void {
  defer(t, () =>
    withClient(server.admin, 'test', client => client.query(`drop database if exists ${name} with (force)`)),
  );
}

// ── The template: one for each state of the migrations, made by whoever needs it first ──────────────

let template: Promise<string> | undefined;

function templateDatabase(): Promise<string> {
  template ??= makeTemplate();
  return template;
}

async function makeTemplate(): Promise<string> {
  const server = await testServer();
  const migrations = await readMigrations();
  const hash = createHash('sha256').update(migrations.map(({ checksum }) => checksum).join());
  const name = `moulin_template_${hash.digest('hex').slice(0, 12)}`;
  await withClient(server.admin, 'test: template', async client => {
    await client.query('select pg_advisory_lock($1)', [lockKey('test template')]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount) return;
    // Under another name until it is complete.
    const draft = `${name}_draft`;
    await client.query(`drop database if exists ${draft} with (force)`);
    await createDatabase(server, draft);
    await withClient(inDatabase(server.owner, draft), 'test: template', owner => migrate(owner, migrations));
    await client.query(`alter database ${draft} rename to ${name}`);
  });
  return name;
}

// ── The server ──────────────────────────────────────────────────────────────────────────────────────

let server: Promise<TestServer> | undefined;

export function testServer(): Promise<TestServer> {
  const url = process.env.MOULIN_TEST_DATABASE_URL;
  server ??= url ? externalServer({ url }) : embeddedServer();
  return server;
}

async function externalServer(admin: Address): Promise<TestServer> {
  const strategy = await withClient(admin, 'test: roles', async (client: pg.Client) => {
    await ensureRoles(client);
    await closeDatabase(client, 'moulin_app');
    // Only a member may end its sessions, where the role is no superuser.
    const { rowCount } = await client.query(`select where pg_has_role('moulin_app', 'member')`);
    if (!rowCount) await client.query('grant moulin_app to current_user');
    const { rows } = await client.query(`select current_setting('server_version_num')::int "version"`);
    return rows[0]?.version >= 150_000 ? 'strategy file_copy' : '';
  });
  const app = await ensureAppPassword(admin, 'moulin test', '00000000-0000-7000-8000-000000000000');
  return { admin, owner: admin, app, owner_role: undefined, strategy };
}

/** By checkout and user: two checkouts that are tested at the same time do not meet. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const tag = createHash('sha256').update(`${root}:${process.getuid?.()}`).digest('hex').slice(0, 10);
const folder = join(scratchRoot(), `moulin-tests-${tag}`);

const START_MS = 60_000;

async function embeddedServer(): Promise<TestServer> {
  const deadline = performance.now() + START_MS;
  let keeper: ChildProcess | undefined;
  for (;;) {
    const found = await askKeeper();
    if (found)
      return { ...found, admin: found.superuser, owner_role: 'moulin_owner', strategy: 'strategy file_copy' };
    if (performance.now() > deadline)
      throw new Error(`the test server did not start; see ${folder}.log and ${folder}/postgres.log`);
    // One that found another at work has gone; that one may be leaving.
    if (!keeper || keeper.exitCode !== null) keeper = spawnKeeper();
    await delay(50);
  }
}

const KEEPER = fileURLToPath(new URL('./keeper.ts', import.meta.url));

function spawnKeeper(): ChildProcess {
  const log = openSync(`${folder}.log`, 'a');
  // Detached: it serves the other test processes after this one has ended.
  const keeper = spawn(process.execPath, [KEEPER, folder], { detached: true, stdio: ['ignore', log, log] });
  keeper.unref();
  closeSync(log);
  return keeper;
}

type Kept = { superuser: Address; owner: Address; app: Address };

/** Holds the connection for as long as this process lives, without keeping it alive. */
function askKeeper(): Promise<Kept | undefined> {
  return new Promise((resolve, reject) => {
    const connection = connect(join(folder, 'keeper.sock'));
    let text = '';
    connection.setEncoding('utf8').on('data', chunk => {
      text += chunk;
      if (!text.endsWith('\n')) return;
      connection.unref();
      resolve(JSON.parse(text));
    });
    connection.on('error', error => {
      if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET'].includes(codeOf(error))) resolve(undefined);
      else reject(error);
    });
    connection.on('close', () => resolve(undefined));
  });
}
