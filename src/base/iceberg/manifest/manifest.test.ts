import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { avroMetadata, avroRead } from 'icebird';
import { type GoldenValue, golden, goldenValue } from '../../../../tests/support/iceberg-golden.ts';
import { readAvro } from '../avro/index.ts';
import { isIcebergError } from '../errors.ts';
import {
  CONTENT,
  type DataFile,
  type ManifestFile,
  type PartitionSpec,
  type Schema,
  STATUS,
} from '../model.ts';
import { partitionTypes } from '../partition/index.ts';
import { encodeValue } from '../values/index.ts';
import {
  type NewEntry,
  readManifest,
  readManifestList,
  UNASSIGNED,
  writeManifest,
  writeManifestList,
} from './index.ts';

// ── What PyIceberg wrote ────────────────────────────────────────────────────────────────────────────

interface Golden {
  schema: Schema;
  snapshot_id: string;
  manifests: {
    name: string;
    format_version: number;
    spec: PartitionSpec;
    manifest: string;
    list: string;
    partitions: GoldenValue[][];
    entries: GoldenEntry[];
  }[];
}

interface GoldenEntry {
  status: number;
  snapshot_id: string;
  sequence_number: number | null;
  file_sequence_number: number | null;
  file: Record<string, unknown>;
}

const { schema: SCHEMA, snapshot_id, manifests: GOLDEN } = golden<Golden>('manifests.json');
const BIG_ID = BigInt(snapshot_id);

/** A file as the golden facts print it. */
function factsOf(file: DataFile): Record<string, unknown> {
  const number = (value: number | undefined) => (value === undefined ? null : { int: String(value) });
  const numbers = (map: ReadonlyMap<number, number>) => [...map].map(([key, value]) => [key, number(value)]);
  const bytes = (map: ReadonlyMap<number, Buffer>) =>
    [...map].map(([key, value]) => [key, { hex: value.toString('hex') }]);
  return {
    content: file.content,
    file_path: file.file_path,
    record_count: number(file.record_count),
    file_size_in_bytes: number(file.file_size_in_bytes),
    column_sizes: numbers(file.column_sizes),
    value_counts: numbers(file.value_counts),
    null_value_counts: numbers(file.null_value_counts),
    nan_value_counts: numbers(file.nan_value_counts),
    lower_bounds: bytes(file.lower_bounds),
    upper_bounds: bytes(file.upper_bounds),
    split_offsets: file.split_offsets?.map(number) ?? null,
    equality_ids: file.equality_ids?.map(number) ?? null,
    sort_order_id: number(file.sort_order_id),
  };
}

for (const one of GOLDEN)
  test(`PyIceberg's manifest "${one.name}" is read as it was written`, () => {
    const [of, ...others] = readManifestList(Buffer.from(one.list, 'base64'));
    assert(of && others.length === 0);
    assert.equal(of.added_snapshot_id, BIG_ID);
    assert.equal(of.partition_spec_id, one.spec['spec-id']);
    assert.equal(of.content, one.name === 'deletes' ? 1 : 0);
    assert.equal(of.sequence_number, one.format_version === 1 ? 0 : 9);
    const bytes = Buffer.from(one.manifest, 'base64');
    assert.equal(of.manifest_length, bytes.length);
    const entries = readManifest(bytes, of, { schema: SCHEMA, spec: one.spec });
    assert.equal(entries.length, one.entries.length);
    const types = partitionTypes(one.spec, SCHEMA);
    for (const [at, entry] of entries.entries()) {
      const expected = one.entries[at];
      assert(expected);
      assert.equal(entry.status, expected.status);
      assert.equal(entry.snapshot_id, BigInt(expected.snapshot_id));
      assert.equal(entry.sequence_number, expected.sequence_number ?? of.sequence_number);
      assert.equal(entry.file_sequence_number, expected.file_sequence_number ?? of.sequence_number);
      assert.equal(entry.file.file_format, 'PARQUET');
      assert.equal(entry.file.spec_id, one.spec['spec-id']);
      assert.deepEqual(factsOf(entry.file), expected.file);
      const partition = one.partitions[at]?.map((value, field) =>
        goldenValue(types[field] ?? 'string', value),
      );
      assert.deepEqual(entry.file.partition, partition);
    }
  });

