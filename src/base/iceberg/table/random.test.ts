import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { defer } from '../../../../tests/support/defer.ts';
import { seeded } from '../../../../tests/support/iceberg-files.ts';
import { readByIcebird } from '../../../../tests/support/icebird.ts';
import { scratchFolder } from '../../../../tests/support/scratch.ts';
import { isIcebergError } from '../errors.ts';
import { folderTable, type LocalLake, openLake } from '../local/index.ts';
import { versionOf } from '../metadata/index.ts';
import type { Field } from '../model.ts';
import type { Row } from '../world.ts';
import type { Table } from './table.ts';

// Whatever happens to a table, in whatever order, its rows are those of a plain DuckDB table to which the same was done. The model
// has a column for each field id, for ever, so that renames, drops and a way back mean in it what they mean in a table.

const SEEDS = [1, 2, 3, 4, 5, 6];
const STEPS = 16;

const LAYOUTS: { partition?: string[]; order?: string[] }[] = [
  {},
  { partition: ['bucket(3, id)'] },
  { partition: ['day(at)'], order: ['id desc'] },
  { partition: ['truncate(1, name)', 'k'] },
  { order: ['k', 'name desc nulls last'] },
];
const MODES = ['copy-on-write', 'merge-on-read', undefined];

for (const seed of SEEDS)
  test(`random changes, seed ${seed}: the rows are those of a plain table after every step`, async t => {
    const run = await begin(t, seed);
    const done: string[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      done.push(await change(run));
      await compare(run, done);
    }
    assert(new Set(done.map(line => line.split(' ')[0])).size > 3, done.join('\n'));
  });

interface Run {
  lake: LocalLake;
  table: Table;
  pick: (below: number) => number;
  next: number;
  /** By snapshot: what the model was then, and its columns by name. */
  past: Map<bigint, { copy: string; columns: readonly Field[] }>;
}

async function begin(t: TestContext, seed: number): Promise<Run> {
  const pick = seeded(seed);
  const lake = await openLake(scratchFolder(t), { memory: '512MB', threads: 2 });
  defer(t, () => lake.close());
  const mode = MODES[seed % MODES.length];
  const table = await lake.createTable('t', {
    columns:
      'id: long not null, k: int, name: string, at: timestamp, v: double, s: struct<a: int, b: string>',
    ...LAYOUTS[seed % LAYOUTS.length],
    properties: mode
      ? { 'write.delete.mode': mode, 'write.update.mode': mode, 'write.merge.mode': mode }
      : {},
  });
  await lake.engine.query(
    'CREATE TABLE model (f1 BIGINT, f2 INTEGER, f3 VARCHAR, f4 TIMESTAMP, f5 DOUBLE, f6 STRUCT(a INTEGER, b VARCHAR))',
  );
  return { lake, table, pick, next: 0, past: new Map() };
}

// ── What may happen ─────────────────────────────────────────────────────────────────────────────────

const CHANGES: readonly ((run: Run) => Promise<string | undefined>)[] = [
  append,
  append,
  append,
  overwrite,
  remove,
  remove,
  update,
  update,
  merge,
  merge,
  evolve,
  layOut,
  rollback,
  compact,
  expire,
];

async function change(run: Run): Promise<string> {
  for (;;) {
    const said = await CHANGES[run.pick(CHANGES.length)]?.(run);
    if (said === undefined) continue;
    const [head] =
      (await run.table.metadata())['current-snapshot-id'] === undefined ? [] : [await headOf(run)];
    if (head !== undefined && !run.past.has(head)) {
      const copy = `then_${run.next++}`;
      await run.lake.engine.query(`CREATE TABLE ${copy} AS FROM model`);
      run.past.set(head, { copy, columns: (await run.table.schema()).fields });
    }
    return said;
  }
}

async function headOf({ table }: Run): Promise<bigint | undefined> {
  return (await table.metadata())['current-snapshot-id'];
}

async function append(run: Run): Promise<string> {
  const rows = await newRows(run);
  await run.table.append(rows);
  await intoModel(run, rows);
  return `append ${run.next}`;
}

async function overwrite(run: Run): Promise<string> {
  const { table, lake } = run;
  const where = await condition(run);
  const rows = await newRows(run);
  await table.overwrite(rows, { where: where.text });
  await lake.engine.query(`DELETE FROM model WHERE ${where.model}`);
  await intoModel(run, rows);
  return `overwrite ${where.text}`;
}

