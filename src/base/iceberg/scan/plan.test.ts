import assert from 'node:assert/strict';
import { test } from 'node:test';
import { field, tableOf } from '../../../../tests/support/iceberg-table.ts';
import { parseFilter } from '../filter/index.ts';
import { CONTENT, type DataFile, type PartitionSpec } from '../model.ts';
import { encodeValue } from '../values/index.ts';
import { locationsOf, planScan } from './index.ts';

const FIELDS = [field(1, 'id', 'long'), field(2, 'ts', 'timestamp')];
const SPECS: PartitionSpec[] = [
  { 'spec-id': 0, fields: [] },
  { 'spec-id': 1, fields: [{ 'source-id': 2, 'field-id': 1000, name: 'ts_day', transform: 'day' }] },
];

function fileOf(
  name: string,
  { from, to, ...more }: Partial<DataFile> & { from: bigint; to: bigint },
): DataFile {
  return {
    content: CONTENT.data,
    file_path: `file:///t/${name}.parquet`,
    file_format: 'PARQUET',
    spec_id: 0,
    partition: [],
    record_count: 10,
    file_size_in_bytes: 100,
    column_sizes: new Map(),
    value_counts: new Map([[1, 10]]),
    null_value_counts: new Map([[1, 0]]),
    nan_value_counts: new Map(),
    lower_bounds: new Map([[1, encodeValue('long', from)]]),
    upper_bounds: new Map([[1, encodeValue('long', to)]]),
    ...more,
  };
}

const names = (files: readonly { file: DataFile }[]) => files.map(({ file }) => file.file_path.slice(10, -8));

test('a plan has the files that may match, says which match whole, and what it left out', async () => {
  const files = [
    fileOf('low', { from: 0n, to: 9n }),
    fileOf('both', { from: 5n, to: 15n }),
    fileOf('high', { from: 10n, to: 19n }),
  ];
  const table = tableOf({ schemas: [FIELDS], specs: SPECS, commits: [{ added: files }] });
  const plan = await planScan(table, { filter: parseFilter('id >= 10') });
  assert.deepEqual(names(plan.files), ['both', 'high']);
  assert.deepEqual(
    plan.files.map(file => file.residual),
    [true, false],
  );
  assert.deepEqual(plan.skipped, { manifests: 0, files: 1, records: 10 });
  const all = await planScan(table);
  assert.deepEqual(
    [names(all.files), all.files.some(file => file.residual)],
    [['low', 'both', 'high'], false],
  );
  assert.equal((await planScan(table, { filter: { op: 'false' } })).files.length, 0);
});

test('specs that changed are each asked in their own way', async () => {
  const day = (name: string, value: number) =>
    fileOf(name, { from: 0n, to: 99n, spec_id: 1, partition: [value] });
  const commits = [
    { added: [fileOf('old', { from: 0n, to: 99n })] },
    { added: [day('mon', 20_000), day('tue', 20_001)] },
  ];
  const table = tableOf({ schemas: [FIELDS], specs: SPECS, commits });
  const plan = await planScan(table, { filter: parseFilter("ts >= '2024-10-05'") });
  assert.deepEqual(names(plan.files), ['old', 'tue']);
  assert.deepEqual(
    plan.files.map(file => file.residual),
    [true, false],
  );
});

test('manifests whose summaries say no are not opened, nor those without files', async () => {
  const day = fileOf('mon', { from: 0n, to: 9n, spec_id: 1, partition: [20_000] });
  const table = tableOf({
    schemas: [FIELDS],
    specs: SPECS,
    commits: [
      { added: [day] },
      { added: [{ ...day, file_path: 'file:///t/tue.parquet', partition: [20_001] }] },
    ],
  });
  const opened: string[] = [];
  const { manifests, entries } = table.reader;
  const summary = (value: number) => [
    { contains_null: false, lower_bound: encodeValue('int', value), upper_bound: encodeValue('int', value) },
  ];
  const reader: typeof table.reader = {
    async manifests(metadata, snapshot) {
      const [first, second, ...rest] = await manifests(metadata, snapshot);
      assert.ok(first && second);
      known = [first, second];
      const empty = { ...first, manifest_path: 'empty', added_files_count: 0, existing_files_count: 0 };
      return [
        { ...first, partitions: summary(20_000) },
        { ...second, partitions: summary(20_001) },
        empty,
        ...rest,
      ];
    },
    entries(metadata, manifest) {
      opened.push(manifest.manifest_path);
      const original = known.find(one => one.manifest_path === manifest.manifest_path);
      return entries(metadata, original ?? manifest);
    },
  };
  let known: Awaited<ReturnType<typeof manifests>> = [];
  const plan = await planScan({ ...table, reader }, { filter: parseFilter("ts < '2024-10-05'") });
  assert.deepEqual([opened.length, names(plan.files), plan.skipped.manifests], [1, ['mon'], 2]);
});

test('deletes come with the files that they are about, and are brought once', async () => {
  const files = ['a', 'b', 'c'].map(name => fileOf(name, { from: 0n, to: 9n }));
  const deletes = fileOf('gone', { from: 0n, to: 0n, content: CONTENT.equality_deletes, equality_ids: [1] });
  const commits = [{ added: files.slice(0, 2) }, { added: files.slice(2), deletes: [deletes] }];
  const plan = await planScan(tableOf({ schemas: [FIELDS], commits }));
  assert.deepEqual(
    plan.files.map(file => [file.sequence_number, file.deletes.length]),
    [
      [1, 1],
      [1, 1],
      [2, 0],
    ],
  );
  assert.deepEqual(
    plan.files[0]?.deletes.map(one => [one.file_path, one.sequence_number]),
    [['file:///t/gone.parquet', 2]],
  );
  assert.equal(locationsOf(plan).length, 4);
});
