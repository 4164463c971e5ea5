import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import {
  applyUpdates,
  currentSchema,
  currentSnapshot,
  type DataFile,
  defaultSpec,
  type ManifestFile,
  openReader,
  parseUpdates,
  printMetadata,
  type TableMetadata,
} from '../../src/base/iceberg/index.ts';
import { writeManifest, writeManifestList } from '../../src/base/iceberg/manifest/index.ts';
import { isFailure } from '../../src/base/kit/errors.ts';
import type { Lake } from '../../src/domains/lakehouse/index.ts';
import { purgeDropped, sweepGarbage } from '../../src/domains/lakehouse/sweep.ts';
import { type LakeWorker, lakeWorker } from '../support/lake.ts';
import { NEW_TABLE, openCatalogWorld, snapshotUpdates } from './catalog.ts';

// Manifests are written by clients, and may name whatever they like. A table that names the files of another one would show its
// rows to whoever reads the one and not the other, and would take them along when it is cleared away.

interface Named {
  manifest_path?: string;
  file?: DataFile;
}

/** As a client does it: a manifest, a list, and the updates of a commit. */
async function writtenByClient(
  lake: Lake,
  workspace_id: string,
  metadata: TableMetadata,
  { file, manifest_path }: Named,
  id = 77n,
) {
  const files = lake.filesOf(workspace_id);
  const folder = `${metadata.location}/metadata`;
  const parent = currentSnapshot(metadata)?.['snapshot-id'];
  const sequence = metadata['last-sequence-number'] + 1;
  const head = { schema: currentSchema(metadata), spec: defaultSpec(metadata), snapshot_id: id };
  const { bytes, summary } = writeManifest(
    { ...head, content: 0 },
    file ? [{ status: 1, snapshot_id: id, file: { ...file, spec_id: 0, partition: [] } }] : [],
  );
  const own = `${folder}/client-${id}.avro`;
  await files.write(own, bytes);
  const manifest: ManifestFile = {
    ...summary,
    manifest_path: manifest_path ?? own,
    sequence_number: sequence,
    min_sequence_number: sequence,
    added_snapshot_id: id,
  };
  const list = { snapshot_id: id, parent_id: parent, sequence_number: sequence, format_version: 2 as const };
  await files.write(`${folder}/snap-${id}.avro`, writeManifestList(list, [manifest]));
  return snapshotUpdates(metadata, { id, sequence, ...(parent !== undefined && { parent }) });
}

const FILE: DataFile = {
  ...{ content: 0, file_path: '', file_format: 'parquet', partition: [], spec_id: 0 },
  ...{ record_count: 1, file_size_in_bytes: 1 },
  ...{ column_sizes: new Map(), value_counts: new Map(), null_value_counts: new Map() },
  ...{ nan_value_counts: new Map(), lower_bounds: new Map(), upper_bounds: new Map() },
};

test('the catalog refuses a commit whose manifests name files of another table, by the name of the file', async t => {
  const { editor, lake, context, workspace_id, storage } = await openCatalogWorld(t);
  await editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const made = async (name: string) => {
    await editor.ask('POST', 'namespaces/shop/tables', { ...NEW_TABLE, name });
    const row = await lake.tables.named(context, `shop.${name}`);
    return (await lake.tables.load(context, row?.id ?? '')).metadata;
  };
  const mine = await made('mine');
  const other = await made('other');
  const path = 'namespaces/shop/tables/mine';
  const root = `${storage.facts.root}/${workspace_id}`;
  const strange = [
    `${other.location}/data/x.parquet`,
    `${mine.location}/../../curated/${other.location.slice(other.location.lastIndexOf('/') + 1)}/data/x.parquet`,
    `${mine.location}x/data/x.parquet`,
    `${mine.location}`,
    `${root}/ns/x.parquet`,
    's3://elsewhere/x.parquet',
    '/etc/passwd',
    '',
  ];
  for (const [at, file_path] of strange.entries()) {
    const named = { file: { ...FILE, file_path } };
    const updates = await writtenByClient(lake, workspace_id, mine, named, BigInt(100 + at));
    const { status, body } = await editor.ask('POST', path, { updates });
    assert.equal(status, 403, file_path);
    assert.ok(body.error.message.includes(`"${file_path}"`), body.error.message);
  }
  const manifest_path = `${other.location}/metadata/m.avro`;
  const updates = await writtenByClient(lake, workspace_id, mine, { manifest_path });
  const listed = await editor.ask('POST', path, { updates });
  assert.equal(listed.status, 403);
  assert.ok(listed.body.error.message.includes(manifest_path));
  const together = await editor.ask('POST', 'transactions/commit', {
    'table-changes': [{ identifier: { namespace: ['shop'], name: 'mine' }, requirements: [], updates }],
  });
  assert.equal(together.status, 403);
  assert.equal((await editor.ask('GET', path)).body.metadata.snapshots.length, 0);

  const own = { ...FILE, file_path: `${mine.location}/data/x.parquet` };
  const good = await writtenByClient(lake, workspace_id, mine, { file: own }, 200n);
  const committed = await editor.ask('POST', path, { updates: good });
  assert.equal(committed.status, 200, JSON.stringify(committed.body.error));
});

