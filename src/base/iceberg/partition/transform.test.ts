import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type GoldenValue, golden, goldenValue } from '../../../../tests/support/iceberg-golden.ts';
import { isIcebergError } from '../errors.ts';
import type { PrimitiveType, Type } from '../model.ts';
import { parseDuck, showValue } from '../values/index.ts';
import { bucketOf } from './bucket.ts';
import { murmur3, transform } from './index.ts';

interface Hashes {
  appendix_b: [PrimitiveType, GoldenValue, number][];
  random: [PrimitiveType, GoldenValue, number][];
  count: number;
}

test('values hash to what appendix B of the specification and PyIceberg say', () => {
  const { appendix_b, random, count } = golden<Hashes>('hashes.json');
  assert(random.length > 1000);
  for (const [type, printed, hash] of appendix_b)
    assert.equal(
      bucketOf(given(type, printed), type, 2 ** 31),
      hash & 0x7fffffff,
      `${type} ${JSON.stringify(printed)}`,
    );
  for (const [type, printed, bucket] of random)
    assert.equal(
      transform(`bucket[${count}]`).apply(given(type, printed), type),
      bucket,
      `${type} ${JSON.stringify(printed)}`,
    );
  assert.equal(murmur3(Buffer.from('iceberg')), 1210000089);
  assert.equal(murmur3(Buffer.of(0, 1, 2, 3)), -188683207);
});

test('partition values and how they are shown are those of PyIceberg', () => {
  const { values, humans } = golden<{
    values: [PrimitiveType, string, GoldenValue, GoldenValue][];
    humans: [string, PrimitiveType, number | string, string][];
  }>('transforms.json');
  assert(values.length > 1000);
  for (const [type, name, source, expected] of values) {
    const of = transform(name);
    const result = of.result(type);
    assert.deepEqual(
      of.apply(given(type, source), type),
      goldenValue(result, expected),
      `${name} of ${type} ${JSON.stringify(source)}`,
    );
  }
  for (const [name, type, value, shown] of humans) assert.equal(transform(name).show(value, type), shown);
});

function given(type: PrimitiveType, printed: GoldenValue) {
  const value = goldenValue(type, printed);
  assert(value !== null);
  return value;
}

// ── SQL ─────────────────────────────────────────────────────────────────────────────────────────────

let instance: DuckDBInstance;
let connection: DuckDBConnection;

before(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  // SQL must not depend on the zone of whoever runs it.
  await connection.run("SET TimeZone = 'Asia/Kolkata'");
});
after(() => {
  connection.closeSync();
  instance.closeSync();
});

const SIGNED = '(CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END)';
const TEXT =
  "(CASE i % 7 WHEN 0 THEN '' WHEN 1 THEN 'é=%' WHEN 2 THEN '日本語😀🇫🇷' || chr(0) ELSE '' END || left(hash(i)::VARCHAR, (i % 21)::INTEGER))";

/** A DuckDB type and values of it all over its range, from `i`. */
const SOURCES: Record<PrimitiveType, [string, string]> = {
  int: ['INTEGER', `(hash(i) >> 33)::BIGINT * ${SIGNED} - (i % 2)`],
  long: ['BIGINT', `CASE WHEN i % 3 = 0 THEN i ELSE (hash(i) >> 1)::BIGINT END * ${SIGNED} - (i % 2)`],
  'decimal(9, 2)': ['DECIMAL(9, 2)', `((hash(i) % 1000000000)::BIGINT * ${SIGNED})::DECIMAL(18, 2) / 100`],
  'decimal(18, 0)': ['DECIMAL(18, 0)', `(hash(i) % 1000000000000000000)::BIGINT * ${SIGNED}`],
  'decimal(38, 10)': [
    'DECIMAL(38, 10)',
    `(CASE WHEN i % 2 = 0 THEN '-' ELSE '' END || left(hash(i)::VARCHAR || hash(i + 1)::VARCHAR, (i % 27 + 1)::INTEGER) || '.' || left(hash(i)::VARCHAR, 10))`,
  ],
  date: ['DATE', `DATE '1970-01-01' + ((hash(i) % 2000000)::INTEGER * ${SIGNED})::INTEGER`],
  time: ['TIME', "TIME '00:00:00' + to_microseconds((hash(i) % 86400000000)::BIGINT)"],
  timestamp: ['TIMESTAMP', `make_timestamp((hash(i) >> (2 + i % 20))::BIGINT * ${SIGNED})`],
  timestamptz: [
    'TIMESTAMPTZ',
    `to_timestamp(0) + to_microseconds((hash(i) >> (6 + i % 20))::BIGINT * ${SIGNED})`,
  ],
  string: ['VARCHAR', TEXT],
  uuid: ['UUID', 'md5(i::VARCHAR)::UUID'],
  'fixed[7]': ['BLOB', 'unhex(left(md5(i::VARCHAR), 14))'],
  binary: ['BLOB', 'unhex(left(md5(i::VARCHAR), ((i % 17) * 2)::INTEGER))'],
};

