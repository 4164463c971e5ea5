import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resolveConfig } from '../../../base/kit/config.ts';
import { isFailure } from '../../../base/kit/errors.ts';
import { readInstanceFile, remember } from './data-folder.ts';
import { addressOf, DEFAULT_PORT, openPort } from './port.ts';

function configured(t: TestContext, flags: Record<string, unknown> = {}) {
  const data = mkdtempSync(join(tmpdir(), 'moulin-port-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  return resolveConfig({
    flags: { data, ...flags },
    env: {},
    file: null,
    remembered: {},
    cwd: '/',
    home: '/',
    default_memory: 1e9,
    readSecret: () => '',
  });
}

const taken = () => Promise.reject(Object.assign(new Error('taken'), { code: 'EADDRINUSE' }));

test('any free port is what the system gave', async t => {
  const resolved = configured(t, { port: 0 });
  assert.deepEqual(await openPort(resolved, async port => port + 40_000), { port: 40_000 });
  assert.deepEqual(readInstanceFile(resolved.config.data), {}, 'nothing to remember');
});

test('a folder that moved says so once and remembers', async t => {
  const resolved = configured(t);
  const { data } = resolved.config;
  // Far from the pair that may be in use on this machine.
  const first = await openPort(resolved, async () => 4702);
  assert.deepEqual(first, { port: 4702, moved_from: DEFAULT_PORT });
  assert.equal(readInstanceFile(data).port, 4702);
  const again = await openPort(resolved, async () => 4702);
  assert.deepEqual(again, { port: 4702, moved_from: undefined });
  remember(data, { port: undefined });
});

test('a port that is taken between look and opening is tried again, then refused in words', async t => {
  let tries = 0;
  const resolved = configured(t);
  const opened = await openPort(resolved, async port => (++tries < 3 ? taken() : port));
  assert.ok(opened.port >= DEFAULT_PORT);
  await assert.rejects(openPort(resolved, taken), error => isFailure(error, 'port.taken'));
  await assert.rejects(openPort(configured(t, { port: 0 }), taken), error => isFailure(error, 'port.taken'));
});

test('the address is what a person can type', t => {
  const address = (flags: Record<string, unknown>) => addressOf(configured(t, flags).config, 4610);
  assert.equal(address({}), 'http://127.0.0.1:4610');
  assert.equal(address({ host: '::1' }), 'http://[::1]:4610');
  assert.equal(address({ host: '0.0.0.0', insecure_http: true }), 'http://localhost:4610');
  assert.equal(address({ 'tls.cert': '/c', 'tls.key': '/k' }), 'https://127.0.0.1:4610');
  assert.equal(address({ public_url: 'https://moulin.example.com/' }), 'https://moulin.example.com');
});
