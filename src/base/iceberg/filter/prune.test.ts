import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FileFolder, fileFolder, seeded } from '../../../../tests/support/iceberg-files.ts';
import type { DataFile, Field, PartitionSpec, PartitionSummary, Schema, Value } from '../model.ts';
import { transform } from '../partition/index.ts';
import { compareValues, encodeValue, parseDuck } from '../values/index.ts';
import { duckType } from '../write/types.ts';
import { bind, filterSql, parseFilter, pruning, quoteText } from './index.ts';

// Random rows in real files, random filters, random partitions; DuckDB counts what really matches. What a file's statistics or its
// partition are taken to prove has to be so.

interface Column {
  type: string;
  /** Literals that DuckDB and a filter's text both understand; rows are made of them, and filters ask for them. */
  pool: string[];
  /** As DuckDB writes it, where that is not the same. */
  sql?: (literal: string) => string;
  transforms: string[];
}

const BIG = '9007199254740993';
const COLUMNS: Record<string, Column> = {
  id: {
    type: 'long',
    pool: ['-9223372036854775807', '-17', '-1', '0', '1', '16', '17', '2147483648', BIG],
    transforms: ['identity', 'bucket[4]', 'truncate[10]'],
  },
  n: {
    type: 'int',
    pool: ['-2147483648', '-11', '-10', '-1', '0', '9', '10', '2147483647'],
    transforms: ['identity', 'bucket[3]', 'truncate[10]'],
  },
  d: {
    type: 'decimal(9, 2)',
    pool: ['-10.01', '-0.05', '0', '0.01', '1.25', '9.99', '10.00', '1234567.89'],
    transforms: ['identity', 'bucket[3]', 'truncate[50]'],
  },
  x: {
    type: 'double',
    pool: ["'NaN'", '-1.5', '-0.0', '0.0', '2.5', '1e300', "'Infinity'", "'-Infinity'"],
    sql: text => `${text}::DOUBLE`,
    transforms: ['identity'],
  },
  f: {
    type: 'float',
    pool: ["'NaN'", '-0.25', '0.0', '0.5', '100.0'],
    sql: text => `${text}::FLOAT`,
    transforms: ['identity'],
  },
  s: {
    type: 'string',
    pool: [
      "''",
      "'a'",
      "'ab'",
      "'abc'",
      "'é'",
      "'\u{1F600}x'",
      "'\uFF5E'",
      "'a long text that goes on beyond sixteen'",
      "'a long text that goes on, differently'",
      "'it''s'",
    ],
    transforms: ['identity', 'bucket[4]', 'truncate[2]'],
  },
  b: { type: 'boolean', pool: ['true', 'false'], transforms: ['identity'] },
  day: {
    type: 'date',
    pool: [
      "DATE '1900-02-28'",
      "DATE '1969-12-31'",
      "DATE '1970-01-01'",
      "DATE '2024-02-29'",
      "DATE '2026-01-31'",
      "DATE '2026-02-01'",
    ],
    transforms: ['identity', 'year', 'month', 'day', 'bucket[3]'],
  },
  ts: {
    type: 'timestamp',
    pool: [
      "TIMESTAMP '1969-12-31 23:59:59.999999'",
      "TIMESTAMP '1970-01-01 00:00:00'",
      "TIMESTAMP '2026-01-31 23:00:00.000001'",
      "TIMESTAMP '2026-02-01 00:00:00'",
      "TIMESTAMP '2026-02-01 00:00:00.5'",
    ],
    transforms: ['identity', 'year', 'month', 'day', 'hour', 'bucket[3]'],
  },
  tz: {
    type: 'timestamptz',
    pool: [
      "TIMESTAMPTZ '1960-06-01 00:00:00+00'",
      "TIMESTAMPTZ '2026-02-01 01:00:00+02'",
      "TIMESTAMPTZ '2026-02-01 00:00:00Z'",
    ],
    transforms: ['month', 'day', 'hour', 'bucket[3]'],
  },
  tm: {
    type: 'time',
    pool: ["TIME '00:00:00'", "TIME '12:30:00.000001'", "TIME '23:59:59.999999'"],
    transforms: ['identity', 'bucket[3]'],
  },
  u: {
    type: 'uuid',
    pool: [
      "UUID '00000000-0000-0000-0000-000000000001'",
      "UUID '7fffffff-0000-0000-0000-000000000000'",
      "UUID 'f0000000-0000-0000-0000-000000000000'",
    ],
    transforms: ['identity', 'bucket[3]'],
  },
  bin: {
    type: 'binary',
    pool: ["X''", "X'00'", "X'7f80'", "X'ff'", "X'ffffffffffffffffffffffffffffffffffff'"],
    sql: text => `from_hex(${text.slice(1)})`,
    transforms: ['identity', 'bucket[3]', 'truncate[1]'],
  },
};
const NAMES = Object.keys(COLUMNS);

const columnOf = (name: string): Column => {
  const column = COLUMNS[name];
  assert.ok(column);
  return column;
};
const sqlOf = (column: Column, literal: string) => column.sql?.(literal) ?? literal;

