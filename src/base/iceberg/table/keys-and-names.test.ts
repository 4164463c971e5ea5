import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { defer } from '../../../../tests/support/defer.ts';
import { scratchFolder } from '../../../../tests/support/scratch.ts';
import { isIcebergError } from '../errors.ts';
import { openLake } from '../local/index.ts';
import type { Row } from '../world.ts';
import type { Table } from './table.ts';

// Keys of every type, and columns with the names that the SQL of changes uses for its own.

async function lakeOf(t: TestContext) {
  const lake = await openLake(scratchFolder(t), { memory: '512MB', threads: 2 });
  defer(t, () => lake.close());
  return lake;
}

async function rowsOf(table: Table): Promise<Row[]> {
  const found: Row[] = [];
  for await (const row of table.scan()) found.push(row);
  return found;
}

const MODES = ['copy-on-write', 'merge-on-read'] as const;
const modes = (mode: string) => ({
  'write.delete.mode': mode,
  'write.update.mode': mode,
  'write.merge.mode': mode,
});

/** A type, and its value number `i`. */
const KEYS: Record<string, string> = {
  int: 'i::INTEGER',
  long: 'i::BIGINT * 5000000000',
  float: '(i / 4)::FLOAT',
  double: 'i / 10',
  'decimal(10, 2)': '(i / 100)::DECIMAL(10, 2)',
  'decimal(38, 10)': "(i || '.0000000001')::DECIMAL(38, 10)",
  date: "DATE '1969-12-01' + i::INTEGER",
  time: "TIME '00:00:00.000001' + to_seconds(i)",
  timestamp: "TIMESTAMP '1969-12-31 23:59:59.999999' + to_hours(i)",
  timestamptz: "TIMESTAMPTZ '2026-03-29 00:30:00.000001+00' + to_minutes(i)",
  string: "'é''' || i",
  uuid: "('00000000-0000-4000-8000-' || lpad(i::VARCHAR, 12, '0'))::UUID",
  binary: "encode('b' || i)",
};

for (const [type, key] of Object.entries(KEYS))
  test(`a merge meets the rows that have its keys of type ${type}, few or many of them`, async t => {
    const lake = await lakeOf(t);
    const table = await lake.createTable('t', { columns: `k: ${type}, v: string` });
    for (const from of [0, 500])
      await table.append(`SELECT ${key} AS k, 'old' AS v FROM range(${from}, ${from + 500}) r(i)`);
    for (const [from, to] of [
      [499, 502],
      [900, 1300],
    ]) {
      const source = `SELECT ${key} AS k, 'new' AS v FROM range(${from}, ${to}) r(i) UNION ALL SELECT NULL, 'null'`;
      await table.merge({ source, on: ['k'], matched: [{ action: 'update' }], not_matched: [{}] });
    }
    const counts = new Map<unknown, number>();
    for (const { v } of await rowsOf(table)) counts.set(v, (counts.get(v) ?? 0) + 1);
    assert.deepEqual(Object.fromEntries(counts), { old: 897, new: 403, null: 2 });
  });

test('a key that the column cannot hold meets nothing, and text is compared as text', async t => {
  const lake = await lakeOf(t);
  const numbers = await lake.createTable('numbers', { columns: 'k: int, v: string' });
  await numbers.append("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) r(k, v)");
  await numbers.merge({
    source: "SELECT * FROM (VALUES (9999999999, 'x'), (2, 'y')) s(k, v)",
    on: ['k'],
    matched: [{ action: 'update' }],
  });
  assert.deepEqual((await rowsOf(numbers)).map(row => row.v).sort(), ['a', 'y']);

  const texts = await lake.createTable('texts', { columns: 'k: string, v: string' });
  await texts.append("SELECT * FROM (VALUES ('01', 'a'), ('1', 'b')) r(k, v)");
  await texts.merge({ source: "SELECT 1 AS k, 'x' AS v", on: ['k'], matched: [{ action: 'update' }] });
  assert.deepEqual(Object.fromEntries((await rowsOf(texts)).map(row => [row.k, row.v])), {
    '01': 'a',
    1: 'x',
  });
});

const NAMES = [
  ...['_file', '_POS', '_src', '_act', '_deleted', 'file_row_number', 'filename', 'file_index', 'c1', 'k0'],
  ...[
    'source',
    'target',
    't',
    'd',
    'x',
    'r',
    'rows',
    'pair',
    'pos',
    'file',
    'select',
    'a.b',
    'q"u',
    "o'b",
    '表',
  ],
];

for (const mode of MODES)
  test(`a column may have any name in changes by ${mode}`, async t => {
    const lake = await lakeOf(t);
    for (const [at, name] of NAMES.entries()) {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      const table = await lake.createTable(`t${at}`, {
        columns: `${quoted}: long, v: string`,
        properties: modes(mode),
      });
      // Neither in the order of the rows nor without doubles, so that nothing is right by chance.
      await table.append(`SELECT 60 - 10 * i AS ${quoted}, 'n' || i AS v FROM range(6) r(i)`);
      await table.delete(`${quoted} = 50`);
      await table.update(`${quoted} = 40`, { [name]: `${quoted} + 100` });
      await table.merge({
        source: `SELECT * FROM (VALUES (30, 'met'), (77, 'new'), (77, 'new')) s(${quoted}, v)`,
        on: [name],
        matched: [{ action: 'update' }],
        not_matched: [{}],
      });
      await table.merge({
        source: `SELECT * FROM (VALUES (20, 'go'), (10, 's'), (NULL, 's')) s(${quoted}, v)`,
        on: [name],
        matched: [
          { when: "source.v = 's'", action: 'update', set: { v: 'target.v || source.v' } },
          { action: 'delete' },
        ],
        not_matched: [{}],
      });
      assert.deepEqual(
        (await rowsOf(table)).map(row => `${row[name]} ${row.v}`).sort(),
        ['10 n5s', '140 n2', '30 met', '60 n0', '77 new', '77 new', 'null s'],
        name,
      );
    }
  });

test('a column with the name of one that says what changed is refused, and may be left out', async t => {
  const lake = await lakeOf(t);
  const table = await lake.createTable('t', { columns: '_Change_Type: string, id: long' });
  await table.append("SELECT 'mine' AS _change_type, 1 AS id");
  const changes = async (columns?: string[]) => {
    const found: Row[] = [];
    for await (const row of table.changes({ columns })) found.push(row);
    return found;
  };
  await assert.rejects(
    changes(),
    error => isIcebergError(error, 'invalid') && error.about.field === '_Change_Type',
  );
  assert.deepEqual(
    (await changes(['id'])).map(row => [row.id, row._change_type]),
    [[1n, 'INSERT']],
  );
});
