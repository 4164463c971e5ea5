import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { entryOf } from '../../base/kit/config.ts';
import { isFailure } from '../../base/kit/errors.ts';
import { homeFolder, loadConfig } from './settings.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'moulin réglages '));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('the data folder of a clone is beside its code, that of a package where one stands', () => {
  const at = (package_folder: string) => homeFolder({ env: {}, cwd: '/here', package_folder });
  assert.equal(at('/src/moulin'), '/src/moulin');
  assert.equal(at('/project/node_modules/moulin'), '/here');
});

test('moulin.yaml is read where it is expected, or where it was said to be', t => {
  const home = folder(t);
  const around = { env: {}, cwd: home, package_folder: home };
  assert.equal(loadConfig({}, around).config.port, 4610);
  writeFileSync(join(home, 'moulin.yaml'), 'port: 5000\n');
  writeFileSync(join(home, 'other.yaml'), 'port: 6000\nkey_file: key.txt\n');
  writeFileSync(join(home, 'key.txt'), 'the key\n');
  assert.equal(loadConfig({}, around).config.port, 5000);
  const other = loadConfig({ config: 'other.yaml' }, around);
  assert.equal(other.config.port, 6000);
  assert.equal(other.config.key, 'the key');
  assert.equal(loadConfig({}, { ...around, env: { MOULIN_CONFIG: 'other.yaml' } }).config.port, 6000);
});

test('a file that was named must be there; a directory or a huge one is refused in words', t => {
  const home = folder(t);
  const around = { env: {}, cwd: home, package_folder: home };
  const refused = (config: string) =>
    assert.throws(
      () => loadConfig({ config }, around),
      error => isFailure(error, 'config.file_unreadable'),
    );
  refused('none.yaml');
  mkdirSync(join(home, 'folder'));
  refused('folder');
  writeFileSync(join(home, 'huge.yaml'), `a: ${'x'.repeat(1024 * 1024)}`);
  refused('huge.yaml');
});

test('the port that a folder settled on is remembered', t => {
  const home = folder(t);
  mkdirSync(join(home, '.moulin'));
  writeFileSync(join(home, '.moulin', 'instance.json'), JSON.stringify({ port: 4612 }));
  const resolved = loadConfig({}, { env: {}, cwd: home, package_folder: home });
  assert.equal(entryOf(resolved, 'port')?.origin, 'remembered');
  assert.equal(resolved.config.port, 4612);
});
