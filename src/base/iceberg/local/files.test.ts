import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../../../tests/support/scratch.ts';
import { isIcebergError } from '../errors.ts';
import type { Files } from '../world.ts';
import { localFiles } from './files.ts';
import { fileLocation, filePath } from './location.ts';

const isOutside = (error: unknown) => isIcebergError(error, 'outside');
const isMissing = (error: unknown) => isIcebergError(error, 'missing_file');

async function namesOf(files: Files, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { location } of files.list(prefix)) found.push(location.slice(prefix.length + 1));
  return found.sort();
}

test('a location is a path as it is', () => {
  assert.equal(fileLocation('/a/b c%2F'), 'file:///a/b c%2F');
  for (const location of ['file:///a/b c%2F', 'file:/a/b c%2F', '/a/b c%2F'])
    assert.equal(filePath(location), '/a/b c%2F');
  for (const location of [
    's3://a/b',
    'file://host/a',
    'a/b',
    '',
    'file:///a/../b',
    'file:///a/./b',
    'file:////a',
    'file:///a\0b',
  ])
    assert.throws(() => filePath(location), isOutside, location);
});

test('what is written is read, whole and in parts, listed and removed', async t => {
  const folder = scratchFolder(t);
  const files = await localFiles(folder);
  const root = fileLocation(folder);
  const place = `${root}/a/b=é%2F/c.bin`;
  await files.write(place, Buffer.from('0123456789'));
  assert.equal(String(await files.read(place)), '0123456789');
  assert.equal(String(await files.range(place, 3, 4)), '3456');
  assert.equal(String(await files.range(place, 10, 0)), '');
  for (const [offset, length] of [
    [8, 3],
    [-1, 2],
    [11, 0],
  ] as const)
    await assert.rejects(files.range(place, offset, length), error => isIcebergError(error, 'storage'));
  await files.seal([place]);
  assert.equal(await files.exists(place), true);
  await files.write(`${root}/a/d`, Buffer.from(''));
  const listed: { location: string; bytes: number; modified_ms: number }[] = [];
  for await (const one of files.list(root)) listed.push(one);
  assert.deepEqual(
    listed.map(one => [one.location, one.bytes]).sort(),
    [
      [place, 10],
      [`${root}/a/d`, 0],
    ].sort(),
  );
  assert(listed.every(one => one.modified_ms > 1e12));
  assert.deepEqual(await namesOf(files, `${root}/a/b=é%2F`), ['c.bin']);
  assert.deepEqual(await namesOf(files, `${root}/none`), []);

  const { paths, release } = await files.open([place]);
  assert.deepEqual(paths, [join(folder, 'a', 'b=é%2F', 'c.bin')]);
  release();
  await files.remove(place);
  await files.remove(place);
  assert.equal(await files.exists(place), false);
  assert.equal(existsSync(join(folder, 'a', 'b=é%2F')), false, 'empty folders go too');
  for (const ask of [
    () => files.read(place),
    () => files.range(place, 0, 1),
    () => files.open([place]),
    () => files.seal([place]),
  ])
    await assert.rejects(ask, error => isMissing(error) && String(error).includes('c.bin'));
  await assert.rejects(files.read(`${root}/a`), isMissing);
});

test('nothing outside the folder is read, written or removed', async t => {
  const outside = scratchFolder(t);
  writeFileSync(join(outside, 'secret'), 'of another');
  const folder = join(scratchFolder(t), 'lake');
  const files = await localFiles(folder);
  const root = fileLocation(folder);
  symlinkSync(outside, join(folder, 'way'));
  symlinkSync(join(outside, 'secret'), join(folder, 'file'));
  const draft = await files.draft();
  writeFileSync(join(draft.folder, 'x'), 'x');
  for (const location of [
    fileLocation(join(outside, 'secret')),
    `${root}/../secret`,
    `${root}/way/secret`,
    `${root}/way/deeper/secret`,
    `${root}-beside/secret`,
    `${root}/.incoming/secret`,
    root,
    's3://bucket/secret',
  ]) {
    for (const act of [
      () => files.read(location),
      () => files.range(location, 0, 1),
      () => files.write(location, Buffer.from('x')),
      () => files.remove(location),
      () => files.exists(location),
      () => files.open([location]),
      () => files.seal([location]),
      () => draft.keep(join(draft.folder, 'x'), location),
    ])
      await assert.rejects(act, error => isOutside(error) || isMissing(error), `${location} ${act}`);
  }
  await assert.rejects(files.read(`${root}/file`), isOutside);
  await files.remove(`${root}/file`);
  assert.deepEqual(await namesOf(files, root), []);
  await assert.rejects(async () => namesOf(files, fileLocation(outside)), isOutside);
  await assert.rejects(async () => namesOf(files, `${root}/way`), isOutside);
  await assert.rejects(draft.keep(join(outside, 'secret'), `${root}/a`), isOutside);
  await assert.rejects(
    draft.keep('../../secret', `${root}/a`),
    error => isOutside(error) || isMissing(error),
  );
  await draft.release();
  assert.deepEqual(readdirSync(outside), ['secret']);
});

