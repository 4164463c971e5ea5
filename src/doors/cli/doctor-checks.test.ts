import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resolveConfig } from '../../base/kit/config.ts';
import { fail } from '../../base/kit/errors.ts';
import {
  checkClock,
  checkDisk,
  checkFolder,
  checkNode,
  checkPorts,
  checkRunner,
  checkStorage,
  judgeDisk,
  ofFailure,
  ofSystem,
} from './doctor-checks.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'moulin-doctor-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function resolved(flags: Record<string, unknown>) {
  return resolveConfig({
    flags,
    env: {},
    file: null,
    remembered: {},
    cwd: '/',
    home: '/',
    default_memory: 1024 ** 3,
    readSecret: () => '',
  });
}

test('an old Node is a problem', () => {
  assert.equal(checkNode('v24.1.0').state, 'ok');
  const finding = checkNode('v20.19.0');
  assert.equal(finding.state, 'problem');
  assert.match(finding.fix, /bin\/moulin/);
});

test('a disk that is nearly full is a warning, a full one a problem', () => {
  assert.deepEqual(
    [100, 1, 0.1].map(gigabytes => judgeDisk(gigabytes * 1024 ** 3).state),
    ['ok', 'warning', 'problem'],
  );
});

test('a folder that is not there yet is judged by the one it will be made in', async t => {
  const home = folder(t);
  assert.equal((await checkFolder(home)).state, 'ok');
  assert.match((await checkFolder(join(home, 'a', 'b'))).detail, /not there yet/);
  assert.equal((await checkDisk(join(home, 'a'))).check, 'disk');
  writeFileSync(join(home, 'file'), '');
  assert.equal((await checkFolder(join(home, 'file'))).state, 'problem');
});

test('a port that another program holds is told with its holder; our own is fine', async t => {
  const server = createServer();
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  const address = server.address();
  assert(address && typeof address === 'object');
  const { port } = address;
  const finding = await checkPorts(resolved({ port: String(port) }), undefined);
  assert.equal(finding.state, 'warning');
  assert.match(finding.detail, new RegExp(`${port} is taken by`));
  const ours = { pid: 1, url: '', port, started_at: '', version: '' };
  assert.equal((await checkPorts(resolved({ port: String(port) }), ours)).state, 'ok');
  assert.equal((await checkPorts(resolved({ port: '0' }), undefined)).state, 'ok');
});

test('a storage folder must be there', async t => {
  const home = folder(t);
  const check = (flags: Record<string, unknown>) =>
    checkStorage(resolved(flags), () => assert.fail('not tried'));
  assert.equal((await check({ 'storage.url': `file://${home}` })).state, 'ok');
  assert.equal((await check({ 'storage.url': `file://${home}/none` })).state, 'problem');
  assert.equal((await check({})).state, 'ok');
});

test('a storage on S3 is tried, and what it says is told', async () => {
  const flags = { 'storage.url': 's3://lake', 'storage.access_key': 'a', 'storage.secret_key': 'b' };
  const good = await checkStorage(resolved(flags), async () => 's3://lake');
  assert.equal(good.state, 'ok');
  assert.match(good.detail, /s3:\/\/lake/);
  const bad = await checkStorage(resolved(flags), async () => {
    throw fail('storage.no_bucket', { bucket: 'lake', place: 's3://lake' });
  });
  assert.deepEqual([bad.check, bad.state], ['storage', 'problem']);
  assert.match(bad.detail, /no bucket "lake"/);
});

test('a clock that runs behind our own files is a problem', async t => {
  const home = folder(t);
  writeFileSync(join(home, 'package.json'), '{}');
  const now = Date.now();
  assert.equal((await checkClock(now, home, home)).state, 'ok');
  const finding = await checkClock(now - 3_600_000, home, home);
  assert.equal(finding.state, 'problem');
  assert.match(finding.fix, /clock/);
});

test('what failed is filed under the part that it is about, with what to do', () => {
  const finding = ofFailure(
    'installation',
    fail('key.missing', { key_id: 'k', place: '/p', found: 'no key' }),
  );
  assert.equal(finding.check, 'keys');
  assert.match(finding.detail, /protected by key k/);
  assert.match(finding.fix, /MOULIN_KEY_FILE/);
  assert.equal(ofFailure('installation', new Error('x')).check, 'installation');
});

test("the server's parts become findings", () => {
  const part = { name: 'store', detail: '', facts: { size: 7, free_bytes: 3 * 1024 ** 3 } };
  const states = ofSystem({
    parts: [
      { ...part, state: 'ok' },
      { ...part, state: 'down', detail: 'gone' },
    ],
  }).map(({ state, detail }) => [state, detail]);
  assert.deepEqual(states, [
    ['ok', 'size=7, free=3.0 GiB'],
    ['problem', 'gone'],
  ]);
});

test('a machine that cannot start a process for tasks is told why, and what to look at', async () => {
  assert.deepEqual(await checkRunner(async () => 340), {
    check: 'runner',
    state: 'ok',
    detail: 'ready after 0.3 s',
    fix: '',
  });
  const found = await checkRunner(() => Promise.reject(new Error('spawn EAGAIN')));
  assert.deepEqual([found.state, found.detail], ['problem', 'spawn EAGAIN']);
  assert.match(found.fix, /ulimit/);
});
