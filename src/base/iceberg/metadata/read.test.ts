import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type IcebergCode, isIcebergError } from '../errors.ts';
import { MAX_JSON_BYTES, printJson } from '../json.ts';
import { currentSchema, currentSnapshot, newMetadata, parseMetadata, printMetadata } from './index.ts';

const golden = (name: string) => readFileSync(new URL(`../golden/${name}`, import.meta.url));

function refused(source: string | Uint8Array, code: IcebergCode, pattern: RegExp): void {
  assert.throws(
    () => parseMetadata(source, 'f.json'),
    error => isIcebergError(error, code) && pattern.test(error.message),
    String(pattern),
  );
}

/** The smallest table of version 2 that there is, with something changed. */
function changed(changes: Record<string, unknown> = {}): string {
  const base = {
    'format-version': 2,
    'table-uuid': '9c12d441-03fe-4693-9a96-a0705ddf69c1',
    location: 's3://bucket/t',
    'last-sequence-number': 0,
    'last-updated-ms': 1,
    'last-column-id': 1,
    schemas: [
      { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'a', required: true, type: 'int' }] },
    ],
    'current-schema-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: [] }],
    'default-spec-id': 0,
    'last-partition-id': 999,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    'default-sort-order-id': 0,
  };
  return printJson({ ...base, ...changes });
}

const snapshot = (id: number, more: Record<string, unknown> = {}) => ({
  'snapshot-id': id,
  'sequence-number': id,
  'timestamp-ms': id,
  'manifest-list': `s3://bucket/t/metadata/${id}.avro`,
  summary: { operation: 'append' },
  'schema-id': 0,
  ...more,
});

test('a table that PyIceberg wrote and changed in every way is read, and written back without loss', () => {
  const bytes = golden('pyiceberg-evolved.metadata.json');
  const metadata = parseMetadata(bytes);
  assert.deepEqual(
    metadata.schemas.map(schema => schema.fields.length),
    [13, 14, 13],
  );
  assert.equal(metadata['current-snapshot-id'], 2248933953113797904n);
  assert.equal(currentSnapshot(metadata)?.['parent-snapshot-id'], 7457633700072968158n);
  assert.deepEqual(metadata.refs.first, {
    'snapshot-id': 171319779122037117n,
    type: 'tag',
    'max-ref-age-ms': 86400000,
  });
  assert.deepEqual(Object.keys(metadata.refs).sort(), ['audit', 'first', 'main']);
  assert.equal(currentSchema(metadata).fields[2]?.doc, 'where "it" was – Málaga, 東京');
  assert.equal(metadata['metadata-log'].length, 3);
  const printed = printMetadata(metadata);
  assert.deepEqual(parseMetadata(printed), metadata);
  assert.deepEqual(normal(printed), normal(bytes.toString()), 'every key and every digit');
});

