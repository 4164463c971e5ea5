import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../base/kit/errors.ts';
import { makeDataFolder } from './data-folder.ts';
import { isLocked, lockDataFolder } from './lock.ts';
import { readPidFile, writePidFile } from './pid-file.ts';

function dataFolder(t: TestContext): string {
  const data = mkdtempSync(join(tmpdir(), 'moulin lock é '));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  makeDataFolder(data);
  return data;
}

async function holdElsewhere(t: TestContext, data: string) {
  const code = `const { lockDataFolder } = await import(${JSON.stringify(new URL('lock.ts', import.meta.url).href)});
    globalThis.lock = await lockDataFolder(${JSON.stringify(data)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('a folder held by another process is refused, with what is known of the holder', async t => {
  const data = dataFolder(t);
  const child = await holdElsewhere(t, data);
  assert.equal(isLocked(data), true);
  await assert.rejects(lockDataFolder(data, 100), error => isFailure(error, 'data.locked'));
  const running = {
    pid: child.pid ?? 0,
    url: 'http://127.0.0.1:4610',
    port: 4610,
    started_at: 'now',
    version: '1',
  };
  writePidFile(data, running);
  await assert.rejects(lockDataFolder(data), error => {
    assert.ok(isFailure(error, 'data.running'));
    assert.deepEqual(error.params, { folder: data, url: running.url, pid: running.pid });
    return true;
  });
});

test('whoever comes while another one starts or ends waits for it', async t => {
  const data = dataFolder(t);
  const child = await holdElsewhere(t, data);
  const waiting = lockDataFolder(data);
  child.kill('SIGTERM');
  const lock = await waiting;
  lock.release();
});

test('kill -9 of the holder frees the folder at once, whatever its files still say', async t => {
  const data = dataFolder(t);
  const child = await holdElsewhere(t, data);
  // The id of a living process, as after a reboot that gave it to another program.
  writePidFile(data, { pid: process.pid, url: 'http://x', port: 1, started_at: 'then', version: '1' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(isLocked(data), false);
  const lock = await lockDataFolder(data);
  assert.equal(readPidFile(data), undefined, 'whoever holds the lock is not who the file names');
  lock.release();
  assert.equal(isLocked(data), false);
});

test('the lock writes nothing, so a full disk does not keep Moulin from starting', async t => {
  const data = dataFolder(t);
  const lock = await lockDataFolder(data);
  assert.equal(statSync(join(data, 'run', 'lock')).size, 0);
  lock.release();
});
