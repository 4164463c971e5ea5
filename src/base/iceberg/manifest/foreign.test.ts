import assert from 'node:assert/strict';
import { test } from 'node:test';
import { golden } from '../../../../tests/support/iceberg-golden.ts';
import { type AvroJson, type AvroRecord, writeAvro } from '../avro/index.ts';
import { isIcebergError } from '../errors.ts';
import type { ManifestFile, PartitionSpec, Schema } from '../model.ts';
import { readManifest, readManifestList } from './index.ts';

// Manifests as others write them: in another order, with more or fewer fields, without ids, damaged, or made to do harm.

const SCHEMA: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: false, type: 'long' },
    { id: 2, name: 'city', required: false, type: 'string' },
  ],
};
const SPEC: PartitionSpec = {
  'spec-id': 0,
  fields: [
    { 'source-id': 2, 'field-id': 1000, name: 'city', transform: 'identity' },
    { 'source-id': 1, 'field-id': 1001, name: 'id_bucket', transform: 'bucket[4]' },
  ],
};
const OF: ManifestFile = {
  manifest_path: 's3://bucket/t/metadata/foreign.avro',
  manifest_length: 0,
  partition_spec_id: 0,
  content: 0,
  sequence_number: 9,
  min_sequence_number: 1,
  added_snapshot_id: 6089378432187437821n,
};

const field = (name: string, type: unknown, id?: number) =>
  id === undefined ? { name, type } : { name, type, 'field-id': id };
const record = (name: string, fields: unknown[]): AvroJson => ({ type: 'record', name, fields });

function manifest(shape: AvroJson, records: AvroRecord[], metadata = {}): Buffer {
  return writeAvro({ schema: shape, metadata }, records);
}

const PARTITION = record('r102', [
  field('city', ['null', 'string'], 1000),
  field('id_bucket', ['null', 'int'], 1001),
]);
const MINIMAL_FILE = [
  field('file_path', 'string', 100),
  field('file_format', 'string', 101),
  field('partition', PARTITION, 102),
  field('record_count', 'long', 103),
  field('file_size_in_bytes', 'long', 104),
];
const FILE = {
  file_path: 's3://x/1',
  file_format: 'parquet',
  partition: { city: 'a', id_bucket: 3 },
  record_count: 7,
  file_size_in_bytes: 8,
};

function entryShape(file_fields: unknown[], entry_fields: unknown[] = []): AvroJson {
  return record('manifest_entry', [
    field('status', 'int', 0),
    ...entry_fields,
    field('data_file', record('r2', file_fields), 2),
  ]);
}

test('the least that a manifest can say is enough', () => {
  const [entry] = readManifest(manifest(entryShape(MINIMAL_FILE), [{ status: 1, data_file: FILE }]), OF, {
    schema: SCHEMA,
    spec: SPEC,
  });
  assert(entry);
  assert.deepEqual(
    [
      entry.snapshot_id,
      entry.sequence_number,
      entry.file_sequence_number,
      entry.file.content,
      entry.file.file_format,
    ],
    [OF.added_snapshot_id, 9, 9, 0, 'PARQUET'],
  );
  assert.deepEqual(entry.file.partition, ['a', 3]);
  assert.equal(entry.file.lower_bounds.size, 0);
  assert.equal(entry.file.split_offsets, undefined);
});

test('fields are found by id, whatever their order, names and neighbours', () => {
  const partition = record('p', [
    field('more', ['null', 'double'], 1099),
    field('b', 'int', 1001),
    field('renamed since', ['string', 'null'], 1000),
  ]);
  const pair = (key: number, value: unknown) => ({
    type: 'array',
    items: record(`k${key}`, [field('id', 'int', key), field('v', value, key + 1)]),
  });
  const shape = record('e', [
    field(
      'f',
      record('d', [
        field('first_row_id', ['null', 'long'], 142),
        field('equality', ['null', { type: 'array', items: 'long', 'element-id': 136 }], 135),
        field('low', pair(126, 'bytes'), 125),
        field('sizes', ['null', pair(117, 'long')], 108),
        field('bytes', 'long', 104),
        field('rows', 'long', 103),
        field('p', partition, 102),
        field('path', 'string', 100),
        field('kind', 'int', 134),
        field('block_size_in_bytes', 'long', 105),
      ]),
      2,
    ),
    field('seq', 'long', 3),
    field('file_seq', ['null', 'long'], 4),
    field('snapshot', ['null', 'long'], 1),
    field('state', 'int', 0),
  ]);
  const bytes = manifest(shape, [
    {
      state: 0,
      snapshot: 5n,
      seq: 3,
      file_seq: null,
      f: {
        kind: 2,
        path: 's3://x/é',
        p: { more: 1.5, b: 2, 'renamed since': 'b' },
        rows: 1,
        bytes: 2,
        block_size_in_bytes: 1,
        sizes: [
          { id: 1, v: 10n },
          { id: 2, v: 20n },
        ],
        low: [{ id: 2, v: Buffer.from('low') }],
        equality: [1n, 2n],
        first_row_id: 7n,
      },
    },
  ]);
  const [entry] = readManifest(bytes, { ...OF, content: 1 }, { schema: SCHEMA, spec: SPEC });
  assert(entry);
  assert.deepEqual(
    [entry.status, entry.snapshot_id, entry.sequence_number, entry.file_sequence_number],
    [0, 5n, 3, 3],
  );
  assert.deepEqual(entry.file.partition, ['b', 2]);
  assert.deepEqual(entry.file.equality_ids, [1, 2]);
  assert.deepEqual(
    [...entry.file.column_sizes],
    [
      [1, 10],
      [2, 20],
    ],
  );
  assert.equal(entry.file.lower_bounds.get(2)?.toString(), 'low');
  assert.equal(entry.file.lower_bounds.get(1), undefined);
  assert(entry.file.column_sizes.has(2) && !entry.file.column_sizes.has(3));
});

