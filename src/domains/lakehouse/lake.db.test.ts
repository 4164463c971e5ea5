import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plantWorkspace } from '../../../tests/support/attempts.ts';
import { contextOf, lakeWorld, SCHEMA } from '../../../tests/support/lake.ts';
import { isFailure } from '../../base/kit/errors.ts';

const failed = (code: Parameters<typeof isFailure>[1]) => (error: unknown) =>
  isFailure(error, code) || assert.fail(`expected ${code}, got ${String(error)}`);

test('a table is made in a namespace, found by any case of its name, loaded, and dropped', async t => {
  const { lake, context, storage } = await lakeWorld(t);
  await assert.rejects(
    lake.tables.create(context, { namespace: ['shop'], name: 'orders', schema: SCHEMA }),
    failed('lake.namespace_missing'),
  );
  const shop = await lake.namespaces.create(context, { levels: ['shop'], properties: { owner: 'ada' } });
  await assert.rejects(lake.namespaces.create(context, { levels: ['SHOP'] }), failed('lake.namespace_taken'));
  const made = await lake.tables.create(context, { namespace: ['Shop'], name: 'orders', schema: SCHEMA });
  assert.equal(made.row.location, `${storage.facts.root}/${context.workspace_id}/curated/${made.row.id}`);
  assert.equal(made.metadata.location, made.row.location);

  const found = await lake.tables.find(context, ['SHOP'], 'ORDERS');
  assert.deepEqual([found?.id, found?.name, found?.namespace], [made.row.id, 'orders', 'shop']);
  assert.equal((await lake.tables.named(context, 'shop.Orders'))?.id, made.row.id);
  const loaded = await lake.tables.load(context, made.row.id);
  assert.equal(loaded.metadata['table-uuid'], made.metadata['table-uuid']);
  assert.equal(loaded.metadata_location, made.metadata_location);
  assert.equal((await lake.tables.list(context, shop.id, 'table')).length, 1);

  await assert.rejects(
    lake.tables.create(context, { namespace: ['shop'], name: 'ORDERS', schema: SCHEMA }),
    failed('lake.table_taken'),
  );
  await assert.rejects(lake.namespaces.delete(context, shop.id), failed('lake.namespace_used'));
  await lake.tables.drop(context, made.row.id);
  assert.equal(await lake.tables.get(context, made.row.id), undefined);
  await lake.namespaces.delete(context, shop.id);
  assert.deepEqual(await lake.namespaces.list(context), []);
});

test('what belongs to one workspace is nothing to another', async t => {
  const { lake, context, database } = await lakeWorld(t);
  await lake.namespaces.create(context, { levels: ['shop'] });
  const { row } = await lake.tables.create(context, { namespace: ['shop'], name: 'orders', schema: SCHEMA });
  const others = contextOf(await plantWorkspace(database.store));
  assert.equal(await lake.tables.get(others, row.id), undefined);
  await assert.rejects(lake.tables.load(others, row.id), failed('object.not_found'));
  const files = lake.filesOf(others.workspace_id);
  await assert.rejects(async () => files.read(`${row.location}/metadata/x`), { code: 'outside' });
  await assert.rejects(
    lake.tables.register(others, { namespace: ['shop'], name: 'stolen', location: row.location }),
    failed('lake.outside'),
  );
});

const NAMES = [
  'a "quoted" one',
  'dots.in.it',
  'slash/es',
  'ünïcödé 表',
  'select',
  "o'brien",
  'back\\slash',
  '%1F',

  'ß',
];

test('any name works: quotes, dots, slashes, other scripts, words of SQL', async t => {
  const { lake, context } = await lakeWorld(t);
  for (const name of NAMES) {
    await lake.namespaces.create(context, { levels: ['n', name] });
    const { row } = await lake.tables.create(context, { namespace: ['n', name], name, schema: SCHEMA });
    assert.deepEqual(row.levels, ['n', name]);
    const found = await lake.tables.find(context, ['n', name], name);
    assert.equal(found?.id, row.id, name);
    assert.equal((await lake.tables.load(context, row.id)).row.name, name);
  }
  assert.equal((await lake.namespaces.list(context)).length, NAMES.length);
  await assert.rejects(
    lake.namespaces.create(context, { levels: ['n', 'ÜNÏCÖDÉ 表'] }),
    failed('lake.namespace_taken'),
  );
  // As one level it looks like three, and is another namespace.
  assert.equal(await lake.namespaces.find(context, ['n', 'dots', 'in', 'it']), undefined);
  await assert.rejects(
    lake.namespaces.create(context, { levels: ['x'.repeat(200), 'y'.repeat(200)] }),
    failed('lake.name'),
  );
  // No address of the REST catalog could say it.
  await assert.rejects(lake.namespaces.create(context, { levels: ['n', '..'] }), failed('lake.name'));
});

test('a new name moves no file, and readers by the JDBC form find it', async t => {
  const { lake, context, database } = await lakeWorld(t);
  await lake.namespaces.create(context, { levels: ['shop'] });
  await lake.namespaces.create(context, { levels: ['archive', 'old'] });
  const { row, metadata_location } = await lake.tables.create(context, {
    ...{ namespace: ['shop'], name: 'orders', schema: SCHEMA },
  });
  await lake.tables.create(context, { namespace: ['archive', 'old'], name: 'taken', schema: SCHEMA });
  await assert.rejects(
    lake.tables.rename(context, row.id, { namespace: ['archive', 'old'], name: 'TAKEN' }),
    failed('lake.table_taken'),
  );
  const renamed = await lake.tables.rename(context, row.id, {
    namespace: ['archive', 'old'],
    name: 'Orders 2025',
  });
  assert.deepEqual(
    [renamed.namespace, renamed.name, renamed.location],
    ['archive.old', 'Orders 2025', row.location],
  );
  const jdbc = await database.store.withInstance('test', tx =>
    tx
      .selectFrom('iceberg_tables')
      .selectAll()
      .where('table_name', '=', 'Orders 2025')
      .executeTakeFirstOrThrow(),
  );
  assert.deepEqual(
    [jdbc.catalog_name, jdbc.table_namespace, jdbc.metadata_location, jdbc.iceberg_type],
    [context.workspace_id, 'archive.old', metadata_location, 'TABLE'],
  );
});