async function remove(run: Run): Promise<string> {
  const where = await condition(run);
  await run.table.delete(run.pick(3) === 0 ? { sql: where.text } : where.text);
  await run.lake.engine.query(`DELETE FROM model WHERE ${where.model}`);
  return `delete ${where.text}`;
}

async function update(run: Run): Promise<string> {
  const where = await condition(run);
  const { name, id } = await column(run, ['k', 'name', 'v']);
  const value: Record<string, (column: string) => string> = {
    k: c => `${c} % 5 + 1`,
    name: c => `${c} || 'x'`,
    v: c => `CASE WHEN isnan(${c}) THEN NULL ELSE 'nan'::DOUBLE END`,
  };
  const expression = value[name] ?? (c => c);
  await run.table.update(where.text, { [name]: expression(`"${name}"`) });
  await run.lake.engine.query(`UPDATE model SET f${id} = ${expression(`f${id}`)} WHERE ${where.model}`);
  return `update ${name} where ${where.text}`;
}

/** Every third row of the source deletes what it meets, the others change it or are new. */
async function merge(run: Run): Promise<string> {
  const { table, lake, pick } = run;
  const [from, count] = [pick(40), 1 + pick(20)];
  const source = `SELECT i::BIGINT AS id, (i % 7)::INTEGER AS k, 'm' || i AS name FROM range(${from}, ${from + count}) r(i)`;
  await table.merge({
    source,
    on: ['id'],
    matched: [
      { when: 'source.id % 3 = 0', action: 'delete' },
      { action: 'update', set: { k: 'source.k', name: 'source.name' } },
    ],
    not_matched: [
      { when: 'source.id % 5 > 0', values: { id: 'source.id', k: 'source.k', name: 'source.name' } },
    ],
  });
  await lake.engine.query(
    `CREATE TEMP TABLE src AS ${source};
     CREATE TEMP TABLE met AS SELECT DISTINCT f1 FROM model WHERE f1 IN (SELECT id FROM src);
     DELETE FROM model WHERE f1 IN (FROM met) AND f1 % 3 = 0;
     UPDATE model SET f2 = src.k, f3 = src.name FROM src WHERE f1 = src.id;
     INSERT INTO model (f1, f2, f3) SELECT id, k, name FROM src WHERE id % 5 > 0 AND id NOT IN (FROM met);
     DROP TABLE met; DROP TABLE src`,
  );
  return `merge ${from} ${count}`;
}

async function evolve(run: Run): Promise<string | undefined> {
  const { table, lake, pick } = run;
  const { fields } = await table.schema();
  const extra = fields.filter(field => /^x\d/.test(field.name));
  const one = extra[pick(Math.max(1, extra.length))];
  switch (pick(5)) {
    case 0: {
      const name = `x${run.next++}`;
      const schema = await table.evolve([
        { kind: 'add', field: name, type: 'int', at: pick(2) ? 'first' : 'last' },
      ]);
      const id = schema.fields.find(field => field.name === name)?.id;
      await lake.engine.query(`ALTER TABLE model ADD COLUMN f${id} INTEGER`);
      return `evolve add ${name}`;
    }
    case 1:
      if (!one) return undefined;
      await table.evolve([{ kind: 'drop', field: one.name }]);
      return `evolve drop ${one.name}`;
    case 2:
      if (!one) return undefined;
      await table.evolve([{ kind: 'rename', field: one.name, name: `x${run.next++}` }]);
      return `evolve rename ${one.name}`;
    case 3:
      if (one?.type !== 'int') return undefined;
      await table.evolve([{ kind: 'widen', field: one.name, type: 'long' }]);
      await lake.engine.query(`ALTER TABLE model ALTER f${one.id} TYPE BIGINT`);
      return `evolve widen ${one.name}`;
    default: {
      const s = fields.find(field => field.id === 6);
      const members = typeof s?.type === 'object' && s.type.type === 'struct' ? s.type.fields : [];
      const member = members.find(field => field.id === 7);
      if (!member) return undefined;
      const name = `a${run.next++}`;
      await table.evolve([{ kind: 'rename', field: ['s', member.name], name }]);
      return `evolve rename s.${member.name}`;
    }
  }
}

