import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { openTable } from '../../src/base/iceberg/index.ts';
import { lakeWorker } from '../support/lake.ts';

const CSV = 'id,name,amount\n1,Ada,1.5\n2,Bert,2.5\n';

test('an import makes the table, appends to it, and says what it wrote', async t => {
  const world = await lakeWorker(t);
  const source = { kind: 'uploads', upload_ids: [await world.upload(CSV)], format: 'csv' };
  const first = await world.run('table.write', { namespace: ['shop'], name: 'orders', source });
  assert.equal(first.state, 'succeeded', JSON.stringify(first.error));
  assert.deepEqual(await world.rows('shop.orders'), [
    { id: 1n, name: 'Ada', amount: 1.5 },
    { id: 2n, name: 'Bert', amount: 2.5 },
  ]);
  const more = await world.upload('amount,id,name\n3.5,3,"007"\n');
  const second = await world.run('table.write', {
    ...{ namespace: ['shop'], name: 'ORDERS' },
    source: { ...source, upload_ids: [more] },
  });
  assert.equal(second.state, 'succeeded', JSON.stringify(second.error));
  assert.deepEqual((await world.rows('shop.orders')).at(-1), { id: 3n, name: '007', amount: 3.5 });
  const row = await world.lake.tables.named(world.context, 'shop.orders');
  assert.deepEqual([row?.rows, row?.files, row?.snapshots, row?.zone], [3, 2, 2, 'raw']);
});

test('many stages: each is there when it is committed; a replacement is there only at its end', async t => {
  const world = await lakeWorker(t);
  const target = { namespace: ['n'], name: 'made' };
  const source = { kind: 'generate', rows: 30, stage_rows: 10 };
  const appended = await world.run('table.write', { ...target, source });
  assert.equal(appended.state, 'succeeded', JSON.stringify(appended.error));
  assert.equal((await world.rows('n.made')).length, 30);
  const row = await world.lake.tables.named(world.context, 'n.made');
  assert(row);
  assert.equal((await world.lake.tables.load(world.context, row.id)).metadata.snapshots.length, 3);

  const replaced = await world.run('table.write', {
    ...target,
    mode: 'replace',
    source: { kind: 'generate', rows: 20, from: 100, stage_rows: 10 },
  });
  assert.equal(replaced.state, 'succeeded', JSON.stringify(replaced.error));
  assert.deepEqual(
    (await world.rows('n.made')).map(({ id }) => Number(id)),
    Array.from({ length: 20 }, (_, at) => 100 + at),
  );
  const { metadata } = await world.lake.tables.load(world.context, row.id);
  assert.deepEqual(Object.keys(metadata.refs), ['main'], 'the branch of its stages is gone');
});

test('files that are packed are unpacked, whatever they were called', async t => {
  const world = await lakeWorker(t);
  const target = { namespace: ['shop'], name: 'orders' };
  const lines = (id: number) => Buffer.from(`{"id":${id},"name":"Ada"}\n`);
  const upload_ids = [
    await world.upload(gzipSync(lines(1))),
    await world.upload(zstdCompressSync(lines(2))),
    await world.upload(lines(3)),
  ];
  const run = await world.run('table.write', {
    ...target,
    source: { kind: 'uploads', format: 'ndjson', upload_ids },
  });
  assert.equal(run.state, 'succeeded', JSON.stringify(run.error));
  assert.deepEqual(
    (await world.rows('shop.orders')).map(({ id }) => id),
    [1n, 2n, 3n],
  );
  const csv = [
    await world.upload(gzipSync('id,name\n4,Bert\n')),
    await world.upload(zstdCompressSync('id,name\n5,Cleo\n')),
  ];
  const more = await world.run('table.write', {
    ...target,
    source: { kind: 'uploads', format: 'csv', upload_ids: csv },
  });
  assert.equal(more.state, 'succeeded', JSON.stringify(more.error));
  assert.equal((await world.rows('shop.orders')).length, 5);
});

test('a merge changes rows that are there and brings those that are not', async t => {
  const world = await lakeWorker(t);
  const target = { namespace: ['shop'], name: 'orders' };
  const upload = async (text: string) => ({
    kind: 'uploads',
    format: 'csv',
    upload_ids: [await world.upload(text)],
  });
  await world.run('table.write', { ...target, source: await upload(CSV) });
  const merged = await world.run('table.write', {
    ...{ ...target, mode: 'merge', key: ['id'] },
    source: await upload('id,name,amount\n2,Berta,9.5\n3,Cleo,3.5\n'),
  });
  assert.equal(merged.state, 'succeeded', JSON.stringify(merged.error));
  assert.deepEqual(
    (await world.rows('shop.orders')).map(({ name }) => name),
    ['Ada', 'Berta', 'Cleo'],
  );
});

