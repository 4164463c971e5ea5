import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type LocalWorld, localWorld, tableOf } from '../../../../tests/support/iceberg-local.ts';
import { isIcebergError } from '../errors.ts';
import type { DataFile, TableMetadata, Value } from '../model.ts';
import { transform } from '../partition/index.ts';
import { decodeValue } from '../values/index.ts';
import { type WriteOptions, writeData } from './data.ts';

type Setting = Partial<Omit<WriteOptions, 'metadata' | 'select'>>;

async function setUp(t: TestContext) {
  const world = await localWorld(t);
  const write = (metadata: TableMetadata, select: string, more: Setting = {}) =>
    writeData(world.engine, world.files, { metadata, select, attempt: 'a1', ...more });
  return { ...world, write };
}

async function locations(world: LocalWorld): Promise<string[]> {
  const found: string[] = [];
  for await (const { location } of world.files.list(world.root)) found.push(location);
  return found;
}

test('rows become files under the table, with the ids of all levels and the statistics of each column', async t => {
  const { engine, files, root, rowsOf, write } = await setUp(t);
  const table = tableOf(
    `${root}/t`,
    `struct<id: long not null, name: string, v: double, l: list<double>, s: struct<a: int, b: struct<c: date>>,
            m: map<string, list<int>>>`,
  );
  const select = `SELECT * FROM (VALUES
      ('x' || repeat('y', 30), 1, 1.5::DOUBLE, [1, 'nan'::DOUBLE], {'a': 1, 'b': {'c': DATE '2020-01-01'}}, MAP {'k': [1, 2]}),
      (NULL, 2, 'nan', [], {'a': NULL, 'b': NULL}, NULL),
      ('b', 3, -0.0, NULL, NULL, MAP {})) AS t(name, id, v, l, s, m)`;
  const [file, ...others] = await write(table, `${select} -- and a remark`, {});
  assert(file && others.length === 0);
  assert.match(file.file_path, new RegExp(`^${root}/t/data/a1-[0-9a-f]{8}-00000\\.parquet$`));
  assert.equal(file.record_count, 3);
  assert.equal(file.file_size_in_bytes, (await files.read(file.file_path)).length);
  assert.deepEqual(file.split_offsets, [4]);

  const { paths } = await files.open([file.file_path]);
  const ids = await engine.query(
    `SELECT name, field_id FROM parquet_schema('${paths[0]}') WHERE field_id IS NOT NULL ORDER BY field_id`,
  );
  assert.deepEqual(
    ids.map(row => `${row.name} ${row.field_id}`),
    'id 1,name 2,v 3,l 4,s 5,m 6,element 7,a 8,b 9,c 10,key 11,value 12,element 13'.split(','),
  );

  const counts = (of: ReadonlyMap<number, number>) => Object.fromEntries(of);
  assert.deepEqual(counts(file.value_counts), { 1: 3, 2: 3, 3: 3, 7: 4, 8: 3, 10: 3, 11: 3, 13: 4 });
  assert.deepEqual(counts(file.null_value_counts), { 1: 0, 2: 1, 3: 0, 7: 2, 8: 2, 10: 2, 11: 2, 13: 2 });
  assert.deepEqual(counts(file.nan_value_counts), { 3: 1, 7: 1 });
  assert.deepEqual(boundsOf(file, { 1: 'long', 2: 'string', 3: 'double', 8: 'int', 10: 'date' }), {
    1: [1n, 3n],
    2: ['b', 'xyyyyyyyyyyyyyyz'],
    3: [-0, 1.5],
    8: [1, 1],
    10: [18262, 18262],
  });
  assert.deepEqual(
    (await rowsOf([file], 'id, name, l')).map(row => [row.id, row.name, row.l]),
    [
      [1n, `x${'y'.repeat(30)}`, [1, Number.NaN]],
      [2n, null, []],
      [3n, 'b', null],
    ],
  );
});

function boundsOf(file: DataFile, types: Record<number, string>): Record<string, (Value | undefined)[]> {
  assert.deepEqual([...file.lower_bounds.keys()].sort(), Object.keys(types).map(Number).sort());
  return Object.fromEntries(
    Object.entries(types).map(([id, type]) => {
      const [low, high] = [file.lower_bounds.get(Number(id)), file.upper_bounds.get(Number(id))];
      return [id, [low && decodeValue(type, low), high && decodeValue(type, high)]];
    }),
  );
}

