import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fileFolder } from '../../../../tests/support/iceberg-files.ts';
import { type Commit, field, schemaOf, tableOf } from '../../../../tests/support/iceberg-table.ts';
import { CONTENT, type DataFile } from '../model.ts';
import type { Row } from '../world.ts';
import {
  openChanges,
  openScan,
  planAppends,
  planChanges,
  type ScanOptions,
  tableAt,
  tableAtSnapshot,
} from './index.ts';

const FIELDS = [field(1, 'id', 'long'), field(2, 'name', 'string')];
const POSITIONS = schemaOf([field(2147483546, 'file_path', 'string'), field(2147483545, 'pos', 'long')]);

const files = {
  open: async (all: readonly string[]) => ({
    paths: all.map(path => path.replace('file://', '')),
    release() {},
  }),
};

async function openHistory(t: TestContext) {
  const lake = await fileFolder(t);
  const data = (name: string, select: string) => lake.write({ name, schema: schemaOf(FIELDS), select });
  const [a, b, c] = [
    await data('a', "VALUES (1, 'a'), (2, 'b'), (2, 'b'), (3, 'c')"),
    await data('b', "VALUES (10, 'x')"),
    await data('c', "VALUES (20, 'y'), (21, 'z')"),
  ];
  const rewritten = await data('a2', "VALUES (1, 'a'), (2, 'b'), (3, 'changed')");
  const compacted = await data('bc', "VALUES (10, 'x'), (20, 'y'), (21, 'z')");
  const positions = await lake.write({
    name: 'p',
    schema: POSITIONS,
    select: `VALUES ('${rewritten.file_path}', 0)`,
    content: CONTENT.position_deletes,
  });
  const keys = await lake.write({
    name: 'e',
    schema: schemaOf(FIELDS.slice(0, 1)),
    select: 'VALUES (2), (21)',
    content: CONTENT.equality_deletes,
    equality_ids: [1],
  });
  const commits: Commit[] = [
    { operation: 'append', added: [a] },
    { operation: 'append', added: [b, c] },
    { operation: 'overwrite', added: [rewritten], removed: [a.file_path] },
    { operation: 'replace', added: [compacted], removed: [b.file_path, c.file_path] },
    { operation: 'overwrite', deletes: [positions, keys] },
    { operation: 'delete', removed: [rewritten.file_path] },
  ];
  return { table: tableOf({ schemas: [FIELDS], commits }), engine: lake.engine, files, data };
}

const rowText = (row: Row) => Object.values(row).map(String).join(' ');

test('appends are the rows that were appended, and nothing that happened to them since', async t => {
  const { table, engine, files } = await openHistory(t);
  const rows = async (after: bigint | undefined, options?: ScanOptions) => {
    const scan = await openScan(await planAppends(table, after, options), { engine, files });
    return (await engine.query(`SELECT * FROM (${scan.sql}) ORDER BY ALL`)).map(rowText);
  };
  assert.deepEqual(await rows(undefined), ['1 a', '2 b', '2 b', '3 c', '10 x', '20 y', '21 z']);
  assert.deepEqual(await rows(1n), ['10 x', '20 y', '21 z']);
  assert.deepEqual(await rows(1n, { filter: { op: 'gt', field: 'id', value: 20 } }), ['21 z']);
  assert.deepEqual(await rows(2n), []);
});

test('changes are what each commit took away and brought: rewritten rows that are the same are none', async t => {
  const { table, engine, files } = await openHistory(t);
  const changes = async (after: bigint | undefined, options?: ScanOptions) => {
    const scan = await openChanges(await planChanges(table, after, options), { engine, files });
    const rows = await engine.query(
      `SELECT _change_ordinal, _commit_snapshot_id, _change_type, * EXCLUDE (_change_ordinal, _commit_snapshot_id, _change_type) FROM (${scan.sql}) ORDER BY ALL`,
    );
    return rows.map(rowText);
  };
  assert.deepEqual(await changes(1n), [
    '0 2 INSERT 10 x',
    '0 2 INSERT 20 y',
    '0 2 INSERT 21 z',
    '1 3 DELETE 2 b',
    '1 3 DELETE 3 c',
    '1 3 INSERT 3 changed',
    '2 5 DELETE 1 a',
    '2 5 DELETE 2 b',
    '2 5 DELETE 21 z',
    '3 6 DELETE 3 changed',
  ]);
  // All columns are compared, whichever are shown.
  assert.deepEqual(await changes(2n, { columns: ['id'], filter: { op: 'eq', field: 'id', value: 3 } }), [
    '0 3 DELETE 3',
    '0 3 INSERT 3',
    '2 6 DELETE 3',
  ]);
  assert.deepEqual(await changes(6n), []);
  assert.equal((await changes(undefined)).filter(row => row.startsWith('0 1 INSERT')).length, 4);
});