async function layOut({ table, pick }: Run): Promise<string> {
  const { partition = [], order = [] } = LAYOUTS[pick(LAYOUTS.length)] ?? {};
  await table.layOut({ partition, order });
  return `layout ${partition} ${order}`;
}

async function rollback(run: Run): Promise<string | undefined> {
  const { table, lake, past, pick } = run;
  const head = await headOf(run);
  const line = new Set((await ancestors(table)).filter(id => id !== head));
  const choices = [...past].filter(([id]) => line.has(id));
  const [id, then] = choices[pick(Math.max(1, choices.length))] ?? [];
  if (id === undefined || then === undefined) return undefined;
  await table.rollback(String(id));
  const columns = await lake.engine.query(`DESCRIBE ${then.copy}`);
  const names = columns.map(row => `"${row.column_name}"`).join(', ');
  await lake.engine.query(`DELETE FROM model; INSERT INTO model (${names}) FROM ${then.copy}`);
  return `rollback ${id}`;
}

async function ancestors(table: Table): Promise<bigint[]> {
  const metadata = await table.metadata();
  const parents = new Map(metadata.snapshots.map(each => [each['snapshot-id'], each['parent-snapshot-id']]));
  const line: bigint[] = [];
  for (let id = metadata['current-snapshot-id']; id !== undefined; id = parents.get(id))
    if (parents.has(id)) line.push(id);
  return line;
}

async function compact({ table }: Run): Promise<string> {
  const { files_before, files_after } = await table.compact({ min_files: 2, max_deleted_share: 0 });
  return `compact ${files_before} ${files_after}`;
}

async function expire(run: Run): Promise<string> {
  const { snapshots } = await run.table.expire({ max_snapshot_age_ms: 0, min_snapshots_to_keep: 3 });
  const kept = new Set((await run.table.history()).map(each => each['snapshot-id']));
  for (const id of run.past.keys()) if (!kept.has(id)) run.past.delete(id);
  return `expire ${snapshots}`;
}

// ── Rows and conditions ─────────────────────────────────────────────────────────────────────────────

async function newRows(run: Run): Promise<string> {
  const [from, count] = [run.pick(50), 1 + run.pick(15)];
  run.next += 1;
  const salt = run.pick(1000);
  const { fields } = await run.table.schema();
  const values = fields.map(field => `${sampleOf(field, salt)} AS "${field.name}"`);
  return `SELECT ${values.join(', ')} FROM range(${from}, ${from + count}) r(i)`;
}

function sampleOf(field: Field, salt: number): string {
  switch (field.id) {
    case 1:
      return 'i';
    case 2:
      return `CASE WHEN i % 6 > 0 THEN ((i + ${salt}) % 5)::INTEGER END`;
    case 3:
      return `CASE WHEN i % 7 > 0 THEN substr('äbc😀', (i % 4 + 1)::INTEGER, 2) || ${salt} END`;
    case 4:
      return `CASE WHEN i % 9 > 0 THEN TIMESTAMP '2026-01-01 00:00:00.000001' + to_hours(i + ${salt} % 48) END`;
    case 5:
      return `CASE WHEN i % 8 = 0 THEN 'nan'::DOUBLE WHEN i % 8 = 1 THEN -0.0 ELSE i / 4.0 END`;
    case 6: {
      const members = typeof field.type === 'object' && field.type.type === 'struct' ? field.type.fields : [];
      const packed = members.map(
        member => `"${member.name}" := ${member.id === 7 ? 'i::INTEGER' : "'b' || i"}`,
      );
      return `CASE WHEN i % 4 > 0 THEN struct_pack(${packed.join(', ')}) END`;
    }
    default:
      return `CASE WHEN i % 3 > 0 THEN (i + ${salt})::${field.type === 'long' ? 'BIGINT' : 'INTEGER'} END`;
  }
}

async function intoModel(run: Run, rows: string): Promise<void> {
  const { fields } = await run.table.schema();
  const columns = fields.map(field => `f${field.id}`).join(', ');
  const values = fields.map(field => modelValue(field)).join(', ');
  await run.lake.engine.query(`INSERT INTO model (${columns}) SELECT ${values} FROM (${rows}) t`);
}

