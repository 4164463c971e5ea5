import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lakeWorld, SCHEMA } from '../../../tests/support/lake.ts';
import { printMetadata } from '../../base/iceberg/index.ts';
import { mirror } from './mirror.ts';

test('a folder says which metadata is the newest, and keeps few of those before', async t => {
  const { lake, context, parts, workspace_id } = await lakeWorld(t);
  await lake.namespaces.create(context, { levels: ['shop'] });
  const { row } = await lake.tables.create(context, { namespace: ['shop'], name: 'orders', schema: SCHEMA });
  const files = lake.filesOf(workspace_id);
  const folder = `${row.location}/metadata`;
  const hint = async () => (await files.read(`${folder}/version-hint.text`)).toString();
  for (let version = 0; version <= 5; version += 1) {
    await mirror(parts, workspace_id, row.id);
    assert.equal(await hint(), String(version));
    const { metadata_location } = await lake.tables.load(context, row.id);
    assert.deepEqual(
      await files.read(`${folder}/v${version}.metadata.json`),
      await files.read(metadata_location),
    );
    const updates = [{ action: 'set-properties' as const, updates: { version: String(version) } }];
    await lake.commit(context, [{ table: row.id, requirements: [], updates }]);
  }
  const there = [0, 1, 2, 3, 4, 5].map(version => files.exists(`${folder}/v${version}.metadata.json`));
  assert.deepEqual(await Promise.all(there), [false, false, false, true, true, true]);

  const { metadata_location } = await lake.tables.load(context, row.id);
  await files.remove(metadata_location);
  await mirror(parts, workspace_id, row.id);
  assert.equal(await hint(), '5', 'what cannot be read is not said to be the newest');
  await lake.tables.drop(context, row.id);
  await mirror(parts, workspace_id, row.id);
});

test('versions that a table of others had of its own stay', async t => {
  const { lake, context, parts, workspace_id, storage } = await lakeWorld(t);
  await lake.namespaces.create(context, { levels: ['shop'] });
  const files = lake.filesOf(workspace_id);
  const location = `${storage.facts.root}/${workspace_id}/import/hadoop`;
  const at = (version: number) => `${location}/metadata/v${version}.metadata.json`;
  const { metadata } = await lake.tables.draft(context, { namespace: ['shop'], name: 'x', schema: SCHEMA });
  const own = { ...metadata, location, properties: {} };
  const log = [1, 2, 3, 4, 5].map(version => ({ 'timestamp-ms': 1, 'metadata-file': at(version) }));
  for (const version of [1, 2, 3, 4, 5]) await files.write(at(version), Buffer.from(printMetadata(own)));
  await files.write(at(6), Buffer.from(printMetadata({ ...own, 'metadata-log': log })));
  const { row } = await lake.tables.register(context, { namespace: ['shop'], name: 'hadoop', location });
  await mirror(parts, workspace_id, row.id);
  for (const version of [1, 2, 3, 4, 5, 6]) assert.ok(await files.exists(at(version)), `v${version}`);
});
