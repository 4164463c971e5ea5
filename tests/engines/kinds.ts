import type { Filter, Schema, StructType } from '../../src/base/iceberg/index.ts';
import type { Row } from './engine.ts';
import { text } from './values.ts';

// A table of many kinds of values, under a partition of each kind, and how it is written and read in each SQL. Values are compared
// as text, nested ones taken apart. A row is also looked for by all its values: an engine that computes another bucket, or another
// day before 1970, looks where the row is not.

export const KINDS: readonly Row[] = [
  {
    ...{ id: -7, name: 'ab', day: '1969-12-31', moment: '1969-12-31 23:59:59.999999' },
    ...{ moment_utc: '1969-07-20 20:17:40.123456', price: '-0.01', flag: 'false', code: 'é-1' },
    ...{ city: "L'Aquila", tags: '', sizes: -3 },
  },
  {
    ...{ id: 1, name: 'zürich', day: '2026-02-28', moment: '2026-02-28 23:59:59.123456' },
    ...{ moment_utc: '2026-03-01 00:00:00.000001', price: '1234567.89', flag: 'true', code: '' },
    ...{ city: 'Zürich', tags: 'a,é', sizes: 7 },
  },
  {
    ...{ id: 4503599627370497, name: null, day: null, moment: null },
    ...{ moment_utc: null, price: null, flag: null, code: null, city: null, tags: null, sizes: null },
  },
];

const FIELDS: StructType['fields'] = [
  { id: 1, name: 'id', required: false, type: 'long' },
  { id: 2, name: 'name', required: false, type: 'string' },
  { id: 3, name: 'day', required: false, type: 'date' },
  { id: 4, name: 'moment', required: false, type: 'timestamp' },
  { id: 5, name: 'moment_utc', required: false, type: 'timestamptz' },
  { id: 6, name: 'price', required: false, type: 'decimal(9, 2)' },
  { id: 7, name: 'flag', required: false, type: 'boolean' },
  { id: 15, name: 'code', required: false, type: 'string' },
  {
    ...{ id: 8, name: 'place', required: false },
    type: { type: 'struct', fields: [{ id: 11, name: 'city', required: false, type: 'string' }] },
  },
  {
    ...{ id: 9, name: 'tags', required: false },
    type: { type: 'list', 'element-id': 12, element: 'string', 'element-required': false },
  },
  {
    ...{ id: 10, name: 'sizes', required: false },
    type: {
      ...{ type: 'map', 'key-id': 13, key: 'string' },
      ...{ 'value-id': 14, value: 'int', 'value-required': false },
    },
  },
];

export const KINDS_SCHEMA: Schema = { type: 'struct', 'schema-id': 0, fields: FIELDS };

export const KINDS_SPEC = {
  fields: [
    { 'source-id': 1, name: 'id_bucket', transform: 'bucket[4]' },
    { 'source-id': 2, name: 'name_start', transform: 'truncate[2]' },
    { 'source-id': 3, name: 'month', transform: 'month' },
    { 'source-id': 4, name: 'moment_day', transform: 'day' },
    { 'source-id': 5, name: 'moment_hour', transform: 'hour' },
    { 'source-id': 6, name: 'price_bucket', transform: 'bucket[8]' },
    { 'source-id': 7, name: 'flag', transform: 'identity' },
    // PyIceberg writes under no two partitions of one column.
    { 'source-id': 15, name: 'code_bucket', transform: 'bucket[8]' },
  ],
};

/** What SQLs spell differently. */
export interface KindsSql {
  text(value: string): string;
  moment(value: string): string;
  moment_utc(value: string): string;
  place(city: string): string;
  tags(values: readonly string[]): string;
  sizes(a: string): string;
  /** Columns that are not shown by a CAST to `type`. */
  type: string;
  shown: Readonly<Record<'moment_utc' | 'tags' | 'sizes', string>>;
}

export const DUCKDB_KINDS: KindsSql = {
  text,
  moment: value => `TIMESTAMP '${value}'`,
  moment_utc: value => `TIMESTAMPTZ '${value}+00'`,
  place: city => `{'city': ${text(city)}}`,
  tags: values => `[${values.map(text).join(', ')}]::VARCHAR[]`,
  sizes: a => `MAP {'a': ${a}::INTEGER}`,
  type: 'VARCHAR',
  shown: {
    moment_utc: `CAST(moment_utc AT TIME ZONE 'UTC' AS VARCHAR)`,
    tags: `array_to_string(tags, ',')`,
    sizes: `sizes['a']`,
  },
};

/** Rows for an INSERT, in the order of the columns. */
export function kindsOf(rows: readonly Row[], sql: KindsSql): string {
  const or_null = (value: Row[string] | undefined, spell: (value: string) => string) =>
    value === null || value === undefined ? 'NULL' : spell(String(value));
  const lines = rows.map(row =>
    [
      `CAST(${row.id} AS BIGINT)`,
      or_null(row.name, sql.text),
      or_null(row.day, value => `DATE '${value}'`),
      or_null(row.moment, sql.moment),
      or_null(row.moment_utc, sql.moment_utc),
      or_null(row.price, value => `CAST('${value}' AS DECIMAL(9, 2))`),
      or_null(row.flag, value => value),
      or_null(row.code, sql.text),
      or_null(row.city, sql.place),
      or_null(row.tags, value => sql.tags(value === '' ? [] : value.split(','))),
      or_null(row.sizes, sql.sizes),
    ].join(', '),
  );
  return `VALUES ${lines.map(line => `(${line})`).join(', ')}`;
}

/** Taken apart, as text. */
export function readKindsSql(from: string, sql: KindsSql, like?: Row): string {
  const cast = (column: string) => `CAST(${column} AS ${sql.type}) AS ${column}`;
  const { moment_utc, tags, sizes } = sql.shown;
  const shown = `${moment_utc} AS moment_utc, ${tags} AS tags, ${sizes} AS sizes, place.city AS city`;
  const columns = `id, name, code, ${['day', 'moment', 'price', 'flag'].map(cast).join(', ')}, ${shown}`;
  const where = like ? ` WHERE ${likeSql(like, sql)}` : '';
  return `SELECT ${columns} FROM ${from}${where} ORDER BY id`;
}

function likeSql(like: Row, sql: KindsSql): string {
  const spelled: Readonly<Record<string, (value: string) => string>> = {
    name: sql.text,
    day: value => `DATE '${value}'`,
    moment: sql.moment,
    moment_utc: sql.moment_utc,
    price: value => `CAST('${value}' AS DECIMAL(9, 2))`,
    flag: value => value,
    code: sql.text,
  };
  const tests = Object.entries(spelled).map(([column, spell]) => {
    const value = like[column];
    return typeof value === 'string' ? `${column} = ${spell(value)}` : `${column} IS NULL`;
  });
  return [`id = ${like.id}`, ...tests].join(' AND ');
}

/** The same for our own scan. */
export function likeFilter(like: Row): Filter {
  const of = ['id', 'name', 'day', 'moment', 'moment_utc', 'price', 'flag', 'code'].map((field): Filter => {
    const value = like[field];
    if (value === null || value === undefined) return { op: 'is_null', field };
    return { op: 'eq', field, value: literalOf(field, value) };
  });
  return { op: 'and', of };
}

function literalOf(field: string, value: string | number): string | number | boolean {
  if (field === 'flag') return value === 'true';
  return field === 'moment_utc' ? `${value}+00:00` : value;
}
