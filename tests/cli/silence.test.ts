import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { newInstallation } from './installation.ts';

// No telemetry, no update check: whom the program speaks to while it starts, works and stops. What the pages load is seen by
// the browser of tests/e2e, which knows no other name than this machine's.

const RECORDER = new URL('../support/record-connections.mjs', import.meta.url).href;

test('a running Moulin speaks to its own store and to nobody else', async t => {
  const here = await newInstallation(t);
  const file = join(here.home, 'connections');
  Object.assign(here.env, { NODE_OPTIONS: `--import=${RECORDER}`, CONNECTIONS_FILE: file });
  const server = await here.start();
  for (const path of ['/', '/api/v1/openapi.json', '/health/ready', '/metrics'])
    assert((await fetch(server.url + path)).status < 500, path);
  await here.json('token', 'add', '--role', 'admin', '--name', 'ci');
  await here.json('doctor');
  await server.stop();
  const places = new Set(readFileSync(file, 'utf8').trim().split('\n'));
  assert(
    [...places].some(place => place.startsWith('/')),
    'its store is seen, so others would be',
  );
  assert.deepEqual([...places].filter(isElsewhere), []);
});

test('the recorder sees who is spoken to', async t => {
  const here = await newInstallation(t);
  const file = join(here.home, 'connections');
  const speak = "await fetch('http://updates.invalid/').catch(() => {})";
  spawnSync(process.execPath, ['--import', RECORDER, '--input-type=module', '-e', speak], {
    env: { ...here.env, CONNECTIONS_FILE: file },
  });
  const places = readFileSync(file, 'utf8').trim().split('\n');
  assert.deepEqual([...new Set(places.filter(isElsewhere))], ['updates.invalid']);
});

function isElsewhere(place: string): boolean {
  if (place.startsWith('/') || place === 'localhost') return false;
  return isIP(place) === 0 || !/^(127\.|::1$)/.test(place);
}
