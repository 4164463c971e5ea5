import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../../../tests/support/iceberg-files.ts';
import { IcebergError } from '../errors.ts';
import type { Field, Schema } from '../model.ts';
import { bind, type Filter, filterSql, parseFilter } from './index.ts';

const field = (id: number, name: string, type: Field['type']): Field => ({ id, name, required: false, type });
const SCHEMA: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    field(1, 'amount', 'long'),
    field(2, 'city', 'string'),
    field(3, 'price', 'decimal(9, 2)'),
    field(4, 'ratio', 'double'),
    field(5, 'day', 'date'),
    field(6, 'at', 'timestamp'),
    field(7, 'address', { type: 'struct', fields: [field(8, 'Zip', 'int')] }),
    field(9, 'a.b', 'int'),
    field(10, 'tags', { type: 'list', 'element-id': 11, element: 'string', 'element-required': false }),
    field(12, 'select', 'boolean'),
    field(13, 'small', 'float'),
    field(14, 'Event "day"', 'timestamptz'),
  ],
};
const sql = (text: string) => filterSql(bind(parseFilter(text), SCHEMA));

test('a text becomes SQL with literals of the columns’ own types', () => {
  const said: [string, string][] = [
    ['amount > 3', `"amount" > '3'::BIGINT`],
    ['3 < Amount', `"amount" > '3'::BIGINT`],
    ["city IN ('a', 'it''s')", `"city" IN ('a', 'it''s')`],
    ['price = 1.5', `"price" = '1.50'::DECIMAL(9, 2)`],
    ["day >= '2026-01-31'", `"day" >= (DATE '1970-01-01' + '20484'::INTEGER)`],
    ["at < '2026-01-31'", `"at" < make_timestamp('1769817600000000'::BIGINT)`],
    [
      `"Event ""day""" = '2026-01-31T01:30+01:30'`,
      `"Event ""day""" = make_timestamptz('1769817600000000'::BIGINT)`,
    ],
    ['address.zip = 7', `struct_extract("address", 'Zip') = '7'::INTEGER`],
    ['a.b = 7', `"a.b" = '7'::INTEGER`],
    [`"Event ""day""" IS NOT NULL`, `"Event ""day""" IS NOT NULL`],
    [
      "amount BETWEEN 1 AND 3 AND city LIKE 'x%'",
      `("amount" >= '1'::BIGINT AND "amount" <= '3'::BIGINT AND starts_with("city", 'x'))`,
    ],
    ['NOT (amount > 3 AND city IS NULL)', `("amount" <= '3'::BIGINT OR "city" IS NOT NULL)`],
    ['select = true or ratio is nan', `("select" = true OR isnan("ratio"))`],
    ['', 'true'],
    ['true AND NOT false', 'true'],
  ];
  for (const [text, expected] of said) assert.equal(sql(text), expected, text);
});

test('a number that a column cannot hold still means what it says', () => {
  const said: [string, string][] = [
    ['amount > 3.5', `"amount" > '3'::BIGINT`],
    ['amount <= -3.5', `"amount" <= '-4'::BIGINT`],
    ['amount = 3.5', 'false'],
    ['amount <> 3.5', `"amount" IS NOT NULL`],
    ['amount <> -1e30', `"amount" IS NOT NULL`],
    ['amount <> 1e30', `"amount" IS NOT NULL`],
    ['amount < 1e30', `"amount" IS NOT NULL`],
    ['amount > 99999999999999999999', 'false'],
    ['price > 1.005', `"price" > '1.00'::DECIMAL(9, 2)`],
    ['price >= -1.005', `"price" > '-1.01'::DECIMAL(9, 2)`],
    ['price = 0.1', `"price" = '0.10'::DECIMAL(9, 2)`],
    ["day > '2026-01-31 12:00:00'", `"day" > (DATE '1970-01-01' + '20484'::INTEGER)`],
    ["ratio < 'NaN'", 'NOT isnan("ratio")'],
    ["ratio >= 'nan'", 'isnan("ratio")'],
    ["ratio = '-Infinity'", `"ratio" = '-Infinity'::DOUBLE`],
    ['small < 1e300', `"small" <= '3.4028234663852886e+38'::FLOAT`],
    ['small = 0.1', `"small" = '0.10000000149011612'::FLOAT`],
  ];
  for (const [text, expected] of said) assert.equal(sql(text), expected, text);
  const big: Filter = { op: 'eq', field: 'amount', value: 9007199254740993n };
  assert.equal(filterSql(bind(big, SCHEMA)), `"amount" = '9007199254740993'::BIGINT`);
});

test('lists keep what can be found in them', () => {
  assert.equal(sql('amount IN (1, 2.5)'), `"amount" = '1'::BIGINT`);
  assert.equal(sql('amount NOT IN (2.5)'), `"amount" IS NOT NULL`);
  assert.equal(sql('amount IN (2.5)'), 'false');
  assert.equal(sql("ratio NOT IN (1, 'nan')"), `(NOT isnan("ratio") AND "ratio" <> '1'::DOUBLE)`);
});