test('a history that does not reach back is refused', async t => {
  const { table } = await openHistory(t);
  await assert.rejects(planAppends(table, 99n), { code: 'no_such_snapshot' });
  const early = tableAt(table.metadata, table.reader, '2');
  await assert.rejects(planChanges(early, 5n), { code: 'no_such_snapshot' }, 'the future is no ancestor');
  const [first] = table.metadata.snapshots;
  assert.ok(first);
  const expired = { ...table, metadata: { ...table.metadata, snapshots: table.metadata.snapshots.slice(1) } };
  await assert.rejects(planChanges(expired, undefined), { code: 'no_such_snapshot' });
  await assert.rejects(planChanges(expired, 1n), { code: 'no_such_snapshot' });
  assert.equal((await planAppends(tableAtSnapshot(table, first), undefined)).files.length, 1);
});

test('the past has the schema that it had, a branch the one of today', async t => {
  const { table } = await openHistory(t);
  const schemas = [schemaOf(FIELDS, 0), schemaOf([field(1, 'number', 'long')], 1)];
  const refs = {
    audit: { 'snapshot-id': 2n, type: 'branch' },
    v1: { 'snapshot-id': 1n, type: 'tag' },
  } as const;
  const metadata = {
    ...table.metadata,
    schemas,
    'current-schema-id': 1,
    refs: { ...refs },
    'current-snapshot-id': 6n,
  };
  const at = (ref?: string) => {
    const { snapshot, schema } = tableAt(metadata, table.reader, ref);
    return [Number(snapshot?.['snapshot-id']), schema['schema-id']];
  };
  assert.deepEqual(
    [at(), at('main'), at('audit'), at('v1'), at('3')],
    [
      [6, 1],
      [6, 1],
      [2, 1],
      [1, 0],
      [3, 0],
    ],
  );
  assert.throws(() => at('nobody'), { code: 'no_such_ref' });
});

test('without the commit that made them, deletes of the same commit do not come back as rows', async t => {
  const { engine, files, data } = await openHistory(t);
  const file: DataFile = await data('both', "VALUES (1, 'a'), (2, 'b')");
  const lake = await fileFolder(t);
  const gone = await lake.write({
    name: 'g',
    schema: POSITIONS,
    select: `VALUES ('${file.file_path}', 1)`,
    content: CONTENT.position_deletes,
  });
  const table = tableOf({
    schemas: [FIELDS],
    commits: [{ operation: 'overwrite', added: [file], deletes: [gone] }],
  });
  const scan = await openChanges(await planChanges(table, undefined, { columns: ['id'] }), { engine, files });
  assert.deepEqual((await engine.query(scan.sql)).map(rowText), ['1 INSERT 0 1']);
});

test('nested values, NaN and NULL are compared like all others', async t => {
  const lake = await fileFolder(t);
  const fields = [
    field(1, 'm', {
      type: 'map',
      'key-id': 2,
      key: 'string',
      'value-id': 3,
      value: 'int',
      'value-required': false,
    }),
    field(4, 'l', { type: 'list', 'element-id': 5, element: 'double', 'element-required': false }),
    field(6, 's', { type: 'struct', fields: [field(7, 'a', 'int')] }),
  ];
  const write = (name: string, rows: string) =>
    lake.write({ name, schema: schemaOf(fields), select: `VALUES ${rows}` });
  const kept = "(MAP {'k': 1}, ['NaN'::DOUBLE, NULL], {a: NULL}), (NULL, NULL, NULL)";
  const before = await write('before', `${kept}, (MAP {'k': 2}, [1], {a: 1})`);
  const after = await write('after', `${kept}, (MAP {'k': 3}, [1], {a: 1})`);
  const commits: Commit[] = [
    { added: [before] },
    { operation: 'overwrite', added: [after], removed: [before.file_path] },
  ];
  const table = tableOf({ schemas: [fields], commits });
  const scan = await openChanges(await planChanges(table, 1n), { engine: lake.engine, files });
  const rows = await lake.engine.query(
    `SELECT m::VARCHAR AS m, _change_type FROM (${scan.sql}) ORDER BY ALL`,
  );
  assert.deepEqual(rows.map(rowText), ['{k=2} DELETE', '{k=3} INSERT']);
});
