import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bareDatabase } from '../../tests/support/database.ts';
import { defer } from '../../tests/support/defer.ts';
import { type LakeWorker, lakeParts, lakeWorker, strikeOut } from '../../tests/support/lake.ts';
import { scratchFolder } from '../../tests/support/scratch.ts';
import { type S3Server, s3Server, serviceAbsence } from '../../tests/support/services.ts';
import { restoreBackup } from '../base/db/backup/restore.ts';
import { openPrepared, type Store, streamBackup, verifyBackup } from '../base/db/index.ts';
import { openTable } from '../base/iceberg/index.ts';
import { resolveConfig } from '../base/kit/config.ts';
import { isFailure } from '../base/kit/errors.ts';
import { openS3Storage, type Storage } from '../base/storage/index.ts';
import type { Config } from '../contract/config.ts';
import { backupLake, noticeRoot, openLake, restoreLake } from '../domains/lakehouse/index.ts';
import { openRoot, relocateWith } from './relocate.ts';
import { openStorage } from './storage.ts';

// A lake on S3 that is brought elsewhere, as `moulin lake relocate` and a restore do it: against a real server, every row compared.

const skip = serviceAbsence('versitygw');

function configOf(t: TestContext, server: S3Server, url: string): Config {
  const flags = {
    ...{ data: scratchFolder(t), 'storage.url': url, 'storage.endpoint': server.endpoint },
    ...{ 'storage.access_key': 'test', 'storage.secret_key': 'testtest' },
  };
  const sources = { env: {}, file: null, remembered: {}, cwd: '/', home: '/', default_memory: 1024 ** 3 };
  return resolveConfig({ ...sources, flags, readSecret: () => '' }).config;
}

type Rows = Record<string, unknown>[];

/** Two tables, one of them with rows struck out where they lie: by files that name others. */
async function lakeOnS3(t: TestContext): Promise<{ world: LakeWorker; server: S3Server; rows: Rows[] }> {
  const server = await s3Server(t);
  const options = server.options({ url: `s3://${server.bucket}/old/lake` });
  const storage = await openS3Storage(options);
  const world = await lakeWorker(t, { storage }, { kind: 's3', options });
  for (const [name, rows] of [
    ['a', 30],
    ['b ✓', 7],
  ] as const) {
    const source = { kind: 'generate', rows, stage_rows: 10 };
    const { state, error } = await world.run('table.write', { namespace: ['n'], name, source });
    assert.equal(state, 'succeeded', JSON.stringify(error));
  }
  await strikeOut(world, 'n.a', 'id % 10 = 3');
  await storage.put('artifacts/exports/x', Buffer.from('an export'));
  await noticeRoot(world.database.store, storage.facts.root);
  return { world, server, rows: [await world.rows('n.a'), await world.rows('n.b ✓')] };
}

async function rowsAt(t: TestContext, world: LakeWorker, store: Store, storage: Storage): Promise<Rows[]> {
  const { context, engine, workspace_id } = world;
  const lake = openLake(await lakeParts(t, { store }, scratchFolder(t), { storage }));
  const found: Rows[] = [];
  for (const name of ['n.a', 'n.b ✓']) {
    const row = await lake.tables.named(context, name);
    assert(row);
    assert.ok(row.location.startsWith(`${storage.facts.root}/`), row.location);
    const pointer = lake.pointerOf(context, row.id);
    const table = openTable({ files: lake.filesOf(workspace_id), engine, pointer });
    found.push(await table.query({}, sql => engine.query(`SELECT * FROM (${sql}) t ORDER BY 1`)));
  }
  return found;
}

/** What is at the old place, so that a table that still reads there is found out. */
async function empty(storage: Storage): Promise<void> {
  for (;;) {
    const { items } = await storage.list('', {});
    if (items.length === 0) return;
    await storage.delete(items.map(({ key }) => key));
  }
}

for (const [where, place] of [
  ['another prefix of the bucket', (server: S3Server) => `s3://${server.bucket}/new`],
  ['a folder', (_: S3Server, folder: string) => pathToFileURL(join(folder, 'lake')).href],
] as const)
  test(`a lake on S3 is brought to ${where}, with every row`, { skip }, async t => {
    const { world, server, rows } = await lakeOnS3(t);
    const { store } = world.database;
    const config = configOf(t, server, world.storage.facts.root);
    const to = place(server, world.folder);
    await using opened = new AsyncDisposableStack();
    const done = await relocateWith(opened, store, config, { to });
    assert.deepEqual([done?.from, done?.to, done?.tables], [world.storage.facts.root, to, 2]);
    const { storage } = await openStorage({ ...config, storage: { ...config.storage, url: to } });
    assert.ok((await storage.size('artifacts/exports/x')) === 9, 'what lies beside the tables came along');
    await empty(world.storage);
    assert.deepEqual(await rowsAt(t, world, store, storage), rows);
    assert.equal(await noticeRoot(store, storage.facts.root), undefined);
    assert.equal(await relocateWith(opened, store, config, { to }), undefined, 'there is nothing left to do');
  });

test('a lake is not brought into itself', { skip }, async t => {
  const { world, server, rows } = await lakeOnS3(t);
  const config = configOf(t, server, world.storage.facts.root);
  await using opened = new AsyncDisposableStack();
  await assert.rejects(
    relocateWith(opened, world.database.store, config, { to: `${world.storage.facts.root}/new` }),
    error => isFailure(error, 'storage.address'),
  );
  assert.deepEqual(await rowsAt(t, world, world.database.store, world.storage), rows);
});

test('a backup lists a lake on S3, and a restore finds every row where it was or brings it along', {
  skip,
}, async t => {
  const { world, server, rows } = await lakeOnS3(t);
  const { database, storage: before } = world;
  const file = join(scratchFolder(t), 'lake.backup');
  for await (const piece of streamBackup(database.store, backupLake(world.parts)))
    await appendFile(file, piece);
  const backup = await verifyBackup(file);
  assert(backup.lake);
  assert.deepEqual([backup.lake.copied, backup.lake.root], [false, before.facts.root]);
  assert.ok(backup.lake.files.length > 8);
  for (const { key, bytes } of backup.lake.files) assert.equal(await before.size(key), bytes, key);

  const { owner, app } = await bareDatabase(t);
  await restoreBackup(owner, backup);
  const store = await openPrepared(app, database.instance_id);
  defer(t, () => store.close());
  assert.equal(await restoreLake(backup, before), 0, 'nothing is copied to where it is already');
  assert.deepEqual(await rowsAt(t, world, store, before), rows);

  const folder = pathToFileURL(join(scratchFolder(t), 'lake')).href;
  const config = configOf(t, server, folder);
  assert.ok(await openRoot(config, before.facts.root), 'the keys open the bucket');
  const keyless = { ...config, storage: { ...config.storage, access_key: null, secret_key: null } };
  assert.equal(await openRoot(keyless, before.facts.root), undefined);
  await using opened = new AsyncDisposableStack();
  assert.equal((await relocateWith(opened, store, config, {}))?.tables, 2);
  const { storage } = await openStorage(config);
  assert.deepEqual(
    await rowsAt(t, world, database.store, before),
    rows,
    'the one it was taken from is as it was',
  );
  await empty(before);
  assert.deepEqual(await rowsAt(t, world, store, storage), rows);
});
