import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder, scratchRoot } from '../../../tests/support/scratch.ts';
import { collect, conformance, keysOf } from '../../../tests/support/storage-conformance.ts';
import { isFailure } from '../kit/errors.ts';
import { openFolderStorage } from './index.ts';

conformance('a folder', t => openFolderStorage(join(scratchFolder(t), 'objects')));

test('links lead nowhere', async t => {
  const outside = scratchFolder(t);
  writeFileSync(join(outside, 'secret'), 'of another');
  const folder = scratchFolder(t);
  const storage = await openFolderStorage(folder);
  symlinkSync(outside, join(folder, 'way'));
  symlinkSync(join(outside, 'secret'), join(folder, 'file'));
  const isRefused = (error: unknown) => isFailure(error, 'storage.key');
  await assert.rejects(storage.get('way/secret'), isRefused);
  await assert.rejects(storage.put('way/new', Buffer.from('x')), isRefused);
  await assert.rejects(storage.delete('way/secret'), isRefused);
  await assert.rejects(storage.size('way/secret'), isRefused);
  await assert.rejects(storage.file('way/secret'), isRefused);
  await assert.rejects(storage.seal(['way/secret']), isRefused);
  await assert.rejects(storage.file('file'), error => isFailure(error, 'storage.missing'));
  await assert.rejects(storage.get('file'), error => isFailure(error, 'storage.missing'));
  assert.deepEqual(await keysOf(storage, ''), []);
  assert.deepEqual(readdirSync(outside), ['secret']);
});

test('a link in the place of a folder that was known is found out', async t => {
  const outside = scratchFolder(t);
  const folder = scratchFolder(t);
  const storage = await openFolderStorage(folder);
  await storage.write('a/b/x', Buffer.from('x'));
  await storage.seal(['a/b/x']);
  rmSync(join(folder, 'a'), { recursive: true });
  mkdirSync(join(outside, 'b'));
  symlinkSync(outside, join(folder, 'a'));
  const isRefused = (error: unknown) => isFailure(error, 'storage.key');
  await assert.rejects(storage.write('a/b/y', Buffer.from('y')), isRefused);
  await assert.rejects(storage.put('a/b/y', Buffer.from('y')), isRefused);
  await assert.rejects(storage.seal(['a/b/x']), isRefused);
  assert.deepEqual(readdirSync(join(outside, 'b')), []);
});

test('what a writer that died has left goes, and what another one is writing stays', async t => {
  const folder = scratchFolder(t);
  mkdirSync(join(folder, '.incoming'));
  writeFileSync(join(folder, '.incoming', 'old'), 'half');
  utimesSync(join(folder, '.incoming', 'old'), 1000, 1000);
  writeFileSync(join(folder, '.incoming', 'young'), 'half');
  const storage = await openFolderStorage(folder);
  assert.deepEqual(readdirSync(join(folder, '.incoming')), ['young']);
  assert.deepEqual(await keysOf(storage, ''), []);
});

test('a body that breaks, and a key that is taken, leave no half file behind', async t => {
  const folder = scratchFolder(t);
  const storage = await openFolderStorage(folder);
  const broken = async function* () {
    yield Buffer.from('half');
    throw new Error('the source broke');
  };
  await assert.rejects(storage.put('a', broken()), /the source broke/);
  await storage.put('b/c', Buffer.from('x'));
  await assert.rejects(storage.put('b', Buffer.from('x')));
  assert.deepEqual(readdirSync(join(folder, '.incoming')), []);
});

test('a key under another object is refused in words', async t => {
  const storage = await openFolderStorage(scratchFolder(t));
  await storage.put('a', Buffer.from('x'));
  await assert.rejects(storage.put('a/b', Buffer.from('y')), error => isFailure(error, 'storage.key'));
  await storage.put('c/d', Buffer.from('x'));
  await assert.rejects(storage.put('c', Buffer.from('y')), error => isFailure(error, 'storage.key'));
  assert.deepEqual(await keysOf(storage, ''), ['a', 'c/d']);
});

test('a folder that cannot be one is said in words', async t => {
  const file = join(scratchFolder(t), 'file');
  writeFileSync(file, '');
  await assert.rejects(openFolderStorage(join(file, 'objects')), error => isFailure(error, 'storage.failed'));
});

/** In a process of its own, where `sync` of a file or folder says its path. */
async function syncsOf(folder: string, work: string): Promise<string[]> {
  const module = new URL('./folder.ts', import.meta.url).href;
  const code = `
    import promises from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    const open = promises.open;
    const synced = [];
    promises.open = async (path, ...rest) => {
      const file = await open(path, ...rest);
      const sync = file.sync.bind(file);
      file.sync = async () => { await sync(); synced.push(path); };
      return file;
    };
    syncBuiltinESMExports();
    const { openFolderStorage } = await import(${JSON.stringify(module)});
    const storage = await openFolderStorage(${JSON.stringify(folder)});
    ${work}
    console.log(JSON.stringify(synced));
  `;
  const said = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, ['--input-type=module', '-e', code], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  );
  return JSON.parse(said).map((path: string) => path.slice(folder.length));
}

