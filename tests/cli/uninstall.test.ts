import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { storeOutposts } from '../../src/base/db/index.ts';
import type { KeyStatus } from '../../src/contract/secrets.ts';
import { type Installation, newInstallation } from './installation.ts';

// What lies outside the data folder goes with it: a socket, a store that PostgreSQL could not have reached, the key, caches.

const only_root = process.getuid?.() !== 0 && 'only root runs PostgreSQL as somebody else';

interface Listed {
  what: string;
  path: string;
}

/** Started once, so that all there can be is there; then stopped. Answers what lies outside. */
async function usedInstallation(t: TestContext, here: Installation, data: string): Promise<string[]> {
  here.env.MOULIN_DATA = data;
  const running = await here.start();
  const outposts = storeOutposts(join(data, 'store'));
  t.after(() => {
    for (const path of outposts) rmSync(path, { recursive: true, force: true });
  });
  await running.stop();
  return outposts;
}

async function uninstall(here: Installation): Promise<Listed[]> {
  const { code, stdout, stderr } = await here.moulin(['uninstall', '--yes', '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** Nothing but folders that are empty: whose they are nobody can tell. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
}

test('uninstall takes the socket folder that a long path made necessary', async t => {
  const here = await newInstallation(t);
  const [socket = '', ...more] = await usedInstallation(t, here, join(here.home, 'a'.repeat(100), 'data'));
  assert.deepEqual([existsSync(socket), more], [true, []]);
  // As a start on a PostgreSQL of the user's own would have left it beside the key.
  const { place } = await here.json<KeyStatus>('keys', 'show');
  const password = place.replace(/\.key$/, '.store');
  writeFileSync(password, 'x');
  const listed = await uninstall(here);
  for (const own of [socket, place, password]) {
    assert(
      listed.some(({ path }) => path === own),
      own,
    );
    assert.equal(existsSync(own), false, own);
  }
  assert.deepEqual(filesBelow(here.home), []);
});

test('uninstall takes a store that root’s PostgreSQL could not have reached where it should lie', {
  skip: only_root,
}, async t => {
  const here = await newInstallation(t);
  await chmod(here.home, 0o700);
  const data = join(here.home, 'data');
  const [system_folder = '', ...more] = await usedInstallation(t, here, data);
  assert.deepEqual([realpathSync(join(data, 'store')), more], [system_folder, []]);
  assert(lstatSync(join(system_folder, 'data')).isDirectory());

  const asked = await here.moulin(['uninstall']);
  assert.notEqual(asked.code, 0, 'nobody is there to answer');
  assert(asked.stdout.includes(system_folder) && existsSync(system_folder));
  const listed = await uninstall(here);
  assert.deepEqual(
    new Set(listed.map(({ what }) => what)).size,
    listed.length - 1,
    'the store has two places',
  );
  for (const what of ['settings', 'store', 'objects', 'run', 'logs', 'backups', 'key'])
    assert(
      listed.some(one => one.what === what),
      what,
    );
  for (const { path } of listed) assert.equal(existsSync(path), false, path);
  assert.deepEqual(filesBelow(here.home), []);
});