const CASES: Record<string, PrimitiveType[]> = {
  'bucket[2147483647]': Object.keys(SOURCES),
  'bucket[16]': ['long', 'string'],
  'truncate[1]': ['int', 'string', 'binary'],
  'truncate[10]': ['int', 'long', 'string', 'binary', 'decimal(9, 2)', 'decimal(18, 0)', 'decimal(38, 10)'],
  'truncate[2147483647]': ['int', 'long', 'string'],
  year: ['date', 'timestamp', 'timestamptz'],
  month: ['date', 'timestamp', 'timestamptz'],
  day: ['date', 'timestamp', 'timestamptz'],
  hour: ['timestamp', 'timestamptz'],
  identity: ['long', 'string'],
};

/** Text that `parseDuck` reads, as RETURN_STATS would print it. */
function textSql(type: PrimitiveType, column: string): string {
  if (type === 'timestamptz') return `timezone('UTC', ${column})::VARCHAR`;
  return type === 'binary' || type.startsWith('fixed') ? `hex(${column})` : `${column}::VARCHAR`;
}

for (const [name, types] of Object.entries(CASES))
  for (const type of types)
    test(`${name} of ${type} is the same in DuckDB for ten thousand values`, async () => {
      const [duck_type, expression] = SOURCES[type] ?? [];
      const of = transform(name);
      const result = of.result(type);
      const values = `SELECT (${expression})::${duck_type} AS "a ""column" FROM range(10000) r(i) UNION ALL SELECT NULL`;
      const column = '"a ""column"';
      const sql = `SELECT ${textSql(type, column)}, ${textSql(result, of.sql(column, type))} FROM (${values})`;
      const rows = (await connection.runAndReadAll(sql)).getRows();
      assert.equal(rows.length, 10_001);
      for (const [source, partition] of rows) {
        if (source === null) assert.equal(partition, null);
        else {
          const value = parseDuck(type, String(source));
          assert(value !== undefined, `${type} ${source}`);
          const expected = of.apply(value, type);
          assert(expected !== null);
          const found = parseDuck(result, String(partition));
          assert(found !== undefined, `${result} ${partition}`);
          const same =
            found instanceof Uint8Array && expected instanceof Uint8Array
              ? Buffer.compare(found, expected) === 0
              : found === expected;
          if (!same)
            assert.fail(`${name} of ${source}: ${partition} in SQL, ${showValue(result, expected)} here`);
        }
      }
    });

test('SQL gives the type of the partition field, also of NULL', async () => {
  const cases: [string, PrimitiveType, string][] = [
    ['bucket[4]', 'long', 'INTEGER'],
    ['year', 'date', 'INTEGER'],
    ['month', 'timestamp', 'INTEGER'],
    ['day', 'timestamptz', 'DATE'],
    ['hour', 'timestamp', 'INTEGER'],
    ['truncate[10]', 'int', 'INTEGER'],
    ['truncate[10]', 'long', 'BIGINT'],
    ['truncate[10]', 'decimal(9, 2)', 'DECIMAL(9,2)'],
    ['truncate[10]', 'binary', 'BLOB'],
    ['void', 'decimal(9, 2)', 'DECIMAL(9,2)'],
    ['void', 'timestamptz', 'TIMESTAMP WITH TIME ZONE'],
    ['void', 'boolean', 'BOOLEAN'],
  ];
  for (const [name, type, expected] of cases) {
    const [duck_type] = SOURCES[type] ?? ['BOOLEAN'];
    const sql = `SELECT typeof(${transform(name).sql('x', type)}), ${transform(name).sql('x', type)} FROM (SELECT NULL::${duck_type} AS x)`;
    assert.deepEqual(
      (await connection.runAndReadAll(sql)).getRows(),
      [[expected, null]],
      `${name} of ${type}`,
    );
  }
});

