import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIcebergError } from '../errors.ts';
import { parseType, printType } from '../schema/index.ts';
import { parseDuckType } from './duck-type.ts';
import { misfits } from './fits.ts';
import { columnType, duckType } from './types.ts';

test('every type of DuckDB has one place in a table', () => {
  const places: Record<string, string> = {
    BOOLEAN: 'boolean',
    TINYINT: 'int',
    SMALLINT: 'int',
    INTEGER: 'int',
    BIGINT: 'long',
    HUGEINT: 'decimal(38, 0)',
    UTINYINT: 'int',
    USMALLINT: 'int',
    UINTEGER: 'long',
    UBIGINT: 'decimal(20, 0)',
    UHUGEINT: 'decimal(38, 0)',
    FLOAT: 'float',
    DOUBLE: 'double',
    'DECIMAL(10,2)': 'decimal(10, 2)',
    'DECIMAL(38,38)': 'decimal(38, 38)',
    DATE: 'date',
    TIME: 'time',
    TIMESTAMP: 'timestamp',
    TIMESTAMP_S: 'timestamp',
    TIMESTAMP_MS: 'timestamp',
    'TIMESTAMP WITH TIME ZONE': 'timestamptz',
    VARCHAR: 'string',
    JSON: 'string',
    "ENUM('it''s', 'a', 'x,y)')": 'string',
    BLOB: 'binary',
    UUID: 'uuid',
    'INTEGER[]': 'list<int>',
    'INTEGER[2][]': 'list<list<int>>',
    'MAP(VARCHAR, DATE[])': 'map<string, list<date>>',
    'STRUCT("a b" INTEGER, "C""d" STRUCT(x DECIMAL(2,1))[])':
      'struct<"a b": int, "C""d": list<struct<x: decimal(2, 1)>>>',
    'STRUCT("key" INTEGER, "time" TIMESTAMP WITH TIME ZONE)': 'struct<key: int, time: timestamptz>',
    'MAP(STRUCT(a INTEGER), UUID)': 'map<struct<a: int>, uuid>',
  };
  for (const [duck, iceberg] of Object.entries(places))
    assert.equal(printType(columnType(duck)), iceberg, duck);
});

test('types are taken as people write them', () => {
  for (const [written, type] of [
    ['bigint', 'long'],
    ['Text', 'string'],
    ['int8', 'long'],
    ['numeric', 'decimal(18, 3)'],
    ['decimal(10,2)', 'decimal(10, 2)'],
    ['timestamp with time zone', 'timestamptz'],
  ] as const)
    assert.equal(columnType(written), type, written);
});

test('a type without a place is refused with the column and the cast to write', () => {
  const casts: Record<string, RegExp> = {
    'TIME WITH TIME ZONE': /CAST\("n" AS TIME\) drops the offset/,
    TIME_NS: /CAST\("n" AS TIME\) drops the nanoseconds/,
    TIMESTAMP_NS: /CAST\("n" AS TIMESTAMP\) drops the nanoseconds/,
    INTERVAL: /CAST\("n" AS VARCHAR\)/,
    BIT: /CAST\("n" AS VARCHAR\)/,
    BIGNUM: /CAST\("n" AS DECIMAL\(38, 0\)\)/,
    VARIANT: /CAST\("n" AS JSON\)/,
    GEOMETRY: /CAST\("n" AS VARCHAR\)/,
    'UNION(a INTEGER, b VARCHAR)': /a column for each member/,
    'DECIMAL(40,2)': /at most 38 digits/,
    'STRUCT(INTEGER, INTEGER)': /member without a name/,
    'STRUCT(TIMESTAMP WITH TIME ZONE)': /member without a name/,
    'STRUCT(a INTEGER, "A" INTEGER)': /member "A"/,
    'STRUCT(__duckdb_field_id INTEGER)': /__duckdb_field_id/,
    mood: /mood/,
  };
  for (const [duck, cast] of Object.entries(casts))
    assert.throws(
      () => columnType(duck, 'n'),
      error => isIcebergError(error, 'type') && cast.test(error.message) && error.about.field === 'n',
      duck,
    );
});

test('what is inside is named by its path', () => {
  assert.throws(
    () => columnType('STRUCT(a MAP(VARCHAR, INTERVAL[]))', 'n'),
    error => isIcebergError(error, 'type') && error.about.field === 'n.a.value.element',
  );
});

test('text that is no type is refused, however deep', () => {
  for (const text of [
    '',
    'STRUCT(',
    'INTEGER[',
    'MAP(INTEGER)',
    "ENUM('a)",
    'a-b',
    `${'STRUCT(a '.repeat(5000)}INTEGER`,
  ])
    assert.throws(
      () => parseDuckType(text),
      error => isIcebergError(error, 'type'),
      text.slice(0, 40),
    );
});

test('a type of a table is written and read as one of DuckDB, and comes back as itself', () => {
  for (const text of [
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'decimal(38, 10)',
    'date',
    'time',
    'timestamp',
    'timestamptz',
    'string',
    'uuid',
    'binary',
    'list<map<string, struct<"x.y": long, "q""r": decimal(1, 0)>>>',
  ])
    assert.equal(printType(columnType(duckType(parseType(text)))), text);
  assert.equal(duckType('fixed[3]'), 'BLOB');
});

test('only casts that keep a value, or fail, are made unasked', () => {
  const fits = (duck: string, type: string) =>
    misfits(parseDuckType(duck), parseType(type), ['n']).length === 0;
  for (const [duck, type] of [
    ['HUGEINT', 'long'],
    ['UBIGINT', 'int'],
    ['BIGINT', 'decimal(5, 2)'],
    ['INTEGER', 'double'],
    ['SMALLINT', 'float'],
    ['FLOAT', 'double'],
    ['DECIMAL(10,2)', 'decimal(9, 3)'],
    ['DECIMAL(10,0)', 'int'],
    ['TIMESTAMP_S', 'timestamp'],
    ["ENUM('a')", 'string'],
    ['STRUCT("B" INTEGER, a VARCHAR)', 'struct<a: string, b: long>'],
    ['NULL', 'list<int>'],
  ] as const)
    assert(fits(duck, type), `${duck} into ${type}`);
  for (const [duck, type] of [
    ['BIGINT', 'double'],
    ['INTEGER', 'float'],
    ['DOUBLE', 'float'],
    ['DOUBLE', 'decimal(10, 2)'],
    ['DECIMAL(10,2)', 'decimal(10, 1)'],
    ['DECIMAL(10,2)', 'long'],
    ['DECIMAL(10,2)', 'double'],
    ['VARCHAR', 'int'],
    ['INTEGER', 'string'],
    ['UUID', 'string'],
    ['TIMESTAMP', 'timestamptz'],
    ['TIMESTAMP', 'date'],
    ['BOOLEAN', 'int'],
    ['VARCHAR', 'binary'],
    ['INTEGER[]', 'int'],
    ['STRUCT(a INTEGER)', 'struct<a: int, b: int>'],
    ['STRUCT(a INTEGER, b INTEGER)', 'struct<a: int>'],
    ['MAP(VARCHAR, VARCHAR)', 'map<string, int>'],
  ] as const)
    assert(!fits(duck, type), `${duck} into ${type}`);
});
