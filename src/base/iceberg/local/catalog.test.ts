import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { localWorld, tableOf } from '../../../../tests/support/iceberg-local.ts';
import { isIcebergError } from '../errors.ts';
import { printMetadata } from '../metadata/index.ts';
import { openTable } from '../table/index.ts';
import { fileTable } from './catalog.ts';
import { localEngine } from './engine.ts';

test('of those who commit to the same version one does', async t => {
  const { folder, root, table } = await localWorld(t);
  const handle = table('t');
  const metadata = tableOf(`${root}/t`, 'struct<id: long>');
  await assert.rejects(handle.load(), error => isIcebergError(error, 'no_such_table'));
  const created = await Promise.allSettled(Array.from({ length: 8 }, () => handle.create(metadata)));
  assert.equal(created.filter(one => one.status === 'fulfilled').length, 1);
  const base = await handle.load();
  assert.equal(base.location, `${root}/t/metadata/v1.metadata.json`);
  const swapped = await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      handle.swap(base.location, { ...metadata, properties: { by: String(at) } }),
    ),
  );
  assert.equal(swapped.filter(Boolean).length, 1);
  const now = await handle.load();
  assert.equal(now.metadata.properties.by, String(swapped.indexOf(true)));
  assert.equal(await handle.swap(base.location, metadata), false);
  assert.deepEqual(readdirSync(join(folder, 't', 'metadata')).sort(), [
    'v1.metadata.json',
    'v2.metadata.json',
    'version-hint.text',
  ]);
  assert.equal(readFileSync(join(folder, 't', 'metadata', 'version-hint.text'), 'utf8'), '2');
});

test('the newest version is the table, whatever the hint says', async t => {
  const { folder, root, table } = await localWorld(t);
  const metadata = tableOf(`${root}/t`, 'struct<id: long>');
  await table('t').create(metadata);
  const at = join(folder, 't', 'metadata');
  writeFileSync(join(at, 'v10.metadata.json'), printMetadata({ ...metadata, properties: { is: 'ten' } }));
  writeFileSync(join(at, 'v9.metadata.json'), 'of no interest');
  rmSync(join(at, 'version-hint.text'));
  const { metadata: found, location } = await table('t').load();
  assert.equal(found.properties.is, 'ten');
  assert.equal(await table('t').swap(location, metadata), true);
  assert.equal((await table('t').load()).location, `${root}/t/metadata/v11.metadata.json`);
});

test('old versions go where the table says so', async t => {
  const { engine, files, folder, root, table } = await localWorld(t);
  const properties = {
    'write.metadata.delete-after-commit.enabled': 'true',
    'write.metadata.previous-versions-max': '2',
  };
  const pointer = table('t');
  await pointer.create(tableOf(`${root}/t`, 'struct<id: long>', { properties }));
  const opened = openTable({ files, engine, pointer });
  for (const n of [1, 2, 3, 4, 5]) await opened.setProperties({ n: String(n) });
  const left = readdirSync(join(folder, 't', 'metadata')).filter(name => name.endsWith('.json'));
  assert.deepEqual(left.sort(), ['v4.metadata.json', 'v5.metadata.json', 'v6.metadata.json']);
});

test('a metadata file alone is a table to read', async t => {
  const { files, root, table } = await localWorld(t);
  await table('t').create(tableOf(`${root}/t`, 'struct<id: long>'));
  const { metadata, location } = await table('t').load();
  const pointer = fileTable(files, location);
  assert.deepEqual((await pointer.load()).metadata, metadata);
  await assert.rejects(
    async () => pointer.swap(location, metadata),
    error => isIcebergError(error, 'unsupported'),
  );
});

test('the engine knows UTC only, runs side by side, fetches nothing and ends', async () => {
  const engine = await localEngine({ memory: '200MB', threads: 1 });
  const [row] = await engine.query(
    `SELECT TIMESTAMPTZ '2026-01-01 12:00:00+02'::VARCHAR AS at, current_setting('memory_limit') AS memory`,
  );
  assert.equal(row?.at, '2026-01-01 10:00:00+00');
  assert.match(String(row?.memory), /19\d\.\d MiB/);
  const answers = await Promise.all([1, 2, 3].map(n => engine.query(`SELECT ${n} AS n`)));
  assert.deepEqual(answers, [[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  let rows = 0;
  for await (const some of engine.stream?.('SELECT * FROM range(10000)') ?? []) rows += some.length;
  assert.equal(rows, 10_000);
  await assert.rejects(
    engine.query(`SELECT * FROM 'https://localhost/x.parquet'`),
    /requires the extension httpfs/,
  );
  await assert.rejects(engine.query('SELECT nonsense'), /nonsense/);
  await engine.close();
  await assert.rejects(engine.query('SELECT 1'), error => isIcebergError(error, 'invalid'));
});