test('without ids the names are taken', () => {
  const strip = (json: unknown): unknown =>
    JSON.parse(JSON.stringify(json, (key, value) => (key === 'field-id' ? undefined : value)));
  const bytes = writeAvro({ schema: strip(entryShape(MINIMAL_FILE)) as AvroJson, metadata: {} }, [
    { status: 1, data_file: FILE },
  ]);
  const [entry] = readManifest(bytes, OF, { schema: SCHEMA, spec: SPEC });
  assert.deepEqual([entry?.file.file_path, entry?.file.partition], ['s3://x/1', ['a', 3]]);
});

test('lists of old have other names and leave counts out', () => {
  const shape = record('manifest_file', [
    field('manifest_path', 'string', 500),
    field('manifest_length', 'long', 501),
    field('partition_spec_id', 'int', 502),
    field('added_snapshot_id', ['null', 'long'], 503),
    field('added_data_files_count', ['null', 'int'], 504),
    field(
      'partitions',
      [
        'null',
        {
          type: 'array',
          items: record('r508', [
            field('contains_null', 'boolean', 509),
            field('lower_bound', ['null', 'bytes'], 510),
          ]),
          'element-id': 508,
        },
      ],
      507,
    ),
    field('first_row_id', ['null', 'long'], 520),
  ]);
  const line = {
    manifest_path: 'm',
    manifest_length: 10,
    partition_spec_id: 1,
    added_snapshot_id: -5n,
    added_data_files_count: 3,
    partitions: [{ contains_null: false, lower_bound: Buffer.of(1) }],
    first_row_id: 1n,
  };
  const [found] = readManifestList(writeAvro({ schema: shape, metadata: {} }, [line]));
  assert(found);
  assert.deepEqual(
    [
      found.content,
      found.sequence_number,
      found.added_snapshot_id,
      found.added_files_count,
      found.existing_files_count,
    ],
    [0, 0, -5n, 3, undefined],
  );
  assert.deepEqual(found.partitions, [
    { contains_null: false, contains_nan: undefined, lower_bound: Buffer.of(1), upper_bound: undefined },
  ]);
});

// ── Damage ──────────────────────────────────────────────────────────────────────────────────────────

function corrupt(act: () => unknown, file = OF.manifest_path): void {
  assert.throws(
    act,
    error => isIcebergError(error, 'corrupt') && error.about.file === file && error.message.includes(file),
  );
}

const read = (bytes: Buffer, of = OF) => readManifest(bytes, of, { schema: SCHEMA, spec: SPEC });

test('entries that break the specification are corrupt', () => {
  const shape = entryShape(
    [...MINIMAL_FILE, field('content', ['null', 'int'], 134)],
    [field('sequence_number', ['null', 'long'], 3)],
  );
  const with_file = (more: AvroRecord) => [{ status: 1, data_file: { ...FILE, ...more } }];
  corrupt(() => read(manifest(shape, [{ status: 3, data_file: FILE }])));
  corrupt(() => read(manifest(shape, [{ status: -1, data_file: FILE }])));
  corrupt(() => read(manifest(shape, [{ status: 0, sequence_number: null, data_file: FILE }])));
  corrupt(() => read(manifest(shape, with_file({ content: 3 }))));
  corrupt(() => read(manifest(shape, with_file({ content: 1 }))));
  corrupt(() => read(manifest(shape, with_file({})), { ...OF, content: 1 }));
  corrupt(() => read(manifest(shape, with_file({ record_count: -1 }))));
  corrupt(() => read(manifest(shape, with_file({ file_size_in_bytes: 2n ** 60n }))));
});

