import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import type { TableMetadata } from '../../src/base/iceberg/index.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { waitFor } from '../support/wait-for.ts';
import { type CatalogWorld, NEW_TABLE, openCatalogWorld, snapshotUpdates } from './catalog.ts';

// Who may do what, what is written about it, and what a table may name.

test('a viewer reads, an editor writes, an admin registers; a denied one is in the audit log', async t => {
  const world = await withTable(t);
  const { client, token, workspace_id, metadata } = world;
  const viewer = client(await token('viewer'));
  const editor = client(await token('editor'));
  const path = `${workspace_id}/namespaces/shop/tables/orders`;
  assert.equal((await viewer.ask('GET', path)).status, 200);
  assert.equal((await viewer.ask('POST', `${path}/metrics`, {})).status, 204);
  const writes = [
    ['POST', `${workspace_id}/namespaces`, { namespace: ['new'] }],
    ['DELETE', `${workspace_id}/namespaces/shop`, undefined],
    ['POST', `${workspace_id}/namespaces/shop/properties`, { updates: { a: '1' } }],
    ['POST', `${workspace_id}/namespaces/shop/tables`, { ...NEW_TABLE, name: 'new' }],
    ['POST', path, { updates: snapshotUpdates(metadata, { id: 5n }) }],
    ['DELETE', path, undefined],
    ['POST', `${workspace_id}/transactions/commit`, { 'table-changes': [] }],
    ['POST', `${workspace_id}/tables/rename`, {}],
    ['POST', `${workspace_id}/namespaces/shop/views`, {}],
    ['POST', `${workspace_id}/namespaces/shop/register`, {}],
  ] as const;
  for (const [method, address, body] of writes) {
    const { status, body: answer } = await viewer.ask(method, address, body);
    assert.equal(status, 403, `${method} ${address}`);
    assert.equal(answer.error.type, 'ForbiddenException');
  }
  const register = { name: 'copy', 'metadata-location': 'file:///etc/passwd' };
  assert.equal((await editor.ask('POST', `${workspace_id}/namespaces/shop/register`, register)).status, 403);
  const narrow = client(await token('editor', ['runs:read']));
  assert.equal((await narrow.ask('GET', path)).status, 403);

  const { rows } = await world.store.withInstance('test', tx =>
    sql<{
      name: string;
    }>`select object_name "name" from audit_entries where action = 'access.denied'`.execute(tx),
  );
  assert.ok(
    rows.some(({ name }) => name === 'iceberg.commit_table'),
    JSON.stringify(rows),
  );
});

test('a token opens its own workspace and no other', async t => {
  const { client, token, local } = await withTable(t);
  const { id } = await local['workspaces.create']({ body: { name: 'Other', slug: 'other' } });
  const foreign = client(await token('owner'));
  for (const warehouse of [id, 'other', newId(), '..', '%2e%2e']) {
    const { status, body } = await foreign.ask('GET', `${warehouse}/namespaces`);
    assert.equal(status, 404, warehouse);
    assert.ok(body.error.type.endsWith('Exception'));
  }
  assert.equal((await foreign.ask('GET', 'config?warehouse=other')).status, 404);
});