test('what we write about the partitions of a manifest is what PyIceberg writes', () => {
  for (const one of GOLDEN.filter(({ format_version }) => format_version === 2)) {
    const [theirs] = readManifestList(Buffer.from(one.list, 'base64'));
    assert(theirs);
    const entries = readManifest(Buffer.from(one.manifest, 'base64'), theirs, {
      schema: SCHEMA,
      spec: one.spec,
    });
    const { summary } = writeManifest(
      { schema: SCHEMA, spec: one.spec, content: theirs.content, snapshot_id: BIG_ID, sequence_number: 9 },
      entries,
    );
    const { manifest_path: _, manifest_length: __, key_metadata: ___, ...expected } = theirs;
    const { manifest_length: ____, ...found } = summary;
    assert.deepEqual(found, expected, one.name);
  }
});

// ── What we write ───────────────────────────────────────────────────────────────────────────────────

const SPEC: PartitionSpec = {
  'spec-id': 7,
  fields: [
    { 'source-id': 2, 'field-id': 1000, name: 'city', transform: 'identity' },
    { 'source-id': 3, 'field-id': 1001, name: 'at day', transform: 'day' },
    { 'source-id': 4, 'field-id': 1002, name: 'amount', transform: 'identity' },
    { 'source-id': 8, 'field-id': 1003, name: 'other', transform: 'identity' },
    { 'source-id': 6, 'field-id': 1004, name: 'key', transform: 'identity' },
    { 'source-id': 5, 'field-id': 1005, name: 'score', transform: 'identity' },
    { 'source-id': 1, 'field-id': 1006, name: 'gone', transform: 'void' },
    { 'source-id': 1, 'field-id': 1007, name: 'at_x20day', transform: 'bucket[16]' },
  ],
};
const KEY = Buffer.from('f79c3e09677c4bbda4793f349cb785e7', 'hex');

function dataFile(n: number, more: Partial<DataFile> = {}): DataFile {
  return {
    content: CONTENT.data,
    file_path: `s3://bucket/t/data/é ${n}.parquet`,
    file_format: 'PARQUET',
    spec_id: 7,
    partition: ['a+b#?&', -1, -12345678n, 5n, KEY, 1.5, null, 3],
    record_count: 10 + n,
    file_size_in_bytes: 2 ** 40 + n,
    column_sizes: new Map([[1, 2 ** 35]]),
    value_counts: new Map([[1, 10]]),
    null_value_counts: new Map([[1, 0]]),
    nan_value_counts: new Map([[5, 1]]),
    lower_bounds: new Map([
      [1, encodeValue('long', -5n)],
      [2, Buffer.alloc(0)],
    ]),
    upper_bounds: new Map([[1, encodeValue('long', 2n ** 62n)]]),
    split_offsets: [4, 2 ** 33],
    equality_ids: undefined,
    sort_order_id: 0,
    referenced_data_file: undefined,
    key_metadata: undefined,
    ...more,
  };
}

/** With Maps for what is packed. */
function unpacked(file: DataFile): DataFile {
  return {
    ...file,
    column_sizes: new Map(file.column_sizes),
    value_counts: new Map(file.value_counts),
    null_value_counts: new Map(file.null_value_counts),
    nan_value_counts: new Map(file.nan_value_counts),
    lower_bounds: new Map(file.lower_bounds),
    upper_bounds: new Map(file.upper_bounds),
  };
}

const HEAD = { schema: SCHEMA, spec: SPEC, content: 0, snapshot_id: BIG_ID } as const;

function listed(summary: Omit<ManifestFile, 'manifest_path'>, sequence_number = 12): ManifestFile {
  const list = writeManifestList({ snapshot_id: BIG_ID, parent_id: null, sequence_number }, [
    { ...summary, manifest_path: 's3://bucket/t/metadata/m.avro' },
  ]);
  const [of] = readManifestList(list);
  assert(of);
  return of;
}

