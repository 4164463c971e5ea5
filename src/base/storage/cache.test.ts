import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scratchFolder } from '../../../tests/support/scratch.ts';
import { isFailure } from '../kit/errors.ts';
import { type CacheOptions, type ObjectCache, openCache, openFolderStorage, type Storage } from './index.ts';

// Of the storage the cache asks for sizes and bytes; a folder gives them, and what it is asked for is counted and bent here.

interface Far {
  storage: Storage;
  fetched: string[];
  /** In the way of the bytes of an object. */
  between: (body: () => Promise<AsyncIterable<Uint8Array>>) => AsyncIterable<Uint8Array>;
  put(key: string, bytes: number): Promise<void>;
}

async function openFar(t: TestContext): Promise<Far> {
  const near = await openFolderStorage(join(scratchFolder(t), 'far'));
  const far: Far = {
    storage: {
      ...near,
      facts: { kind: 's3', root: 's3://far', bucket: 'far', endpoint: null, region: 'x', path_style: false },
      async get(key) {
        far.fetched.push(key);
        return far.between(() => near.get(key));
      },
    },
    fetched: [],
    between: whole,
    async put(key, bytes) {
      await near.put(key, Buffer.alloc(bytes, key));
    },
  };
  return far;
}

async function* whole(body: () => Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array> {
  yield* await body();
}

async function open(t: TestContext, options: CacheOptions, folder = scratchFolder(t)): Promise<ObjectCache> {
  const cache = await openCache(folder, options);
  t.after(() => cache.close());
  return cache;
}

/** Bytes of all files below, each once however many names it has; a lock is none of them. */
function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    entry => entry.isFile() && !/\.lock/.test(entry.name),
  );
  const found = files.map(entry => lstatSync(join(entry.parentPath, entry.name)));
  return [...new Map(found.map(({ ino, size }) => [ino, size])).values()].reduce(
    (sum, size) => sum + size,
    0,
  );
}

const text = (path: string | undefined) => readFileSync(path ?? '', 'utf8');

test('an object is fetched once, for all who want it at once and for those who come later', async t => {
  const far = await openFar(t);
  for (const key of ['ws/a.parquet', 'ws/b']) await far.put(key, 1000);
  const cache = await open(t, { storage: far.storage, max_bytes: 100_000 });
  const opened = await Promise.all(
    Array.from({ length: 10 }, () => cache.open(['ws/b', 'ws/a.parquet', 'ws/b'])),
  );
  assert.deepEqual(far.fetched.toSorted(), ['ws/a.parquet', 'ws/b']);
  for (const { paths } of opened) {
    const [b, a, again] = paths;
    assert.equal(text(a), 'ws/a.parquet'.repeat(84).slice(0, 1000));
    assert.equal(text(b), 'ws/b'.repeat(250));
    assert.equal(again, b);
    assert.match(a ?? '', /\.parquet$/);
  }
  for (const { release } of opened) release();
  const { paths, release } = await cache.open(['ws/a.parquet']);
  assert.equal(text(paths[0]).length, 1000);
  assert.equal(far.fetched.length, 2);
  assert.deepEqual(cache.stats(), { hits: 19, misses: 2, evicted: 0 });
  release();
});

test('it keeps to its bound: what was used longest ago goes, what is used stays', async t => {
  const far = await openFar(t);
  const folder = scratchFolder(t);
  const keys = Array.from({ length: 8 }, (_, at) => `ws/${at}`);
  for (const key of keys) await far.put(key, 1000);
  const cache = await open(t, { storage: far.storage, max_bytes: 3500 }, folder);
  const first = await cache.open(['ws/0']);
  for (const key of keys.slice(1)) (await cache.open([key])).release();
  assert.ok(bytesIn(folder) <= 3500, `${bytesIn(folder)} bytes`);
  assert.equal(text(first.paths[0]).length, 1000);
  first.release();
  // The pinned one and the youngest are there; an old one is not.
  far.fetched.length = 0;
  for (const key of ['ws/0', 'ws/7', 'ws/1']) (await cache.open([key])).release();
  assert.deepEqual(far.fetched, ['ws/1']);
});