test('no row, no file', async t => {
  const world = await setUp(t);
  const spec = { fields: [{ 'source-id': 1, name: 'id', transform: 'identity' }] };
  for (const table of [
    tableOf(`${world.root}/a`, 'struct<id: long>'),
    tableOf(`${world.root}/b`, 'struct<id: long>', { spec }),
  ])
    assert.deepEqual(await world.write(table, 'SELECT 1 AS id WHERE false'), []);
  assert.deepEqual(await locations(world), []);
});

test('columns that do not fit are all named at once, and nothing is written', async t => {
  const world = await setUp(t);
  const table = tableOf(
    `${world.root}/t`,
    'struct<id: long, price: decimal(10, 2), at: timestamptz, s: struct<a: int>>',
  );
  const select = `SELECT '1' AS id, 1.234 AS "Price", {'a': 1, 'b': 2} AS s, 5 AS more`;
  await assert.rejects(world.write(table, select), error => {
    assert(isIcebergError(error, 'type'));
    for (const part of [
      'id is VARCHAR and the table has BIGINT',
      'price is DECIMAL(4,3) and the table has DECIMAL(10, 2)',
      'column at is missing: write CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "at"',
      's has a member "b" that the table has not',
      'the table has no column more',
    ])
      assert(error.message.includes(part), `${part} in ${error.message}`);
    return error.about.problems === 5;
  });
  await assert.rejects(world.write(table, 'SELECT 1 AS id, 1 AS ID'), error => isIcebergError(error, 'type'));
  assert.deepEqual(await locations(world), []);
});

test('sum() of whole numbers stays what it is', async t => {
  const { root, rowsOf, write } = await setUp(t);
  const table = tableOf(`${root}/t`, 'struct<s: decimal(38, 0)>');
  const data = await write(
    table,
    `SELECT sum(x::BIGINT) AS s FROM (VALUES (9007199254740993), (9223372036854775807)) t(x)`,
  );
  assert.deepEqual(await rowsOf(data, 's::VARCHAR AS s'), [{ s: '9232379236109516800' }]);
  const most = `SELECT 340282366920938463463374607431768211455::UHUGEINT AS s`;
  await assert.rejects(write(table, most), /column s has the value .* too large for DECIMAL/);
});

test('NULL in a required field is refused, wherever the field is', async t => {
  const world = await setUp(t);
  const refused = async (type: string, select: string, field: string) =>
    assert.rejects(
      world.write(tableOf(`${world.root}/t`, type), select),
      error => isIcebergError(error, 'invalid') && error.about.field === field && error.about.nulls === 1,
    );
  await refused('struct<id: long not null>', 'SELECT unnest([1, NULL]) AS id', 'id');
  await refused('struct<s: struct<a: int> not null>', `SELECT unnest([{'a': 1}, NULL]) AS s`, 's');
  await refused('struct<l: list<int> not null>', 'SELECT unnest([[1], [], NULL]) AS l', 'l');
  const nested = 'struct<s: struct<a: int not null, b: list<struct<c: int not null>>>>';
  await refused(
    nested,
    `SELECT unnest([{'a': NULL, 'b': NULL}, {'a': 1, 'b': [{'c': 1}]}, NULL]) AS s`,
    's.a',
  );
  await refused(nested, `SELECT {'a': 1, 'b': [{'c': 1}, {'c': NULL}, NULL]} AS s`, 's.b.element.c');
  await refused('struct<m: map<string, int not null>>', `SELECT MAP {'a': 1, 'b': NULL} AS m`, 'm.value');
  // Below what is NULL itself nothing is required.
  const fine = `SELECT unnest([NULL, {'a': 1, 'b': NULL}, {'a': 1, 'b': []}, {'a': 2, 'b': [NULL, {'c': 1}]}]) AS s`;
  assert.equal((await world.write(tableOf(`${world.root}/t`, nested), fine))[0]?.record_count, 4);
  assert.equal((await locations(world)).length, 1);
});