test('added files inherit, others carry their numbers', () => {
  const old = { snapshot_id: 5n, sequence_number: 3, file_sequence_number: 4 };
  const entries: NewEntry[] = [
    { status: STATUS.added, file: dataFile(0) },
    { status: STATUS.added, file: dataFile(1), sequence_number: UNASSIGNED },
    { status: STATUS.added, file: dataFile(2), sequence_number: 7 },
    { status: STATUS.existing, file: dataFile(3), ...old },
    { status: STATUS.deleted, file: dataFile(4), ...old, snapshot_id: BIG_ID },
  ];
  const { bytes, summary } = writeManifest(HEAD, entries);
  assert.equal(summary.sequence_number, UNASSIGNED);
  assert.equal(summary.min_sequence_number, 3);
  assert.equal(summary.manifest_length, bytes.length);
  const of = listed(summary);
  assert.equal(of.sequence_number, 12);
  assert.deepEqual([of.added_files_count, of.existing_files_count, of.deleted_files_count], [3, 1, 1]);
  assert.deepEqual([of.added_rows_count, of.existing_rows_count, of.deleted_rows_count], [33, 13, 14]);
  const read = readManifest(bytes, of, { schema: SCHEMA, spec: SPEC });
  assert.deepEqual(
    read.map(entry => [entry.status, entry.snapshot_id, entry.sequence_number, entry.file_sequence_number]),
    [
      [1, BIG_ID, 12, 12],
      [1, BIG_ID, 12, 12],
      [1, BIG_ID, 7, 12],
      [0, 5n, 3, 4],
      [2, BIG_ID, 3, 4],
    ],
  );
  assert.deepEqual(
    read.map(entry => unpacked(entry.file)),
    entries.map(entry => entry.file),
  );
});

test('all that is new keeps waiting for its number until the list is written', () => {
  const { summary } = writeManifest(HEAD, [{ status: STATUS.added, file: dataFile(0) }]);
  assert.equal(summary.min_sequence_number, UNASSIGNED);
  assert.equal(listed(summary, 12).min_sequence_number, 12);
  assert.equal(listed(summary, 13).min_sequence_number, 13);
  assert.throws(
    () => writeManifestList({ snapshot_id: 1n, sequence_number: 2 }, [{ ...summary, manifest_path: 'm' }]),
    error => isIcebergError(error, 'invalid'),
  );
});

test('values of partitions that are hard to write come back', () => {
  const partitions: DataFile['partition'][] = [
    ['a/b', 0, 0n, 0n, KEY, 0, null, 0],
    ['é=%', -719_162, 9_999_999_999n, -9_999_999_999n, Buffer.alloc(16), -0, null, 15],
    ['', 2 ** 31 - 1, -1n, -128n, Buffer.alloc(16, 0xff), Number.NaN, null, 1],
    [null, null, null, null, null, null, null, null],
    ['日本語😀\0', 1, 127n, 128n, KEY, Number.NEGATIVE_INFINITY, null, 2],
  ];
  const entries = partitions.map((partition, n) => ({
    status: STATUS.added,
    file: dataFile(n, { partition }),
  }));
  const { bytes, summary } = writeManifest(HEAD, entries);
  const read = readManifest(bytes, listed(summary), { schema: SCHEMA, spec: SPEC });
  assert.deepEqual(
    read.map(entry => entry.file.partition),
    partitions,
  );
  const [city, day, amount, , key, score, gone] = summary.partitions ?? [];
  assert.deepEqual(city, {
    contains_null: true,
    contains_nan: false,
    lower_bound: Buffer.from(''),
    upper_bound: Buffer.from('日本語😀\0'),
  });
  assert.deepEqual(day?.lower_bound, encodeValue('date', -719_162));
  assert.deepEqual(amount?.upper_bound, encodeValue('decimal(10, 2)', 9_999_999_999n));
  assert.deepEqual(key?.upper_bound, Buffer.alloc(16, 0xff));
  assert.equal(score?.contains_nan, true);
  assert.deepEqual(score?.lower_bound, encodeValue('double', Number.NEGATIVE_INFINITY));
  assert.deepEqual(gone, { contains_null: true, contains_nan: false });
});

test('deletes say what they delete by', () => {
  const position = dataFile(0, {
    content: CONTENT.position_deletes,
    referenced_data_file: 's3://bucket/t/data/x.parquet',
  });
  const equality = dataFile(1, {
    content: CONTENT.equality_deletes,
    equality_ids: [1, 2],
    key_metadata: Buffer.of(1, 2),
  });
  const entries = [position, equality].map(file => ({ status: STATUS.added, file }));
  const { bytes, summary } = writeManifest({ ...HEAD, content: 1 }, entries);
  assert.equal(listed(summary).content, 1);
  const read = readManifest(bytes, listed(summary), { schema: SCHEMA, spec: SPEC });
  assert.deepEqual(
    read.map(entry => unpacked(entry.file)),
    [position, equality],
  );
  assert.throws(
    () => writeManifest(HEAD, entries),
    error => isIcebergError(error, 'invalid'),
  );
});