test('what is in use is never taken away, and what does not fit beside it is refused in words', async t => {
  const far = await openFar(t);
  for (const key of ['ws/a', 'ws/b', 'ws/c']) await far.put(key, 1000);
  await far.put('ws/huge', 5000);
  const cache = await open(t, { storage: far.storage, max_bytes: 2500, patience_ms: 300 });
  const used = await cache.open(['ws/a', 'ws/b']);
  const isFull = (wanted: number, used_bytes: number) => (error: unknown) => {
    assert.ok(isFailure(error, 'storage.cache_full'), `${error}`);
    assert.deepEqual(error.params, { wanted, limit: 2500, used: used_bytes });
    return true;
  };
  await assert.rejects(cache.open(['ws/c']), isFull(1000, 2000));
  await assert.rejects(cache.open(['ws/huge']), isFull(5000, 2000));
  assert.deepEqual(
    used.paths.map(path => text(path).length),
    [1000, 1000],
  );

  const waiting = cache.open(['ws/c']);
  used.release();
  const { paths, release } = await waiting;
  assert.equal(text(paths[0]).length, 1000);
  release();
});

test('an object that is missing, breaks or has another length leaves nothing, and comes the next time', async t => {
  const far = await openFar(t);
  const folder = scratchFolder(t);
  await far.put('ws/a', 1000);
  await far.put('ws/b', 1000);
  const cache = await open(t, { storage: far.storage, max_bytes: 10_000 }, folder);
  await assert.rejects(cache.open(['ws/a', 'ws/none']), error => isFailure(error, 'storage.missing'));

  far.between = async function* () {
    yield Buffer.alloc(400);
    throw new Error('the line broke');
  };
  await assert.rejects(cache.open(['ws/b']), /the line broke/);
  far.between = async function* () {
    yield Buffer.alloc(400);
  };
  await assert.rejects(cache.open(['ws/b']), error => isFailure(error, 'storage.short'));
  far.between = async function* () {
    yield Buffer.alloc(1400);
  };
  await assert.rejects(cache.open(['ws/b']), error => isFailure(error, 'storage.short'));
  assert.equal(bytesIn(join(folder, 'objects')), 1000, 'only the one that came');

  far.between = whole;
  const { paths, release } = await cache.open(['ws/b', 'ws/a']);
  assert.deepEqual(
    paths.map(path => text(path).length),
    [1000, 1000],
  );
  release();
});

test('the files of workspaces lie apart, and those of two storages are two', async t => {
  const [one, two] = [await openFar(t), await openFar(t)];
  const folder = scratchFolder(t);
  for (const key of ['ws1/a', 'ws2/a']) await one.put(key, 100);
  await two.put('ws1/a', 200);
  two.storage = { ...two.storage, location: key => `s3://another/${key}` };
  const [first, second] = [
    await open(t, { storage: one.storage, max_bytes: 10_000 }, folder),
    await open(t, { storage: two.storage, max_bytes: 10_000 }, folder),
  ];
  (await first.open(['ws1/a', 'ws2/a'])).release();
  const { paths, release } = await second.open(['ws1/a']);
  assert.equal(text(paths[0]).length, 200);
  release();
  const counts = readdirSync(join(folder, 'objects')).map(ws => [
    ws,
    readdirSync(join(folder, 'objects', ws)).length,
  ]);
  assert.deepEqual(Object.fromEntries(counts), { ws1: 2, ws2: 1 });
});

test('two processes share what they have, and neither takes away what the other uses', async t => {
  const far = await openFar(t);
  const folder = scratchFolder(t);
  for (const key of ['ws/a', 'ws/b', 'ws/c', 'ws/d']) await far.put(key, 1000);
  const options = { storage: far.storage, max_bytes: 2500, patience_ms: 300 };
  const [one, two] = [await open(t, options, folder), await open(t, options, folder)];
  const used = await one.open(['ws/a']);
  (await two.open(['ws/a'])).release();
  assert.deepEqual(far.fetched, ['ws/a']);
  for (const key of ['ws/b', 'ws/c', 'ws/d']) (await two.open([key])).release();
  assert.equal(text(used.paths[0]).length, 1000);
  (await two.open(['ws/a'])).release();
  assert.equal(far.fetched.filter(key => key === 'ws/a').length, 1);
  // Even one who takes the copy away by force leaves the file to whoever uses it.
  rmSync(join(folder, 'objects'), { recursive: true });
  assert.equal(text(used.paths[0]).length, 1000);
  used.release();
});

