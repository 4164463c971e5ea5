import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../src/base/kit/errors.ts';
import { listAll } from '../../src/base/storage/index.ts';
import { compareKeys } from '../../src/base/storage/key.ts';
import type { Storage } from '../../src/base/storage/storage.ts';
import { scratchFolder } from './scratch.ts';

/** What every storage has to be. `open` answers an empty one; call it at the top of a test file. */
export function conformance(
  name: string,
  open: (t: TestContext) => Promise<Storage>,
  { skip = false }: { skip?: string | false } = {},
): void {
  const check = (what: string, work: (storage: Storage, t: TestContext) => Promise<void>) =>
    test(`${name}: ${what}`, { skip }, async t => work(await open(t), t));

  check('what was put is got, whole and in parts', async storage => {
    const body = randomBytes(700_001);
    assert.deepEqual(await storage.put('a/b/c', body), { bytes: body.length });
    assert.deepEqual(await collect(await storage.get('a/b/c')), body);
    assert.equal(await storage.size('a/b/c'), body.length);
    assert.deepEqual(await storage.range('a/b/c', 0, 10), body.subarray(0, 10));
    assert.deepEqual(await storage.range('a/b/c', 699_991, 10), body.subarray(699_991));
    assert.deepEqual(await storage.range('a/b/c', 5, 0), Buffer.alloc(0));
  });

  check('a body may come in pieces, and may be empty', async storage => {
    const pieces = [randomBytes(10), Buffer.alloc(0), randomBytes(100_000)];
    assert.deepEqual(await storage.put('pieces', iterate(pieces)), { bytes: 100_010 });
    assert.deepEqual(await collect(await storage.get('pieces')), Buffer.concat(pieces));
    await storage.put('nothing', iterate([]));
    assert.equal(await storage.size('nothing'), 0);
    assert.deepEqual(await collect(await storage.get('nothing')), Buffer.alloc(0));
  });

  check('a body that breaks leaves what was there before', async storage => {
    await storage.put('whole', Buffer.from('before'));
    const broken = async function* () {
      yield Buffer.from('half');
      throw new Error('the source broke');
    };
    await assert.rejects(storage.put('whole', broken()), /the source broke/);
    await assert.rejects(storage.put('new', broken()), /the source broke/);
    assert.deepEqual(await collect(await storage.get('whole')), Buffer.from('before'));
    assert.deepEqual(await keysOf(storage, ''), ['whole']);
  });

  check('a second put replaces the whole object', async storage => {
    await storage.put('k', Buffer.from('a long first one'));
    await storage.put('k', Buffer.from('short'));
    assert.deepEqual(await collect(await storage.get('k')), Buffer.from('short'));
  });

  check('writers of one key at once leave one whole object', async storage => {
    const bodies = Array.from({ length: 8 }, (_, at) => Buffer.alloc(50_000, at));
    await Promise.all(bodies.map(body => storage.put('x/contested', body)));
    const kept = await collect(await storage.get('x/contested'));
    assert.ok(bodies.some(body => body.equals(kept)));
  });

  check('what was written and sealed is there as what was put', async storage => {
    const body = randomBytes(100_000);
    assert.deepEqual(await storage.write('w/a', body), { bytes: 100_000 });
    assert.deepEqual(await storage.write('w/b/c', iterate([body, body])), { bytes: 200_000 });
    await storage.seal(['w/a', 'w/b/c']);
    assert.deepEqual(await collect(await storage.get('w/a')), body);
    assert.equal(await storage.size('w/b/c'), 200_000);
    await storage.seal([]);
  });

  check('a file of this machine is taken over as a whole', async (storage, t) => {
    const path = join(scratchFolder(t), 'file');
    const body = randomBytes(300_000);
    writeFileSync(path, body);
    assert.deepEqual(await storage.adopt(path, 'taken/file'), { bytes: 300_000 });
    await storage.seal(['taken/file']);
    assert.deepEqual(await collect(await storage.get('taken/file')), body);
    assert.equal(existsSync(path), false);
    await assert.rejects(storage.adopt(path, 'taken/none'));
    assert.deepEqual(await keysOf(storage, ''), ['taken/file']);
  });

  check('of those who put only where nothing is, one wins', async storage => {
    const bodies = Array.from({ length: 8 }, (_, at) => Buffer.alloc(1000, at));
    const tries = await Promise.allSettled(
      bodies.map(body => storage.put('only/one', body, { if_absent: true })),
    );
    const lost = tries.flatMap(one => (one.status === 'rejected' ? [one.reason] : []));
    assert.equal(lost.length, 7);
    assert.deepEqual(
      lost.filter(error => !isFailure(error, 'storage.exists')),
      [],
    );
    const kept = await collect(await storage.get('only/one'));
    const winner = tries.findIndex(one => one.status === 'fulfilled');
    assert.deepEqual(kept, bodies[winner]);
    assert.deepEqual(await keysOf(storage, ''), ['only/one']);
  });

  check('an object has an address, and the address leads back', async storage => {
    const { root } = storage.facts;
    for (const key of ['a', 'a b/c=%2F/é', 'x/y.parquet']) {
      assert.equal(storage.location(key), `${root}/${key}`);
      assert.equal(storage.keyOf(storage.location(key)), key);
    }
    const elsewhere = [
      '',
      'a',
      root,
      `${root}/`,
      `${root}x/a`,
      `${root}/../a`,
      `${root}/a/../../b`,
      `${root}//a`,
    ];
    for (const location of [...elsewhere, `${root}/.hidden`, 'gs://bucket/a', 'https://example.com/a'])
      assert.equal(storage.keyOf(location), undefined, location);
    assert.throws(
      () => storage.location('../a'),
      error => isFailure(error, 'storage.key'),
    );
  });

  check('the storage says when an object came', async storage => {
    await storage.put('first', Buffer.from('1'));
    const { items } = await storage.list('');
    const [first] = items;
    // The clock may be another one, of another machine; it is a time of our days all the same.
    assert.ok(first && Math.abs(first.modified_ms - Date.now()) < 86_400_000, JSON.stringify(items));
  });

  check('many are deleted at once, whether they are there or not', async storage => {
    const keys = Array.from({ length: 30 }, (_, at) => `many/${at}/x`);
    for (const key of keys) await storage.put(key, Buffer.from(key));
    await storage.put('many-others', Buffer.from('stays'));
    await storage.delete([...keys, 'many/none/x', 'none']);
    await storage.delete([]);
    assert.deepEqual(await keysOf(storage, ''), ['many-others']);
  });

  check('what is not there is said so', async storage => {
    await storage.put('folder/object', Buffer.from('x'));
    for (const key of ['none', 'folder', 'folder/none', 'folder/object/below']) {
      assert.equal(await storage.size(key), undefined, key);
      await assert.rejects(storage.get(key), error => isFailure(error, 'storage.missing'), key);
      await assert.rejects(storage.range(key, 0, 1), error => isFailure(error, 'storage.missing'), key);
      await assert.rejects(storage.range(key, 0, 0), error => isFailure(error, 'storage.missing'), key);
      await storage.delete(key);
    }
    assert.deepEqual(await keysOf(storage, ''), ['folder/object']);
  });

  check('a range beyond the end is an error, not a short answer', async storage => {
    await storage.put('ten', Buffer.alloc(10));
    await assert.rejects(storage.range('ten', 5, 6), error => isFailure(error, 'storage.short'));
    await assert.rejects(storage.range('ten', 11, 1), error => isFailure(error, 'storage.short'));
  });

  check('what was deleted is gone, and its place can be used again', async storage => {
    await storage.put('d/e/f', Buffer.from('1'));
    await storage.delete('d/e/f');
    await storage.delete('d/e/f');
    assert.equal(await storage.size('d/e/f'), undefined);
    assert.deepEqual(await keysOf(storage, ''), []);
    await storage.put('d/e', Buffer.from('2'));
    assert.equal(await storage.size('d/e'), 1);
  });

  check('deleting neighbours while others are put loses nothing', async storage => {
    const keys = Array.from({ length: 40 }, (_, at) => `busy/folder/${at}`);
    await Promise.all(
      keys.map(async (key, at) => {
        await storage.put(key, Buffer.from(key));
        if (at % 2 === 0) await storage.delete(key);
      }),
    );
    const kept = keys.filter((_, at) => at % 2 === 1).sort(compareKeys);
    assert.deepEqual(await keysOf(storage, ''), kept);
  });

  check('keys are listed by prefix, in the order of their bytes, page by page', async storage => {
    const keys = [
      'a',
      'a-b/x',
      'a.b',
      'b/1',
      'b/10',
      'b/2',
      'b/c/d',
      'b0',
      'bé',
      'b\u{1F600}',
      'b\uFF5E',
      'c',
    ];
    for (const key of keys) await storage.put(key, Buffer.from(key));
    const sorted = [...keys].sort(compareKeys);
    for (const prefix of ['', 'a', 'b', 'b/', 'b/1', 'b/c', 'b/c/', 'z'])
      for (const limit of [1, 2, 5, 1000]) {
        const wanted = sorted.filter(key => key.startsWith(prefix));
        assert.deepEqual(await keysOf(storage, prefix, limit), wanted, `${prefix} by ${limit}`);
      }
    const { items } = await storage.list('bé');
    assert.deepEqual(
      items.map(({ key, bytes }) => ({ key, bytes })),
      [{ key: 'bé', bytes: 3 }],
    );
    assert.deepEqual((await storage.list('', { after: 'b/5' })).items[0]?.key, 'b/c/d');
  });

  check('a page has a thousand at most, whatever is asked; all of them take several', async storage => {
    const keys = Array.from({ length: 1005 }, (_, at) => `p/${String(at).padStart(5, '0')}`);
    const rest = keys.values();
    const lane = async () => {
      for (const key of rest) await storage.write(key, Buffer.from('x'));
    };
    await Promise.all([lane(), lane(), lane(), lane(), lane(), lane()]);
    assert.equal((await storage.list('p/', { limit: 100_000 })).items.length, 1000);
    const all = await gather(listAll(storage, 'p/'));
    assert.deepEqual(
      all.map(({ key }) => key),
      keys,
    );
    await storage.delete(keys);
    assert.deepEqual(await keysOf(storage, ''), []);
  });

  check('odd names are names', async storage => {
    const odd = [
      'with space',
      '日本/العربية',
      'quote\'"',
      '100%',
      'a=b/c=%2F',
      '~',
      '-rf',
      'CON ',
      '$(id)',
      'x'.repeat(200),
    ];
    for (const key of odd) await storage.put(key, Buffer.from(key));
    for (const key of odd) assert.equal(await storage.size(key), Buffer.byteLength(key), key);
    for (const key of odd) assert.equal(String(await collect(await storage.get(key))), key);
    assert.deepEqual(await keysOf(storage, ''), [...odd].sort(compareKeys));
  });

  check('a key that could mean something else is refused by every way in', async storage => {
    const bad = [
      '',
      '/',
      '/etc/passwd',
      'a/',
      'a//b',
      '.',
      '..',
      '../x',
      'a/../../x',
      'a/./b',
      '.hidden',
      'a\\..\\b',
      'a\0b',
      'a\nb',
      '\ud800',
      'e\u0301',
      'x'.repeat(256),
      'x/'.repeat(600),
    ];
    const isRefused = (error: unknown) => isFailure(error, 'storage.key');
    for (const key of bad) {
      await assert.rejects(storage.put(key, Buffer.from('x')), isRefused, key);
      await assert.rejects(storage.get(key), isRefused, key);
      await assert.rejects(storage.range(key, 0, 1), isRefused, key);
      await assert.rejects(storage.delete(key), isRefused, key);
      await assert.rejects(storage.size(key), isRefused, key);
      await assert.rejects(storage.write(key, Buffer.from('x')), isRefused, key);
      await assert.rejects(storage.adopt('/nowhere', key), isRefused, key);
      await assert.rejects(storage.seal([key]), isRefused, key);
      await assert.rejects(storage.delete(['fine', key]), isRefused, key);
    }
    assert.deepEqual(await keysOf(storage, ''), []);
  });
}

async function* iterate(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

export async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** All of them, however many pages it takes. */
export async function keysOf(storage: Storage, prefix: string, limit = 1000): Promise<string[]> {
  const keys: string[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const page: Awaited<ReturnType<Storage['list']>> = await storage.list(prefix, { after, limit });
    assert.ok(page.items.length <= limit);
    keys.push(...page.items.map(({ key }) => key));
    after = page.next;
  }
  return keys;
}