test('tables of version 1 are written without what it does not know', () => {
  const { bytes, summary } = writeManifest({ ...HEAD, format_version: 1 }, [
    { status: STATUS.added, file: dataFile(0) },
  ]);
  const list = writeManifestList({ snapshot_id: BIG_ID, sequence_number: 0, format_version: 1 }, [
    { ...summary, manifest_path: 'm' },
  ]);
  const [of] = readManifestList(list);
  assert(of);
  assert.equal(of.sequence_number, 0);
  const [entry] = readManifest(bytes, of, { schema: SCHEMA, spec: SPEC });
  assert.deepEqual([entry?.sequence_number, entry?.snapshot_id], [0, BIG_ID]);
  const { metadata } = readAvro(bytes, 'm');
  assert.equal(metadata.get('format-version'), '1');
  assert(!metadata.get('avro.schema')?.includes('"content"'));
  const counted = { ...of, added_files_count: undefined };
  const [again] = readManifestList(
    writeManifestList({ snapshot_id: BIG_ID, sequence_number: 0, format_version: 1 }, [counted]),
  );
  assert.equal(again?.added_files_count, undefined);
  // Version 2 has to say something, and must not say that there is nothing.
  const [upgraded] = readManifestList(
    writeManifestList({ snapshot_id: BIG_ID, sequence_number: 1 }, [counted]),
  );
  assert.equal(upgraded?.added_files_count, 1);
});

test('entries that are not new need their numbers', () => {
  for (const status of [STATUS.existing, STATUS.deleted])
    assert.throws(
      () => writeManifest(HEAD, [{ status, file: dataFile(0), snapshot_id: 5n }]),
      error => isIcebergError(error, 'invalid') && error.message.includes('sequence_number'),
    );
});

test('a partition by a column that is gone can be read; only NULL can be written', () => {
  const fewer: Schema = {
    ...SCHEMA,
    fields: SCHEMA.fields.filter(field => field.name !== 'amount' && field.name !== 'other amount'),
  };
  const { bytes, summary } = writeManifest(HEAD, [{ status: STATUS.added, file: dataFile(0) }]);
  const [entry] = readManifest(bytes, listed(summary), { schema: fewer, spec: SPEC });
  assert.deepEqual(entry?.file.partition, dataFile(0).partition);
  assert.throws(
    () => writeManifest({ ...HEAD, schema: fewer }, [{ status: STATUS.added, file: dataFile(0) }]),
    error => isIcebergError(error, 'invalid') && error.about.field === 'amount',
  );
  const nulls = dataFile(0, { partition: ['x', 0, null, null, KEY, 0, null, 0] });
  const again = writeManifest({ ...HEAD, schema: fewer }, [{ status: STATUS.added, file: nulls }]);
  const [read] = readManifest(again.bytes, listed(again.summary), { schema: fewer, spec: SPEC });
  assert.deepEqual(read?.file.partition, nulls.partition);
});

test('a partition column that was widened since gives values of its new type', () => {
  const spec: PartitionSpec = {
    'spec-id': 1,
    fields: [{ 'source-id': 1, 'field-id': 1000, name: 'n', transform: 'identity' }],
  };
  const typed = (type: string): Schema => ({
    type: 'struct',
    'schema-id': 0,
    fields: [{ id: 1, name: 'n', required: false, type }],
  });
  const { bytes, summary } = writeManifest({ ...HEAD, schema: typed('int'), spec }, [
    { status: STATUS.added, file: dataFile(0, { partition: [-7] }) },
  ]);
  const [entry] = readManifest(bytes, listed(summary), { schema: typed('long'), spec });
  assert.deepEqual(entry?.file.partition, [-7n]);
});

test('whatever a file is said to be comes back', () => {
  const numbers = fc.dictionary(fc.nat().map(String), fc.nat({ max: 2 ** 31 - 1 }));
  const bounds = fc.dictionary(fc.nat().map(String), fc.uint8Array({ maxLength: 20 }));
  const maps = fc.tuple(numbers, numbers, numbers, numbers, bounds, bounds);
  const one = fc.record({
    path: fc.string({ unit: 'binary' }),
    rows: fc.nat(),
    bytes: fc.maxSafeNat().map(n => Math.floor(n / 4)),
    maps,
    city: fc.option(fc.string({ unit: 'binary' })),
    day: fc.option(fc.integer()),
    amount: fc.option(fc.bigInt({ min: -9_999_999_999n, max: 9_999_999_999n })),
    score: fc.option(fc.double()),
    offsets: fc.option(fc.array(fc.nat()), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 5 }), given => {
      const files = given.map(({ maps: [sizes, values, nulls, nans, lower, upper], ...more }) =>
        dataFile(0, {
          file_path: more.path,
          record_count: more.rows,
          file_size_in_bytes: more.bytes,
          partition: [more.city, more.day, more.amount, null, null, more.score, null, null],
          column_sizes: mapOf(sizes),
          value_counts: mapOf(values),
          null_value_counts: mapOf(nulls),
          nan_value_counts: mapOf(nans),
          lower_bounds: mapOf(lower, one => Buffer.from(one)),
          upper_bounds: mapOf(upper, one => Buffer.from(one)),
          split_offsets: more.offsets,
        }),
      );
      const { bytes, summary } = writeManifest(
        HEAD,
        files.map(file => ({ status: STATUS.added, file })),
      );
      const read = readManifest(bytes, listed(summary), { schema: SCHEMA, spec: SPEC });
      assert.deepEqual(
        read.map(entry => unpacked(entry.file)),
        files,
      );
      for (const [at, { file }] of read.entries())
        for (const [id, bound] of files[at]?.lower_bounds ?? [])
          assert.deepEqual(file.lower_bounds.get(id), bound);
    }),
  );
});

