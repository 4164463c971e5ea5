import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../base/kit/errors.ts';
import { makeDataFolder } from './data-folder.ts';
import { startDetached } from './detached.ts';
import { type PidFile, writePidFile } from './pid-file.ts';
import { findRunning, stopRunning } from './stopping.ts';

function dataFolder(t: TestContext): string {
  const data = mkdtempSync(join(tmpdir(), 'moulin-stop-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  makeDataFolder(data);
  return data;
}

const facts = {
  url: 'http://127.0.0.1:1',
  local_url: 'http://127.0.0.1:1',
  port: 1,
  started_at: 'now',
  version: '1',
};

/** Something that holds the folder as a server does, and ends by SIGTERM unless it is deaf. */
async function holder(t: TestContext, data: string, deaf = false): Promise<PidFile> {
  const code = `const { lockDataFolder } = await import(${JSON.stringify(new URL('lock.ts', import.meta.url).href)});
    globalThis.lock = await lockDataFolder(${JSON.stringify(data)});
    ${deaf ? "process.on('SIGTERM', () => {});" : ''} console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const running = { pid: child.pid ?? 0, ...facts };
  writePidFile(data, running);
  return running;
}

test('stopping waits until the folder is free, and says whom it stopped', async t => {
  const data = dataFolder(t);
  assert.equal(await stopRunning(data), undefined);
  const running = await holder(t, data);
  assert.deepEqual(findRunning(data), running);
  assert.deepEqual(await stopRunning(data), running);
  assert.equal(findRunning(data), undefined);
});

test('a process that does not end is named, and not killed', async t => {
  const data = dataFolder(t);
  const { pid } = await holder(t, data, true);
  await assert.rejects(
    stopRunning(data, 300),
    error => isFailure(error, 'stop.failed') && error.params.pid === pid,
  );
  assert.equal(process.kill(pid, 0), true);
});

test('a process file that outlived its process stops nobody', async t => {
  const data = dataFolder(t);
  writePidFile(data, { pid: process.pid, ...facts });
  assert.equal(await stopRunning(data), undefined);
});

test('a start in the background that fails says what it said', async t => {
  const data = dataFolder(t);
  const program = ['-e', "console.error('No room left.'); process.exit(3)"];
  await assert.rejects(startDetached(data, [], program), error => {
    assert.ok(isFailure(error, 'start.failed'));
    assert.equal(error.params.said, 'No room left.');
    return true;
  });
});