/** Two tables with rows, and what a client would have to know of the second to name it. */
async function twoTables(t: Parameters<typeof lakeWorker>[0]) {
  const world = await lakeWorker(t);
  const { lake, context, workspace_id, run } = world;
  for (const name of ['mine', 'secret']) {
    const source = { kind: 'generate', rows: 10, stage_rows: 10 };
    assert.equal((await run('table.write', { namespace: ['shop'], name, source })).state, 'succeeded');
  }
  const loaded = async (name: string) => {
    const row = await lake.tables.named(context, `shop.${name}`);
    assert.ok(row);
    return lake.tables.load(context, row.id);
  };
  const secret = await loaded('secret');
  const reader = openReader(lake.filesOf(workspace_id));
  const snapshot = currentSnapshot(secret.metadata);
  assert.ok(snapshot);
  const [manifest] = await reader.manifests(secret.metadata, snapshot);
  assert.ok(manifest);
  const [entry] = await reader.entries(secret.metadata, manifest);
  assert.ok(entry);
  return { ...world, mine: await loaded('mine'), secret, file: entry.file };
}

/** Past the catalog's own check: as if the manifest had been written over afterwards. */
async function commitHostile(
  { lake, context, workspace_id }: LakeWorker,
  mine: { row: { id: string }; metadata: TableMetadata },
  file: DataFile,
) {
  const updates = await writtenByClient(lake, workspace_id, mine.metadata, { file });
  await lake.commit(context, [{ table: mine.row.id, requirements: [], updates: parseUpdates(updates) }]);
}

test('a manifest that names them all the same gives nobody a row: not to an export, a merge, or a compaction', async t => {
  const world = await twoTables(t);
  const { mine, secret, file, run, upload, rows, lake, context } = world;
  await commitHostile(world, mine, file);
  const table_id = mine.row.id;
  const upload_ids = [await upload('id,name\n1,a\n')];
  const merge = { mode: 'merge', key: ['id'], source: { kind: 'uploads', upload_ids, format: 'csv' } };
  const tries: [string, unknown][] = [
    ['table.export', { table_id, format: 'csv' }],
    ['table.write', { namespace: ['shop'], name: 'mine', ...merge }],
    ['table.maintain', { table_id, kinds: ['compact'] }],
  ];
  for (const [kind, input] of tries) {
    const { state, error } = await run(kind, input);
    assert.deepEqual(
      [state, error?.code],
      ['failed', 'lake.foreign_file'],
      `${kind} ${JSON.stringify(error)}`,
    );
    assert.ok(error?.message.includes(file.file_path), error?.message);
  }
  const { metadata, row } = await lake.tables.load(context, table_id);
  const snapshot = currentSnapshot(metadata);
  assert.ok(snapshot);
  const reader = lake.manifestsOf(row);
  await assert.rejects(
    async () => {
      for (const manifest of await reader.manifests(metadata, snapshot))
        await reader.entries(metadata, manifest);
    },
    { code: 'foreign_file' },
  );
  assert.equal((await rows('shop.secret')).length, 10);
  assert.equal(secret.row.rows, 10);
});

