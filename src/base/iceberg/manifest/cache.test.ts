import assert from 'node:assert/strict';
import { test } from 'node:test';
import { golden } from '../../../../tests/support/iceberg-golden.ts';
import { isIcebergError } from '../errors.ts';
import {
  CONTENT,
  type DataFile,
  type ManifestFile,
  type PartitionSpec,
  type Schema,
  type Snapshot,
  STATUS,
} from '../model.ts';
import { encodeValue } from '../values/index.ts';
import { openManifests, writeManifest, writeManifestList } from './index.ts';

const SCHEMA: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [{ id: 1, name: 'id', required: false, type: 'int' }],
};
const SPEC: PartitionSpec = {
  'spec-id': 0,
  fields: [{ 'source-id': 1, 'field-id': 1000, name: 'id', transform: 'identity' }],
};

function dataFile(n: number): DataFile {
  return {
    content: CONTENT.data,
    file_path: `file:///t/${n}.parquet`,
    file_format: 'PARQUET',
    spec_id: 0,
    partition: [n],
    record_count: 1,
    file_size_in_bytes: 1,
    column_sizes: new Map(),
    value_counts: new Map(),
    null_value_counts: new Map(),
    nan_value_counts: new Map(),
    lower_bounds: new Map([[1, encodeValue('int', n)]]),
    upper_bounds: new Map([[1, encodeValue('int', n)]]),
  };
}

/** Objects in memory that count how often they were read. */
function objects(contents: Record<string, Buffer>) {
  const reads: string[] = [];
  const read = async (location: string) => {
    reads.push(location);
    const bytes = contents[location];
    assert(bytes, `nothing at ${location}`);
    return bytes;
  };
  return { read, reads };
}

function manifest(location: string, count: number): { bytes: Buffer; of: ManifestFile } {
  const entries = Array.from({ length: count }, (_, n) => ({ status: STATUS.added, file: dataFile(n) }));
  const { bytes, summary } = writeManifest(
    { schema: SCHEMA, spec: SPEC, content: 0, snapshot_id: 1n, sequence_number: 1 },
    entries,
  );
  return { bytes, of: { ...summary, manifest_path: location } };
}

const MANY = { cache_bytes: 100_000_000 };

test('what was just written is not read at all, and is what reading would have given', async () => {
  const { bytes, of } = manifest('m', 10);
  const list = writeManifestList({ snapshot_id: 1n, sequence_number: 1 }, [of]);
  const snapshot: Snapshot = {
    'snapshot-id': 1n,
    'sequence-number': 1,
    'timestamp-ms': 1,
    'manifest-list': 'l',
    summary: { operation: 'append' },
  };
  const files = objects({ m: bytes, l: list });
  const read = openManifests(files, MANY);
  const fresh = openManifests(objects({}), MANY);
  fresh.wrote('l', list);
  fresh.wrote('m', bytes);
  assert.deepEqual(await fresh.list(snapshot), await read.list(snapshot));
  const as = { schema: SCHEMA, spec: SPEC };
  assert.deepEqual(await fresh.entries(of, as), await read.entries(of, as));
  assert.deepEqual(files.reads.sort(), ['l', 'm']);
});

test('what was read is not read again, by however many at once', async () => {
  const { bytes, of } = manifest('m', 10);
  const files = objects({ m: bytes });
  const manifests = openManifests(files, MANY);
  const both = await Promise.all([
    manifests.entries(of, { schema: SCHEMA, spec: SPEC }),
    manifests.entries(of, { schema: SCHEMA, spec: SPEC }),
  ]);
  assert.equal(both[0], both[1]);
  assert.equal(await manifests.entries({ ...of }, { schema: { ...SCHEMA }, spec: { ...SPEC } }), both[0]);
  assert.deepEqual(files.reads, ['m']);
  assert.equal(both[0].length, 10);
});

test('another type or another number to inherit is another reading', async () => {
  const { bytes, of } = manifest('m', 1);
  const manifests = openManifests(objects({ m: bytes }), MANY);
  const widened: Schema = { ...SCHEMA, fields: [{ id: 1, name: 'id', required: false, type: 'long' }] };
  const [narrow] = await manifests.entries(of, { schema: SCHEMA, spec: SPEC });
  const [wide] = await manifests.entries(of, { schema: widened, spec: SPEC });
  const [later] = await manifests.entries({ ...of, sequence_number: 5 }, { schema: SCHEMA, spec: SPEC });
  assert.deepEqual([narrow?.file.partition, wide?.file.partition], [[0], [0n]]);
  assert.deepEqual([narrow?.sequence_number, later?.sequence_number], [1, 5]);
});

