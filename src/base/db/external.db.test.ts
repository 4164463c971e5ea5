import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defer } from '../../../tests/support/defer.ts';
import { scratchFolder } from '../../../tests/support/scratch.ts';
import { until } from '../../../tests/support/until.ts';
import { isFailure } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { type Address, codeOf, withClient } from './connection.ts';
import { freePort } from './embedded/port.ts';
import { type EmbeddedServer, startEmbedded } from './embedded.ts';
import { refuseOld } from './external.ts';
import { openStore, type Store } from './open.ts';
import type { OpenOptions } from './prepare.ts';

// A PostgreSQL as a company has it: reached over TCP, with an administrator who hands out roles and databases. It is a
// server of this file's own, because roles belong to a whole server.

interface Company {
  port: number;
  /** As the administrator. */
  run(sql: string, database?: string): Promise<void>;
  /** From now on the role comes in without a password, and nobody else does. */
  trust(role: string): Promise<void>;
  url(role: string, password?: string, database?: string): string;
}

async function startCompany(t: TestContext): Promise<Company> {
  const folder = scratchFolder(t);
  const server: EmbeddedServer = await startEmbedded({
    folder: join(folder, 'store'),
    log_file: join(folder, 'log'),
    listen: 'loopback',
    settings: { fsync: 'off' },
  });
  defer(t, () => server.close());
  const { superuser } = server;
  assert('port' in superuser);
  const company: Company = {
    port: superuser.port,
    run: (sql, database = 'postgres') =>
      withClient({ ...superuser, database }, 'admin', async client => void (await client.query(sql))),
    async trust(role) {
      const { rows } = await withClient({ ...superuser, database: 'postgres' }, 'admin', client =>
        client.query<{ file: string }>(`select current_setting('hba_file') "file"`),
      );
      const file = rows[0]?.file ?? '';
      writeFileSync(file, `host all ${role} 127.0.0.1/32 trust\n${readFileSync(file, 'utf8')}`);
      await company.run('select pg_reload_conf()');
      await until('the server trusts the role', () =>
        withClient({ url: company.url(role, '') }, 'admin', async () => true).catch(() => false),
      );
    },
    url: (role, password = 'pw', database = 'lake') =>
      `postgres://${role}:${password}@127.0.0.1:${superuser.port}/${database}`,
  };
  // As if Moulin had never been here.
  for (const statement of [
    'drop database moulin',
    'drop role moulin_app, moulin_workspace, moulin_instance, moulin_owner',
  ])
    await company.run(statement);
  await company.run(`create role migrator login createrole password 'pw'`);
  await company.run('create database lake owner migrator');
  return company;
}

async function open(
  t: TestContext,
  external: { url: string; app_url?: string; secrets?: string },
  more: Partial<OpenOptions> = {},
) {
  const { secrets = scratchFolder(t), ...addresses } = external;
  const secret_file = (instance_id: string) => join(secrets, 'keys', instance_id);
  const store = await openStore({ external: { secret_file, ...addresses }, ...more });
  defer(t, () => store.close());
  return store;
}

/** Whether it can open connections anew, not only use those that it has. */
async function isLetIn(store: Store): Promise<boolean> {
  const snapshot = await store.openSnapshot('test').catch(() => undefined);
  await snapshot?.close();
  return snapshot !== undefined;
}

function failure(code: Parameters<typeof isFailure>[1], about: RegExp) {
  return (error: unknown) => isFailure(error, code) && about.test(error.message);
}

test('a role that is no superuser is enough: it makes the roles, migrates, and the store works', async t => {
  const company = await startCompany(t);
  const instance_id = newId();
  const store = await open(t, { url: company.url('migrator') }, { instance_id });
  assert.equal(store.instance_id, instance_id);
  assert.equal((await store.health()).state, 'ok');

  const again = await open(t, { url: company.url('migrator') }, { instance_id: newId() });
  assert.equal(again.instance_id, instance_id, 'the store says which installation it is');
  assert.deepEqual(again.migrated.applied, []);
});

test('nobody else of the server may connect to the database', async t => {
  const company = await startCompany(t);
  await company.run(`create role stranger login password 'pw'`);
  await open(t, { url: company.url('migrator') });
  await assert.rejects(
    withClient({ url: company.url('stranger') }, 'test', async () => {}),
    error => codeOf(error) === '42501',
  );
});