test('clearing such a table away deletes nothing of the other', async t => {
  const world = await twoTables(t);
  const { mine, file, run, rows, lake, context, parts, database, workspace_id } = world;
  await commitHostile(world, mine, file);
  const table_id = mine.row.id;
  // The manifest is let go of, and so it is looked at what went with it.
  const before = currentSnapshot(mine.metadata);
  assert.ok(before);
  await lake.commit(context, [
    {
      table: table_id,
      requirements: [],
      updates: [
        {
          action: 'set-snapshot-ref',
          'ref-name': 'main',
          type: 'branch',
          'snapshot-id': before['snapshot-id'],
        },
        { action: 'set-properties', updates: { 'write.metadata.previous-versions-max': '1' } },
      ],
    },
  ]);
  await database.store.withWorkspace({ workspace_id }, tx =>
    sql`update lake_tables set policy = '{"snapshot_days": 0, "snapshots_at_least": 1, "orphan_days": 0}' where id = ${table_id}`.execute(
      tx,
    ),
  );
  await run('table.maintain', { table_id, kinds: ['expire', 'orphans'] });
  await sweepGarbage(parts);
  assert.equal((await rows('shop.secret')).length, 10);
  await lake.tables.drop(context, table_id, { purge: true });
  await purgeDropped(parts);
  await sweepGarbage(parts);
  assert.equal((await rows('shop.secret')).length, 10);
  assert.equal(await lake.filesOf(workspace_id).exists(mine.metadata_location), false);
});

test('a table that others made keeps the folders that it came with, and they become no other table’s', async t => {
  const { lake, context, workspace_id, storage, parts } = await lakeWorker(t);
  await lake.namespaces.create(context, { levels: ['shop'] });
  const root = `${storage.facts.root}/${workspace_id}`;
  const files = lake.filesOf(workspace_id);
  const { row: other } = await lake.tables.create(context, {
    ...{ namespace: ['shop'], name: 'other' },
    schema: { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'id', required: true, type: 'long' }] },
  });
  const { metadata: plain } = await lake.tables.load(context, other.id);
  const taken = async (name: string, file_path: string) => {
    const location = `${root}/import/${name}`;
    const metadata = { ...plain, location };
    const updates = await writtenByClient(lake, workspace_id, metadata, { file: { ...FILE, file_path } });
    const after = applyUpdates(metadata, parseUpdates(updates), { now_ms: Date.now() });
    const file = `${location}/metadata/v1.metadata.json`;
    await files.write(file, Buffer.from(printMetadata(after)));
    return lake.tables.register(context, { namespace: ['shop'], name, location: file });
  };
  const hive = `${root}/warehouse/orders`;
  const { row, metadata } = await taken('hive', `${hive}/day=2026-01-01/x.parquet`);
  assert.deepEqual(row.places, [hive]);
  const reader = lake.manifestsOf(row);
  const snapshot = currentSnapshot(metadata);
  assert.ok(snapshot);
  for (const manifest of await reader.manifests(metadata, snapshot)) await reader.entries(metadata, manifest);

  const refused = (code: Parameters<typeof isFailure>[1]) => (error: unknown) =>
    isFailure(error, code) || assert.fail(String(error));
  await assert.rejects(taken('thief', `${other.location}/data/x.parquet`), refused('lake.foreign_file'));
  await assert.rejects(taken('second', `${hive}/day=2026-01-02/x.parquet`), refused('lake.foreign_file'));
  await assert.rejects(taken('wide', `${root}/x.parquet`), refused('lake.foreign_file'));
  await assert.rejects(taken('far', 's3://elsewhere/x.parquet'), refused('lake.outside'));
  for (const location of ['curated', 'raw', 'ns']) {
    const file = `${root}/import/${location}.metadata.json`;
    await files.write(file, Buffer.from(printMetadata({ ...plain, location: `${root}/${location}` })));
    await assert.rejects(
      lake.tables.register(context, { namespace: ['shop'], name: 'all', location: file }),
      refused('lake.outside'),
    );
  }
  // Dropped and purged, it takes its own folder along and not the one that it only read from.
  await files.write(`${hive}/day=2026-01-01/x.parquet`, Buffer.from('rows of Hive'));
  await lake.tables.drop(context, row.id, { purge: true });
  await purgeDropped(parts);
  assert.equal(await files.exists(`${hive}/day=2026-01-01/x.parquet`), true);
});
