import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expireSnapshots, garbage, openReader } from '../../src/base/iceberg/index.ts';
import { writeManifestList } from '../../src/base/iceberg/manifest/index.ts';
import { NEW_TABLE, openCatalogWorld } from './catalog.ts';

const SNAPSHOTS = 5_000;
const ORDERS = 'namespaces/shop/tables/orders';

test('a table of five thousand snapshots is loaded, listed page by page, and expired', async t => {
  const world = await openCatalogWorld(t);
  const { editor, local, lake, context, workspace_id } = world;
  await editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const { metadata } = (await editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE)).body;
  const files = lake.filesOf(workspace_id);
  const list = `${metadata.location}/metadata/snap-all.avro`;
  const head = { snapshot_id: 1n, parent_id: undefined, sequence_number: 1, format_version: 2 as const };
  await files.write(list, writeManifestList(head, []));

  const start = Date.now() - SNAPSHOTS;
  const updates = Array.from({ length: SNAPSHOTS }, (_, at) => ({
    action: 'add-snapshot',
    snapshot: {
      'snapshot-id': BigInt(at + 1),
      ...(at > 0 && { 'parent-snapshot-id': BigInt(at) }),
      'sequence-number': at + 1,
      'timestamp-ms': start + at,
      'manifest-list': list,
      summary: { operation: 'append', 'total-records': '0' },
      'schema-id': 0,
    },
  }));
  const main = { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': SNAPSHOTS };
  assert.equal((await editor.ask('POST', ORDERS, { updates: [...updates, main] })).status, 200);

  const loaded = (await editor.ask('GET', ORDERS)).body.metadata;
  assert.equal(loaded.snapshots.length, SNAPSHOTS);
  const refs = (await editor.ask('GET', `${ORDERS}?snapshots=refs`)).body.metadata;
  assert.deepEqual(
    refs.snapshots.map(snapshot => Number(snapshot['snapshot-id'])),
    [SNAPSHOTS],
  );

  const row = await lake.tables.named(context, 'shop.orders');
  assert.ok(row);
  assert.equal(row.snapshots, SNAPSHOTS);
  const page = (cursor?: string) =>
    local['lake_tables.snapshots']({
      params: { id: row.id },
      query: { limit: 200, ...(cursor !== undefined && { cursor }) },
      workspace: 'main',
    });
  const ids: string[] = [];
  for (let cursor: string | undefined; ids.length === 0 || cursor !== undefined; ) {
    const { items, next_cursor } = await page(cursor);
    ids.push(...items.map(item => item.snapshot_id));
    cursor = next_cursor ?? undefined;
  }
  assert.deepEqual(
    ids,
    Array.from({ length: SNAPSHOTS }, (_, at) => String(SNAPSHOTS - at)),
  );
  const second = (await page()).next_cursor;
  assert.ok(second);

  const before = (await lake.tables.load(context, row.id)).metadata;
  const policy = { max_snapshot_age_ms: 0, min_snapshots_to_keep: 3 };
  const expiry = expireSnapshots(before, policy, Date.now() + 1000);
  assert.equal(expiry.snapshots.length, SNAPSHOTS - 3);
  const [committed] = await lake.commit(context, [
    { table: row.id, requirements: [], updates: expiry.updates },
  ]);
  assert.equal(committed?.metadata.snapshots.length, 3);
  for await (const batch of garbage(before, committed.metadata, openReader(files)))
    assert.fail(`${batch} is needed still`);
  assert.deepEqual(
    (await page(second)).items,
    [],
    'what came after the page is gone, and nothing comes twice',
  );
});