test('two servers that know one password of the owner share the role, and keep nothing', async t => {
  const company = await startCompany(t);
  const secrets = [scratchFolder(t), scratchFolder(t)] as const;
  const one = await open(t, { url: company.url('migrator'), secrets: secrets[0] });
  const other = await open(t, { url: company.url('migrator'), secrets: secrets[1] });
  assert.equal(other.instance_id, one.instance_id);
  assert(await isLetIn(one));
  assert(await isLetIn(other));
  assert.deepEqual(
    secrets.flatMap(folder => readdirSync(folder)),
    [],
  );
});

test('another password of the owner gives moulin_app another one too', async t => {
  const company = await startCompany(t);
  const first = await open(t, { url: company.url('migrator') });
  await company.run(`alter role migrator password 'other'`);
  const store = await open(t, { url: company.url('migrator', 'other') });
  assert.equal(store.instance_id, first.instance_id);
  assert(await isLetIn(store));
});

test('an owner without a password: two servers of one user, started together, share what is kept for them', async t => {
  const company = await startCompany(t);
  await company.trust('migrator');
  const secrets = scratchFolder(t);
  const url = company.url('migrator', '');
  const [one, other] = await Promise.all([open(t, { url, secrets }), open(t, { url, secrets })]);
  assert.equal(other.instance_id, one.instance_id);
  const later = await open(t, { url, secrets });
  for (const store of [one, other, later]) assert(await isLetIn(store));
  const file = join(secrets, 'keys', one.instance_id);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('an owner without a password on another machine is refused, and the first server works on', async t => {
  const company = await startCompany(t);
  await company.trust('migrator');
  const url = company.url('migrator', '');
  const one = await open(t, { url });
  const elsewhere = scratchFolder(t);
  for (const _ of ['at first', 'and again'])
    await assert.rejects(
      open(t, { url, secrets: elsewhere }),
      failure('store.app_password_elsewhere', /moulin_app works for this installation already/),
    );
  assert(await isLetIn(one));
  // As the hint says, when what the password was made from is lost.
  await company.run('comment on role moulin_app is null');
  assert(await isLetIn(await open(t, { url, secrets: elsewhere })));
});

test('a second installation on the same server does not take the role of the first', async t => {
  const company = await startCompany(t);
  await open(t, { url: company.url('migrator') });
  await company.run('create database other owner migrator');
  await assert.rejects(
    open(t, { url: company.url('migrator', 'pw', 'other') }),
    failure('store.role_taken', /moulin_app/),
  );
});

test('a role that may not make roles asks for them in words; made by hand, they are enough', async t => {
  const company = await startCompany(t);
  await company.run('alter role migrator nocreaterole');
  const url = company.url('migrator');
  let statements = '';
  await assert.rejects(open(t, { url }), error => {
    statements = isFailure(error, 'store.may_not_create_roles') ? String(error.params.statements) : '';
    return statements !== '';
  });
  await company.run(statements.replace('…', 'pw'));
  const store = await open(t, { url, app_url: company.url('moulin_app') });
  assert.equal((await store.health()).state, 'ok');
});

test('an application role that could walk around row-level security is refused', async t => {
  const company = await startCompany(t);
  await open(t, { url: company.url('migrator') });
  const statements = [
    `create role mighty login superuser password 'pw'`,
    `create role bypasser login bypassrls password 'pw'`,
    `create role climber login noinherit password 'pw'`,
    'grant mighty to climber',
    'grant connect on database lake to mighty, bypasser, climber',
    'grant moulin_workspace, moulin_instance to mighty, bypasser, climber, migrator',
  ];
  for (const statement of statements) await company.run(statement);
  for (const [role, why] of [
    ['mighty', /mighty, a superuser/],
    ['bypasser', /bypasses row-level security/],
    ['climber', /mighty, a superuser/],
    ['migrator', /owns the tables/],
  ] as const)
    await assert.rejects(
      open(t, { url: company.url('migrator'), app_url: company.url(role) }),
      failure('store.role_too_powerful', why),
      role,
    );
});

test('an application role without the two doors is told what it lacks', async t => {
  const company = await startCompany(t);
  await company.run(`create role weak login password 'pw'`);
  await assert.rejects(
    open(t, { url: company.url('migrator'), app_url: company.url('weak') }),
    failure('store.role_not_ready', /moulin_workspace, moulin_instance/),
  );
});

test('what refuses us is named, and no password is', async t => {
  const company = await startCompany(t);
  const closed = await freePort();
  for (const [url, code] of [
    [`postgres://migrator:hunter2@127.0.0.1:${closed}/lake`, 'store.unreachable'],
    ['postgres://migrator:hunter2@no-such-host.invalid/lake', 'store.unreachable'],
    [company.url('migrator', 'hunter2'), 'store.refused'],
    [company.url('migrator', 'pw', 'hunter2_no'), 'store.refused'],
    [`${company.url('migrator')}?sslmode=verify-full`, 'store.refused'],
  ] as const)
    await assert.rejects(
      open(t, { url }),
      error => isFailure(error, code) && !error.message.includes('migrator:'),
      `${url} → ${code}`,
    );
});

test('a server older than PostgreSQL 14 is refused', () => {
  const address: Address = { url: 'postgres://u:p@db.example/lake' };
  assert.throws(() => refuseOld('13.20 (Debian 13.20-1)', address), failure('store.too_old', /13\.20/));
  for (const version of ['14.0', '18.4', '19beta1']) refuseOld(version, address);
});

// ── Poolers ─────────────────────────────────────────────────────────────────────────────────────────

const PGBOUNCER = '/usr/sbin/pgbouncer';
const required = (process.env.MOULIN_TEST_REQUIRE ?? '').split(',').includes('pgbouncer');
const no_pgbouncer = existsSync(PGBOUNCER) || required ? false : 'pgbouncer is not installed';

async function startPooler(t: TestContext, company: Company, settings: string[]): Promise<string> {
  const folder = scratchFolder(t);
  const port = await freePort();
  const users = join(folder, 'users');
  writeFileSync(users, '"migrator" "pw"\n"moulin_app" "pw"\n');
  const lines = [
    '[databases]',
    `* = host=127.0.0.1 port=${company.port}`,
    '[pgbouncer]',
    'listen_addr=127.0.0.1',
    `listen_port=${port}`,
    'unix_socket_dir=',
    'auth_type=plain',
    `auth_file=${users}`,
    ...settings,
  ];
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(file, lines.join('\n'));
  const as_root = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const pooler = spawn(PGBOUNCER, [...as_root, '-q', file], { stdio: 'ignore' });
  defer(t, () => pooler.kill('SIGKILL'));
  return `postgres://migrator:pw@127.0.0.1:${port}/lake`;
}

/** The pooler needs a moment before it listens. */
async function openThrough(t: TestContext, url: string): Promise<unknown> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      return await open(t, { url });
    } catch (error) {
      if (!isFailure(error, 'store.unreachable') || performance.now() > deadline) throw error;
    }
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

for (const [name, settings] of [
  ['as it comes', ['pool_mode=transaction']],
  ['told to ignore settings', ['pool_mode=transaction', 'ignore_startup_parameters=options']],
  ['told to ignore settings, in session mode', ['pool_mode=session', 'ignore_startup_parameters=options']],
] as const)
  test(`a pooler ${name} is recognised and refused in words`, { skip: no_pgbouncer }, async t => {
    const company = await startCompany(t);
    const url = await startPooler(t, company, [...settings]);
    await assert.rejects(openThrough(t, url), failure('store.pooler', /LISTEN and locks do not work/));
  });

test('a transaction-mode pooler that keeps settings is recognised by its changing sessions', {
  skip: no_pgbouncer,
}, async t => {
  const company = await startCompany(t);
  // Whatever the client says is ignored, but the server's own settings are the right ones.
  for (const setting of [`timezone = 'UTC'`, `search_path = 'public'`])
    await company.run(`alter role migrator set ${setting}`);
  const url = await startPooler(t, company, [
    'pool_mode=transaction',
    'ignore_startup_parameters=options,extra_float_digits',
  ]);
  await assert.rejects(openThrough(t, url), failure('store.pooler', /transaction mode/));
});
