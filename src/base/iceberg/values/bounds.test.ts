import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type DuckDBConnection, DuckDBInstance, DuckDBMapValue } from '@duckdb/node-api';
import fc from 'fast-check';
import type { PrimitiveType, Value } from '../model.ts';
import { compareStrings, decodeValue, lowerBound, parseDuck, upperBound } from './index.ts';

let folder: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
let files = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moulin-bounds-'));
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
});
after(async () => {
  connection.closeSync();
  instance.closeSync();
  await rm(folder, { recursive: true });
});

/** What DuckDB says about the only column of a file with these values. */
async function statistics(select: string, options = ''): Promise<ReadonlyMap<string, string>> {
  files += 1;
  const copy = `COPY (${select}) TO '${join(folder, `${files}.parquet`)}' (FORMAT parquet, RETURN_STATS ${options})`;
  const [row] = (await connection.runAndReadAll(copy)).getRowObjects();
  const columns = row?.column_statistics;
  assert(columns instanceof DuckDBMapValue);
  const [column] = columns.entries;
  assert(column?.value instanceof DuckDBMapValue);
  return new Map(column.value.entries.map(({ key, value }) => [String(key), String(value)]));
}

async function bounds(
  type: PrimitiveType,
  values: string[],
  duck_type: string,
): Promise<[Value | null, Value | null]> {
  const list = values.map(value => `${value}::${duck_type}`).join(', ');
  const found = await statistics(`SELECT unnest([${list}]) AS x`);
  const [min, max] = [found.get('min'), found.get('max')];
  const lower = min === undefined ? undefined : lowerBound(type, min);
  const upper = max === undefined ? undefined : upperBound(type, max);
  return [lower ? decodeValue(type, lower) : null, upper ? decodeValue(type, upper) : null];
}

test('every text of RETURN_STATS becomes the bound that it says', async () => {
  const cases: [PrimitiveType, string, string[], Value | null, Value | null][] = [
    ['boolean', 'BOOLEAN', ['true', 'false'], false, true],
    ['int', 'INTEGER', ["'-2147483648'", '2147483647'], -(2 ** 31), 2 ** 31 - 1],
    ['long', 'BIGINT', ["'-9223372036854775808'", '9223372036854775807'], -(2n ** 63n), 2n ** 63n - 1n],
    ['float', 'FLOAT', ['0.1', "'inf'"], Math.fround(0.1), Number.POSITIVE_INFINITY],
    ['double', 'DOUBLE', ["'-5e-324'", '1.7976931348623157e308'], -5e-324, Number.MAX_VALUE],
    ['decimal(10, 2)', 'DECIMAL(10, 2)', ["'-0.05'", '12345678.90'], -5n, 1_234_567_890n],
    ['decimal(5, 0)', 'DECIMAL(5, 0)', ['0', '12345'], 0n, 12_345n],
    ['date', 'DATE', ["'1969-12-31'", "'12000-01-01'"], -1, 3_663_382],
    ['date', 'DATE', ["'0044-03-15 (BC)'", "'0001-01-01'"], -735_160, -719_162],
    ['date', 'DATE', ["'290309-12-22 (BC)'", "'1970-01-01'"], -106_751_991, 0],
    ['date', 'DATE', ["'5877642-06-25 (BC)'", "'5881580-07-10'"], -(2 ** 31) + 2, 2 ** 31 - 2],
    ['date', 'DATE', ["'-infinity'", "'infinity'"], null, null],
    ['time', 'TIME', ["'00:00:00'", "'23:59:59.999999'"], 0n, 86_399_999_999n],
    ['time', 'TIME', ["'12:00:00.5'", "'24:00:00'"], 43_200_500_000n, 86_400_000_000n],
    ['timestamp', 'TIMESTAMP', ["'1969-12-31 23:59:59.999999'", "'1970-01-01 00:00:00.5'"], -1n, 500_000n],
    [
      'timestamp',
      'TIMESTAMP',
      ["'290309-12-22 (BC) 00:00:00'", "'294247-01-10 04:00:54.775806'"],
      -9_223_372_022_400_000_000n,
      2n ** 63n - 2n,
    ],
    ['timestamp', 'TIMESTAMP', ["'-infinity'", "'infinity'"], null, null],
    [
      'timestamptz',
      'TIMESTAMPTZ',
      ["'1969-12-31 23:59:59.999999+00'", "'2026-01-01 00:16:39+00'"],
      -1n,
      1_767_226_599_000_000n,
    ],
    [
      'timestamptz',
      'TIMESTAMPTZ',
      ["'0044-03-15 (BC) 00:00:00+00'", "'infinity'"],
      -63_517_824_000_000_000n,
      null,
    ],
    ['string', 'VARCHAR', ["''", "'é=%'"], '', 'é=%'],
    ['string', 'VARCHAR', ["'a' || chr(0) || 'b'", "'a\\x00b'"], 'a\0b', 'a\\x00b'],
    [
      'uuid',
      'UUID',
      ["'00000000-0000-0000-0000-000000000001'", "'ffffffff-ffff-ffff-ffff-fffffffffffe'"],
      Buffer.from('00000000000000000000000000000001', 'hex'),
      Buffer.from('fffffffffffffffffffffffffffffffe', 'hex'),
    ],
    ['binary', 'BLOB', ["'\\x00\\xFF'", "'abc'"], Buffer.of(0, 0xff), Buffer.from('abc')],
  ];
  for (const [type, duck_type, values, lower, upper] of cases)
    assert.deepEqual(await bounds(type, values, duck_type), [lower, upper], `${type} ${values.join(' ')}`);
});

