import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { sameAsLocked } from '../../scripts/launch/install.mjs';
import { withLock } from '../../scripts/launch/lock.mjs';
import { isNewEnough } from '../../scripts/launch/node24.mjs';
import { findNpm, hintFor, relevantError } from '../../scripts/launch/npm.mjs';
import { userCache } from '../../scripts/launch/places.mjs';
import { ROOT } from '../../scripts/source/files.ts';
import { waitFor } from '../support/wait-for.ts';
import { personsEnvironment } from './support/running.ts';

const FILES = [
  'bin/main.mjs',
  'bin/moulin',
  'scripts/launch.mjs',
  ...globSync('scripts/launch/*.mjs', { cwd: ROOT }),
];

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'moulin-launcher-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The oldest Node that the README promises, from the same place as our own. */
function installNode18(into: string): string | undefined {
  const name = `node-${process.platform}-${process.arch}`;
  const env = personsEnvironment(process.env.HOME ?? into);
  const args = [
    'install',
    `${name}@18`,
    '--prefix',
    into,
    '--no-save',
    '--ignore-scripts',
    '--prefer-offline',
  ];
  const { status } = spawnSync('npm', args, {
    cwd: into,
    env,
    stdio: 'ignore',
    shell: process.platform === 'win32',
  });
  return status === 0 ? join(into, 'node_modules', name, 'bin', 'node') : undefined;
}

test('every file of the launcher runs on Node 18', t => {
  const home = folder(t);
  const node = installNode18(home);
  if (!node) return t.skip('the registry gives no Node 18 for this machine');
  assert.match(execFileSync(node, ['--version'], { encoding: 'utf8' }), /^v18\./);
  for (const file of FILES) execFileSync(node, ['--check', join(ROOT, file)]);
  // Parsed is not enough: everything it imports must be there too.
  const modules = globSync('scripts/launch/*.mjs', { cwd: ROOT }).map(
    file => pathToFileURL(join(ROOT, file)).href,
  );
  const code = `await Promise.all(${JSON.stringify(modules)}.map(url => import(url)))`;
  execFileSync(node, ['--input-type=module', '-e', code]);
  const { status, stderr } = spawnSync(node, [join(ROOT, 'scripts/launch.mjs'), 'nonsense'], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stderr.split('\n')[0]], [1, '✖ launch.mjs: there is no task "nonsense".']);
});

test('the launcher imports Node and itself, nothing that must be installed first', () => {
  for (const file of FILES) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const names = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, name]) => name ?? '');
    const foreign = names.filter(name => !name.startsWith('node:') && !name.startsWith('.'));
    assert.deepEqual(foreign, [], file);
  }
});

test('which Node is new enough', () => {
  assert.deepEqual(['18.20.8', '22.15.0', '23.11.1', '24.0.0', '25.1.0'].map(isNewEnough), [
    false,
    false,
    false,
    true,
    true,
  ]);
});

test('each system has its folder for what can be made again', () => {
  assert.equal(userCache({}, 'linux', '/home/a'), '/home/a/.cache/moulin');
  assert.equal(userCache({ XDG_CACHE_HOME: '/x' }, 'linux', '/home/a'), '/x/moulin');
  assert.equal(userCache({}, 'darwin', '/Users/a'), '/Users/a/Library/Caches/moulin');
  assert.match(userCache({ LOCALAPPDATA: 'C:\\L' }, 'win32', 'C:\\Users\\a'), /^C:\\L.moulin.Cache$/);
});

// ── Packages ────────────────────────────────────────────────────────────────────────────────────────

const locked = {
  '': { version: '0.1.0' },
  web: { version: '0.1.0' },
  'node_modules/@moulin/web': { link: true },
  'node_modules/zod': { version: '4.6.7', integrity: 'sha512-a' },
  'node_modules/binary-linux': {
    version: '1.0.0',
    integrity: 'sha512-b',
    optional: true,
    os: ['linux'],
    cpu: ['x64'],
  },
  'node_modules/binary-mac': { version: '1.0.0', integrity: 'sha512-c', optional: true, os: ['darwin'] },
  'node_modules/binary-musl': {
    version: '1.0.0',
    optional: true,
    os: ['linux'],
    cpu: ['x64'],
    libc: ['musl'],
  },
};
const linux = { platform: 'linux', arch: 'x64' };
const {
  'node_modules/binary-mac': _mac,
  'node_modules/binary-musl': _musl,
  '': _root,
  ...installed
} = locked;

test('what npm installed by hand is as good as what the launcher installed', () => {
  assert.equal(sameAsLocked(locked, installed, linux), true);
});