const SCHEMA: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    ...NAMES.map((name, at): Field => ({ id: at + 1, name, required: false, type: columnOf(name).type })),
    {
      id: 50,
      name: 'st',
      required: false,
      type: { type: 'struct', fields: [{ id: 51, name: 'a', required: false, type: 'int' }] },
    },
  ],
};

type Random = (below: number) => number;

function pick<T>(random: Random, list: readonly T[]): T {
  const found = list[random(list.length)];
  assert.ok(found !== undefined);
  return found;
}

/** A few of the values of each column, so that files differ and bounds are narrow; sometimes nothing but NULL. */
function rowsSql(random: Random, count: number): string {
  const few = new Map(
    NAMES.map(name => {
      const { pool } = columnOf(name);
      const kept = Array.from({ length: 1 + random(3) }, () => pick(random, pool));
      const nulls = random(4);
      return [name, nulls === 0 ? ['NULL'] : nulls === 1 ? [...kept, 'NULL'] : kept];
    }),
  );
  const rows = Array.from({ length: count }, () => {
    const cells = [...few].map(([name, literals]) => cell(columnOf(name), pick(random, literals)));
    return `(${[...cells, pick(random, ['NULL', '{a: 1}', '{a: NULL}', '{a: 7}'])].join(', ')})`;
  });
  return `SELECT * FROM (VALUES ${rows.join(', ')})`;
}

function cell(column: Column, literal: string): string {
  return `CAST(${literal === 'NULL' ? 'NULL' : sqlOf(column, literal)} AS ${duckType(column.type)})`;
}

interface Asked {
  text: string;
  sql: string;
}

const SIGNS = ['=', '<>', '<', '<=', '>', '>='];

function randomFilter(random: Random, depth: number): Asked {
  const kind = depth === 0 ? 0 : random(5);
  if (kind >= 3) return randomTest(random);
  if (kind === 0 && depth === 0) return randomTest(random);
  if (kind === 0) {
    const of = randomFilter(random, depth - 1);
    return { text: `NOT (${of.text})`, sql: `NOT (${of.sql})` };
  }
  const [left, right] = [randomFilter(random, depth - 1), randomFilter(random, depth - 1)];
  const word = kind === 1 ? 'AND' : 'OR';
  return { text: `(${left.text} ${word} ${right.text})`, sql: `(${left.sql} ${word} ${right.sql})` };
}

function randomTest(random: Random): Asked {
  if (random(12) === 0)
    return same(pick(random, ['st.a = 1', 'st.a IS NULL', 'st.a > 3', 'NOT st.a = 7', 'st.a IS NOT NULL']));
  const name = pick(random, NAMES);
  const column = columnOf(name);
  const literal = () => {
    const text = pick(random, column.pool);
    return { text, sql: sqlOf(column, text) };
  };
  switch (random(7)) {
    case 0:
      return same(`${name} IS ${pick(random, ['', 'NOT '])}NULL`);
    case 1: {
      const values = [literal(), literal(), literal()];
      const word = pick(random, ['IN', 'NOT IN']);
      const list = (way: 'text' | 'sql') => values.map(value => value[way]).join(', ');
      return { text: `${name} ${word} (${list('text')})`, sql: `${name} ${word} (${list('sql')})` };
    }
    case 2:
      if (name === 's')
        return same(
          `s ${pick(random, ['', 'NOT '])}LIKE ${pick(random, ["'a%'", "'a long text that goes on%'", "'é%'", "'\u{1F600}%'"])}`,
        );
      if (name === 'x' || name === 'f') {
        const not = pick(random, ['', 'NOT ']);
        return { text: `${name} IS ${not}NAN`, sql: `${not}isnan(${name})` };
      }
      if (name === 'n' || name === 'id')
        return same(`${name} ${pick(random, SIGNS)} ${pick(random, ['-0.5', '9.5', '3e9', '-1e20'])}`);
      return randomTest(random);
    default: {
      const { text, sql } = literal();
      const sign = pick(random, SIGNS);
      return { text: `${name} ${sign} ${text}`, sql: `${name} ${sign} ${sql}` };
    }
  }
}

const same = (text: string): Asked => ({ text, sql: text });

function randomSpec(random: Random): PartitionSpec {
  const fields = Array.from({ length: random(3) }, (_, at) => {
    const name = pick(random, NAMES);
    return {
      'source-id': NAMES.indexOf(name) + 1,
      'field-id': 1000 + at,
      name: `p${at}`,
      transform: pick(random, columnOf(name).transforms),
    };
  });
  return { 'spec-id': 0, fields };
}

