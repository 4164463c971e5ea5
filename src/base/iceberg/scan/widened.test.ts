import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileFolder, seeded } from '../../../../tests/support/iceberg-files.ts';
import { field, schemaOf, tableOf } from '../../../../tests/support/iceberg-table.ts';
import { parseFilter } from '../filter/index.ts';
import type { DataFile, PartitionSpec, Value } from '../model.ts';
import { transform } from '../partition/index.ts';
import { parseDuck } from '../values/index.ts';
import { duckType } from '../write/types.ts';
import { locationsOf, planScan, scanSql } from './index.ts';

// Files and partitions from before their columns were widened, asked with the types of today: bounds of four bytes, partition values
// that were ints, buckets of the narrower type.

const THEN = [
  field(1, 'n', 'int'),
  field(2, 'x', 'float'),
  field(3, 'd', 'decimal(9, 2)'),
  field(4, 's', 'string'),
];
const NOW = [
  field(1, 'n', 'long'),
  field(2, 'x', 'double'),
  field(3, 'd', 'decimal(18, 2)'),
  field(4, 's', 'string'),
];
const POOLS: Record<string, string[]> = {
  n: ['-2147483648', '-2147483641', '-11', '-1', '0', '9', '10', '2147483647', '4294967296'],
  x: ["'NaN'::DOUBLE", '-0.5', '0.0', '0.25', '1e30'],
  d: ['-10.01', '0', '0.01', '12.50', '9999999.99', '123456789012.34'],
  s: ["''", "'a'", "'ab'", "'é'", "'a long text beyond sixteen'"],
};
const NARROW: Record<string, number> = { n: 8, x: 5, d: 5, s: 5 };
const TRANSFORMS: Record<string, string[]> = {
  n: ['identity', 'truncate[10]', 'bucket[3]'],
  x: [],
  d: ['identity', 'truncate[50]', 'bucket[3]'],
  s: ['identity', 'truncate[1]'],
};

test('a scan gives the rows that DuckDB finds, whenever their files were written', async t => {
  const lake = await fileFolder(t);
  let skipped = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = seeded(seed);
    const pick = <T>(list: readonly T[]): T => {
      const found = list[random(list.length)];
      assert.ok(found !== undefined);
      return found;
    };
    const source = pick(['n', 'd', 's']);
    const at = NOW.findIndex(one => one.name === source);
    const by = transform(pick(TRANSFORMS[source] ?? []));
    const spec: PartitionSpec = {
      'spec-id': 0,
      fields: [{ 'source-id': at + 1, 'field-id': 1000, name: 'p', transform: by.name }],
    };
    const files: DataFile[] = [];
    await lake.engine.query(
      'CREATE OR REPLACE TEMP TABLE everything (n BIGINT, x DOUBLE, d DECIMAL(18, 2), s VARCHAR)',
    );
    for (const [which, fields] of [THEN, NOW].entries()) {
      const literal = (name: string) =>
        random(6) === 0 ? 'NULL' : pick((POOLS[name] ?? []).slice(0, which === 0 ? NARROW[name] : undefined));
      const rows = Array.from({ length: 12 }, () => `(${fields.map(one => literal(one.name)).join(', ')})`);
      const casts = fields.map(one => `CAST(${one.name} AS ${duckType(one.type)}) AS ${one.name}`);
      await lake.engine.query(
        `CREATE OR REPLACE TEMP TABLE part AS SELECT ${casts.join(', ')} FROM (VALUES ${rows.join(', ')}) v(n, x, d, s)`,
      );
      await lake.engine.query('INSERT INTO everything FROM part');
      const type = fields[at]?.type;
      assert.ok(typeof type === 'string');
      const key = `CAST(${by.sql(source, type)} AS VARCHAR)`;
      for (const { k } of await lake.engine.query(`SELECT DISTINCT ${key} AS k FROM part`)) {
        const text = typeof k === 'string' ? k : undefined;
        const value: Value | null = text === undefined ? null : (parseDuck(by.result(type), text) ?? null);
        const same = text === undefined ? `${key} IS NULL` : `${key} = '${text}'`;
        files.push(
          await lake.write({
            name: `s${seed}-${files.length}`,
            schema: schemaOf(fields),
            select: `FROM part WHERE ${same}`,
            partition: [value],
          }),
        );
      }
    }
    const table = tableOf({ schemas: [THEN, NOW], specs: [spec], commits: [{ added: files }] });
    for (let round = 0; round < 25; round += 1) {
      const one = () => {
        const name = pick(['n', 'x', 'd', 's']);
        const value = pick(POOLS[name] ?? []);
        const sign = pick(['=', '<>', '<', '<=', '>', '>=']);
        return pick([
          { text: `${name} ${sign} ${value.replace('::DOUBLE', '')}`, sql: `${name} ${sign} ${value}` },
          { text: `${name} IS NULL`, sql: `${name} IS NULL` },
        ]);
      };
      const [a, b, word] = [one(), one(), pick(['AND', 'OR', 'AND NOT'])];
      const plan = await planScan(table, { filter: parseFilter(`${a.text} ${word} ${b.text}`) });
      skipped += plan.skipped.files;
      const sql = scanSql(
        plan,
        new Map(locationsOf(plan).map(location => [location, location.replace('file://', '')])),
      );
      const show = 'n, CAST(x AS VARCHAR) AS x, CAST(d AS VARCHAR) AS d, s';
      const found = await lake.engine.query(`SELECT ${show} FROM (${sql}) ORDER BY ALL`);
      const right = await lake.engine.query(
        `SELECT ${show} FROM everything WHERE ${a.sql} ${word} ${b.sql} ORDER BY ALL`,
      );
      assert.deepEqual(found, right, `seed ${seed}: ${a.sql} ${word} ${b.sql}, by ${by.name} of ${source}`);
    }
  }
  assert.ok(skipped > 300, `${skipped} files were left out`);
});
