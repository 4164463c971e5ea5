import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { defer } from '../../../../tests/support/defer.ts';
import { scratchFolder } from '../../../../tests/support/scratch.ts';
import { isIcebergError } from '../errors.ts';
import { type LakeOptions, openLake } from '../local/index.ts';
import type { Row } from '../world.ts';

async function lakeOf(t: TestContext, options: LakeOptions = {}) {
  const folder = scratchFolder(t);
  const lake = await openLake(folder, { memory: '512MB', threads: 2, ...options });
  defer(t, () => lake.close());
  return { ...lake, folder };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const PEOPLE = { columns: 'id: long not null, name: string, at: timestamptz, price: decimal(10, 2)' };
const people = (...ids: number[]) =>
  `SELECT * FROM (VALUES ${ids
    .map(id => `(${id}, 'n${id}', TIMESTAMPTZ '2026-01-0${id} 10:00:00.000001+00', ${id}.50)`)
    .join(', ')}) AS v(id, name, "at", price)`;
const ids = async (rows: AsyncIterable<Row>) => (await all(rows)).map(row => Number(row.id)).sort();

test('rows go in and come out as they were', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('shop.people', PEOPLE);
  assert.deepEqual(await all(table.scan()), []);
  const snapshot = await table.append(people(1, 2), { summary: { why: 'a test' } });
  assert.equal(snapshot?.summary.operation, 'append');
  assert.equal(snapshot?.summary['added-records'], '2');
  assert.equal(snapshot?.summary.why, 'a test');
  assert.deepEqual(await all(table.scan({ where: 'id = 2' })), [
    { id: 2n, name: 'n2', at: '2026-01-02 10:00:00.000001+00', price: '2.50' },
  ]);
  assert.deepEqual(await all(table.scan({ columns: ['price'], limit: 1 })), [{ price: '1.50' }]);
  assert.equal(await table.count({ where: "name IN ('n1', 'x')" }), 1);
  assert.equal(
    await table.query(
      {},
      async sql => (await lake.engine.query(`SELECT sum(price)::VARCHAR AS s FROM (${sql})`))[0]?.s,
    ),
    '4.00',
  );

  const again = await lake.openTable('shop.people');
  assert.deepEqual(await ids(again.scan()), [1, 2]);
  assert.deepEqual(await all(lake.tables()), ['shop.people']);
});

test('a table is made once, found by its name, and gone when it is dropped', async t => {
  const lake = await lakeOf(t);
  await lake.createTable('a', { like: 'SELECT 1 AS id, [1.5] AS l' });
  await assert.rejects(lake.createTable('a', PEOPLE), error => isIcebergError(error, 'table_exists'));
  await assert.rejects(lake.openTable('b'), error => isIcebergError(error, 'no_such_table'));
  for (const name of ['', '.', '..', 'a..b', '../a', 'a/b', 'a.metadata', '.incoming', 'x'.repeat(200)])
    await assert.rejects(lake.openTable(name), error => isIcebergError(error, 'invalid'), name);
  await lake.dropTable('a');
  await assert.rejects(lake.openTable('a'), error => isIcebergError(error, 'no_such_table'));
  assert.deepEqual(readdirSync(lake.folder), ['.incoming']);
});

test('a definition says columns, partitions and order in the words of people', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('t', {
    columns: 'id: long not null, at: timestamptz, "a b": struct<"c d": string>',
    partition: ['day(at)', 'bucket(16, id)', '"a b.c d"'],
    order: ['id desc', '"a b.c d" asc nulls first'],
    properties: { owner: 'me' },
  });
  const metadata = await table.metadata();
  assert.deepEqual(
    metadata['partition-specs'][0]?.fields.map(field => [field['source-id'], field.transform, field.name]),
    [
      [2, 'day', 'at_day'],
      [1, 'bucket[16]', 'id_bucket_16'],
      [4, 'identity', 'a b.c d'],
    ],
  );
  assert.deepEqual(
    metadata['sort-orders']
      .at(-1)
      ?.fields.map(field => [field['source-id'], field.direction, field['null-order']]),
    [
      [1, 'desc', 'nulls-first'],
      [4, 'asc', 'nulls-first'],
    ],
  );
  assert.equal(metadata.properties.owner, 'me');
  for (const bad of [
    { columns: 'id: long', like: 'SELECT 1 AS id' },
    {},
    { columns: 'id: long', partition: ['day(nothing)'] },
    { columns: 'id: long', partition: ['day(id)'] },
    { columns: 'id: long', partition: ['day(id'] },
    { columns: 'id: long', order: ['id upwards'] },
  ])
    await assert.rejects(
      lake.createTable('u', bad),
      error => isIcebergError(error, 'invalid'),
      JSON.stringify(bad),
    );
});

