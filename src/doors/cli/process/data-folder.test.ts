import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../base/kit/errors.ts';
import { isDataFolder, makeDataFolder, readInstanceFile, writeInstanceFile } from './data-folder.ts';

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

test('a folder remembers its port; a file cut off in the middle is as good as none', t => {
  const data = folder(t);
  assert.deepEqual(readInstanceFile(data), {});
  writeInstanceFile(data, { port: 4612 });
  assert.deepEqual(readInstanceFile(data), { port: 4612 });
  writeFileSync(join(data, 'instance.json'), '{"port": 46');
  assert.deepEqual(readInstanceFile(data), {});
});