test('values that only DuckDB has are refused: infinite moments, 24 o’clock, bytes of a fixed length', async t => {
  const world = await setUp(t);
  for (const [type, value, odd] of [
    ['date', `DATE 'infinity'`, 'infinity'],
    ['timestamp', `TIMESTAMP '-infinity'`, '-infinity'],
    ['timestamptz', `TIMESTAMPTZ 'infinity'`, 'infinity'],
    ['list<date>', `[DATE '2020-01-01', DATE '-infinity']`, '-infinity'],
    ['time', `TIME '24:00:00'`, '24:00:00'],
  ] as const)
    await assert.rejects(
      world.write(tableOf(`${world.root}/t`, `struct<x: ${type}>`), `SELECT ${value} AS x`),
      error => isIcebergError(error, 'type') && error.about.value === odd,
      type,
    );
  await assert.rejects(
    world.write(tableOf(`${world.root}/t`, 'struct<x: fixed[3]>'), `SELECT 'abc'::BLOB AS x`),
    error => isIcebergError(error, 'type') && /fixed/.test(error.message),
  );
  assert.deepEqual(await locations(world), []);
  assert.deepEqual(readdirSync(join(world.folder, '.incoming')), []);
});

test('a long result is many files, and a long file says where its row groups begin', async t => {
  const { engine, files, root, rowsOf, write } = await setUp(t);
  const table = tableOf(`${root}/t`, 'struct<id: long, h: string>');
  const select = 'SELECT range AS id, md5(range::VARCHAR) AS h FROM range(100000)';
  const data = await write(table, select, { target_bytes: 400_000, row_group_rows: 2048 });
  assert(data.length > 2, `${data.length} files`);
  assert.equal(new Set(data.map(file => file.file_path)).size, data.length);
  assert.deepEqual(await rowsOf(data, 'count(*) AS n, count(DISTINCT id) AS d, sum(id)::BIGINT AS s'), [
    { n: 100_000n, d: 100_000n, s: 4_999_950_000n },
  ]);
  for (const file of data) {
    assert(file.file_size_in_bytes < 2_000_000);
    const { paths } = await files.open([file.file_path]);
    const groups = await engine.query(
      `SELECT min(data_page_offset) AS o FROM parquet_metadata('${paths[0]}') GROUP BY row_group_id ORDER BY o`,
    );
    assert.equal(file.split_offsets?.length, groups.length);
    assert.equal(file.split_offsets?.[0], 4);
    assert(file.split_offsets.every((offset, at) => offset <= Number(groups[at]?.o)));
  }
});

const SOURCES: Record<string, [type: string, sql: string, transforms: string[]]> = {
  i: ['int', '(i % 50)::INTEGER - 25', ['identity', 'bucket[4]', 'truncate[10]', 'void']],
  l: ['long', 'i::BIGINT * 1000000007', ['bucket[3]', 'truncate[1000000000]']],
  d: ['decimal(12, 2)', '((i % 9) / 4.0 - 1)::DECIMAL(12, 2)', ['identity', 'bucket[4]', 'truncate[50]']],
  dt: ['date', `DATE '1969-12-20' + (i % 30)::INTEGER`, ['identity', 'year', 'month', 'day', 'bucket[2]']],
  ts: [
    'timestamp',
    `TIMESTAMP '1969-12-31 20:00:00.000001' + to_hours(i % 12)`,
    ['hour', 'day', 'bucket[2]'],
  ],
  tz: [
    'timestamptz',
    `TIMESTAMPTZ '2024-02-28 22:30:00+00' + to_hours(i % 9)`,
    ['identity', 'hour', 'month'],
  ],
  tm: ['time', `TIME '10:00:00' + to_hours(i % 3)`, ['identity', 'bucket[2]']],
  s: [
    'string',
    `CASE i % 4 WHEN 0 THEN '' WHEN 1 THEN 'a/b=c%' WHEN 2 THEN '😀é' ELSE 'x y' END`,
    ['identity', 'bucket[5]', 'truncate[1]'],
  ],
  b: ['binary', `encode('b' || (i % 3))`, ['identity', 'bucket[2]', 'truncate[1]']],
  u: ['uuid', `('00000000-0000-4000-8000-00000000000' || (i % 4))::UUID`, ['identity', 'bucket[3]']],
  f: ['double', `CASE i % 3 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN 0.5 ELSE '-inf'::DOUBLE END`, ['identity']],
  o: ['boolean', 'i % 2 = 0', ['identity']],
};

