import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../base/kit/errors.ts';
import { keyFile } from '../../../base/kit/folders.ts';
import { createRedactor, REDACTED } from '../../../base/kit/redact.ts';
import { fileKeys, givenKeys, openKeyProvider, writeKeyFile } from './keys.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'moulin clés '));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test('the first start makes a key that only its owner can read, and later starts find it', async t => {
  const home = await folder(t);
  const made = await fileKeys(home, 'i-1').first();
  const path = keyFile(home, 'i-1');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
  assert.equal((await fileKeys(home, 'i-1').first()).id, made.id);
  const wrapped = await made.wrap(Buffer.from('v'), ['b']);
  const found = await fileKeys(home, 'i-1').find(made.id);
  assert.equal((await found?.unwrap(wrapped, ['b']))?.toString(), 'v');
});

test('two installations never share a key', async t => {
  const home = await folder(t);
  const ids = await Promise.all(['i-1', 'i-2'].map(async id => (await fileKeys(home, id).first()).id));
  assert.notEqual(ids[0], ids[1]);
  assert.equal(await fileKeys(home, 'i-1').find(ids[1] ?? ''), undefined);
});

test('a next key is in the file before anybody uses it, beside the former; asked again it is the same', async t => {
  const home = await folder(t);
  const keys = fileKeys(home, 'i-1');
  const first = await keys.first();
  const next = await keys.next(first.id);
  assert.notEqual(next.id, first.id);
  assert.deepEqual(await fileKeys(home, 'i-1').ids(), [next.id, first.id]);
  assert.equal((await keys.next(first.id)).id, next.id);
  assert.equal((await keys.next(next.id)).id, (await keys.ids())[0]);
  assert.equal((await keys.ids()).length, 3);
});

test('a key file that others could read is closed again', async t => {
  const home = await folder(t);
  const { id } = await fileKeys(home, 'i-1').first();
  await chmod(keyFile(home, 'i-1'), 0o644);
  assert.equal((await fileKeys(home, 'i-1').first()).id, id);
  assert.equal((await stat(keyFile(home, 'i-1'))).mode & 0o777, 0o600);
});

test('a damaged key file is refused and stays as it is', async t => {
  const home = await folder(t);
  const path = keyFile(home, 'i-1');
  await writeKeyFile(path, 'half a ke');
  await assert.rejects(fileKeys(home, 'i-1').first(), error => isFailure(error, 'key.weak'));
  assert.equal(await readFile(path, 'utf8'), 'half a ke');
});

test('a place that cannot be read or written is named', async t => {
  const home = await folder(t);
  await writeFile(join(home, 'keys'), 'a file where the folder should be');
  await assert.rejects(
    fileKeys(home, 'i-1').first(),
    error =>
      (isFailure(error, 'key.unreadable') || isFailure(error, 'key.unwritable')) &&
      error.message.includes(keyFile(home, 'i-1')),
  );
  await mkdir(join(home, 'other', 'keys', 'i-1.key'), { recursive: true });
  await assert.rejects(fileKeys(join(home, 'other'), 'i-1').first(), error =>
    isFailure(error, 'key.unreadable'),
  );
});

test('a given key is the key; of several the first is the newest', async () => {
  const [a, b] = [randomBytes(32).toString('base64'), randomBytes(32).toString('hex')];
  const one = givenKeys(a, 'MOULIN_KEY');
  const { id } = await one.first();
  await assert.rejects(one.next(id), error => isFailure(error, 'key.new_needed'));
  const both = givenKeys(`${b}, ${a}`, 'MOULIN_KEY');
  const newest = (await both.first()).id;
  assert.notEqual(newest, id);
  assert.equal((await both.next(id)).id, newest);
  assert.equal((await both.find(id))?.id, id);
  await assert.rejects(givenKeys('# nothing', 'x').first(), error => isFailure(error, 'key.weak'));
});

test('the redactor knows every key, in each spelling', async t => {
  const home = await folder(t);
  const redactor = createRedactor();
  const keys = openKeyProvider({ given: null, folder: home, instance_id: 'i-1', redactor });
  await keys.next((await keys.first()).id);
  const text = await readFile(keyFile(home, 'i-1'), 'utf8');
  const found = [...text.matchAll(/^([A-Za-z0-9+/]{43}=)/gm)].map(([, base64 = '']) => base64);
  assert.equal(found.length, 2);
  for (const base64 of found) {
    const bytes = Buffer.from(base64, 'base64');
    for (const spelled of [base64, bytes.toString('base64url'), bytes.toString('hex')])
      assert.equal(redactor.redact(spelled), REDACTED);
  }
});

test('an exported key file can be given as it is', async t => {
  const home = await folder(t);
  const { id } = await fileKeys(home, 'i-1').first();
  const text = await readFile(keyFile(home, 'i-1'), 'utf8');
  assert.equal((await givenKeys(text, 'MOULIN_KEY_FILE').first()).id, id);
});