test('NaN is in no bound', async () => {
  assert.deepEqual(await bounds('double', ["'nan'", '1.5'], 'DOUBLE'), [1.5, 1.5]);
  assert.deepEqual(await bounds('double', ["'nan'"], 'DOUBLE'), [null, null]);
  assert.equal(lowerBound('float', 'nan'), undefined);
  assert.equal(upperBound('double', 'nan'), undefined);
});

test('a zero bound holds for both zeros, also where they are told apart', () => {
  for (const text of ['0.0', '-0.0']) {
    assert.equal(lowerBound('double', text)?.toString('hex'), '0000000000000080');
    assert.equal(upperBound('double', text)?.toString('hex'), '0000000000000000');
    assert.equal(lowerBound('float', text)?.toString('hex'), '00000080');
  }
});

test('long text is cut after 16 code points, the upper bound counted up', () => {
  const cases: [string, string, string | undefined][] = [
    ['0123456789abcdef', '0123456789abcdef', '0123456789abcdef'],
    ['0123456789abcdefg', '0123456789abcdef', '0123456789abcdeg'],
    ['😀'.repeat(16), '😀'.repeat(16), '😀'.repeat(16)],
    ['😀'.repeat(17), '😀'.repeat(16), `${'😀'.repeat(15)}😁`],
    // U+D7FF is followed by the surrogates, which are no characters.
    ['\ud7ff'.repeat(17), '\ud7ff'.repeat(16), `${'\ud7ff'.repeat(15)}\ue000`],
    ['\uffff'.repeat(17), '\uffff'.repeat(16), `${'\uffff'.repeat(15)}\u{10000}`],
    [`a${'\u{10ffff}'.repeat(20)}`, `a${'\u{10ffff}'.repeat(15)}`, 'b'],
    ['\u{10ffff}'.repeat(17), '\u{10ffff}'.repeat(16), undefined],
  ];
  for (const [text, lower, upper] of cases) {
    assert.equal(lowerBound('string', text)?.toString(), lower);
    assert.equal(upperBound('string', text)?.toString(), upper);
  }
});

test('long bytes are cut after 16', () => {
  const cut = (byte: string, count: number) => byte.repeat(count);
  for (const type of ['binary', 'fixed[17]']) {
    assert.equal(lowerBound(type, cut('AB', 17))?.toString('hex'), cut('ab', 16));
    assert.equal(upperBound(type, cut('AB', 17))?.toString('hex'), `${cut('ab', 15)}ac`);
    assert.equal(upperBound(type, `01${cut('FF', 16)}`)?.toString('hex'), '02');
    assert.equal(upperBound(type, cut('FF', 17)), undefined);
    assert.deepEqual(decodeValue(type, Buffer.from(cut('ab', 16), 'hex')), Buffer.from(cut('ab', 16), 'hex'));
  }
});