function mapOf<T, V>(record: Record<string, T>, as: (value: T) => V): Map<number, V>;
function mapOf<T>(record: Record<string, T>): Map<number, T>;
function mapOf<T>(record: Record<string, T>, as = (value: T): unknown => value): Map<number, unknown> {
  return new Map(Object.entries(record).map(([key, value]) => [Number(key), as(value)]));
}

test('no type has the name of another, and none is named without being spelled out', () => {
  const { bytes } = writeManifest(HEAD, [{ status: STATUS.added, file: dataFile(0) }]);
  const names: string[] = [];
  JSON.parse(readAvro(bytes, 'm').metadata.get('avro.schema') ?? '', (key, value) => {
    if (value?.type === 'fixed' || value?.type === 'record') names.push(value.name);
    if (key === 'type' && typeof value === 'string')
      assert.match(value, /^(null|boolean|int|long|float|double|bytes|string|array|fixed|record)$/);
    return value;
  });
  assert(names.includes('decimal_10_2') && names.includes('decimal_10_2_f1003'));
  assert.equal(new Set(names).size, names.length);
});

test('numbers of a table do not fit where they have too many digits', () => {
  const spec: PartitionSpec = {
    'spec-id': 1,
    fields: [{ 'source-id': 4, 'field-id': 1000, name: 'n', transform: 'identity' }],
  };
  assert.throws(
    () =>
      writeManifest({ ...HEAD, spec }, [
        { status: STATUS.added, file: dataFile(0, { partition: [10n ** 20n] }) },
      ]),
    error => isIcebergError(error, 'invalid'),
  );
});

test('icebird reads our manifests and lists', () => {
  const spec: PartitionSpec = { 'spec-id': 1, fields: SPEC.fields.slice(0, 2) };
  const file = dataFile(0, { partition: ['a/b', 1] });
  const { bytes, summary } = writeManifest({ ...HEAD, spec }, [{ status: STATUS.added, file }]);
  const list = writeManifestList({ snapshot_id: BIG_ID, parent_id: 77n, sequence_number: 12 }, [
    { ...summary, manifest_path: 's3://bucket/m.avro' },
  ]);
  const [manifest] = readByIcebird(list);
  assert.equal(manifest?.manifest_path, 's3://bucket/m.avro');
  assert.equal(manifest?.added_snapshot_id, BIG_ID);
  assert.equal(manifest?.sequence_number, 12n);
  assert.equal(manifest?.added_rows_count, 10n);
  const [entry] = readByIcebird(bytes);
  assert.equal(entry?.status, 1);
  assert.equal(entry?.sequence_number, undefined);
  assert.equal(entry?.snapshot_id, BIG_ID);
  const data = entry?.data_file;
  assert.equal(data.file_path, file.file_path);
  assert.deepEqual(data.partition, { city: 'a/b', at_x20day: new Date('1970-01-02') });
  assert.equal(data.file_size_in_bytes, 2n ** 40n);
  assert.deepEqual(data.column_sizes, [{ key: 1, value: 2n ** 35n }]);
  assert.deepEqual(
    data.lower_bounds.map((one: { value: Uint8Array }) => Buffer.from(one.value)),
    [...file.lower_bounds.values()],
  );
  assert.deepEqual(data.split_offsets, [4n, 2n ** 33n]);
});

function readByIcebird(bytes: Buffer): ReturnType<typeof avroRead> {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  return avroRead({ reader, ...avroMetadata(reader) });
}
