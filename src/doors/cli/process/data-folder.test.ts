import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../base/kit/errors.ts';
import { isDataFolder, makeDataFolder, readInstanceFile, remember } from './data-folder.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'moulin data é '));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('what is private is readable by its owner only', {
  skip: process.platform === 'win32' && 'no modes',
}, t => {
  const data = join(folder(t), 'new', 'data');
  makeDataFolder(data);
  for (const name of ['run', 'logs', 'backups'])
    assert.equal(statSync(join(data, name)).mode & 0o777, 0o700, name);
  assert.equal(isDataFolder(data), true);
});

test('a path through a file is refused in words', t => {
  const parent = folder(t);
  writeFileSync(join(parent, 'file'), '');
  assert.throws(
    () => makeDataFolder(join(parent, 'file', 'data')),
    error => isFailure(error, 'data.unusable') && error.params.reason === 'a part of its path is a file',
  );
});

test('a part that somebody else owns by now is named', {
  skip: (process.platform === 'win32' || process.getuid?.() === 0) && 'nothing is closed to this account',
}, t => {
  const data = folder(t);
  makeDataFolder(data);
  writeFileSync(join(data, 'logs', 'moulin.log'), '');
  chmodSync(join(data, 'logs', 'moulin.log'), 0o400);
  assert.throws(
    () => makeDataFolder(data),
    error =>
      isFailure(error, 'data.unusable') &&
      error.params.reason === 'this account may not write there (logs/moulin.log)',
  );
});

test('a folder keeps what it is told; a file cut off in the middle is as good as none', t => {
  const data = folder(t);
  const id = '01987b2c-7f3a-7c1e-9d55-0a4be91c6f20';
  assert.deepEqual(readInstanceFile(data), {});
  remember(data, { port: 4612 });
  remember(data, { id });
  assert.deepEqual(readInstanceFile(data), { id, port: 4612 });
  remember(data, { port: undefined });
  assert.deepEqual(readInstanceFile(data), { id });
  writeFileSync(join(data, 'instance.json'), '{"port": 46');
  assert.deepEqual(readInstanceFile(data), {});
});
