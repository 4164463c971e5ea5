import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileFolder, seeded } from '../../../../tests/support/iceberg-files.ts';
import { field, schemaOf, tableOf } from '../../../../tests/support/iceberg-table.ts';
import { parseFilter } from '../filter/index.ts';
import { CONTENT, type DataFile, type ManifestEntry, type PartitionSpec } from '../model.ts';
import { indexDeletes, partitionKey } from './deletes.ts';
import { locationsOf, normalLocation, normalLocationSql, planScan, scanSql } from './index.ts';

test('one place has one spelling, here and in DuckDB', async t => {
  const spelled = {
    'file:///a/b': ['file:/a/b', 'file:///a/b', 'file://localhost/a/b', '/a/b', '//a/b', 'file:////a/b'],
    's3://bucket/a//b': ['s3://bucket/a//b', 's3a://bucket/a//b', 's3n://bucket/a//b'],
    'file:///': ['/', 'file:///'],
    'gs://b/file:/x': ['gs://b/file:/x'],
    'file:///localhost/a': ['/localhost/a', 'file:///localhost/a'],
  };
  const { engine } = await fileFolder(t);
  for (const [right, others] of Object.entries(spelled))
    for (const other of others) {
      assert.equal(normalLocation(other), right, other);
      assert.deepEqual(
        await engine.query(`SELECT ${normalLocationSql('l')} AS n FROM (VALUES ('${other}')) v(l)`),
        [{ n: right }],
      );
    }
});

const SPECS: PartitionSpec[] = [
  { 'spec-id': 0, fields: [] },
  { 'spec-id': 1, fields: [{ 'source-id': 1, 'field-id': 1000, name: 'p', transform: 'identity' }] },
  { 'spec-id': 2, fields: [{ 'source-id': 1, 'field-id': 1000, name: 'p', transform: 'void' }] },
];

function entry(file: Partial<DataFile>, sequence_number: number): ManifestEntry {
  const none = new Map();
  return {
    status: 1,
    snapshot_id: 1n,
    sequence_number,
    file_sequence_number: sequence_number,
    file: {
      content: 0,
      file_path: 'file:///d.parquet',
      file_format: 'PARQUET',
      spec_id: 0,
      partition: [],
      record_count: 1,
      file_size_in_bytes: 1,
      column_sizes: none,
      value_counts: none,
      null_value_counts: none,
      nan_value_counts: none,
      lower_bounds: none,
      upper_bounds: none,
      ...file,
    },
  };
}

const applies = (deletes: Partial<DataFile>, sequence: number, data: Partial<DataFile> = {}) =>
  indexDeletes([entry(deletes, sequence)], SPECS).of(entry(data, 5)).length === 1;

test('equality deletes are for older files, position deletes for those of the same commit too', () => {
  const { equality_deletes, position_deletes } = CONTENT;
  assert.deepEqual(
    [4, 5, 6].map(sequence => applies({ content: equality_deletes }, sequence)),
    [false, false, true],
  );
  assert.deepEqual(
    [4, 5, 6].map(sequence => applies({ content: position_deletes }, sequence)),
    [false, true, true],
  );
});

test('partitions and specs', () => {
  for (const content of [CONTENT.equality_deletes, CONTENT.position_deletes]) {
    const of = { content, spec_id: 1, partition: [7n] };
    assert.ok(applies(of, 9, { spec_id: 1, partition: [7n] }));
    assert.ok(applies(of, 9, { spec_id: 1, partition: [7] }), 'written while the column was an int');
    assert.ok(
      !applies(of, 9, { spec_id: 1, partition: [8n] }) && !applies(of, 9, { spec_id: 1, partition: [null] }),
    );
    assert.ok(!applies(of, 9, { spec_id: 0, partition: [] }));
  }
  assert.ok(
    applies({ content: CONTENT.equality_deletes, spec_id: 2, partition: [null] }, 9, {
      spec_id: 1,
      partition: [7n],
    }),
  );
  assert.ok(!applies({ content: CONTENT.position_deletes }, 9, { spec_id: 1, partition: [7n] }));
  const keys = [[null], ['n'], ['1'], [1], [true], [Buffer.from('n')], ['a|b'], ['a', 'b']];
  assert.equal(new Set(keys.map(partition => partitionKey({ spec_id: 1, partition }))).size, keys.length);
});

test('position deletes about one file are not for others', () => {
  const bounds = (path: string) => new Map([[2147483546, Buffer.from(path)]]);
  const about = (path: string): Partial<DataFile> => ({
    content: CONTENT.position_deletes,
    lower_bounds: bounds(path),
    upper_bounds: bounds(path),
  });
  assert.ok(applies(about('file:/d.parquet'), 5) && !applies(about('file:///e.parquet'), 5));
  assert.ok(applies({ content: CONTENT.position_deletes, referenced_data_file: '/d.parquet' }, 5));
  assert.ok(!applies({ content: CONTENT.position_deletes, referenced_data_file: 'file:///e.parquet' }, 5));
  assert.ok(applies(about('file:///lake/dat'), 5), 'a beginning of many paths, cut');
});

test('thousands of files share one list of deletes', () => {
  const index = indexDeletes(
    [entry({ content: CONTENT.position_deletes }, 9), entry({ content: CONTENT.position_deletes }, 2)],
    SPECS,
  );
  assert.equal(
    index.of(entry({ file_path: 'file:///a' }, 5)),
    index.of(entry({ file_path: 'file:///b' }, 4)),
  );
});