test('whatever the text, its bounds are around it and short', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), text => {
      const [lower, upper] = [lowerBound('string', text), upperBound('string', text)];
      assert(lower && compareStrings(lower.toString(), text) <= 0);
      assert(upper === undefined || compareStrings(upper.toString(), text) >= 0);
      assert([...lower.toString()].length <= 16 && [...(upper ?? '').toString()].length <= 16);
    }),
  );
});

test('what DuckDB cuts itself is a bound all the same', async () => {
  const texts = [
    "repeat('a', 20000)",
    "repeat('é', 300)",
    'repeat(chr(1114111), 300)',
    "repeat('a', 255) || 'é'",
  ];
  for (const text of texts) {
    const found = await statistics(`SELECT ${text} AS x`);
    const [row] = (await connection.runAndReadAll(`SELECT ${text} AS x`)).getRows();
    const value = String(row?.[0]);
    const [min, max] = [found.get('min'), found.get('max')];
    const upper = max === undefined ? undefined : upperBound('string', max);
    assert(
      min === undefined || compareStrings(lowerBound('string', min)?.toString() ?? '', value) <= 0,
      text,
    );
    assert(upper === undefined || compareStrings(upper.toString(), value) >= 0, text);
  }
});

test('text that nobody expected gives no bound', () => {
  const cases: [PrimitiveType, string][] = [
    ['int', ''],
    ['int', '1.0'],
    ['int', '2147483648'],
    ['long', '9223372036854775808'],
    ['long', 'NULL'],
    ['double', ''],
    ['double', '0x10'],
    ['date', '2026-1-1'],
    ['date', 'epoch'],
    ['timestamp', '2026-01-01'],
    ['timestamptz', '2026-01-01 00:00:00+01'],
    ['timestamp', '999999-01-01 00:00:00'],
    ['time', '12:00'],
    ['decimal(9, 2)', '1.234'],
    ['decimal(9, 2)', '.'],
    ['uuid', 'f79c3e09'],
    ['binary', '\\x00'],
    ['fixed[2]', '0001ff'],
    ['boolean', 'yes'],
  ];
  for (const [type, text] of cases) assert.equal(parseDuck(type, text), undefined, `${type} "${text}"`);
});

test('what DuckDB prints is what we read, over the whole range', async () => {
  const values: [PrimitiveType, string, string][] = [
    ['long', 'BIGINT', 'CAST(hash(i) >> 1 AS BIGINT) * (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END)'],
    [
      'timestamp',
      'TIMESTAMP',
      'make_timestamp(CAST(hash(i) >> 2 AS BIGINT) * (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END))',
    ],
    [
      'date',
      'DATE',
      "DATE '1970-01-01' + CAST((hash(i) >> 33) AS INTEGER) * (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END)",
    ],
    ['double', 'DOUBLE', 'CAST(hash(i) AS DOUBLE) / 1e15 * (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END)'],
  ];
  const raw: Record<string, string> = {
    BIGINT: 'x',
    TIMESTAMP: 'epoch_us(x)',
    DATE: "x - DATE '1970-01-01'",
    DOUBLE: 'x',
  };
  for (const [type, duck_type, expression] of values) {
    const sql = `SELECT CAST(x AS VARCHAR) AS text, ${raw[duck_type]} AS raw FROM (SELECT ${expression} AS x FROM range(20000) r(i))`;
    for (const { text, raw: expected } of (await connection.runAndReadAll(sql)).getRowObjects()) {
      const value = parseDuck(type, String(text));
      assert(value !== undefined, `${type} ${text}`);
      assert.equal(String(value), String(expected), `${type} ${text}`);
    }
  }
});

test('row groups that DuckDB has no statistics of are within the bounds of the file, or there are none', async () => {
  // It keeps none of text that it cannot cut: what it knows of the other row groups must not pass for the whole.
  for (const long of ["repeat('z', 10) || repeat('é', 300)", 'repeat(chr(127), 400)']) {
    const sql = `SELECT CASE WHEN i < 2048 THEN 'b' ELSE ${long} END AS x FROM range(4096) r(i) ORDER BY i`;
    const max = (await statistics(sql, ', ROW_GROUP_SIZE 2048')).get('max');
    const upper = max === undefined ? undefined : upperBound('string', max);
    assert(upper === undefined || compareStrings(upper.toString(), 'zzzzzzzzzzé') >= 0, `max is ${max}`);
  }
});