/** As text with the keys in one order; ids keep their digits, because they are made texts first. */
function normal(json: string): unknown {
  return JSON.parse(json.replaceAll(/(?<=[:[,])\d{16,}/g, digits => `"${digits}"`));
}

test('a table of version 1 has the shape of version 2, and is written as version 1 again', () => {
  const bytes = golden('pyiceberg-version-1.metadata.json');
  const metadata = parseMetadata(bytes);
  assert.equal(metadata['format-version'], 1);
  assert.equal(metadata['last-sequence-number'], 0);
  assert.equal(currentSnapshot(metadata)?.['sequence-number'], 0);
  assert.ok(!('schema' in metadata) && !('partition-spec' in metadata));
  assert.deepEqual(normal(printMetadata(metadata)), normal(bytes.toString()));
});

test('the oldest form of version 1 says the least, and is understood', () => {
  const metadata = parseMetadata(
    JSON.stringify({
      'format-version': 1,
      location: 'hdfs://nn/t/',
      'last-updated-ms': 5,
      'last-column-id': 1,
      schema: {
        type: 'struct',
        fields: [
          { id: 1, name: 'a', required: true, type: 'int' },
          { id: 2, name: 'd', required: false, type: 'decimal(9,2)' },
        ],
      },
      'partition-spec': [
        { name: 'a', transform: 'identity', 'source-id': 1 },
        { name: 'a_b', transform: 'bucket[4]', 'source-id': 1 },
      ],
      'current-snapshot-id': 7,
      snapshots: [{ 'snapshot-id': 7, 'timestamp-ms': 4, manifests: ['hdfs://nn/t/m1.avro'] }],
    }),
  );
  assert.match(
    metadata['table-uuid'],
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.deepEqual(
    { ...metadata, 'table-uuid': '' },
    {
      'format-version': 1,
      'table-uuid': '',
      location: 'hdfs://nn/t',
      'last-sequence-number': 0,
      'last-updated-ms': 5,
      'last-column-id': 2,
      schemas: [
        {
          type: 'struct',
          'schema-id': 0,
          fields: [
            { id: 1, name: 'a', required: true, type: 'int' },
            { id: 2, name: 'd', required: false, type: 'decimal(9, 2)' },
          ],
        },
      ],
      'current-schema-id': 0,
      'partition-specs': [
        {
          'spec-id': 0,
          fields: [
            { name: 'a', transform: 'identity', 'source-id': 1, 'field-id': 1000 },
            { name: 'a_b', transform: 'bucket[4]', 'source-id': 1, 'field-id': 1001 },
          ],
        },
      ],
      'default-spec-id': 0,
      'last-partition-id': 1001,
      'sort-orders': [{ 'order-id': 0, fields: [] }],
      'default-sort-order-id': 0,
      properties: {},
      'current-snapshot-id': 7n,
      snapshots: [
        {
          'snapshot-id': 7n,
          'sequence-number': 0,
          'timestamp-ms': 4,
          manifests: ['hdfs://nn/t/m1.avro'],
          summary: { operation: 'overwrite' },
        },
      ],
      'snapshot-log': [],
      'metadata-log': [],
      refs: { main: { 'snapshot-id': 7n, type: 'branch' } },
      statistics: [],
      'partition-statistics': [],
    },
  );
  assert.deepEqual(parseMetadata(printMetadata(metadata)), metadata);
});

test('an empty table has no current snapshot, however its writer says so', () => {
  assert.equal(currentSnapshot(parseMetadata(golden('pyiceberg-empty.metadata.json'))), undefined);
  for (const none of [-1, null, undefined]) {
    const metadata = parseMetadata(changed({ 'current-snapshot-id': none }));
    assert.ok(!('current-snapshot-id' in metadata), String(none));
    assert.match(printMetadata(metadata), /"current-snapshot-id":-1\b/);
  }
});

test('a gzipped file is read as any other, and a bomb is not unpacked', () => {
  const bytes = golden('pyiceberg-evolved.metadata.json');
  assert.deepEqual(parseMetadata(gzipSync(bytes)), parseMetadata(bytes));
  refused(gzipSync(bytes).subarray(0, 100), 'corrupt', /f\.json cannot be unpacked/);
  refused(gzipSync(Buffer.alloc(MAX_JSON_BYTES + 1, ' ')), 'corrupt', /f\.json cannot be unpacked/);
});

test('keys that nobody here knows come back as they were', () => {
  const unknown = { 'of-tomorrow': { deep: [1, { id: 1 }] } };
  const text = changed({
    ...unknown,
    schemas: [
      {
        type: 'struct',
        'schema-id': 0,
        ...unknown,
        fields: [{ id: 1, name: 'a', required: true, type: 'int', ...unknown }],
      },
    ],
    'partition-specs': [{ 'spec-id': 0, fields: [], ...unknown }],
    snapshots: [snapshot(1, unknown)],
    statistics: [
      {
        'snapshot-id': 1,
        'statistics-path': 's3://b/s',
        'file-size-in-bytes': 1,
        'blob-metadata': [{ type: 'x' }],
      },
    ],
    refs: { tag: { 'snapshot-id': 1, type: 'tag', ...unknown } },
    properties: { 'a.b': 'c', number: 5, yes: true },
  });
  const printed = printMetadata(parseMetadata(text));
  assert.equal(printed.split('of-tomorrow').length - 1, 6);
  assert.match(printed, /"blob-metadata":\[\{"type":"x"\}\]/);
  assert.deepEqual(parseMetadata(printed).properties, { 'a.b': 'c', number: '5', yes: 'true' });
});

test('an id that is higher than the last one is believed: the next field must not get it', () => {
  const metadata = parseMetadata(changed({ 'last-column-id': 0, 'last-partition-id': 5 }));
  assert.deepEqual([metadata['last-column-id'], metadata['last-partition-id']], [1, 999]);
});

test('main is the current snapshot, whichever of the two is said', () => {
  const said = (changes: Record<string, unknown>) =>
    parseMetadata(changed({ snapshots: [snapshot(1), snapshot(2)], ...changes }));
  const ref = { main: { 'snapshot-id': 1, type: 'branch' } };
  assert.equal(said({ refs: ref })['current-snapshot-id'], 1n);
  assert.deepEqual(said({ 'current-snapshot-id': 1 }).refs, { main: { 'snapshot-id': 1n, type: 'branch' } });
  refused(
    changed({ snapshots: [snapshot(1), snapshot(2)], 'current-snapshot-id': 2, refs: ref }),
    'corrupt',
    /current-snapshot-id: is 2, but branch main is at 1/,
  );
});

test('what is wrong is refused with its very place', () => {
  const column = (more: Record<string, unknown>) => ({
    schemas: [
      {
        type: 'struct',
        'schema-id': 0,
        fields: [{ id: 1, name: 'a', required: true, type: 'int', ...more }],
      },
    ],
  });
  const list = (element: unknown) => ({ type: 'list', 'element-id': 2, element, 'element-required': true });
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ location: undefined }, /^f\.json, location: /],
    [{ 'table-uuid': undefined }, /f\.json, table-uuid: is missing, and version 2 requires it/],
    [{ 'last-sequence-number': undefined }, /last-sequence-number: is missing/],
    [{ 'last-sequence-number': -1 }, /last-sequence-number: /],
    [{ 'last-sequence-number': 9007199254740993n }, /last-sequence-number: /],
    [{ 'last-updated-ms': 'now' }, /last-updated-ms: /],
    [{ 'last-column-id': 2 ** 31 }, /last-column-id: /],
    [{ schemas: undefined }, /schemas: is missing/],
    [{ schemas: {} }, /schemas: /],
    [{ schemas: [] }, /current-schema-id: is 0, which is not there/],
    [column({ type: 5 }), /fields\[0\]\.type: should be a type/],
    [column({ id: '1' }), /schemas\[0\]\.fields\[0\]\.id: /],
    [column({ id: -1 }), /schemas\[0\]\.fields\[0\]\.id: /],
    [column({ name: undefined }), /schemas\[0\]\.fields\[0\]\.name: /],
    [column({ required: 1 }), /schemas\[0\]\.fields\[0\]\.required: /],
    [column({ type: 'decimal(9)' }), /schemas\[0\]\.fields\[0\]\.type: there is no type decimal\(9\)/],
    [column({ type: list(list({ type: 'map' })) }), /type\.element\.element\.key-id: /],
    [column({ type: list({ type: 'set' }) }), /schemas\[0\]\.fields\[0\]\.type\.element\.type: /],
    [
      column({ type: { ...list('int'), 'element-id': 1 } }),
      /schemas\[0\]: fields a and a\.element both have id 1/,
    ],
    [{ 'current-schema-id': 3 }, /current-schema-id: is 3, which is not there/],
    [{ 'default-spec-id': 3 }, /default-spec-id: is 3/],
    [{ 'default-sort-order-id': 3 }, /default-sort-order-id: is 3/],
    [
      { 'partition-specs': [{ 'spec-id': 0, fields: [{ 'source-id': 1 }] }] },
      /partition-specs\[0\]\.fields\[0\]\.name: /,
    ],
    [
      {
        'partition-specs': [
          { 'spec-id': 0, fields: [] },
          { 'spec-id': 0, fields: [] },
        ],
      },
      /partition-specs\[1\]: id 0 is there twice/,
    ],
    [
      {
        'sort-orders': [
          {
            'order-id': 0,
            fields: [{ 'source-id': 1, transform: 'identity', direction: 'up', 'null-order': 'nulls-first' }],
          },
        ],
      },
      /sort-orders\[0\]\.fields\[0\]\.direction: /,
    ],
    [{ properties: { a: {} } }, /properties\.a: should be a text/],
    [{ properties: { 'b c': null } }, /properties\["b c"\]: /],
    [{ 'current-snapshot-id': 5 }, /current-snapshot-id: is 5, which is not there/],
    [{ 'current-snapshot-id': 1.5 }, /current-snapshot-id: a snapshot id is an integer/],
    [{ snapshots: [snapshot(1, { 'snapshot-id': 2n ** 63n })] }, /snapshots\[0\]\.snapshot-id: .* 64 bits/],
    [
      { snapshots: [snapshot(1, { 'manifest-list': undefined })] },
      /snapshots\[0\]: a snapshot has a manifest-list/,
    ],
    [
      { snapshots: [snapshot(1, { summary: { operation: 'vacuum' } })] },
      /snapshots\[0\]\.summary\.operation: /,
    ],
    [{ snapshots: [snapshot(1), snapshot(1)] }, /snapshots\[1\]: id 1 is there twice/],
    [{ refs: { main: { 'snapshot-id': 5, type: 'branch' } } }, /is 5, which is not there/],
    [{ refs: { 'a/b': { 'snapshot-id': 5, type: 'tag' } } }, /refs\["a\/b"\]\.snapshot-id: is 5/],
    [{ refs: { x: { 'snapshot-id': 5, type: 'fork' } } }, /refs\.x\.type: /],
    [{ statistics: [{ 'snapshot-id': 1, 'statistics-path': '' }] }, /statistics\[0\]\.statistics-path: /],
    [{ 'snapshot-log': [{ 'snapshot-id': 1 }] }, /snapshot-log\[0\]\.timestamp-ms: /],
    [{ 'metadata-log': [1] }, /metadata-log\[0\]: /],
  ];
  for (const [changes, pattern] of wrong) refused(changed(changes), 'corrupt', pattern);
  for (const text of ['null', '[]', '7', '"x"', '{}', '{"format-version":"2"}', '{"format-version":0}'])
    refused(text, 'corrupt', /^f\.json/);
  refused(Buffer.from([0xff, 0xfe, 0x7b]), 'corrupt', /f\.json is not UTF-8/);
});