test('rows that do not fit are refused, and the table is as it was', async t => {
  const world = await lakeWorker(t);
  const target = { namespace: ['shop'], name: 'orders' };
  const upload = async (text: string) => ({
    kind: 'uploads',
    format: 'csv',
    upload_ids: [await world.upload(text)],
  });
  await world.run('table.write', { ...target, source: await upload(CSV) });
  const failed = await world.run('table.write', { ...target, source: await upload('id,colour\n1,red\n') });
  assert.deepEqual(
    [failed.state, failed.error?.code],
    ['failed', 'lake.input'],
    JSON.stringify(failed.error),
  );
  assert.equal(failed.attempt, 1, 'it is not tried again');
  assert.equal((await world.rows('shop.orders')).length, 2);
});

test('an overwrite takes the place of what it says, or of the partitions that its rows belong to', async t => {
  const world = await lakeWorker(t);
  const target = {
    namespace: ['shop'],
    name: 'visits',
    partition_by: [{ field: 'city', transform: 'identity' }],
  };
  const write = async (text: string, more: object = {}) => {
    const source = { kind: 'uploads', format: 'csv', upload_ids: [await world.upload(`id,city\n${text}`)] };
    return world.run('table.write', { ...target, source, ...more });
  };
  const rows = async () => (await world.rows('shop.visits')).map(({ id, city }) => `${id} ${city}`);
  await write('1,Lyon\n2,Lyon\n3,Metz\n');
  const partition = await write('4,Lyon\n', { mode: 'overwrite' });
  assert.equal(partition.state, 'succeeded', JSON.stringify(partition.error));
  assert.deepEqual(await rows(), ['3 Metz', '4 Lyon']);
  const some = await write('5,Nice\n6,Metz\n', { mode: 'overwrite', where: 'id >= 4' });
  assert.equal(some.state, 'succeeded', JSON.stringify(some.error));
  assert.deepEqual(await rows(), ['3 Metz', '5 Nice', '6 Metz']);
  const wrong = await write('7,Nice\n', { mode: 'overwrite', where: 'colour = 1' });
  assert.deepEqual([wrong.state, wrong.error?.code], ['failed', 'lake.input']);
  assert.equal((await rows()).length, 3);
});

test('a decimal of a file of JSON keeps all its digits, also inside of structs and lists', async t => {
  const world = await lakeWorker(t);
  const { lake, context } = world;
  await lake.namespaces.create(context, { levels: ['shop'] });
  await lake.tables.create(context, {
    ...{ namespace: ['shop'], name: 'prices' },
    schema: {
      ...{ type: 'struct', 'schema-id': 0 },
      fields: [
        { id: 1, name: 'id', required: false, type: 'long' },
        { id: 2, name: 'price', required: false, type: 'decimal(38, 9)' },
        {
          ...{ id: 3, name: 'tax', required: false },
          type: { type: 'struct', fields: [{ id: 4, name: 'due', required: false, type: 'decimal(38, 2)' }] },
        },
        {
          ...{ id: 5, name: 'all', required: false },
          type: { type: 'list', 'element-id': 6, 'element-required': false, element: 'decimal(20, 2)' },
        },
        { id: 7, name: 'ratio', required: false, type: 'double' },
        { id: 8, name: 'note', required: false, type: 'string' },
      ],
    },
  });
  const price = '12345678901234567890.123456789';
  const line = (id: number) =>
    `{"id":${id},"price":${price},"tax":{"due":1234567890123456789.12},"all":[123456789012345678.25,0.1],"ratio":0.30000000000000004,"note":"${price}"}`;
  const sources = [
    ['ndjson', await world.upload(`${line(1)}\n`)],
    ['json', await world.upload(`[${line(2)}]`)],
    ['ndjson', await world.upload(gzipSync(`${line(3)}\n`))],
  ] as const;
  for (const [format, id] of sources) {
    const source = { kind: 'uploads', format, upload_ids: [id] };
    const { state, error } = await world.run('table.write', { namespace: ['shop'], name: 'prices', source });
    assert.equal(state, 'succeeded', JSON.stringify(error));
  }
  const row = await lake.tables.named(context, 'shop.prices');
  assert(row);
  const files = lake.filesOf(world.workspace_id);
  const table = openTable({ files, engine: world.engine, pointer: lake.pointerOf(context, row.id) });
  const found = await table.query({}, select =>
    world.engine.query(
      `SELECT id, price::VARCHAR price, tax.due::VARCHAR due, "all"[1]::VARCHAR one, ratio, note FROM (${select}) t ORDER BY id`,
    ),
  );
  const wanted = { price, due: '1234567890123456789.12', one: '123456789012345678.25', note: price };
  assert.deepEqual(
    found,
    [1n, 2n, 3n].map(id => ({ id, ...wanted, ratio: 0.1 + 0.2 })),
  );
});
