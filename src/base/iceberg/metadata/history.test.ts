import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TableMetadata } from '../model.ts';
import { forgottenVersions, metadataName, newMetadata, versionOf, withPrevious } from './index.ts';

const table = newMetadata({
  location: 'file:///warehouse/t',
  schema: { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'a', required: false, type: 'int' }] },
  now_ms: 1,
});

function grown(count: number, properties: Record<string, string>): TableMetadata {
  let metadata = { ...table, properties };
  for (let version = 0; version < count; version += 1)
    metadata = { ...withPrevious(metadata, metadata, `v${version}`), properties };
  return metadata;
}

const files = (metadata: TableMetadata) => metadata['metadata-log'].map(entry => entry['metadata-file']);

test('the log of metadata files is as long as the table says', () => {
  assert.equal(grown(150, {})['metadata-log'].length, 100);
  assert.deepEqual(files(grown(5, { 'write.metadata.previous-versions-max': '3' })), ['v2', 'v3', 'v4']);
  assert.deepEqual(files(grown(5, { 'write.metadata.previous-versions-max': '0' })), ['v4']);
  assert.equal(files(grown(5, { 'write.metadata.previous-versions-max': 'many' })).length, 5);
});

test('what falls off the log can be removed', () => {
  const before = grown(3, { 'write.metadata.previous-versions-max': '3' });
  const after = withPrevious(before, before, 'v3');
  assert.deepEqual(forgottenVersions(before, after), ['v0']);
});

test('the name of a metadata file has its number', () => {
  assert.match(metadataName(3), /^00003-[0-9a-f-]{36}\.metadata\.json$/);
  assert.notEqual(metadataName(3), metadataName(3));
  for (const [name, version] of [
    [metadataName(123456), 123456],
    ['file:///w/t/metadata/v12.metadata.json', 12],
    ['s3://b/t/metadata/v12.gz.metadata.json', 12],
    ['00007-x.metadata.json.gz', 7],
    ['s3://b/00007-x/metadata.json', undefined],
    ['vx.metadata.json', undefined],
    ['00007-x.avro', undefined],
  ] as const)
    assert.equal(versionOf(name), version, name);
});