test('more than version 2 is refused by name', () => {
  refused(changed({ 'format-version': 3 }), 'unsupported', /f\.json has format version 3/);
  refused(
    changed({
      schemas: [
        { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'v', required: false, type: 'variant' }] },
      ],
    }),
    'unsupported',
    /schemas\[0\]\.fields\[0\]\.type: type variant belongs to format version 3/,
  );
});

test('hostile names are names, and harm nothing', () => {
  const text = changed({ properties: { constructor: 'x' }, snapshots: [snapshot(1)] }).replace(
    '"properties":{',
    '"refs":{"__proto__":{"snapshot-id":1,"type":"tag"},"toString":{"snapshot-id":1,"type":"tag"}},"properties":{"__proto__":"y",',
  );
  const metadata = parseMetadata(text);
  assert.equal(metadata.properties.constructor, 'x');
  assert.deepEqual(Object.keys(metadata.refs), ['toString']);
  assert.equal(Object.getPrototypeOf(metadata.refs), Object.prototype);
  assert.equal(({} as Record<string, unknown>)['snapshot-id'], undefined);
});

test('ten thousand columns and five thousand snapshots are read and printed', () => {
  const made = newMetadata({
    location: 's3://b/t',
    now_ms: 1,
    schema: {
      type: 'struct',
      'schema-id': 0,
      fields: Array.from({ length: 10_000 }, (_, at) => ({
        id: at,
        name: `c${at}`,
        required: false,
        type: 'long',
      })),
    },
  });
  const large = {
    ...made,
    snapshots: Array.from({ length: 5_000 }, (_, at) => ({
      ...snapshot(1),
      'snapshot-id': 2n ** 62n + BigInt(at),
      summary: { operation: 'append' as const },
    })),
  };
  const back = parseMetadata(printMetadata(large));
  assert.equal(back['last-column-id'], 10_000);
  assert.equal(back.snapshots.at(-1)?.['snapshot-id'], 2n ** 62n + 4_999n);
});

test('what is nested hundreds of levels deep is read, and what is wrong there told in few words', () => {
  const nested = (leaf: string) => {
    let type: unknown = leaf;
    for (let id = 400; id > 1; id -= 1)
      type = { type: 'list', 'element-id': id, element: type, 'element-required': true };
    return changed({
      schemas: [{ type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 's', required: true, type }] }],
    });
  };
  assert.equal(parseMetadata(nested('int'))['last-column-id'], 400);
  refused(nested('nothing'), 'corrupt', /^.{1,600}element: there is no type nothing$/);
});
