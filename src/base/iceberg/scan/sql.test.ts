import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type FileFolder, fileFolder } from '../../../../tests/support/iceberg-files.ts';
import { field, schemaOf, type TableOptions, tableOf } from '../../../../tests/support/iceberg-table.ts';
import { CONTENT, type DataFile, type PartitionSpec } from '../model.ts';
import type { Row } from '../world.ts';
import { type Footer, openScan, planScan, type ScanOptions, scanSql, type TableAt } from './index.ts';

const pathOf = (location: string) => location.replace(/^file:\/*/, '/');

interface Lake extends FileFolder {
  rows(
    table: TableAt | TableOptions,
    options?: ScanOptions & { positions?: boolean; shown?: string[] },
  ): Promise<Row[]>;
  deletes(name: string, select: string): Promise<DataFile>;
}

async function openLake(t: TestContext): Promise<Lake> {
  const lake = await fileFolder(t);
  return {
    ...lake,
    async rows(given, { positions = false, shown, ...options } = {}) {
      const table = 'reader' in given ? given : tableOf(given);
      const plan = await planScan(table, options);
      const files = { open: async (all: readonly string[]) => ({ paths: all.map(pathOf), release() {} }) };
      const scan = await openScan(plan, { files, engine: lake.engine }, { positions });
      const select = shown?.map(name => `CAST(${name} AS VARCHAR) AS ${name}`).join(', ') ?? '*';
      return lake.engine.query(`SELECT ${select} FROM (${scan.sql}) ORDER BY ALL`);
    },
    deletes: (name, select) =>
      lake.write({ name, select, content: CONTENT.position_deletes, schema: POSITIONS }),
  };
}

const POSITIONS = schemaOf([field(2147483546, 'file_path', 'string'), field(2147483545, 'pos', 'long')]);
const ID_NAME = [field(1, 'id', 'long'), field(2, 'name', 'string')];

const first = (rows: readonly Row[]) => rows.map(row => Object.values(row)[0]);
const numbers = (rows: readonly Row[]) => first(rows).map(Number);

test('renamed, added, dropped, widened and reordered columns are found by their ids', async t => {
  const lake = await openLake(t);
  const then = [
    field(1, 'id', 'int'),
    field(2, 'name', 'string'),
    field(3, 'gone', 'double'),
    field(4, 'price', 'decimal(9, 2)'),
  ];
  const now = [
    field(4, 'cost', 'decimal(12, 2)'),
    field(5, 'gone', 'date'),
    field(1, 'id', 'long'),
    field(2, 'full "name"', 'string'),
  ];
  const old = await lake.write({ name: 'old', schema: schemaOf(then), select: "VALUES (1, 'a', 2.5, 1.25)" });
  const fresh = await lake.write({
    name: 'new',
    schema: schemaOf(now),
    select: "VALUES (12345678.5, DATE '2026-01-31', 5000000000, 'b')",
  });
  const rows = await lake.rows({ schemas: [then, now], commits: [{ added: [old] }, { added: [fresh] }] });
  assert.deepEqual(
    rows.map(row => [String(row.cost), row.gone, row.id, row['full "name"']]),
    [
      ['1.25', null, 1n, 'a'],
      ['12345678.5', new Date('2026-01-31'), 5000000000n, 'b'],
    ],
  );
  const filtered = await lake.rows(
    { schemas: [then, now], commits: [{ added: [old] }, { added: [fresh] }] },
    { columns: ['id'], filter: { op: 'is_null', field: 'gone' } },
  );
  assert.deepEqual(filtered, [{ id: 1n }]);
});

test('no name of a column is taken for one of ours', async t => {
  const lake = await openLake(t);
  const names = [
    'file_index',
    'filename',
    'file_row_number',
    'c1',
    's',
    'p',
    'k',
    'file',
    'row',
    'i',
    'location',
    'select',
    "it's",
    'a.b',
    '""',
    'é\u{1F600}',
    ' ',
  ];
  const fields = names.map((name, at) => field(at + 1, name, 'int'));
  const values = (from: number) => `VALUES (${names.map((_, at) => from + at).join(', ')})`;
  const file = await lake.write({
    name: 'names',
    schema: schemaOf(fields),
    select: `${values(0)}, (${names.map((_, at) => 100 + at).join(', ')})`,
  });
  const gone = await lake.deletes('gone', `VALUES ('${file.file_path}', 0)`);
  const key = await lake.write({
    name: 'key',
    schema: schemaOf(fields.slice(0, 3)),
    select: 'VALUES (7, 7, 7)',
    content: CONTENT.equality_deletes,
    equality_ids: [1, 2, 3],
  });
  const rows = await lake.rows(
    { schemas: [fields], commits: [{ added: [file] }, { deletes: [gone, key] }] },
    { positions: true },
  );
  assert.deepEqual(rows, [
    { ...Object.fromEntries(names.map((name, at) => [name, 100 + at])), _file: file.file_path, _pos: 1n },
  ]);
});

test('position deletes go by the location in the manifest, however it is spelled, and by commit', async t => {
  const lake = await openLake(t);
  const write = (name: string, from: number) =>
    lake.write({
      name,
      schema: schemaOf(ID_NAME),
      select: `SELECT i, 'n' FROM range(${from}, ${from + 4}) r(i)`,
    });
  const [a, b, c] = [await write('a', 0), await write('b', 10), await write('c', 20)];
  const bare = b.file_path.replace('file://', '');
  const many = await Promise.all([
    lake.deletes('d1', `VALUES ('${a.file_path.replace('file:///', 'file:/')}', 0), ('${bare}', 1)`),
    lake.deletes(
      'd2',
      `VALUES ('${a.file_path.replace('file:///', 'file://localhost/')}', 0), ('${a.file_path}', 3), ('file:///else/a.parquet', 2)`,
    ),
  ]);
  // Of the same path, but from before the file: what it once said is about another file.
  const early = await lake.deletes('d0', `VALUES ('${c.file_path}', 0)`);
  const late = await lake.deletes('d3', `VALUES ('${c.file_path}', 1)`);
  const commits = [
    { deletes: [early] },
    { added: [a, b] },
    { deletes: many },
    { added: [c], deletes: [late] },
  ];
  const rows = await lake.rows({ schemas: [ID_NAME], commits }, { columns: ['id'] });
  assert.deepEqual(numbers(rows), [1, 2, 10, 12, 13, 20, 22, 23]);
  const placed = await lake.rows(
    { schemas: [ID_NAME], commits },
    { columns: ['id'], positions: true, filter: { op: 'lt', field: 'id', value: 11 } },
  );
  assert.deepEqual(placed, [
    { id: 1n, _file: a.file_path, _pos: 1n },
    { id: 2n, _file: a.file_path, _pos: 2n },
    { id: 10n, _file: b.file_path, _pos: 0n },
  ]);
});

test('places in a file are right where DuckDB passes over row groups and files', async t => {
  const lake = await openLake(t);
  const write = (name: string, from: number) =>
    lake.write({
      name,
      schema: schemaOf(ID_NAME),
      select: `SELECT i, 'n' FROM range(${from}, ${from + 10_000}) r(i)`,
    });
  const [a, b, c] = [await write('a', 0), await write('b', 10_000), await write('c', 20_000)];
  const gone = await lake.deletes(
    'gone',
    `VALUES ('${c.file_path}', 7000), ('${b.file_path}', 7001), ('${a.file_path}', 3)`,
  );
  const table = { schemas: [ID_NAME], commits: [{ added: [a, b, c] }, { deletes: [gone] }] };
  // No bounds: all three files are in the plan, and DuckDB alone decides what it opens.
  const blind = [a, b, c].map(file => ({ ...file, lower_bounds: new Map(), upper_bounds: new Map() }));
  for (const added of [table.commits[0]?.added ?? [], blind]) {
    const filter = {
      op: 'and',
      of: [
        { op: 'ge', field: 'id', value: 26_999 },
        { op: 'le', field: 'id', value: 27_001 },
      ],
    } as const;
    const rows = await lake.rows(
      { ...table, commits: [{ added }, { deletes: [gone] }] },
      { filter, positions: true, columns: ['id'] },
    );
    assert.deepEqual(
      rows,
      [6999n, 7001n].map(pos => ({ id: 20_000n + pos, _file: c.file_path, _pos: pos })),
    );
  }
});

test('bytes lie elsewhere than the manifest says: deletes still find their file', async t => {
  const lake = await openLake(t);
  const a = await lake.write({
    name: 'a',
    schema: schemaOf(ID_NAME),
    select: "SELECT i, 'n' FROM range(3) r(i)",
  });
  const b = await lake.write({
    name: 'b',
    schema: schemaOf(ID_NAME),
    select: "SELECT i + 10, 'n' FROM range(3) r(i)",
  });
  const remote = (file: DataFile, key: string): DataFile => ({ ...file, file_path: `s3://lake/${key}` });
  const d = await lake.deletes(
    'd',
    "VALUES ('s3a://lake/x/part.parquet', 1), ('s3://lake/y/part.parquet', 2)",
  );
  const files = [remote(a, 'x/part.parquet'), remote(b, 'y/part.parquet'), remote(d, 'd.parquet')];
  const [one, two, gone] = files;
  assert.ok(one && two && gone);
  const plan = await planScan(
    tableOf({ schemas: [ID_NAME], commits: [{ added: [one, two] }, { deletes: [gone] }] }),
  );
  const paths = new Map([a, b, d].map((file, at) => [files[at]?.file_path ?? '', pathOf(file.file_path)]));
  const rows = await lake.engine.query(`SELECT id FROM (${scanSql(plan, paths)}) ORDER BY id`);
  assert.deepEqual(numbers(rows), [0, 2, 10, 11]);
  paths.delete('s3://lake/y/part.parquet');
  assert.throws(() => scanSql(plan, paths), {
    code: 'missing_file',
    about: { file: 's3://lake/y/part.parquet' },
  });
});

test('a file of position deletes without its columns fails, and deletes not nothing', async t => {
  const lake = await openLake(t);
  const a = await lake.write({ name: 'a', schema: schemaOf(ID_NAME), select: "VALUES (1, 'x')" });
  const d = await lake.write({
    name: 'd',
    schema: schemaOf([field(2147483546, 'path', 'string'), field(2147483545, 'pos', 'long')]),
    content: CONTENT.position_deletes,
    select: `VALUES ('${a.file_path}', 0)`,
  });
  await assert.rejects(
    lake.rows({ schemas: [ID_NAME], commits: [{ added: [a], deletes: [d] }] }),
    /lacks file_path or pos/,
  );
});

test('equality deletes: NULL equals NULL, several sets of columns, only what is strictly older', async t => {
  const lake = await openLake(t);
  const fields = [...ID_NAME, field(3, 'x', 'double')];
  const write = (name: string, select: string) => lake.write({ name, schema: schemaOf(fields), select });
  const del = (name: string, schema: number[], select: string, equality_ids: number[]) =>
    lake.write({
      name,
      schema: schemaOf(fields.filter(one => schema.includes(one.id))),
      select,
      content: CONTENT.equality_deletes,
      equality_ids,
    });
  const old = await write(
    'old',
    "VALUES (1, 'a', 1), (2, NULL, 2), (3, 'c', 'NaN'::DOUBLE), (NULL, 'n', 4), (5, 'e', 5)",
  );
  const same = await write('same', "VALUES (1, 'a', 10), (2, NULL, 20)");
  const later = await write('later', "VALUES (5, 'e', 50)");
  const byBoth = await del('both', [1, 2], "VALUES (2, NULL), (1, 'z'), (NULL, 'n')", [2, 1]);
  const byId = await del('id', [1, 2], "VALUES (1, 'whatever else is in the file')", [1]);
  const byX = await del('x', [3], "VALUES ('NaN'::DOUBLE)", [3]);
  const commits = [
    { added: [old] },
    { added: [same], deletes: [byBoth, byId, byX] },
    { added: [later] },
    { deletes: [await del('id2', [1], 'VALUES (5)', [1])] },
  ];
  const rows = await lake.rows({ schemas: [fields], commits }, { columns: ['x'] });
  assert.deepEqual(numbers(rows), [10, 20]);
  const before = tableOf({ schemas: [fields], commits: commits.slice(0, 3) });
  assert.deepEqual(numbers(await lake.rows(before, { columns: ['x'] })), [5, 10, 20, 50]);
});

test('equality deletes compare columns that were dropped, renamed, widened or added since, and members of structs', async t => {
  const lake = await openLake(t);
  const st = (members: [number, string][]) =>
    field(4, 'st', { type: 'struct', fields: members.map(([id, name]) => field(id, name, 'int')) });
  const v0 = [field(1, 'id', 'int'), field(2, 'key', 'string'), st([[5, 'a']])];
  const v1 = [field(1, 'number', 'long'), st([[5, 'a']]), field(6, 'extra', 'int')];
  const old = await lake.write({
    name: 'old',
    schema: schemaOf(v0),
    select: "VALUES (1, 'k', {a: 1}), (2, 'l', {a: 2}), (3, 'm', NULL), (4, 'n', {a: 4})",
  });
  const del = (name: string, fields: typeof v0, select: string, ids: number[]) =>
    lake.write({
      name,
      schema: schemaOf(fields),
      select,
      content: CONTENT.equality_deletes,
      equality_ids: ids,
    });
  const byDropped = await del('dropped', [field(2, 'key', 'string')], "VALUES ('k')", [2]);
  const byWidened = await del('widened', [field(1, 'id', 'int')], 'VALUES (2)', [1]);
  const byMember = await del('member', [st([[5, 'a']])], 'VALUES ({a: 4})', [5]);
  const base = { schemas: [v0, v1] };
  const rows = await lake.rows(
    { ...base, commits: [{ added: [old] }, { deletes: [byDropped, byWidened, byMember] }] },
    { columns: ['number'] },
  );
  assert.deepEqual(rows, [{ number: 3n }]);
  // Added since: NULL in the old file, which is what is deleted.
  const byAdded = await del('added', [field(6, 'extra', 'int')], 'VALUES (NULL)', [6]);
  assert.deepEqual(await lake.rows({ ...base, commits: [{ added: [old] }, { deletes: [byAdded] }] }), []);
  const unknown = await del('unknown', [field(99, 'z', 'int')], 'VALUES (1)', [99]);
  await assert.rejects(lake.rows({ ...base, commits: [{ added: [old] }, { deletes: [unknown] }] }), {
    code: 'schema_change',
  });
});

const CITY: PartitionSpec = {
  'spec-id': 1,
  fields: [{ 'source-id': 2, 'field-id': 1000, name: 'name', transform: 'identity' }],
};
const SPECS = [{ 'spec-id': 0, fields: [] }, CITY];

test('deletes stay in their partition and spec, but equality deletes of an unpartitioned spec go everywhere', async t => {
  const lake = await openLake(t);
  const write = (name: string, select: string, spec_id: number, partition: DataFile['partition']) =>
    lake.write({ name, schema: schemaOf(ID_NAME), select, spec_id, partition });
  const a = await write('a', "VALUES (1, 'a'), (2, 'a')", 1, ['a']);
  const b = await write('b', "VALUES (1, 'b'), (2, 'b')", 1, ['b']);
  const none = await write('none', "VALUES (1, 'a'), (3, 'a')", 0, []);
  const del = (name: string, id: number, spec_id: number, partition: DataFile['partition']) =>
    lake.write({
      name,
      schema: schemaOf([field(1, 'id', 'long')]),
      select: `VALUES (${id})`,
      spec_id,
      partition,
      content: CONTENT.equality_deletes,
      equality_ids: [1],
    });
  const base = { schemas: [ID_NAME], specs: SPECS };
  const inA = await lake.rows({
    ...base,
    commits: [{ added: [a, b, none] }, { deletes: [await del('d1', 1, 1, ['a'])] }],
  });
  assert.deepEqual(
    inA.map(row => `${row.id}${row.name}`),
    ['1a', '1b', '2a', '2b', '3a'],
  );
  const all = await lake.rows({
    ...base,
    commits: [{ added: [a, b, none] }, { deletes: [await del('d2', 1, 0, [])] }],
  });
  assert.deepEqual(
    all.map(row => `${row.id}${row.name}`),
    ['2a', '2b', '3a'],
  );
  // Position deletes of an unpartitioned spec are about files of that spec alone.
  const p = await lake.deletes('p', `VALUES ('${a.file_path}', 0), ('${none.file_path}', 0)`);
  const own = await lake.deletes('own', `VALUES ('${a.file_path}', 1)`);
  const deletes = [p, { ...own, spec_id: 1, partition: ['a'] }];
  const positions = await lake.rows({ ...base, commits: [{ added: [a, b, none] }, { deletes }] });
  assert.deepEqual(
    positions.map(row => `${row.id}${row.name}`),
    ['1a', '1b', '2b', '3a'],
  );
});

const HIVE_MAPPING = JSON.stringify([
  { 'field-id': 1, names: ['id', 'ID', 'Nummer'] },
  { 'field-id': 2, names: ['name'] },
  { 'field-id': 3, names: [] },
]);

test('files of a Hive table: columns by their names, and those by which it is partitioned from the partition', async t => {
  const lake = await openLake(t);
  const fields = [...ID_NAME, field(3, 'later', 'int')];
  const write = async (
    name: string,
    columns: typeof fields,
    select: string,
    partition: DataFile['partition'],
  ) => {
    const file = await lake.write({
      name,
      schema: schemaOf(columns),
      select,
      spec_id: 1,
      partition,
      without_ids: true,
    });
    return { ...file, value_counts: new Map([[1, file.record_count]]), column_sizes: new Map() };
  };
  const a = await write('a', [field(1, 'id', 'int')], 'VALUES (1), (2)', ['a']);
  const nobody = await write('b', [field(1, 'Nummer', 'long')], 'VALUES (3)', [null]);
  const own = await lake.write({
    name: 'c',
    schema: schemaOf(fields),
    select: "VALUES (4, 'c', 9)",
    spec_id: 1,
    partition: ['c'],
  });
  const table = {
    schemas: [fields],
    specs: SPECS,
    properties: { 'schema.name-mapping.default': HIVE_MAPPING },
    commits: [{ added: [a, nobody, own] }],
  };
  const rows = await lake.rows(table);
  assert.deepEqual(
    rows.map(row => [row.id, row.name, row.later]),
    [
      [1n, 'a', null],
      [2n, 'a', null],
      [3n, null, null],
      [4n, 'c', 9],
    ],
  );
  assert.deepEqual(
    await lake.rows(table, { filter: { op: 'eq', field: 'name', value: 'a' }, columns: ['name'] }),
    [{ name: 'a' }, { name: 'a' }],
  );
  // Deletes see the filled value too.
  const del = await lake.write({
    name: 'd',
    schema: schemaOf([field(2, 'name', 'string')]),
    select: "VALUES (NULL), ('c')",
    content: CONTENT.equality_deletes,
    equality_ids: [2],
  });
  const left = await lake.rows(
    { ...table, commits: [...table.commits, { deletes: [del] }] },
    { columns: ['id'] },
  );
  assert.deepEqual(numbers(left), [1, 2]);
  const plan = await planScan(tableOf(table));
  assert.throws(
    () => scanSql(plan, new Map()),
    { code: 'schema_change' },
    'nobody has looked at the footers',
  );
});

test('a name mapping that cannot be followed is refused by its column', async t => {
  const lake = await openLake(t);
  const st = (member: string) => field(3, 'st', { type: 'struct', fields: [field(4, member, 'int')] });
  const fields = [field(1, 'id', 'long'), field(2, 'other', 'long'), st('a')];
  const file = await lake.write({
    name: 'f',
    schema: schemaOf(fields),
    select: 'VALUES (1, 2, {a: 3})',
    without_ids: true,
  });
  const rows = (mapping: unknown, columns: string[]) =>
    lake.rows(
      {
        schemas: [fields],
        properties: { 'schema.name-mapping.default': JSON.stringify(mapping) },
        commits: [{ added: [file] }],
      },
      { columns },
    );
  const named = (id: number, names: string[], below?: unknown[]) => ({
    'field-id': id,
    names,
    ...(below && { fields: below }),
  });
  const good = [named(1, ['id', 'ID']), named(3, ['st'], [named(4, ['a'])])];
  assert.deepEqual(await rows(good, ['id', 'other', 'st']), [{ id: 1n, other: null, st: { a: 3 } }]);
  await assert.rejects(rows([named(1, ['id']), named(2, ['ID'])], ['id', 'other']), {
    code: 'schema_change',
    about: { field: 'other' },
  });
  await assert.rejects(rows([named(3, ['st'], [named(4, ['a', 'old'])])], ['st']), {
    code: 'schema_change',
    about: { field: 'st.a' },
  });
  for (const rubbish of [{}, [{ names: 'id' }], '['.repeat(10_000), null])
    await assert.rejects(rows(rubbish, ['id']), { code: 'corrupt' });
});

test('thousands of partition values of every type are filled in one statement', async t => {
  const lake = await openLake(t);
  const types = [
    'int',
    'long',
    'decimal(9, 2)',
    'double',
    'date',
    'timestamptz',
    'string',
    'uuid',
    'binary',
    'boolean',
    'time',
  ];
  const values = [
    -2147483648,
    7n,
    -125n,
    -0.5,
    20_000,
    -1000n,
    "it's",
    Buffer.alloc(16, 7),
    Buffer.from([0, 255]),
    true,
    5n,
  ];
  const fields = [field(1, 'n', 'long'), ...types.map((type, at) => field(at + 2, `f${at}`, type))];
  const spec = {
    'spec-id': 0,
    fields: types.map((_, at) => ({
      'source-id': at + 2,
      'field-id': 1000 + at,
      name: `f${at}`,
      transform: 'identity',
    })),
  };
  const one = await lake.write({
    name: 'one',
    schema: schemaOf(fields.slice(0, 1)),
    select: 'VALUES (1)',
    partition: values,
  });
  const nothing = { ...one, partition: types.map(() => null) };
  const [row, empty] = await lake.rows({
    schemas: [fields],
    specs: [spec],
    commits: [{ added: [one, nothing] }],
  });
  assert.deepEqual(
    Object.values(row ?? {}).map(value =>
      value instanceof Uint8Array ? [...value] : value instanceof Date ? value.toISOString() : String(value),
    ),
    [
      '1',
      '-2147483648',
      '7',
      '-1.25',
      '-0.5',
      '2024-10-04T00:00:00.000Z',
      '1969-12-31T23:59:59.999Z',
      "it's",
      '07070707-0707-0707-0707-070707070707',
      [0, 255],
      'true',
      '5',
    ],
  );
  assert.deepEqual(
    Object.values(empty ?? {}).slice(1),
    types.map(() => null),
  );
});

const struct = (id: number, name: string, members: [number, string][]) =>
  field(id, name, {
    type: 'struct',
    fields: members.map(([member, called]) => field(member, called, 'int')),
  });

test('members of structs are found by their ids too, whatever they were called', async t => {
  const lake = await openLake(t);
  const v0 = [
    field(1, 'id', 'int'),
    struct(2, 'st', [
      [3, 'a'],
      [4, 'b'],
    ]),
  ];
  const write = (name: string, fields: typeof v0, select: string) =>
    lake.write({ name, schema: schemaOf(fields), select });
  const old = await write('old', v0, 'VALUES (1, {a: 1, b: 2}), (2, NULL), (3, {a: NULL, b: 4})');
  const cases: Record<string, { members: [number, string][]; old: unknown }> = {
    added: {
      members: [
        [4, 'b'],
        [5, 'c'],
        [3, 'A'],
      ],
      old: { b: 2, c: null, A: 1 },
    },
    renamed: {
      members: [
        [3, 'a "new" name'],
        [4, 'b'],
      ],
      old: { 'a "new" name': 1, b: 2 },
    },
    again: {
      members: [
        [7, 'a'],
        [4, 'b'],
      ],
      old: { a: null, b: 2 },
    },
    swapped: {
      members: [
        [3, 'b'],
        [4, 'a'],
      ],
      old: { b: 1, a: 2 },
    },
    gone: { members: [[4, 'bb']], old: { bb: 2 } },
  };
  for (const [name, { members, old: expected }] of Object.entries(cases)) {
    const now = [field(1, 'id', 'int'), struct(2, 'st', members)];
    const sevens = Object.fromEntries(members.map(([, called]) => [called, 7]));
    const fresh = await write(
      `fresh-${name}`,
      now,
      `VALUES (9, {${members.map(([, called]) => `'${called}': 7`).join(', ')}})`,
    );
    const table = { schemas: [v0, now], commits: [{ added: [old] }, { added: [fresh] }] };
    const rows = await lake.rows(table);
    assert.deepEqual([rows[0]?.st, rows[1]?.st, rows[3]?.st], [expected, null, sevens], name);
    const [[, called = ''] = [0, '']] = members;
    const seven = await lake.rows(table, {
      columns: ['id'],
      filter: { op: 'eq', field: ['st', called], value: 7 },
    });
    assert.deepEqual(seven, [{ id: 9 }], name);
  }
  const nothing = [field(1, 'id', 'int'), struct(2, 'st', [[8, 'x']])];
  const table = { schemas: [v0, nothing], commits: [{ added: [old] }] };
  await assert.rejects(lake.rows(table), {
    code: 'schema_change',
    about: { field: 'st', file: old.file_path },
  });
  assert.deepEqual(
    numbers(await lake.rows(table, { columns: ['id'] })),
    [1, 2, 3],
    'other columns can be read',
  );
  const plan = await planScan(
    tableOf({ schemas: [v0, [struct(2, 'st', [[3, 'aa']])]], commits: [{ added: [old] }] }),
  );
  const paths = new Map([[old.file_path, pathOf(old.file_path)]]);
  assert.throws(() => scanSql(plan, paths), { code: 'schema_change' }, 'nobody has looked');
});

const nest = (member: string, deeper: [number, string][]) => [
  field(1, 'l', {
    type: 'list',
    'element-id': 2,
    'element-required': false,
    element: { type: 'struct', fields: [field(3, member, 'int'), struct(10, 'deep', deeper)] },
  }),
  field(4, 'm', {
    type: 'map',
    'key-id': 5,
    key: 'string',
    'value-id': 6,
    'value-required': false,
    value: { type: 'struct', fields: [field(7, member, 'int'), field(9, 'x', 'int')] },
  }),
];

test('inside lists and maps as well, and removed schemas are not trusted', async t => {
  const lake = await openLake(t);
  const [v0, v1] = [
    nest('a', [
      [11, 'p'],
      [12, 'q'],
    ]),
    nest('b', [
      [12, 'p'],
      [13, 'r'],
    ]),
  ];
  const old = await lake.write({
    name: 'old',
    schema: schemaOf(v0),
    select:
      "VALUES ([{a: 1, deep: {p: 2, q: 3}}, NULL], MAP {'k': {a: 1, x: 2}}), (NULL, NULL), ([], MAP {})",
  });
  const expected = ["[{'b': 1, 'deep': {'p': 3, 'r': NULL}}, NULL]", "{k={'b': 1, 'x': 2}}"];
  for (const forget of [0, 1]) {
    const table = tableOf({ schemas: [v0, v1], commits: [{ added: [old] }] });
    table.metadata.schemas = table.metadata.schemas.slice(forget);
    const shown = (await lake.rows(table, { shown: ['l', 'm'] })).map(row => Object.values(row));
    assert.deepEqual(shown, [['[]', '{}'], expected, [null, null]]);
  }
});

test('keys inside structs that were renamed since are refused, not read as NULL', async t => {
  const lake = await openLake(t);
  const [v0, v1] = [[struct(2, 'st', [[3, 'a']])], [struct(2, 'st', [[3, 'b']])]];
  const old = await lake.write({ name: 'old', schema: schemaOf(v0), select: 'VALUES ({a: 1}), ({a: NULL})' });
  const del = await lake.write({
    name: 'd',
    schema: schemaOf(v0),
    select: 'VALUES ({a: 1})',
    content: CONTENT.equality_deletes,
    equality_ids: [3],
  });
  const commits = [{ added: [old] }, { deletes: [del] }];
  assert.deepEqual(await lake.rows({ schemas: [v0], commits }), [{ st: { a: null } }]);
  await assert.rejects(lake.rows({ schemas: [v0, v1], commits }), {
    code: 'schema_change',
    about: { field: 'st.b', file: del.file_path },
  });
});

test('paths are not patterns', async t => {
  const lake = await openLake(t);
  const a = await lake.write({ name: 'a', schema: schemaOf(ID_NAME), select: "VALUES (1, 'x')" });
  const b = await lake.write({ name: 'b', schema: schemaOf(ID_NAME), select: "VALUES (2, 'y')" });
  const odd = join(lake.folder, "o'd *d[a-b]? é", '*.parquet');
  mkdirSync(dirname(odd));
  copyFileSync(pathOf(a.file_path), odd);
  copyFileSync(pathOf(b.file_path), join(dirname(odd), 'b.parquet'));
  const rows = await lake.rows({
    schemas: [ID_NAME],
    commits: [{ added: [{ ...a, file_path: `file://${odd}` }] }],
  });
  assert.deepEqual(numbers(rows), [1]);
});

test('what cannot be read is refused by its file', async t => {
  const lake = await openLake(t);
  const a = await lake.write({ name: 'a', schema: schemaOf(ID_NAME), select: "VALUES (1, 'x')" });
  const table = (file: DataFile) => ({ schemas: [ID_NAME], commits: [{ added: [file] }] });
  await assert.rejects(lake.rows(table({ ...a, file_format: 'ORC' })), {
    code: 'unsupported',
    about: { file: a.file_path, format: 'ORC' },
  });
  await assert.rejects(lake.rows(table({ ...a, key_metadata: Buffer.from('k') })), { code: 'unsupported' });
  await assert.rejects(lake.rows(table(a), { columns: ['nam'] }), {
    code: 'invalid',
    about: { field: 'nam' },
  });
  const del = await lake.write({
    name: 'd',
    schema: schemaOf([field(1, 'id', 'long')]),
    select: 'VALUES (1)',
    content: CONTENT.equality_deletes,
    equality_ids: [1],
    without_ids: true,
  });
  await assert.rejects(lake.rows({ schemas: [ID_NAME], commits: [{ added: [a] }, { deletes: [del] }] }), {
    code: 'unsupported',
  });
});

test('a table without files has its columns and no rows', async t => {
  const lake = await openLake(t);
  assert.deepEqual(await lake.rows({ schemas: [ID_NAME], commits: [] }), []);
  const plan = await planScan(tableOf({ schemas: [ID_NAME], commits: [] }));
  const described = await lake.engine.query(
    `DESCRIBE ${scanSql(plan, new Map(), { footers: new Map<string, Footer>(), positions: true })}`,
  );
  assert.deepEqual(
    described.map(row => row.column_type),
    ['BIGINT', 'VARCHAR', 'VARCHAR', 'BIGINT'],
  );
});

test('thirty thousand files are one statement that reads them once', async t => {
  const lake = await openLake(t);
  const one = await lake.write({ name: 'one', schema: schemaOf(ID_NAME), select: "VALUES (1, 'x')" });
  const files = Array.from({ length: 30_000 }, (_, at) => ({
    ...one,
    file_path: `file:///lake/data/${at}.parquet`,
  }));
  const plan = await planScan(tableOf({ schemas: [ID_NAME], commits: [{ added: files }] }));
  const sql = scanSql(plan, new Map(files.map(file => [file.file_path, pathOf(one.file_path)])));
  assert.equal(sql.split('read_parquet(').length, 2);
  const rows = await lake.engine.query(`SELECT count(*)::INTEGER AS n FROM (${sql})`);
  assert.deepEqual(rows, [{ n: 30_000 }]);
});