test('manifests of another shape are corrupt', () => {
  const without = (name: string) => entryShape(MINIMAL_FILE.filter(one => one.name !== name));
  corrupt(() => read(manifest(without('file_path'), [{ status: 1, data_file: FILE }])));
  corrupt(() => read(manifest(without('record_count'), [{ status: 1, data_file: FILE }])));
  corrupt(() => read(manifest(record('e', [field('status', 'string', 0)]), [{ status: 'x' }])));
  corrupt(() => read(manifest(record('e', [field('status', 'int', 0)]), [{ status: 1 }])));
  corrupt(() =>
    read(
      manifest(record('e', [field('status', 'int', 0), field('data_file', 'string', 2)]), [
        { status: 1, data_file: 'x' },
      ]),
    ),
  );
  const odd = [...MINIMAL_FILE, field('lower_bounds', { type: 'array', items: 'int' }, 125)];
  corrupt(() => read(manifest(entryShape(odd), [{ status: 1, data_file: { ...FILE, lower_bounds: [1] } }])));
  const text = [...MINIMAL_FILE, field('split_offsets', { type: 'array', items: 'string' }, 132)];
  corrupt(() =>
    read(manifest(entryShape(text), [{ status: 1, data_file: { ...FILE, split_offsets: ['x'] } }])),
  );
  corrupt(() =>
    readManifestList(
      manifest(record('l', [field('manifest_path', 'int', 500)]), [{ manifest_path: 1 }]),
      OF.manifest_path,
    ),
  );
  corrupt(() => readManifestList(Buffer.from('<html>'), OF.manifest_path));
});

test('partition values of another type than the column are corrupt', () => {
  const typed = (type: unknown) =>
    entryShape(
      MINIMAL_FILE.map(one =>
        one.name === 'partition'
          ? field('partition', record('r102', [field('id_bucket', type, 1001)]), 102)
          : one,
      ),
    );
  corrupt(() =>
    read(manifest(typed('string'), [{ status: 1, data_file: { ...FILE, partition: { id_bucket: 'x' } } }])),
  );
  corrupt(() =>
    read(
      manifest(typed({ type: 'array', items: 'int' }), [
        { status: 1, data_file: { ...FILE, partition: { id_bucket: [1] } } },
      ]),
    ),
  );
});

test('less than the list says is a truncated manifest', () => {
  const bytes = manifest(entryShape(MINIMAL_FILE), [{ status: 1, data_file: FILE }]);
  corrupt(() => read(bytes, { ...OF, manifest_length: bytes.length + 1 }));
  assert.equal(read(bytes, { ...OF, manifest_length: bytes.length }).length, 1);
});

test('format version 3 is refused by name', () => {
  const bytes = manifest(entryShape(MINIMAL_FILE), [{ status: 1, data_file: FILE }], {
    'format-version': '3',
  });
  assert.throws(
    () => read(bytes),
    error => isIcebergError(error, 'unsupported') && error.about.version === '3',
  );
  assert.throws(
    () => readManifestList(bytes),
    error => isIcebergError(error, 'unsupported'),
  );
});

test('whatever byte of a real manifest or list is changed or missing, it is read or refused by name', () => {
  const all = golden<{
    schema: Schema;
    manifests: { name: string; spec: PartitionSpec; manifest: string; list: string }[];
  }>('manifests.json');
  // Uncompressed: damage reaches the records.
  const one = all.manifests.find(({ name }) => name === 'all v1 null');
  assert(one);
  const of = { ...OF, sequence_number: 0 };
  const attempts: [Buffer, (bytes: Buffer) => unknown][] = [
    [
      Buffer.from(one.manifest, 'base64'),
      bytes => unpack(readManifest(bytes, of, { schema: all.schema, spec: one.spec })),
    ],
    [Buffer.from(one.list, 'base64'), bytes => readManifestList(bytes, OF.manifest_path)],
  ];
  for (const [bytes, attempt] of attempts)
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x80, at);
      for (const damaged of [changed, bytes.subarray(0, at)])
        try {
          attempt(damaged);
        } catch (error) {
          assert(isIcebergError(error) && error.about.file === OF.manifest_path, `${at}: ${error}`);
        }
    }
});

/** What was checked once must hold whenever it is asked. */
function unpack(entries: ReturnType<typeof readManifest>): unknown {
  return entries.map(({ file }) => [
    ...file.lower_bounds,
    ...file.upper_bounds,
    ...file.value_counts,
    ...file.column_sizes,
  ]);
}