test('the cache keeps within its bytes, and what was asked last', async () => {
  const all = Array.from({ length: 10 }, (_, n) => manifest(`m${n}`, 100));
  const files = objects(Object.fromEntries(all.map(({ bytes, of }) => [of.manifest_path, bytes])));
  const probe = openManifests(files, MANY);
  const [first] = all;
  assert(first);
  await probe.entries(first.of, { schema: SCHEMA, spec: SPEC });
  const cache_bytes = Math.ceil(((probe.kept_bytes * 3.5) / 7) * 8);
  files.reads.length = 0;

  const manifests = openManifests(files, { cache_bytes });
  for (const { of } of all) {
    await manifests.entries(of, { schema: SCHEMA, spec: SPEC });
    await manifests.entries(first.of, { schema: SCHEMA, spec: SPEC });
    assert(manifests.kept_bytes > 0 && manifests.kept_bytes <= cache_bytes);
  }
  assert.equal(files.reads.filter(one => one === 'm0').length, 1);
  const last = all.at(-1);
  const early = all[1];
  assert(last && early);
  files.reads.length = 0;
  await manifests.entries(last.of, { schema: SCHEMA, spec: SPEC });
  await manifests.entries(early.of, { schema: SCHEMA, spec: SPEC });
  assert.deepEqual(files.reads, ['m1']);
});

test('what is larger than the cache is read each time', async () => {
  const { bytes, of } = manifest('m', 10);
  const files = objects({ m: bytes });
  const manifests = openManifests(files, { cache_bytes: 100 });
  for (const _ of [1, 2])
    assert.equal((await manifests.entries(of, { schema: SCHEMA, spec: SPEC })).length, 10);
  assert.deepEqual(files.reads, ['m', 'm']);
  assert.equal(manifests.kept_bytes, 0);
});

test('a failure is not kept', async () => {
  const { bytes, of } = manifest('m', 1);
  const contents: Record<string, Buffer> = { m: bytes.subarray(0, 50) };
  const manifests = openManifests(objects(contents), MANY);
  await assert.rejects(manifests.entries(of, { schema: SCHEMA, spec: SPEC }), error =>
    isIcebergError(error, 'corrupt'),
  );
  contents.m = bytes;
  assert.equal((await manifests.entries(of, { schema: SCHEMA, spec: SPEC })).length, 1);
});

const SNAPSHOT: Snapshot = {
  'snapshot-id': 1n,
  'sequence-number': 1,
  'timestamp-ms': 0,
  summary: { operation: 'append' },
};

test('lists are kept too, and errors name them', async () => {
  const { of } = manifest('m', 1);
  const list = writeManifestList({ snapshot_id: 1n, sequence_number: 1 }, [of]);
  const files = objects({ 's3://list': list, 's3://bad': Buffer.from('PAR1') });
  const manifests = openManifests(files, MANY);
  const snapshot = { ...SNAPSHOT, 'manifest-list': 's3://list' };
  assert.equal((await manifests.list(snapshot))[0]?.manifest_path, 'm');
  assert.equal(await manifests.list(snapshot), await manifests.list(snapshot));
  assert.deepEqual(files.reads, ['s3://list']);
  await assert.rejects(
    manifests.list({ ...SNAPSHOT, 'manifest-list': 's3://bad' }),
    error => isIcebergError(error, 'corrupt') && error.about.file === 's3://bad',
  );
});

test('the first snapshots of version 1 name their manifests themselves', async () => {
  const all = golden<{
    schema: Schema;
    manifests: { name: string; spec: PartitionSpec; manifest: string }[];
  }>('manifests.json');
  const one = all.manifests.find(({ name }) => name === 'city v1 null');
  assert(one);
  const manifests = openManifests(objects({ 's3://m': Buffer.from(one.manifest, 'base64') }), MANY);
  const [of] = await manifests.list({ ...SNAPSHOT, manifests: ['s3://m'] });
  assert.equal(of?.partition_spec_id, 1);
  const entries = await manifests.entries(of, { schema: all.schema, spec: one.spec });
  assert.deepEqual(
    entries.map(entry => entry.file.partition),
    [['a/b'], ['a+b#?&'], ['é=%'], [''], [null]],
  );
  assert(entries.every(entry => entry.sequence_number === 0));
});
