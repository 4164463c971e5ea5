import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { memoryPointer, SCHEMA } from '../../../../tests/support/iceberg-memory.ts';
import { isIcebergError } from '../errors.ts';
import type { Filter } from '../filter/index.ts';
import { fileLocation, localEngine, localFiles } from '../local/index.ts';
import { newMetadata } from '../metadata/index.ts';
import type { Schema } from '../model.ts';
import { openScan, planScan, tableAt } from '../scan/index.ts';
import { writeData } from '../write/index.ts';
import {
  commitWithRetry,
  type Merge,
  openReader,
  planDelete,
  planMerge,
  planUpdate,
  type RowPlan,
  stageOverwrite,
  stageRows,
} from './index.ts';

// Rows that change, against the same change in a plain table of DuckDB.

const WIDE: Schema = {
  ...SCHEMA,
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'city', required: false, type: 'string' },
    { id: 3, name: 'amount', required: false, type: 'decimal(12, 2)' },
    { id: 4, name: 'Odd "name"', required: false, type: 'int' },
  ],
};

interface Options {
  properties?: Record<string, string>;
  by_city?: boolean;
}

async function open(t: TestContext, { properties = {}, by_city = false }: Options = {}) {
  const root = await mkdtemp(join(tmpdir(), 'rows-'));
  const engine = await localEngine({ threads: 2 });
  t.after(async () => {
    await engine.close();
    await rm(root, { recursive: true, force: true });
  });
  const files = await localFiles(root);
  const metadata = newMetadata({
    location: fileLocation(join(root, 't')),
    schema: WIDE,
    ...(by_city ? { spec: { fields: [{ 'source-id': 2, name: 'city', transform: 'identity' }] } } : {}),
    properties,
    now_ms: Date.now(),
  });
  const pointer = memoryPointer(files, metadata);
  const reader = openReader(files);
  const world = { files, engine };
  const at = () => tableAt(pointer.current.metadata, reader);

  async function append(select: string) {
    const added = await writeData(engine, files, {
      metadata: pointer.current.metadata,
      select,
      attempt: 'append',
    });
    await commitWithRetry(pointer, { kind: 'append', added }, { files, reader });
  }
  async function land(planned: Promise<RowPlan>) {
    const plan = await planned;
    const shape = {
      removed: plan.removed.length,
      targets: plan.targets.length,
      writes: plan.write !== undefined,
    };
    const operation = await stageRows(plan, world, { attempt: 'change' });
    await commitWithRetry(pointer, operation, { files, reader });
    return shape;
  }
  async function rows(): Promise<string[]> {
    const scan = await openScan(await planScan(at()), world);
    const found = await engine.query(`SELECT to_json(t)::VARCHAR AS row FROM (${scan.sql}) t ORDER BY 1`);
    scan.release();
    return found.map(row => String(row.row));
  }
  async function plain(sql: string): Promise<string[]> {
    return (await engine.query(`SELECT to_json(t)::VARCHAR AS row FROM (${sql}) t ORDER BY 1`)).map(row =>
      String(row.row),
    );
  }
  return { engine, files, pointer, reader, world, at, append, land, rows, plain };
}

const rowsFrom = (low: number, high: number) =>
  `SELECT i AS id, 'c' || (i % 3) AS city, (i / 10)::DECIMAL(12, 2) AS amount,
          CASE WHEN i % 5 = 0 THEN NULL ELSE i END::INTEGER AS "Odd ""name"""
   FROM range(${low}, ${high}) r(i)`;

const MODES: Record<string, Options> = {
  'by rewriting files': { properties: modes('copy-on-write') },
  'by striking rows out': { properties: modes('merge-on-read') },
  'in partitions, by rewriting': { properties: modes('copy-on-write'), by_city: true },
  'in partitions, by striking out': { properties: modes('merge-on-read'), by_city: true },
};

function modes(mode: string): Record<string, string> {
  return { 'write.delete.mode': mode, 'write.update.mode': mode, 'write.merge.mode': mode };
}