test('a number without a multiple below it becomes the least of its type, here and in SQL', async () => {
  const cases: [PrimitiveType, string, string, bigint | number][] = [
    ['int', 'INTEGER', '-2147483648', -2147483648],
    ['long', 'BIGINT', '-9223372036854775808', -(2n ** 63n)],
    ['decimal(4, 2)', 'DECIMAL(4, 2)', '-99.99', -9999n],
    ['decimal(38, 0)', 'DECIMAL(38, 0)', `-${'9'.repeat(38)}`, 1n - 10n ** 38n],
  ];
  for (const [type, duck_type, text, least] of cases) {
    const value = parseDuck(type, text);
    assert(value !== undefined);
    assert.equal(transform('truncate[50]').apply(value, type), least);
    const sql = `SELECT (${transform('truncate[50]').sql('x', type)})::VARCHAR FROM (SELECT '${text}'::${duck_type} AS x)`;
    assert.deepEqual((await connection.runAndReadAll(sql)).getRows(), [[text]]);
  }
});

test('columns may have the names that the SQL uses inside', async () => {
  for (const name of ['b', 'f', 'h', 'i', 'k'])
    for (const type of ['string', 'long', 'decimal(9, 2)']) {
      const [duck_type] = SOURCES[type] ?? [];
      const of = transform('bucket[1000]');
      const sql = `SELECT ${of.sql(`"${name}"`, type)} FROM (SELECT '34'::${duck_type} AS "${name}")`;
      const value = parseDuck(type, '34');
      assert(value !== undefined);
      assert.deepEqual((await connection.runAndReadAll(sql)).getRows(), [[of.apply(value, type)]]);
    }
});

test('infinite dates are in no year', async () => {
  for (const unit of ['year', 'month', 'hour']) {
    const sql = `SELECT ${transform(unit).sql("'infinity'::TIMESTAMP", 'timestamp')}`;
    assert.deepEqual((await connection.runAndReadAll(sql)).getRows(), [[null]]);
  }
});

test('transforms know which columns they take', () => {
  const struct: Type = { type: 'struct', fields: [] };
  const cases: [string, Type[], Type[]][] = [
    ['identity', ['boolean', 'double', 'string', 'uuid'], [struct]],
    [
      'bucket[1]',
      ['int', 'decimal(9, 2)', 'uuid', 'fixed[3]', 'time'],
      ['double', 'float', 'boolean', struct],
    ],
    [
      'truncate[1]',
      ['int', 'long', 'string', 'binary', 'decimal(9, 2)'],
      ['date', 'fixed[3]', 'uuid', struct],
    ],
    ['year', ['date', 'timestamp', 'timestamptz'], ['time', 'long', struct]],
    ['hour', ['timestamp', 'timestamptz'], ['date', 'time']],
  ];
  for (const [name, yes, no] of cases) {
    for (const type of yes) assert(transform(name).accepts(type), `${name} ${type}`);
    for (const type of no) assert(!transform(name).accepts(type), `${name} ${JSON.stringify(type)}`);
  }
});

test('transforms of tomorrow are read and not applied', () => {
  for (const name of [
    'zorder[3]',
    'bucket[0]',
    'bucket[-1]',
    'bucket[99999999999]',
    'truncate[x]',
    'Identity',
    '',
  ]) {
    const unknown = transform(name);
    assert.equal(unknown.kind, 'unknown');
    assert.equal(unknown.name, name);
    assert.throws(
      () => unknown.apply(1, 'int'),
      error => isIcebergError(error, 'unsupported'),
    );
    assert.throws(
      () => unknown.sql('x', 'int'),
      error => isIcebergError(error, 'unsupported'),
    );
  }
});