test('rows are deleted, updated, merged and overwritten', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('t', PEOPLE);
  await table.append(people(1, 2, 3, 4));
  assert.equal((await table.delete('id = 1'))?.summary['deleted-records'], '4');
  await table.delete({ sql: 'id % 4 = 0' });
  assert.deepEqual(await ids(table.scan()), [2, 3]);
  assert.equal(await table.delete('id = 99'), undefined, 'nothing to delete is no snapshot');
  await table.update('id = 2', { name: "name || '!'", price: 'price * 2' });
  await table.merge({
    source: "SELECT * FROM (VALUES (3, 'three', true), (5, 'five', false), (2, NULL, true)) v(id, name, go)",
    on: ['id'],
    matched: [
      { when: 'source.name IS NULL', action: 'delete' },
      { action: 'update', set: { name: 'source.name' } },
    ],
    not_matched: [{ values: { id: 'source.id', name: 'source.name' } }],
  });
  assert.deepEqual(
    (await all(table.scan())).map(row => [row.id, row.name, row.price]),
    [
      [3n, 'three', '3.50'],
      [5n, 'five', null],
    ],
  );
  await table.overwrite(people(6), { where: 'id = 5' });
  assert.deepEqual(await ids(table.scan()), [3, 6]);
  await table.overwrite(people(7, 8));
  assert.deepEqual(await ids(table.scan()), [7, 8]);
});

test('what is in the partitions of new rows is replaced, and nothing else', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('t', { ...PEOPLE, partition: ['day(at)'] });
  await table.append(people(1, 2, 3));
  await table.replacePartitions(
    `SELECT 20 AS id, 'new' AS name, TIMESTAMPTZ '2026-01-02 00:00:00+00' AS at, 1.00 AS price`,
  );
  assert.deepEqual(await ids(table.scan()), [1, 20, 3].sort());
});

test('the past is read by id, tag and time, and one goes back to it', async t => {
  let time = Date.parse('2026-01-01T00:00:00Z');
  const lake = await lakeOf(t, { now: () => (time += 1000) });
  const table = await lake.createTable('t', PEOPLE);
  const first = await table.append(people(1));
  await table.tag('before');
  await table.append(people(2));
  await table.branch('try');
  await table.append(people(3), { branch: 'try' });
  assert.deepEqual(await ids(table.scan()), [1, 2]);
  assert.deepEqual(await ids(table.scan({ at: 'try' })), [1, 2, 3]);
  assert.deepEqual(await ids(table.scan({ at: 'before' })), [1]);
  assert.deepEqual(await ids(table.scan({ at: String(first?.['snapshot-id']) })), [1]);
  assert.deepEqual(
    await ids(table.scan({ at: new Date(Number(first?.['timestamp-ms'])).toISOString() })),
    [1],
  );
  const changed = await all(table.changes({ after: 'before' }));
  assert.deepEqual(
    changed.map(row => [Number(row.id), row._change_type]),
    [[2, 'INSERT']],
  );

  await assert.rejects(table.tag('before'), error => isIcebergError(error, 'invalid'));
  await assert.rejects(table.rollback('try'), error => isIcebergError(error, 'invalid'));
  await assert.rejects(table.rollback('nowhere'), error => isIcebergError(error));
  await table.rollback('before');
  assert.deepEqual(await ids(table.scan()), [1]);
  assert.equal((await table.history()).length, 3);
  await table.drop('try');
  await assert.rejects(table.drop('try'), error => isIcebergError(error, 'no_such_ref'));
});

