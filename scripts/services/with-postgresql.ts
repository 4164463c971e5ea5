import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

// Runs a command beside a real PostgreSQL of this machine (Debian's package, Homebrew …), fresh and gone with it:
//   node scripts/services/with-postgresql.ts npm test -- src/base/db
// The command finds it in MOULIN_TEST_DATABASE_URL. What the tests prove with the embedded server they prove with this one too.

const READY_MS = 30_000;

/** PostgreSQL refuses to run as root; its package brings an account. */
interface Account {
  uid?: number;
  gid?: number;
}

function accountFor(): Account {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find(one => one.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined) throw new Error('There is no account "postgres": install the package postgresql.');
  return { uid: Number(uid), gid: Number(gid) };
}

/** The newest that is installed. */
function binaries(): string {
  const folders = [
    ...globSync('/usr/lib/postgresql/*/bin'),
    ...globSync('/opt/homebrew/opt/postgresql@*/bin'),
  ]
    .filter(folder => existsSync(join(folder, 'initdb')))
    .sort((a, b) => major(b) - major(a));
  const [newest] = folders;
  if (newest === undefined)
    throw new Error('There is no PostgreSQL on this machine: apt-get install postgresql.');
  return newest;
}

function major(folder: string): number {
  return Number(/(\d+)\/bin$/.exec(folder)?.[1] ?? 0);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise(done => server.close(done));
  return port;
}

async function start(folder: string): Promise<{ url: string; server: ChildProcess }> {
  const account = accountFor();
  const bin = binaries();
  const password = randomBytes(16).toString('hex');
  const secret = join(folder, 'password');
  const data = join(folder, 'data');
  writeFileSync(secret, password);
  if (account.uid !== undefined && account.gid !== undefined)
    for (const path of [folder, secret]) chownSync(path, account.uid, account.gid);
  const options = { ...account, cwd: folder };
  const init = [
    '-D',
    data,
    '-U',
    'owner',
    '--pwfile',
    secret,
    '-A',
    'scram-sha-256',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  ];
  execFileSync(join(bin, 'initdb'), init, { ...options, stdio: ['ignore', 'ignore', 'inherit'] });
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'max_connections=200',
  ];
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap(one => ['-c', one])], {
    ...options,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  await reachable(port, server);
  console.log(`PostgreSQL ${major(bin)} of ${dirname(bin)} on port ${port}`);
  return { url: `postgres://owner:${password}@127.0.0.1:${port}/postgres`, server };
}

async function reachable(port: number, server: ChildProcess): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline && server.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const answer = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).catch(
      () => undefined,
    );
    socket.destroy();
    if (answer?.length === 0) return;
    await wait(50);
  }
  throw new Error('PostgreSQL did not start.');
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  server.kill('SIGINT');
  await once(server, 'exit');
}

async function run([command = '', ...args]: readonly string[], url: string): Promise<number> {
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: { ...process.env, MOULIN_TEST_DATABASE_URL: url },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

const command = process.argv.slice(2);
if (command.length === 0) throw new Error('Name the command to run.');
const folder = mkdtempSync(join(tmpdir(), 'moulin-postgresql-'));
try {
  const { url, server } = await start(folder);
  process.exitCode = await run(command, url).finally(() => stop(server));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