for (const [name, [type, sql, transforms]] of Object.entries(SOURCES))
  test(`rows are divided by every transform of ${type}, and those without a value go together`, async t => {
    const { engine, files, root, rowsOf, write } = await setUp(t);
    for (const how of transforms) {
      const spec = { fields: [{ 'source-id': 2, name: `${name}_p`, transform: how }] };
      const table = tableOf(`${root}/${encodeURIComponent(how)}`, `struct<id: long, x: ${type}>`, { spec });
      const select = `SELECT i AS id, CASE WHEN i % 10 <> 9 THEN ${sql} END AS x FROM range(200) t(i)`;
      const data = await write(table, select);
      const all = await rowsOf(data, 'count(*) AS n, count(DISTINCT id) AS d');
      assert.deepEqual(all, [{ n: 200n, d: 200n }], how);

      const keys = data.map(file =>
        JSON.stringify(file.partition, (_, v) =>
          typeof v === 'bigint' || typeof v === 'number' ? `${v}` : v,
        ),
      );
      assert.equal(new Set(keys).size, data.length, `${how}: a file for each partition`);
      if (how !== 'void') assert(data.length > 1, how);
      for (const file of data) {
        assert(file.file_path.startsWith(`${table.location}/data/${name}_p=`), file.file_path);
        const { paths } = await files.open([file.file_path]);
        const expression = transform(how).sql('x', type);
        const [row] = await engine.query(
          `SELECT count(DISTINCT p) AS values, count(*) FILTER (p IS NULL) AS nulls, count(*) AS rows
           FROM (SELECT ${expression} AS p FROM read_parquet('${paths[0]?.replaceAll("'", "''")}', hive_partitioning = false))`,
        );
        const isNull = file.partition[0] === null;
        assert.equal(Number(row?.values), isNull ? 0 : 1, how);
        assert.equal(Number(row?.nulls), isNull ? file.record_count : 0, how);
      }
      assert.equal(
        data.some(file => file.partition[0] === null),
        true,
        how,
      );
    }
  });

test('partition values are what the transform makes of the rows, also where text is odd or long', async t => {
  const { root, rowsOf, write } = await setUp(t);
  const odd = [
    '',
    '__HIVE_DEFAULT_PARTITION__',
    'null',
    '..',
    'a/../b',
    `${'é'.repeat(300)}`,
    'it\'s "q"',
    'nl\nx',
    'A',
    'a',
  ];
  const spec = {
    fields: [
      { 'source-id': 1, name: 'x', transform: 'identity' },
      { 'source-id': 2, name: 'y_bucket', transform: 'bucket[2]' },
    ],
  };
  const table = tableOf(`${root}/t`, 'struct<x: string, y: int>', { spec });
  const values = odd.map((text, at) => `('${text.replaceAll("'", "''")}', ${at})`);
  const data = await write(table, `SELECT * FROM (VALUES ${values.join(', ')}, (NULL, NULL)) t(x, y)`);
  assert.equal(data.length, odd.length + 1);
  const bucket = transform('bucket[2]');
  for (const file of data) {
    const [row] = await rowsOf([file]);
    const y = typeof row?.y === 'number' ? row.y : null;
    assert.deepEqual(file.partition, [row?.x, bucket.apply(y, 'int')]);
  }
});