test('columns change, and what is there keeps its meaning', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('t', {
    columns: 'id: int, s: struct<a: int, b: list<struct<c: int>>>, m: map<string, struct<v: int>>',
  });
  await table.append(
    `SELECT 1 AS id, {'a': 1, 'b': [{'c': 2}, NULL]} AS s, MAP {'k': {'v': 3}} AS m UNION ALL SELECT 2, NULL, NULL`,
  );
  await table.evolve([
    { kind: 'add', field: 'more', type: 'string' },
    { kind: 'rename', field: 'id', name: 'key' },
    { kind: 'widen', field: 'key', type: 'long' },
  ]);
  assert.deepEqual(
    (await all(table.scan({ columns: ['key', 'more'] }))).map(row => [row.key, row.more]),
    [
      [1n, null],
      [2n, null],
    ],
  );
  const snapshots = (await table.history()).length;

  // Inside structs DuckDB goes by names: the files are written again.
  await table.evolve([
    { kind: 'rename', field: ['s', 'a'], name: 'z' },
    { kind: 'add', field: ['s', 'a'], type: 'string' },
    { kind: 'rename', field: ['s', 'b', 'element', 'c'], name: 'd' },
    { kind: 'rename', field: ['m', 'value', 'v'], name: 'w' },
  ]);
  assert.equal((await table.history()).length, snapshots + 1);
  assert.deepEqual((await all(table.scan({ where: 'key = 1' })))[0], {
    key: 1n,
    s: { z: 1, b: [{ d: 2 }, null], a: null },
    m: [{ key: 'k', value: { w: 3 } }],
    more: null,
  });
  assert.deepEqual((await all(table.scan({ where: 'key = 2' })))[0], {
    key: 2n,
    s: null,
    m: null,
    more: null,
  });
  await assert.rejects(table.evolve([{ kind: 'drop', field: 'nothing' }]), error => isIcebergError(error));
});

test('a new layout is that of new files, and of old ones once they are compacted', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('t', { ...PEOPLE, partition: ['day(at)'] });
  await table.append(people(1, 2));
  await table.layOut({ partition: ['bucket(2, id)'], order: ['id desc'] });
  await table.append(people(3, 4, 5, 6));
  const specs = async () => {
    const { paths } = await table.query({}, async sql => ({ paths: sql }));
    return [...new Set(paths.match(/(?<=data\/)[a-z_]+/g))].sort();
  };
  assert.deepEqual(await specs(), ['at_day', 'id_bucket_']);
  await table.compact({ min_files: 2 });
  assert.deepEqual(await specs(), ['id_bucket_']);
  assert.deepEqual(await ids(table.scan()), [1, 2, 3, 4, 5, 6]);
  await assert.rejects(table.layOut({ partition: ['day(id)'] }), error => isIcebergError(error, 'invalid'));
});

test('many small files become few, and what nobody needs any more goes', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('t', PEOPLE);
  for (const id of [1, 2, 3, 4, 5, 6]) await table.append(people(id));
  await table.update('id = 1', { name: "'one'" });
  const before = await all(table.scan());
  const done = await table.compact({ min_files: 2 });
  assert.deepEqual([done.files_before, done.files_after, done.skipped], [6, 1, 0]);
  assert.deepEqual(await ids(table.scan()), before.map(row => Number(row.id)).sort());
  assert.equal((await table.health()).data_files, 1);
  const gone = await table.expire({ max_snapshot_age_ms: 0, min_snapshots_to_keep: 1 });
  assert.equal(gone.snapshots, 7);
  assert(gone.files > 7, `${gone.files} files`);
  assert.deepEqual(await ids(table.scan()), [1, 2, 3, 4, 5, 6]);
  const data = (await all(lake.files.list(`${(await table.metadata()).location}/data`))).length;
  assert.equal(data, 1);
});

test('struck-out rows are applied by a compaction', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('t', {
    ...PEOPLE,
    properties: { 'write.delete.mode': 'merge-on-read' },
  });
  await table.append(people(1, 2, 3));
  await table.delete('id = 2');
  assert.equal((await table.health()).delete_files, 1);
  assert.deepEqual(await ids(table.scan()), [1, 3]);
  await table.compact({ max_deleted_share: 0 });
  assert.equal((await table.health()).delete_files, 0);
  assert.deepEqual(await ids(table.scan()), [1, 3]);
});

test('twenty writers at one table lose nothing', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('t', { columns: 'id: long' });
  await Promise.all(Array.from({ length: 20 }, (_, id) => table.append(`SELECT ${id} AS id`)));
  assert.equal(await table.count(), 20);
  assert.equal((await table.history()).length, 20);
});

test('two that change the same rows do it one after the other', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('t', { columns: 'id: long, n: long' });
  await table.append('SELECT range AS id, 0 AS n FROM range(10)');
  await Promise.all(Array.from({ length: 4 }, () => table.update('id < 5', { n: 'n + 1' })));
  assert.deepEqual(await all(table.scan({ where: 'id = 0' })), [{ id: 0n, n: 4n }]);
});