test('a folder that is reached through a link is one', async t => {
  const real = scratchFolder(t);
  const folder = join(scratchFolder(t), 'link');
  symlinkSync(real, folder);
  const files = await localFiles(folder);
  const place = `${fileLocation(folder)}/a`;
  await files.write(place, Buffer.from('x'));
  assert.equal(String(await files.read(place)), 'x');
  assert.deepEqual(await namesOf(files, fileLocation(folder)), ['a']);
});

test('a draft is brought file by file, and the rest of it goes', async t => {
  const folder = scratchFolder(t);
  const files = await localFiles(folder);
  const draft = await files.draft();
  mkdirSync(join(draft.folder, 'p=1'));
  writeFileSync(join(draft.folder, 'p=1', 'a'), 'a');
  writeFileSync(join(draft.folder, 'b'), 'b');
  const place = `${fileLocation(folder)}/t/data/a`;
  await draft.keep(join(draft.folder, 'p=1', 'a'), place);
  assert.deepEqual(await namesOf(files, fileLocation(folder)), ['t/data/a']);
  await draft.release();
  await files.seal([place]);
  assert.equal(String(await files.read(place)), 'a');
  assert.deepEqual(readdirSync(join(folder, '.incoming')), []);
});

test('what a writer that died has left goes, and what another one is writing stays', async t => {
  const folder = scratchFolder(t);
  mkdirSync(join(folder, '.incoming', 'old'), { recursive: true });
  mkdirSync(join(folder, '.incoming', 'young'));
  utimesSync(join(folder, '.incoming', 'old'), 1000, 1000);
  await localFiles(folder);
  assert.deepEqual(readdirSync(join(folder, '.incoming')), ['young']);
});

test('a seal makes the file, its folder and every folder above it durable, and nothing less', async t => {
  const folder = scratchFolder(t);
  const module = new URL('./files.ts', import.meta.url).href;
  // In a process of its own, where every fsync says what it was of.
  const code = `
    import promises from 'node:fs/promises';
    import { readlinkSync } from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const said = [];
    const open = promises.open;
    promises.open = async (path, ...rest) => {
      const file = await open(path, ...rest);
      const sync = file.sync.bind(file);
      file.sync = () => { said.push(String(path)); return sync(); };
      return file;
    };
    syncBuiltinESMExports();
    const { localFiles } = await import(${JSON.stringify(module)});
    const files = await localFiles(${JSON.stringify(folder)});
    const root = 'file://' + ${JSON.stringify(folder)};
    await files.write(root + '/t/data/p=1/a', Buffer.from('x'));
    await files.write(root + '/t/metadata/b', Buffer.from('x'));
    said.length = 0;
    await files.seal([root + '/t/data/p=1/a', root + '/t/metadata/b']);
    console.log(JSON.stringify(said.map(path => path.slice(${folder.length}))));
  `;
  const said = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, ['--input-type=module', '-e', code], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  );
  const synced: string[] = JSON.parse(said);
  assert.deepEqual(synced.toSorted(), [
    '',
    '/t',
    '/t/data',
    '/t/data/p=1',
    '/t/data/p=1/a',
    '/t/metadata',
    '/t/metadata/b',
  ]);
});

test('a full disk leaves no half file', { skip: !existsSync('/dev/full') }, async t => {
  const folder = scratchFolder(t);
  const module = new URL('./files.ts', import.meta.url).href;
  const code = `
    import promises from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    const open = promises.open;
    promises.open = (path, flags, ...rest) => flags === 'wx' ? open('/dev/full', 'w') : open(path, flags, ...rest);
    syncBuiltinESMExports();
    const { localFiles } = await import(${JSON.stringify(module)});
    const files = await localFiles(${JSON.stringify(folder)});
    await files.write('file://' + ${JSON.stringify(folder)} + '/a', Buffer.alloc(10))
      .catch(error => console.log(JSON.stringify([error.code, error.about.code])));
  `;
  const said = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, ['--input-type=module', '-e', code], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  );
  assert.deepEqual(JSON.parse(said), ['storage', 'ENOSPC']);
  assert.equal(existsSync(join(folder, 'a')), false);
});