test('a process that is killed while it fetches leaves no half file, and its pins go', async t => {
  const far = await openFar(t);
  const folder = scratchFolder(t);
  await far.put('ws/whole', 1000);
  await far.put('ws/half', 1000);
  const cacheModule = new URL('./cache.ts', import.meta.url).href;
  const code = `
    const { openCache } = await import(${JSON.stringify(cacheModule)});
    const bodies = { 'ws/whole': [Buffer.alloc(1000, 'ws/whole')], 'ws/half': [Buffer.alloc(400)] };
    const cache = await openCache(${JSON.stringify(folder)}, { max_bytes: 10_000, storage: {
      facts: { kind: 's3' }, location: key => 's3://far/' + key, size: async () => 1000,
      get: async key => (async function* () {
        yield* bodies[key];
        if (key === 'ws/half') { console.log('half'); await new Promise(() => setInterval(() => {}, 1000)); }
      })(),
    } });
    await cache.open(['ws/whole']);
    await cache.open(['ws/half']);
  `;
  const other = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => other.kill('SIGKILL'));
  await once(other.stdout, 'data');
  other.kill('SIGKILL');
  await once(other, 'exit');
  assert.equal(bytesIn(folder), 1400);

  far.storage = { ...far.storage, location: key => `s3://far/${key}` };
  const cache = await open(t, { storage: far.storage, max_bytes: 10_000 }, folder);
  assert.equal(bytesIn(folder), 1000);
  const { paths, release } = await cache.open(['ws/whole', 'ws/half']);
  assert.deepEqual(far.fetched, ['ws/half'], 'the whole one had come');
  assert.deepEqual(
    paths.map(path => text(path).length),
    [1000, 1000],
  );
  release();
  // The pin of the dead does not keep its file for ever.
  const [copy] = readdirSync(join(folder, 'objects', 'ws'));
  assert.equal(lstatSync(join(folder, 'objects', 'ws', copy ?? '')).nlink, 1);
});

test('a hundred tasks over forty objects in a small cache: each sees right bytes, and the bound holds', async t => {
  const far = await openFar(t);
  const folder = scratchFolder(t);
  const keys = Array.from({ length: 40 }, (_, at) => `ws${at % 3}/object-${at}`);
  for (const key of keys) await far.put(key, 1000);
  const cache = await open(t, { storage: far.storage, max_bytes: 15_000 }, folder);
  let highest = 0;
  const work = async (task: number): Promise<void> => {
    const wanted = [keys[(task * 7) % 40], keys[(task * 11) % 40]].flatMap(key => key ?? []);
    const { paths, release } = await cache.open(wanted);
    for (const [at, key] of wanted.entries())
      assert.equal(text(paths[at]), Buffer.alloc(1000, key).toString());
    highest = Math.max(highest, bytesIn(join(folder, 'objects')));
    release();
  };
  const tasks = Array.from({ length: 100 }, (_, at) => at).values();
  const lane = async () => {
    for (const task of tasks) await work(task);
  };
  await Promise.all([lane(), lane(), lane(), lane(), lane()]);
  assert.ok(highest <= 15_000, `${highest} bytes`);
  assert.ok(cache.stats().evicted > 0);
});

test('a folder of this machine needs no copies', async t => {
  const storage = await openFolderStorage(join(scratchFolder(t), 'objects'));
  await storage.put('ws/a', Buffer.from('x'));
  const folder = scratchFolder(t);
  const cache = await open(t, { storage, max_bytes: 1 }, folder);
  const { paths, release } = await cache.open(['ws/a', 'ws/a']);
  assert.equal(text(paths[0]), 'x');
  assert.equal(paths[1], paths[0]);
  release();
  assert.ok(existsSync(paths[0] ?? ''));
  await assert.rejects(cache.open(['ws/none']), error => isFailure(error, 'storage.missing'));
  // Not even a second name: what is read is the object itself.
  linkSync(paths[0] ?? '', join(folder, 'other'));
  assert.equal(lstatSync(paths[0] ?? '').nlink, 2);
});