/** The model knows the members of its struct by their first names. */
function modelValue(field: Field): string {
  const members =
    typeof field.type === 'object' && field.type.type === 'struct' ? field.type.fields : undefined;
  if (!members) return `"${field.name}"`;
  const of = (id: number) => members.find(member => member.id === id)?.name;
  return `CASE WHEN "${field.name}" IS NULL THEN NULL ELSE {'a': struct_extract("${field.name}", '${of(7)}'), 'b': struct_extract("${field.name}", '${of(8)}')} END`;
}

async function column(run: Run, names: readonly string[]): Promise<Field> {
  const { fields } = await run.table.schema();
  const name = names[run.pick(names.length)];
  const found = fields.find(field => field.name === name);
  assert(found);
  return found;
}

/** The same in the words of the table and of the model. */
async function condition(run: Run): Promise<{ text: string; model: string }> {
  const { fields } = await run.table.schema();
  const { pick } = run;
  const texts = [
    `id < ${pick(30)}`,
    `id IN (${pick(50)}, ${pick(50)}, ${pick(50)})`,
    `id BETWEEN ${pick(25)} AND ${25 + pick(25)}`,
    `k = ${pick(5)}`,
    'k IS NULL',
    `k <> ${pick(5)} AND name >= 'c'`,
    `name LIKE 'b%' OR id > 45`,
    `at >= '2026-01-02 0${pick(10)}:00:00'`,
    'v > 3.5',
    'v = 0',
    `NOT (id > ${pick(40)} OR k IN (1, 2))`,
  ];
  const text = texts[pick(texts.length)] ?? 'true';
  const model = text.replace(
    /\b(id|k|name|at|v)\b/g,
    name => `f${fields.find(field => field.name === name)?.id}`,
  );
  return { text, model };
}

// ── Who says what ───────────────────────────────────────────────────────────────────────────────────

async function compare(run: Run, done: readonly string[]): Promise<void> {
  const { table, lake, past, pick } = run;
  const now = (await table.schema()).fields;
  const story = () => done.join('\n');
  await isSame(run, {}, now, 'model', story);
  const choices = [...past];
  const [id, then] = choices[pick(Math.max(1, choices.length))] ?? [];
  if (id !== undefined && then) await isSame(run, { at: String(id) }, then.columns, then.copy, story);
  await compareIcebird(lake, table, story);
}

async function isSame(
  { table, lake }: Run,
  of: { at?: string },
  columns: readonly Field[],
  model: string,
  story: () => string,
): Promise<void> {
  const expected = `SELECT ${columns.map(field => `f${field.id}`).join(', ')} FROM ${model}`;
  const rows = await table.query(of, scan => {
    const found = `SELECT ${columns.map(modelValue).join(', ')} FROM (${scan}) t`;
    return lake.engine.query(
      `SELECT 'missing' AS problem, * FROM (${expected} EXCEPT ALL ${found})
       UNION ALL SELECT 'too many', * FROM (${found} EXCEPT ALL ${expected}) LIMIT 5`,
    );
  });
  assert.deepEqual(rows, [], `${of.at ?? 'now'}\n${story()}`);
}

/** icebird knows neither nested values by name nor empty tables: whole numbers and text of rows that are there. */
async function compareIcebird(lake: LocalLake, table: Table, story: () => string): Promise<void> {
  if ((await table.count()) === 0) return;
  const metadata = await table.metadata();
  const { location } = await folderTable(lake.files, metadata.location).load();
  const theirs = await readByIcebird(metadata.location, versionOf(location) ?? 0);
  const fields = (await table.schema()).fields.filter(
    ({ type }) => type === 'long' || type === 'int' || type === 'string',
  );
  const ours: Row[] = [];
  for await (const row of table.scan()) ours.push(row);
  const text = (rows: readonly Row[]) =>
    rows.map(row => JSON.stringify(fields.map(({ name }) => String(row[name] ?? null)))).sort();
  assert.deepEqual(text(theirs), text(ours), `icebird\n${story()}`);
}

test('a model that did something else is told apart', async t => {
  const run = await begin(t, 1);
  await append(run);
  await run.lake.engine.query('UPDATE model SET f2 = 99 WHERE f1 = (SELECT min(f1) FROM model)');
  await assert.rejects(
    compare(run, ['append']),
    error => !isIcebergError(error) && /missing/.test(String(error)),
  );
});