test('a missing, other or additional package means installing again', () => {
  const { 'node_modules/zod': zod, ...without } = installed;
  assert.equal(sameAsLocked(locked, without, linux), false);
  assert.equal(
    sameAsLocked(locked, { ...installed, 'node_modules/zod': { ...zod, version: '4.6.6' } }, linux),
    false,
  );
  assert.equal(
    sameAsLocked(locked, { ...installed, 'node_modules/left': { version: '1.0.0' } }, linux),
    false,
  );
  assert.equal(sameAsLocked(locked, {}, linux), false);
});

test('packages that were installed on another system do not count here', () => {
  assert.equal(sameAsLocked(locked, installed, { platform: 'darwin', arch: 'arm64' }), false);
});

// ── npm ─────────────────────────────────────────────────────────────────────────────────────────────

test("of npm's output only its errors are shown, and a hint that fits", () => {
  const output = [
    'npm warn deprecated glob@7',
    'npm error code E401',
    'npm error Incorrect or missing password.',
    'npm error     at Object.<anonymous> (/x/y.js:1:1)',
    'npm error A complete log of this run can be found in: /home/a/.npm/_logs/1.log',
  ].join('\n');
  assert.equal(relevantError(output), 'code E401\n  Incorrect or missing password.');
  assert.match(hintFor(output), /token in your \.npmrc/);
  assert.match(hintFor('npm error code SELF_SIGNED_CERT_IN_CHAIN'), /NODE_EXTRA_CA_CERTS/);
  assert.match(hintFor('npm error code ENOTFOUND'), /HTTPS_PROXY/);
  assert.match(relevantError('npm ERR! code ENOSPC'), /^code ENOSPC$/, 'as older npm writes it');
  assert.equal(relevantError('Segmentation fault'), 'Segmentation fault');
});

test('npm is found when the launcher is called without it', () => {
  const { PATH } = personsEnvironment('/');
  assert.match(findNpm({ PATH }, '/nowhere/node'), /npm-cli\.js$/);
  assert.throws(() => findNpm({ PATH: '/no/where/bin' }, '/no/where/bin/node'), /npm was not found/);
});

test('an npm that cannot reach its registry says so in two lines', t => {
  const home = folder(t);
  const code = `process.versions.node;
    const { runNpm, relevantError, hintFor } = await import(${JSON.stringify(pathToFileURL(join(ROOT, 'scripts/launch/npm.mjs')).href)});
    const { ok, output } = await runNpm(process.execPath, ['install', 'zod', '--fetch-retries=0', '--registry=http://127.0.0.1:9/'], ${JSON.stringify(home)});
    console.log(JSON.stringify({ ok, error: relevantError(output), hint: hintFor(output) }));`;
  const env = personsEnvironment(home, { npm_config_cache: join(home, 'cache') });
  const answer = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: home, env, encoding: 'utf8' }),
  );
  assert.equal(answer.ok, false);
  assert.match(answer.error, /ECONNREFUSED/);
  assert.match(answer.hint, /registry cannot be reached/);
});

// ── One at a time ───────────────────────────────────────────────────────────────────────────────────

test('of several launchers one works and the others wait', async t => {
  const lock = join(folder(t), 'lock');
  const seen: string[] = [];
  const work = (name: string) => async () => {
    seen.push(`${name} begins`);
    await new Promise(resolve => setImmediate(resolve));
    seen.push(`${name} ends`);
  };
  await Promise.all(['a', 'b', 'c'].map(name => withLock(lock, work(name))));
  for (const at of [0, 2, 4]) assert.equal(seen[at]?.replace('begins', 'ends'), seen[at + 1]);
  assert.equal(existsSync(lock), false);
});

test('a launcher that was killed does not block the next one for ever', async t => {
  const lock = join(folder(t), 'lock');
  writeFileSync(lock, '1 0 0\n');
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lock, longAgo, longAgo);
  assert.equal(await withLock(lock, async () => 'done'), 'done');
});

test('what the launcher runs ends with it', async t => {
  const home = folder(t);
  const child = pathToFileURL(join(ROOT, 'scripts/launch/child.mjs')).href;
  const sleeper = `require('node:fs').writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000)`;
  const launcher = `const { runQuietly } = await import(${JSON.stringify(child)});
    await runQuietly(process.execPath, ['-e', ${JSON.stringify(sleeper)}], { cwd: ${JSON.stringify(home)} })
      .catch(error => { console.log(error.message); process.exit(error.exit_code) });`;
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', launcher], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => process_.kill('SIGKILL'));
  const read = () => existsSync(join(home, 'pid')) && readFileSync(join(home, 'pid'), 'utf8');
  const pid = Number(await waitFor(() => read() || undefined, { seconds: 20, what: () => 'its child' }));
  process_.kill('SIGTERM');
  const [code] = await once(process_, 'exit');
  assert.equal(code, 130);
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});