test('writing waits for no disk; sealing does, for each file and for every folder above it', async t => {
  const folder = scratchFolder(t);
  const write = `await storage.write('a/b/x', Buffer.from('x')); await storage.write('a/c/y', Buffer.from('y'));`;
  assert.deepEqual(await syncsOf(folder, write), []);
  const sealed = await syncsOf(folder, `await storage.seal(['a/b/x', 'a/c/y']);`);
  assert.deepEqual(
    sealed.slice(0, 2).sort(),
    ['/a/b/x', '/a/c/y'],
    'files before the folders that name them',
  );
  assert.deepEqual(sealed.slice(2).sort(), ['', '/a', '/a/b', '/a/c']);
  const storage = await openFolderStorage(folder);
  await assert.rejects(storage.seal(['a/b/x', 'a/none']), error => isFailure(error, 'storage.missing'));
});

test('what was made durable is not synced again; what was made anew is', async t => {
  const folder = scratchFolder(t);
  const write = (key: string) =>
    `synced.length = 0; await storage.write('${key}', Buffer.from('x')); await storage.seal(['${key}']);`;
  const [first] = await syncsOf(folder, write('a/b/x'));
  assert.match(first ?? '', /^\/\.incoming\//, 'the file that is still open');
  const again = await syncsOf(folder, write('a/b/x') + write('a/b/y'));
  assert.deepEqual(again.slice(1), ['/a/b']);
  const away = `await storage.delete(['a/b/x', 'a/b/y']);`;
  const anew = await syncsOf(folder, write('a/b/x') + away + write('a/b/x'));
  assert.deepEqual(anew.slice(1), ['/a/b', '/a', '']);
});

test('sealing answers for what is there: a file that another writer put there, and none that is gone', async t => {
  const folder = scratchFolder(t);
  const [mine, theirs] = [await openFolderStorage(folder), await openFolderStorage(folder)];
  await mine.write('a/x', Buffer.from('mine'));
  await theirs.write('a/x', Buffer.from('theirs'));
  await mine.seal(['a/x']);
  await mine.write('a/y', Buffer.from('mine'));
  await theirs.delete('a/y');
  await assert.rejects(mine.seal(['a/y']), error => isFailure(error, 'storage.missing'));
  await mine.write('a/z', Buffer.from('mine'));
  await mine.delete('a/z');
  await assert.rejects(mine.seal(['a/z']), error => isFailure(error, 'storage.missing'));
});

test('more files than may be open at once are sealed all the same', async t => {
  const storage = await openFolderStorage(scratchFolder(t));
  const keys = Array.from({ length: 300 }, (_, n) => `p=${n}/x`);
  for (const key of keys) await storage.write(key, Buffer.from(key));
  await storage.seal(keys);
  for (const key of keys) assert.deepEqual(await collect(await storage.get(key)), Buffer.from(key));
});

test('putting waits for the disk: the file first, then its folders', async t => {
  const folder = scratchFolder(t);
  const [file, ...folders] = await syncsOf(folder, `await storage.put('a/b/x', Buffer.from('x'));`);
  assert.match(file ?? '', /^\/\.incoming\//);
  assert.deepEqual(folders, ['/a/b', '/a', '']);
});

const other_disk =
  statSync(scratchRoot()).dev === statSync(tmpdir()).dev ? 'there is one file system only' : false;

test('a file from another file system is taken over all the same', { skip: other_disk }, async t => {
  const far = mkdtempSync(join(tmpdir(), 'moulin-test-'));
  t.after(() => rmSync(far, { recursive: true }));
  const folder = scratchFolder(t);
  const storage = await openFolderStorage(folder);
  const path = join(far, 'file');
  writeFileSync(path, 'x'.repeat(100_000));
  assert.deepEqual(await storage.adopt(path, 'a/b'), { bytes: 100_000 });
  assert.equal(await storage.size('a/b'), 100_000);
  assert.deepEqual(readdirSync(far), []);
  assert.deepEqual(readdirSync(join(folder, '.incoming')), []);
});

test('a full disk leaves no half object and says which disk', { skip: !existsSync('/dev/full') }, async t => {
  const folder = scratchFolder(t);
  const module = new URL('./folder.ts', import.meta.url).href;
  // In a process of its own, where the file that a put writes is /dev/full.
  const code = `
    import { mkdirSync, rmSync, symlinkSync, readdirSync } from 'node:fs';
    import promises from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    const open = promises.open;
    promises.open = (path, flags, ...rest) => flags === 'wx' ? open('/dev/full', 'w') : open(path, flags, ...rest);
    syncBuiltinESMExports();
    const { openFolderStorage } = await import(${JSON.stringify(module)});
    const storage = await openFolderStorage(${JSON.stringify(folder)});
    await storage.put('a', Buffer.alloc(10)).catch(error => console.log(JSON.stringify([error.code, error.message])));
  `;
  const said = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, ['--input-type=module', '-e', code], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  );
  assert.deepEqual(JSON.parse(said), ['storage.full', `There is no room left in ${folder}.`]);
  const storage = await openFolderStorage(folder);
  assert.equal(await storage.size('a'), undefined);
  await storage.put('a', Buffer.from('x'));
  assert.deepEqual(await collect(await storage.get('a')), Buffer.from('x'));
});