test('whoever sees a part of the rows gets neither files nor keys, and cannot write', async t => {
  const sights: Record<string, 'all' | 'policed' | 'none'> = {};
  const world = await withTable(t, { lake: { access: async ({ id }) => sights[id ?? ''] ?? 'all' } });
  const { client, token, workspace_id, metadata, editor } = world;
  const secret = await token('admin');
  const somebody = client(secret);
  const { id } = await idOf(world, secret);
  const base = `${workspace_id}/namespaces/shop`;
  const path = `${base}/tables/orders`;
  const location = (await editor.ask('GET', 'namespaces/shop/tables/orders')).body['metadata-location'];
  sights[id] = 'policed';
  const refused = [
    await somebody.ask('GET', path),
    await somebody.ask('GET', `${path}/credentials`),
    await somebody.ask('POST', path, { updates: snapshotUpdates(metadata, { id: 5n }) }),
    await somebody.ask('POST', `${workspace_id}/transactions/commit`, {
      'table-changes': [{ identifier: { namespace: ['shop'], name: 'orders' }, updates: [] }],
    }),
    await somebody.ask('DELETE', path),
    await somebody.ask('POST', `${base}/register`, {
      name: 'orders',
      'metadata-location': location,
      overwrite: true,
    }),
    await somebody.ask('POST', `${workspace_id}/tables/rename`, {
      source: { namespace: ['shop'], name: 'orders' },
      destination: { namespace: ['shop'], name: 'mine' },
    }),
  ];
  for (const { status, body } of refused) {
    assert.equal(status, 403);
    assert.equal(body.error.type, 'ForbiddenException');
    assert.ok(!JSON.stringify(body).includes(metadata.location));
  }
  assert.equal((await somebody.ask('HEAD', path)).status, 204);
  assert.equal((await somebody.ask('GET', `${base}/tables`)).body.identifiers.length, 1);
  sights[id] = 'none';
  assert.equal((await somebody.ask('GET', path)).status, 404);
  assert.equal((await somebody.ask('HEAD', path)).status, 404);
  assert.deepEqual((await somebody.ask('GET', `${base}/tables`)).body.identifiers, []);
  assert.equal((await editor.ask('GET', 'namespaces/shop/tables/orders')).status, 200);
});

test('a table names no place but its own', async t => {
  const world = await withTable(t);
  const { editor, client, token, metadata, storage, workspace_id } = world;
  const path = 'namespaces/shop/tables/orders';
  const other = (await editor.ask('POST', 'namespaces/shop/tables', { ...NEW_TABLE, name: 'other' })).body
    .metadata;
  const before = (await editor.ask('GET', path)).body['metadata-location'];
  const places = [
    'file:///etc',
    'file:/etc',
    '/etc',
    's3://elsewhere/x',
    'http://127.0.0.1/x',
    'data:text/plain,x',
    `${storage.facts.root}/${newId()}/x`,
    `${storage.facts.root}/${workspace_id}/../x`,
    `${metadata.location}/../../../../x`,
    `${metadata.location}x`,
    other.location,
    `${other.location}/metadata`,
    '',
    '\0',
  ];
  const snapshot = snapshotUpdates(metadata, { id: 5n })[0]?.snapshot;
  for (const place of places) {
    const attempts = [
      [{ action: 'set-location', location: place }],
      [{ action: 'add-snapshot', snapshot: { ...snapshot, 'manifest-list': `${place}/snap.avro` } }],
      [{ action: 'set-properties', updates: { 'write.metadata.path': place } }],
      [{ action: 'set-properties', updates: { 'write.data.path': `${place}/data` } }],
      [
        {
          action: 'set-statistics',
          statistics: {
            'snapshot-id': 5,
            'statistics-path': `${place}/s.stats`,
            'file-size-in-bytes': 1,
            'file-footer-size-in-bytes': 1,
            'blob-metadata': [],
          },
        },
      ],
    ];
    for (const updates of attempts) {
      const { status } = await editor.ask('POST', path, { updates });
      assert.ok(status === 403 || status === 400, `${status} ${inspect(updates)}`);
    }
    const create = await editor.ask('POST', 'namespaces/shop/tables', {
      ...NEW_TABLE,
      name: 'bad',
      location: place,
    });
    assert.ok([400, 403].includes(create.status), `${create.status} ${place}`);
    const staged = await editor.ask('POST', 'namespaces/shop/tables/bad', {
      requirements: [{ type: 'assert-create' }],
      updates: [...creation(metadata), { action: 'set-location', location: place }],
    });
    assert.ok([400, 403].includes(staged.status), `${staged.status} ${place}`);
    const admin = client(await token('admin'));
    const registered = await admin.ask('POST', `${workspace_id}/namespaces/shop/register`, {
      name: 'bad',
      'metadata-location': `${place}/00000-x.metadata.json`,
    });
    assert.ok(registered.status >= 400, place);
    assert.ok(!registered.body.error.message.includes('root:'));
  }
  assert.equal((await editor.ask('GET', path)).body['metadata-location'], before);
});