for (const [name, options] of Object.entries(MODES)) {
  test(`delete ${name}`, async t => {
    const table = await open(t, options);
    await table.append(rowsFrom(0, 100));
    await table.append(rowsFrom(100, 200));
    const filter: Filter = {
      op: 'and',
      of: [
        { op: 'ge', field: 'id', value: 150 },
        { op: 'ne', field: ['Odd "name"'], value: 161 },
      ],
    };
    await table.land(planDelete(table.at(), { filter }, table.world));
    // A row of which nobody knows whether the condition holds stays.
    const left = `SELECT * FROM (${rowsFrom(0, 200)}) WHERE (id >= 150 AND "Odd ""name""" <> 161) IS NOT TRUE`;
    assert.deepEqual(await table.rows(), await table.plain(left));
    await table.land(
      planDelete(table.at(), { filter: { op: 'true' }, sql: 'id % 7 = 0 -- a comment' }, table.world),
    );
    assert.deepEqual(await table.rows(), await table.plain(`SELECT * FROM (${left}) WHERE id % 7 <> 0`));
  });

  test(`update ${name}`, async t => {
    const table = await open(t, options);
    await table.append(rowsFrom(0, 100));
    await table.append(rowsFrom(100, 200));
    const set = {
      amount: 'amount * 2',
      'ODD "NAME"': 'id + 1',
      city: `CASE WHEN id = 55 THEN 'neu' ELSE city END`,
    };
    const where = { filter: { op: 'lt', field: 'id', value: 60 }, sql: 'id < 60 AND id % 2 = 1' } as const;
    await table.land(planUpdate(table.at(), where, set, table.world));
    const wanted = `SELECT id, CASE WHEN id = 55 THEN 'neu' ELSE city END AS city,
      CASE WHEN id < 60 AND id % 2 = 1 THEN amount * 2 ELSE amount END::DECIMAL(12, 2) AS amount,
      CASE WHEN id < 60 AND id % 2 = 1 THEN id + 1 ELSE "Odd ""name""" END::INTEGER AS "Odd ""name"""
      FROM (${rowsFrom(0, 200)})`;
    assert.deepEqual(await table.rows(), await table.plain(wanted));
  });

  test(`merge ${name}`, async t => {
    const table = await open(t, options);
    await table.append(rowsFrom(0, 100));
    await table.append(rowsFrom(100, 200));
    const source = `SELECT i AS ID, 'src' AS city, (i * 2)::DECIMAL(12, 2) AS amount, 7 AS "Odd ""name""", i % 4 = 0 AS gone
      FROM range(90, 110) r(i) UNION ALL
      SELECT i, 'new', 1.5, 8, false FROM range(500, 503) r(i) UNION ALL SELECT NULL, 'null', 0, 0, false`;
    const merge: Merge = {
      source,
      on: ['id'],
      matched: [
        { when: 'source.gone', action: 'delete' },
        { when: 'target.id % 3 = 0', action: 'update', set: { amount: 'target.amount + source.amount' } },
        { when: 'source.id > 95', action: 'update' },
      ],
      not_matched: [
        { when: 'source.id = 501', values: { id: 'source.id', city: `'one'` } },
        { when: 'source.id IS NOT NULL' },
      ],
    };
    await table.land(planMerge(table.at(), merge, table.world));
    const wanted = `WITH t AS (${rowsFrom(0, 200)}), s AS (${source})
      SELECT t.id, CASE WHEN s.id IS NULL OR t.id % 3 = 0 OR s.id <= 95 THEN t.city ELSE s.city END AS city,
        CASE WHEN s.id IS NULL THEN t.amount WHEN t.id % 3 = 0 THEN t.amount + s.amount
             WHEN s.id > 95 THEN s.amount ELSE t.amount END::DECIMAL(12, 2) AS amount,
        CASE WHEN s.id IS NULL OR t.id % 3 = 0 OR s.id <= 95 THEN t."Odd ""name""" ELSE 7 END::INTEGER AS "Odd ""name"""
      FROM t LEFT JOIN s ON t.id = s.id WHERE s.gone IS NOT TRUE
      UNION ALL SELECT 501, 'one', NULL, NULL UNION ALL
      SELECT id, city, amount, "Odd ""name""" FROM s WHERE id IN (500, 502)`;
    assert.deepEqual(await table.rows(), await table.plain(wanted));
    const upsert: Merge = {
      source: `${rowsFrom(0, 3)} UNION ALL ${rowsFrom(900, 902)}`,
      on: ['id'],
      matched: [{ action: 'update' }],
      not_matched: [{}],
    };
    await table.land(planMerge(table.at(), upsert, table.world));
    assert.deepEqual(
      await table.rows(),
      await table.plain(
        `SELECT * FROM (${wanted}) WHERE id > 2 UNION ALL ${rowsFrom(0, 3)} UNION ALL ${rowsFrom(900, 902)}`,
      ),
    );
  });
}