test('a sorted table has sorted files, in partitions and cut by size too', async t => {
  const { engine, files, root, write } = await setUp(t);
  const order = {
    fields: [
      {
        'source-id': 2,
        transform: 'identity',
        direction: 'desc' as const,
        'null-order': 'nulls-first' as const,
      },
      {
        'source-id': 1,
        transform: 'identity',
        direction: 'asc' as const,
        'null-order': 'nulls-last' as const,
      },
    ],
  };
  const spec = { fields: [{ 'source-id': 3, name: 'p', transform: 'identity' }] };
  const select = `SELECT i AS id, CASE WHEN i % 11 > 0 THEN (hash(i) % 1000)::INTEGER END AS k, (i % 3)::INTEGER AS p
                  FROM range(60000) t(i)`;
  for (const more of [{ order }, { order, spec }]) {
    const table = tableOf(`${root}/${more.spec ? 'p' : 'u'}`, 'struct<id: long, k: int, p: int>', more);
    const data = await write(table, select, { target_bytes: 60_000, row_group_rows: 2048 });
    assert(data.length > 3);
    assert.equal(
      data.reduce((rows, file) => rows + file.record_count, 0),
      60_000,
    );
    for (const file of data) {
      assert.equal(file.sort_order_id, table['default-sort-order-id']);
      const { paths } = await files.open([file.file_path]);
      const misplaced = await engine.query(
        `SELECT count(*) AS rows FROM (
           SELECT file_row_number AS "is", row_number() OVER (ORDER BY k DESC NULLS FIRST, id) - 1 AS should_be FROM '${paths[0]}'
         ) WHERE "is" <> should_be`,
      );
      assert.deepEqual(misplaced, [{ rows: 0n }]);
    }
  }
});

test('many partitions are one file each', async t => {
  const { root, write } = await setUp(t);
  const spec = { fields: [{ 'source-id': 1, name: 'p', transform: 'identity' }] };
  const table = tableOf(`${root}/t`, 'struct<p: long>', { spec });
  const data = await write(table, 'SELECT i % 300 AS p FROM range(30000) t(i)');
  assert.equal(data.length, 300);
  assert(data.every(file => file.record_count === 100));
});

test('columns may be called anything', async t => {
  const { root, rowsOf, write } = await setUp(t);
  const names = [
    'c0',
    'p0',
    'rows',
    'source',
    'filename',
    'file_row_number',
    'file_index',
    'e1',
    'a"b',
    "it's",
    'é😀',
    'select',
    'a.b',
    ' ',
  ];
  const type = `struct<${names.map(name => `"${name.replaceAll('"', '""')}": double`).join(', ')}>`;
  const select = `SELECT ${names.map((name, at) => `${at === 0 ? "'nan'" : at}::DOUBLE AS "${name.replaceAll('"', '""')}"`).join(', ')}`;
  const fields = names.map((_, at) => ({ 'source-id': at + 1, name: `f${at}`, transform: 'identity' }));
  const order = {
    fields: fields.map(field => ({
      ...field,
      direction: 'asc' as const,
      'null-order': 'nulls-last' as const,
    })),
  };
  for (const more of [{}, { spec: { fields } }, { order }]) {
    const data = await write(tableOf(`${root}/t`, type, more), select);
    const [row] = await rowsOf(data);
    assert.deepEqual(row, Object.fromEntries(names.map((name, at) => [name, at === 0 ? Number.NaN : at])));
    assert.equal(data[0]?.nan_value_counts.get(1), 1);
  }
});

test('of a wide table a manifest has the statistics of its first columns, or of those that are asked for', async t => {
  const { root, write } = await setUp(t);
  const columns = Array.from({ length: 1500 }, (_, at) => `c${at}`);
  const type = `struct<${columns.map(name => `${name}: int`).join(', ')}>`;
  const select = `SELECT ${columns.map((name, at) => `${at} AS ${name}`).join(', ')}`;
  const [usual] = await write(tableOf(`${root}/t`, type), select);
  assert.equal(usual?.lower_bounds.size, 100);
  const properties = {
    'write.metadata.metrics.default': 'none',
    'write.metadata.metrics.column.c7': 'counts',
    'write.metadata.metrics.column.c1400': 'full',
  };
  const [asked] = await write(tableOf(`${root}/t`, type, { properties }), select);
  assert.deepEqual([...(asked?.value_counts.keys() ?? [])], [8, 1401]);
  assert.deepEqual([...(asked?.lower_bounds.keys() ?? [])], [1401]);
});

test('an attempt that would lead elsewhere is refused', async t => {
  const { root, write } = await setUp(t);
  const table = tableOf(`${root}/t`, 'struct<id: long>');
  for (const attempt of ['', '../x', 'a/b', 'x'.repeat(101)])
    await assert.rejects(write(table, 'SELECT 1 AS id', { attempt }), error =>
      isIcebergError(error, 'invalid'),
    );
});