test('a table that is registered may not name another workspace, nor the machine', async t => {
  const { client, token, metadata, storage, workspace_id, editor } = await withTable(t);
  const admin = client(await token('admin'));
  const register = async (name: string, change: object) => {
    const location = `${storage.facts.root}/${workspace_id}/import/${name}/metadata/v1.metadata.json`;
    const file = { ...metadata, location: `${storage.facts.root}/${workspace_id}/import/${name}`, ...change };
    await storage.put(storage.keyOf(location) ?? '', Buffer.from(JSON.stringify(file)));
    return admin.ask('POST', `${workspace_id}/namespaces/shop/register`, {
      name,
      'metadata-location': location,
    });
  };
  assert.equal((await register('good', {})).status, 200);
  for (const location of ['file:///etc', `${storage.facts.root}/${newId()}`, metadata.location]) {
    const { status } = await register('bad', { location });
    assert.ok(status >= 400 && status < 500, `${status} ${location}`);
  }
  const broken = await register('rubbish', { schemas: 'none' });
  assert.equal(broken.body.error.code, broken.status);
  assert.equal((await editor.ask('HEAD', 'namespaces/shop/tables/bad')).status, 404);
});

test('what was done is in the audit log, with who did it', async t => {
  const world = await withTable(t);
  const { editor, store } = world;
  await editor.ask('POST', 'namespaces/shop/properties', { updates: { a: '1' } });
  await editor.ask('POST', 'tables/rename', {
    source: { namespace: ['shop'], name: 'orders' },
    destination: { namespace: ['shop'], name: 'sold' },
  });
  await editor.ask('DELETE', 'namespaces/shop/tables/sold?purgeRequested=true');
  await editor.ask('DELETE', 'namespaces/shop');
  const { rows } = await store.withInstance('test', tx =>
    sql<{ action: string; kind: string }>`
      select action, actor_kind kind from audit_entries where action like 'table.%' or action like 'namespace.%' order by position`.execute(
      tx,
    ),
  );
  assert.deepEqual(
    rows.map(({ action }) => action),
    [
      'namespace.created',
      'table.created',
      'namespace.changed',
      'table.renamed',
      'table.dropped',
      'namespace.deleted',
    ],
  );
  assert.ok(rows.every(({ kind }) => kind === 'service'));
});

test('a commit from outside is an event, and a line in the list of commits', async t => {
  const { editor, metadata, store, events, workspace_id } = await withTable(t);
  await editor.ask('POST', 'namespaces/shop/tables/orders', {
    updates: snapshotUpdates(metadata, { id: 5n }),
  });
  const heard = await waitFor(
    async () => {
      const found = await events.read('0', { workspace_id, types: ['lake.table.changed'], limit: 10 });
      return found.find(({ payload }) => JSON.stringify(payload).includes('"snapshot_id":"5"'));
    },
    { seconds: 20, what: () => 'the event of the commit' },
  );
  assert.match(heard.actor ?? '', /^service:/);
  const { rows } = await store.withInstance('test', tx =>
    sql<{ via: string; snapshot_id: string }>`
      select via, snapshot_id::text from lake_commits order by at desc, id desc limit 1`.execute(tx),
  );
  assert.deepEqual(rows, [{ via: 'rest', snapshot_id: '5' }]);
});

test('the same Idempotency-Key is done once, and answered with what there is', async t => {
  const { editor, metadata } = await withTable(t);
  const path = 'namespaces/shop/tables/orders';
  const key = { 'idempotency-key': newId() };
  const set = { updates: [{ action: 'set-properties', updates: { a: '1' } }] };
  const first = await editor.ask('POST', path, set, key);
  assert.equal(first.status, 200);
  const again = await editor.ask('POST', path, set, key);
  assert.equal(again.status, 200);
  assert.equal(again.body['metadata-location'], first.body['metadata-location']);
  const other = await editor.ask('POST', path, { updates: snapshotUpdates(metadata, { id: 5n }) }, key);
  assert.equal(other.status, 400);

  const drop = { 'idempotency-key': newId() };
  assert.equal((await editor.ask('DELETE', path, undefined, drop)).status, 204);
  // Without the key this would be a 404.
  assert.equal((await editor.ask('DELETE', path, undefined, drop)).status, 204);
  const made = { 'idempotency-key': newId() };
  assert.equal((await editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE, made)).status, 200);
  const twice = await editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE, made);
  assert.equal(twice.status, 200);
  assert.equal(twice.body.metadata.location.startsWith('file:///'), true);
});