/** One file for each partition that the rows fall into, as the transforms' SQL says. */
async function writePartitions(
  lake: FileFolder,
  spec: PartitionSpec,
  name: string,
  rows: string,
): Promise<DataFile[]> {
  const parts = spec.fields.map(field => {
    const source = SCHEMA.fields[field['source-id'] - 1];
    assert.ok(source && typeof source.type === 'string');
    const by = transform(field.transform);
    const [sql, type] = [by.sql(source.name, source.type), by.result(source.type)];
    // Bytes are hexadecimal in DuckDB's statistics, and so to parseDuck.
    return { sql: type === 'binary' ? `hex(${sql})` : `CAST(${sql} AS VARCHAR)`, type };
  });
  const named = `rows(${SCHEMA.fields.map(field => `"${field.name}"`).join(', ')})`;
  await lake.engine.query(`CREATE OR REPLACE TEMP TABLE written AS SELECT * FROM (${rows}) ${named}`);
  const keys = parts.map(({ sql }, at) => `${sql} AS k${at}`);
  const found =
    parts.length === 0 ? [{}] : await lake.engine.query(`SELECT DISTINCT ${keys.join(', ')} FROM written`);
  const files: DataFile[] = [];
  for (const [at, key] of found.entries()) {
    const texts = parts.map(
      (_, part) => (Object.entries(key).find(([column]) => column === `k${part}`)?.[1] ?? null) as unknown,
    );
    const where = parts.map(({ sql }, part) => {
      const text = texts[part];
      return `${sql} IS NOT DISTINCT FROM ${typeof text === 'string' ? quoteText(text) : 'NULL'}`;
    });
    const partition = parts.map(({ type }, part) => parsedValue(type, texts[part]));
    const select = `SELECT * FROM written${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}`;
    files.push(await lake.write({ name: `${name}-${at}`, schema: SCHEMA, select, partition }));
  }
  return files;
}

function parsedValue(type: string, text: unknown): Value | null {
  return typeof text === 'string' ? (parseDuck(type, text) ?? null) : null;
}

function summaries(spec: PartitionSpec, files: readonly DataFile[]): PartitionSummary[] {
  return spec.fields.map((field, at) => {
    const source = SCHEMA.fields[field['source-id'] - 1];
    assert.ok(source && typeof source.type === 'string');
    const type = transform(field.transform).result(source.type);
    const values = files.flatMap(file => file.partition[at] ?? []);
    const real = values.filter(value => !Number.isNaN(value)).sort((a, b) => compareValues(type, a, b));
    const [least, most] = [real[0], real.at(-1)];
    return {
      contains_null: values.length < files.length,
      contains_nan: real.length < values.length,
      ...(least === undefined ? {} : { lower_bound: encodeValue(type, least) }),
      ...(most === undefined ? {} : { upper_bound: encodeValue(type, most) }),
    };
  });
}

test('no file with a matching row is left out, and none with another row counts as matching whole', async t => {
  const lake = await fileFolder(t);
  let [left_out, whole, looked_at] = [0, 0, 0];
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = seeded(seed);
    const spec = randomSpec(random);
    const files = await writePartitions(lake, spec, `f${seed}`, rowsSql(random, 1 + random(12)));
    const asked = Array.from({ length: 60 }, () => randomFilter(random, 2));
    const bound = asked.map(({ text }) => bind(parseFilter(text), SCHEMA));
    const matches: number[][] = [];
    for (const file of files) {
      const counts = asked.flatMap(({ sql }, at) => {
        const own = bound[at];
        assert.ok(own);
        return [
          `count(*) FILTER (WHERE ${sql})::INTEGER`,
          `count(*) FILTER (WHERE ${filterSql(own)})::INTEGER`,
        ];
      });
      const path = quoteText(file.file_path.slice('file://'.length));
      const reader = await lake.connection.runAndReadAll(
        `SELECT ${counts.join(', ')} FROM read_parquet(${path})`,
      );
      const row = (reader.getRowsJS()[0] ?? []).map(Number);
      matches.push(asked.map((_, at) => row[2 * at] ?? -1));
      for (const [at, { text, sql }] of asked.entries())
        assert.equal(
          row[2 * at + 1],
          row[2 * at],
          `seed ${seed}: ${text} is not what DuckDB takes ${sql} for`,
        );
    }
    for (const [at, { text }] of asked.entries()) {
      const filter = bound[at];
      assert.ok(filter);
      const ask = pruning(filter, spec);
      for (const [which, file] of files.entries()) {
        const found = matches[which]?.[at] ?? -1;
        const about = `seed ${seed}, ${text}, ${JSON.stringify(spec.fields)}: ${found} of ${file.record_count} rows of ${file.file_path}`;
        if (!ask.mayMatch(file)) assert.equal(found, 0, about);
        if (!ask.mayMatchPartition(file)) assert.equal(found, 0, about);
        if (ask.allMatch(file)) assert.equal(found, file.record_count, about);
        looked_at += 1;
        left_out += ask.mayMatch(file) ? 0 : 1;
        whole += ask.allMatch(file) ? 1 : 0;
      }
      if (!ask.mayMatchAny({ partitions: summaries(spec, files) }))
        assert.ok(
          matches.every(row => row[at] === 0),
          `seed ${seed}, ${text}: a manifest was left out`,
        );
    }
  }
  // It would also pass by always answering "perhaps".
  assert.ok(left_out > looked_at / 5, `${left_out} of ${looked_at} left out`);
  assert.ok(whole > looked_at / 20, `${whole} of ${looked_at} match whole`);
});