// ── Against a model ─────────────────────────────────────────────────────────────────────────────────

interface ModelRow {
  id: number | null;
  v: number | null;
  file: DataFile;
  pos: number;
  commit: number;
}

const FIELDS = [field(1, 'id', 'long'), field(2, 'v', 'int')];
const POSITIONS = schemaOf([field(2147483546, 'file_path', 'string'), field(2147483545, 'pos', 'long')]);
const CHOICES = [null, 0, 1, 2, 3, 4];

test('random commits of rows and deletes leave the rows that the rules leave', async t => {
  const lake = await fileFolder(t);
  const FILTERS = ['', 'id > 1', 'v IS NULL OR id = 2', 'NOT v IN (1, 2)'];
  for (let seed = 1; seed <= 25; seed += 1) {
    const random = seeded(seed);
    const choose = () => CHOICES[random(CHOICES.length)] ?? null;
    let model: ModelRow[] = [];
    const commits: { added: DataFile[]; deletes: DataFile[] }[] = [];
    for (let commit = 1; commit <= 6; commit += 1) {
      const made = { added: [] as DataFile[], deletes: [] as DataFile[] };
      const fresh: ModelRow[] = [];
      for (let at = 0; at < 1 + random(3); at += 1) {
        const spec_id = random(2);
        const v = choose();
        const rows = Array.from({ length: 1 + random(8) }, () => ({
          id: choose(),
          v: spec_id === 1 ? v : choose(),
        }));
        const select = `VALUES ${rows.map(row => `(${row.id}, ${row.v})`).join(', ')}`;
        const file = await lake.write({
          name: `s${seed}c${commit}f${at}`,
          schema: schemaOf(FIELDS),
          select,
          spec_id,
          partition: spec_id === 1 ? [v] : [],
        });
        made.added.push(file);
        fresh.push(...rows.map((row, pos) => ({ ...row, file, pos, commit })));
      }
      if (random(2) === 0) {
        const [spec_id, partition] = random(2) === 0 ? [0, []] : [1, [choose()]];
        const ids = [[1], [2], [1, 2]][random(3)] ?? [1];
        const keys = Array.from({ length: 1 + random(2) }, () => ({ id: choose(), v: choose() }));
        const columns = FIELDS.filter(one => ids.includes(one.id));
        const select = `VALUES ${keys.map(key => `(${columns.map(one => String(one.id === 1 ? key.id : key.v)).join(', ')})`).join(', ')}`;
        made.deletes.push(
          await lake.write({
            name: `s${seed}c${commit}e`,
            schema: schemaOf(columns),
            select,
            content: CONTENT.equality_deletes,
            equality_ids: ids,
            spec_id,
            partition,
          }),
        );
        const here = partitionKey({ spec_id, partition });
        const hit = (row: ModelRow) =>
          keys.some(key => (!ids.includes(1) || key.id === row.id) && (!ids.includes(2) || key.v === row.v));
        model = model.filter(row => !((spec_id === 0 || partitionKey(row.file) === here) && hit(row)));
      }
      model.push(...fresh);
      for (const [key, rows] of Map.groupBy(model, row => partitionKey(row.file))) {
        if (random(3) > 0) continue;
        const gone = rows.filter(() => random(4) === 0);
        const [one] = gone;
        if (one === undefined) continue;
        const select = `VALUES ${gone.map(row => `('${random(2) === 0 ? row.file.file_path : row.file.file_path.replace('///', '/')}', ${row.pos})`).join(', ')}`;
        const { spec_id, partition } = one.file;
        made.deletes.push(
          await lake.write({
            name: `s${seed}c${commit}p${made.deletes.length}`,
            schema: POSITIONS,
            select,
            content: CONTENT.position_deletes,
            spec_id,
            partition,
          }),
        );
        model = model.filter(row => !(gone.includes(row) && partitionKey(row.file) === key));
      }
      commits.push(made);
    }
    const specs: PartitionSpec[] = [
      { 'spec-id': 0, fields: [] },
      { 'spec-id': 1, fields: [{ 'source-id': 2, 'field-id': 1000, name: 'v', transform: 'identity' }] },
    ];
    const table = tableOf({ schemas: [FIELDS], specs, commits });
    for (const text of FILTERS) {
      const plan = await planScan(table, { filter: parseFilter(text) });
      const paths = new Map(locationsOf(plan).map(location => [location, location.replace('file://', '')]));
      const rows = await lake.engine.query(
        `SELECT id::INTEGER AS id, v FROM (${scanSql(plan, paths)}) ORDER BY ALL`,
      );
      const expected = await lake.engine.query(modelSql(model, text));
      assert.deepEqual(rows, expected, `seed ${seed}, ${text}`);
    }
  }
});

function modelSql(model: readonly ModelRow[], filter: string): string {
  const rows = model.map(row => `(${row.id}, ${row.v})`).join(', ');
  const from =
    rows === ''
      ? '(SELECT NULL::INTEGER AS id, NULL::INTEGER AS v WHERE false)'
      : `(VALUES ${rows}) rows(id, v)`;
  return `SELECT id::INTEGER AS id, v::INTEGER AS v FROM ${from} ${filter === '' ? '' : `WHERE ${filter}`} ORDER BY ALL`;
}