test('while the first is at work a repetition is told to wait, and deletes nothing', async t => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  let held = false;
  const reached = async (moment: string) => {
    if (!held || moment !== 'metadata_sealed') return;
    arrived.resolve();
    await gate.promise;
  };
  const { editor, metadata } = await withTable(t, { lake: { reached } });
  held = true;
  const key = { 'idempotency-key': newId() };
  const commit = { updates: snapshotUpdates(metadata, { id: 5n }) };
  const first = editor.ask('POST', 'namespaces/shop/tables/orders', commit, key);
  await arrived.promise;
  const second = await editor.ask('POST', 'namespaces/shop/tables/orders', commit, key);
  assert.equal(second.status, 503);
  assert.equal(second.headers['retry-after'], '1');
  gate.resolve();
  assert.equal((await first).status, 200);
  assert.equal((await editor.ask('POST', 'namespaces/shop/tables/orders', commit, key)).status, 200);
});

test('a store that is gone after the commit does not make the commit look undone', async t => {
  let cut = false;
  let world: CatalogWorld | undefined;
  const reached = async (moment: string) => {
    if (cut && moment === 'pointers_moved') return;
    if (cut && moment === 'committed') await world?.cutSessions();
  };
  const opened = await withTable(t, { lake: { reached } });
  world = opened;
  cut = true;
  const commit = { updates: snapshotUpdates(opened.metadata, { id: 5n }) };
  const first = await opened.editor.ask('POST', 'namespaces/shop/tables/orders', commit);
  assert.ok(first.status < 400, `${first.status} ${JSON.stringify(first.body.error)}`);
});

test('a body beyond the limit, and ten thousand columns', async t => {
  const { editor } = await withTable(t);
  const fields = Array.from({ length: 10_000 }, (_, at) => ({
    id: at + 1,
    name: `c${at}`,
    required: false,
    type: 'string',
  }));
  const wide = { name: 'wide', schema: { type: 'struct', 'schema-id': 0, fields } };
  const made = await editor.ask('POST', 'namespaces/shop/tables', wide);
  assert.equal(made.status, 200);
  assert.equal(made.body.metadata['last-column-id'], 10_000);
  const huge = await editor.ask('POST', 'namespaces', `{"namespace":["${'x'.repeat(33 * 1024 * 1024)}"]}`);
  assert.equal(huge.status, 413);
  assert.equal(huge.body.error.type, 'BadRequestException');
});

function creation({ schemas }: TableMetadata) {
  return [
    { action: 'assign-uuid', uuid: newId() },
    { action: 'upgrade-format-version', 'format-version': 2 },
    { action: 'add-schema', schema: schemas[0] },
    { action: 'set-current-schema', 'schema-id': -1 },
    { action: 'add-spec', spec: { 'spec-id': 0, fields: [] } },
    { action: 'set-default-spec', 'spec-id': -1 },
    { action: 'add-sort-order', 'sort-order': { 'order-id': 0, fields: [] } },
    { action: 'set-default-sort-order', 'sort-order-id': -1 },
  ];
}

async function idOf({ access }: CatalogWorld, bearer: string): Promise<{ id: string }> {
  const { principal } = await access.identify({ bearer });
  return { id: principal?.id ?? '' };
}

async function withTable(
  t: Parameters<typeof openCatalogWorld>[0],
  options: Parameters<typeof openCatalogWorld>[1] = {},
) {
  const world: CatalogWorld = await openCatalogWorld(t, options);
  await world.editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const { body } = await world.editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE);
  return { ...world, metadata: body.metadata };
}