test('files that match as a whole go unread, files that cannot match stay', async t => {
  const table = await open(t);
  await table.append(rowsFrom(0, 100));
  await table.append(rowsFrom(100, 200));
  await table.append(rowsFrom(200, 300));
  const filter: Filter = { op: 'ge', field: 'id', value: 100 };
  const shape = await table.land(planDelete(table.at(), { filter }, table.world));
  assert.deepEqual(shape, { removed: 2, targets: 0, writes: false });
  assert.equal((await table.rows()).length, 100);
});

test('an overwrite drops whole files unread, writes others again, and brings its rows', async t => {
  const table = await open(t);
  await table.append(rowsFrom(0, 100));
  await table.append(rowsFrom(100, 200));
  await table.append(rowsFrom(200, 300));
  const where: Filter = { op: 'ge', field: 'id', value: 150 };
  const options = { attempt: 'over' };
  const operation = await stageOverwrite(table.at(), where, rowsFrom(1000, 1010), table.world, options);
  assert.deepEqual([operation.removed.length, operation.added.length], [2, 2]);
  const { pointer, files, reader } = table;
  await commitWithRetry(pointer, operation, { files, reader });
  assert.deepEqual(
    await table.rows(),
    await table.plain(`${rowsFrom(0, 150)} UNION ALL ${rowsFrom(1000, 1010)}`),
  );
});

test('a file of which no row is left is not written again', async t => {
  const table = await open(t);
  await table.append(rowsFrom(0, 100));
  const shape = await table.land(
    planDelete(table.at(), { filter: { op: 'true' }, sql: 'id >= 0' }, table.world),
  );
  assert.deepEqual(shape, { removed: 1, targets: 0, writes: false });
  assert.deepEqual(await table.rows(), []);
});

test('a change that meets no row makes no snapshot', async t => {
  const table = await open(t);
  await table.append(rowsFrom(0, 10));
  const before = table.pointer.current.metadata.snapshots.length;
  await table.land(planDelete(table.at(), { filter: { op: 'true' }, sql: 'id = 77' }, table.world));
  await table.land(
    planUpdate(table.at(), { filter: { op: 'eq', field: 'id', value: 77 } }, { city: `'x'` }, table.world),
  );
  const merge: Merge = { source: 'SELECT 77 AS id', on: ['id'], matched: [{ action: 'delete' }] };
  await table.land(planMerge(table.at(), merge, table.world));
  assert.equal(table.pointer.current.metadata.snapshots.length, before);
});

test('a merge into an empty table inserts; the source may be of other types', async t => {
  const table = await open(t);
  const source = `SELECT sum(i) AS id, 'x' AS city, 1.5::DOUBLE AS amount, 3::TINYINT AS "Odd ""name""" FROM range(5) r(i)`;
  const merge: Merge = { source, on: ['id'], matched: [{ action: 'update' }], not_matched: [{}] };
  await table.land(planMerge(table.at(), merge, table.world));
  await table.land(planMerge(table.at(), merge, table.world));
  assert.deepEqual(await table.rows(), [`{"id":10,"city":"x","amount":1.5,"Odd \\"name\\"":3}`]);
});

test('two rows of the source for one row of the table are refused, and nothing is left behind', async t => {
  const table = await open(t);
  await table.append(rowsFrom(0, 10));
  const source = `${rowsFrom(3, 5)} UNION ALL ${rowsFrom(4, 6)}`;
  const merge: Merge = { source, on: ['id'], matched: [{ action: 'update' }] };
  await assert.rejects(planMerge(table.at(), merge, table.world), error => isIcebergError(error, 'invalid'));
  const only_one = { ...merge, matched: [{ when: 'source.id = 3', action: 'update' as const }] };
  await table.land(planMerge(table.at(), only_one, table.world));
  assert.equal((await table.rows()).length, 10);
});

test('what cannot be assigned is refused by its name', async t => {
  const table = await open(t);
  await table.append(rowsFrom(0, 10));
  const where = { filter: { op: 'true' } } as const;
  await assert.rejects(planUpdate(table.at(), where, { nowhere: '1' }, table.world), /nowhere/);
  await assert.rejects(planUpdate(table.at(), where, { city: '1', CITY: '2' }, table.world), /twice/);
  const on = (name: string): Merge => ({
    source: 'SELECT 1 AS id',
    on: [name],
    matched: [{ action: 'delete' }],
  });
  await assert.rejects(planMerge(table.at(), on('city'), table.world), /city/);
  const overflow = planUpdate(table.at(), where, { 'Odd "name"': 'id + 3000000000' }, table.world);
  await assert.rejects(table.land(overflow));
  assert.deepEqual(await table.rows(), await table.plain(rowsFrom(0, 10)));
});