test('dates that do not exist, offsets without a zone and other rubbish are refused with the column', () => {
  const refused: Filter[] = [
    { op: 'eq', field: 'day', value: '2026-02-30' },
    { op: 'eq', field: 'day', value: 3 },
    { op: 'eq', field: 'at', value: '2026-01-31 25:00' },
    { op: 'eq', field: 'at', value: '2026-01-31 12:00+02' },
    { op: 'eq', field: 'at', value: new Date('rubbish') },
    { op: 'eq', field: 'amount', value: 'many' },
    { op: 'eq', field: 'amount', value: `1e${'9'.repeat(30)}` },
    { op: 'eq', field: 'city', value: 3 },
    { op: 'is_nan', field: 'amount' },
    { op: 'starts_with', field: 'amount', value: '1' },
    { op: 'eq', field: 'tags', value: 'x' },
    { op: 'eq', field: 'tags.element', value: 'x' },
    { op: 'is_null', field: 'address' },
  ];
  for (const filter of refused)
    assert.throws(
      () => bind(filter, SCHEMA),
      (error: unknown) =>
        error instanceof IcebergError && error.code === 'invalid' && typeof error.about.field === 'string',
      JSON.stringify(filter),
    );
});

test('an unknown column is answered with the one that was meant', () => {
  assert.throws(() => bind(parseFilter('amout > 3'), SCHEMA), {
    code: 'invalid',
    about: { field: 'amout', suggestion: 'amount' },
  });
  assert.throws(() => bind(parseFilter('adress.zip > 3'), SCHEMA), {
    about: { field: 'adress.zip', suggestion: 'address.Zip' },
  });
  assert.throws(() => bind(parseFilter('nothing_like_it > 3'), SCHEMA), {
    about: { field: 'nothing_like_it' },
  });
});

test('what cannot be read is refused with its place and what to write', () => {
  const refused: [string, number, string | undefined][] = [
    ['amount >', 9, undefined],
    ['amount = NULL', 10, 'Write IS NULL or IS NOT NULL.'],
    ['city = "Paris"', 8, "Write 'Paris' in single quotes."],
    ['city = Paris', 8, "If it is a text, write 'Paris' in single quotes."],
    ['amount > 3 && city IS NULL', 12, 'Write AND.'],
    ["city LIKE '%x'", 11, "Only patterns like 'abc%' can be used here."],
    ["city = 'x", 8, "End it with ' ; a quote inside is written ''."],
    ['`city` IS NULL', 1, 'Write names in "double quotes".'],
    ['lower(city) = 1', 6, undefined],
    ['amount > 3 ANDD city IS NULL', 12, 'Did you mean AND?'],
    ['(amount > 3', 12, undefined],
    ['amount IN ()', 12, undefined],
    ['amount > 3; DROP TABLE x', 11, undefined],
  ];
  for (const [text, position, suggestion] of refused)
    assert.throws(
      () => parseFilter(text),
      (error: unknown) => {
        assert.ok(error instanceof IcebergError, String(error));
        assert.deepEqual(
          [error.about.position, error.about.suggestion],
          [position, suggestion],
          error.message,
        );
        return true;
      },
      text,
    );
});

test('hostile texts end in a refusal, not in the stack', () => {
  for (const text of [
    '('.repeat(100_000),
    'NOT '.repeat(100_000),
    "'".repeat(99_999),
    '"'.repeat(99_999),
    'x'.repeat(2_000_000),
  ])
    assert.throws(() => parseFilter(text), { code: 'invalid' });
});

test('whatever is typed is understood or refused, and what is understood can be said to DuckDB', () => {
  const words = [
    ...[
      'amount',
      'city',
      'address',
      '.',
      'zip',
      '"',
      "'",
      '(',
      ')',
      ',',
      '=',
      '<',
      '>',
      '<>',
      '-',
      '+',
      '1',
      '2.5',
      '1e9',
    ],
    ...[
      'NOT',
      'AND',
      'OR',
      'IN',
      'IS',
      'NULL',
      'NAN',
      'LIKE',
      'BETWEEN',
      'TRUE',
      'DATE',
      "'2026-01-31'",
      "'a%'",
      "x'0f'",
      ' ',
      'é',
      '\u0000',
    ],
  ];
  const random = seeded(7);
  let understood = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const text = Array.from({ length: 1 + random(7) }, () => words[random(words.length)] ?? '').join(' ');
    try {
      assert.equal(typeof sql(text), 'string');
      understood += 1;
    } catch (error) {
      assert.ok(error instanceof IcebergError && error.code === 'invalid', `${text}: ${error}`);
    }
  }
  assert.ok(understood > 50, String(understood));
});
