import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { type CatalogWorld, NEW_TABLE, openCatalogWorld, snapshotUpdates } from './catalog.ts';

// What engines ask of a catalog and what they broke on (reference/engines.md §5 and §6), one point at a time.

test('the configuration names the workspace, and only endpoints that there are', async t => {
  const { client, token, workspace_id, local } = await openCatalogWorld(t);
  const viewer = client(await token('viewer'));
  const { status, body } = await viewer.ask('GET', 'config');
  assert.equal(status, 200);
  assert.deepEqual(body.overrides, { prefix: workspace_id });
  assert.ok(body.endpoints.includes('POST /v1/{prefix}/transactions/commit'));
  assert.ok(body.endpoints.includes('GET /v1/{prefix}/namespaces/{namespace}/views'));
  assert.equal(new Set(body.endpoints).size, body.endpoints.length);

  for (const warehouse of ['main', workspace_id]) {
    const named = await viewer.ask('GET', `config?warehouse=${warehouse}`);
    assert.deepEqual(named.body.overrides, { prefix: workspace_id });
  }
  const { version } = await local['workspace.show']();
  await local['workspace.edit']({ body: { slug: 'renamed' }, version });
  for (const warehouse of ['main', 'renamed'])
    assert.equal((await viewer.ask('GET', `config?warehouse=${warehouse}`)).status, 200, warehouse);
  const strange = await viewer.ask('GET', 'config?warehouse=elsewhere');
  assert.equal(strange.status, 404);
  assert.equal(strange.body.error.type, 'NoSuchWarehouseException');
});

test('a client without a token is told so, however it says that it has none', async t => {
  const { client, server } = await openCatalogWorld(t);
  for (const bearer of [undefined, 'None', 'moulin_wrong']) {
    const { status, headers, body } = await client(bearer).ask('GET', 'config');
    assert.equal(status, 401, bearer);
    assert.equal(headers['www-authenticate'], 'Bearer');
    assert.equal(body.error.type, 'NotAuthorizedException');
    assert.equal(body.error.code, 401);
  }
  const basic = await server.inject({
    url: '/iceberg/v1/config',
    headers: { host: '127.0.0.1:4610', authorization: 'Basic eDp5', 'sec-fetch-site': 'same-origin' },
  });
  assert.equal(basic.statusCode, 401);
});

test('client credentials are a token of a service account', async t => {
  const { client, token, server } = await openCatalogWorld(t);
  const secret = await token('viewer');
  const id = secret.slice(0, secret.lastIndexOf('_'));
  const ask = (form: Record<string, string>) =>
    server.inject({
      method: 'POST',
      url: '/iceberg/v1/oauth/tokens',
      headers: { host: '127.0.0.1:4610', 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(form).toString(),
    });
  const given = await ask({
    grant_type: 'client_credentials',
    client_id: id,
    client_secret: secret,
    scope: 'catalog',
  });
  assert.equal(given.statusCode, 200);
  assert.equal((await client(given.json().access_token).ask('GET', 'config')).status, 200);
  const wrong = await ask({ grant_type: 'client_credentials', client_id: id, client_secret: `${id}_wrong` });
  assert.equal(wrong.statusCode, 401);
  assert.equal(wrong.json().error, 'invalid_client');
  const exchange = await ask({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: secret,
  });
  assert.equal(exchange.statusCode, 400);
  assert.equal(exchange.json().error, 'unsupported_grant_type');
});

test('every namespace has a location, in the answer to POST as to GET', async t => {
  const { editor, storage, workspace_id } = await openCatalogWorld(t);
  const made = await editor.ask('POST', 'namespaces', { namespace: ['shop'], properties: { owner: 'ada' } });
  assert.equal(made.status, 200);
  const { location, owner } = made.body.properties;
  assert.equal(owner, 'ada');
  assert.ok(location?.startsWith(`${storage.facts.root}/${workspace_id}/ns/`), location);
  const loaded = await editor.ask('GET', 'namespaces/shop');
  assert.deepEqual(loaded.body, made.body);
  assert.equal((await editor.ask('HEAD', 'namespaces/shop')).status, 204);
  assert.equal((await editor.ask('HEAD', 'namespaces/none')).status, 404);
  const again = await editor.ask('POST', 'namespaces', { namespace: ['SHOP'] });
  assert.equal(again.status, 409);
  assert.equal(again.body.error.type, 'AlreadyExistsException');
});

test('namespaces have levels, and any names', async t => {
  const { editor } = await openCatalogWorld(t);
  const names = [['a'], ['a', 'b'], ['a', 'b', 'c d'], ['select "x"', "ü/%'?#&+"], ['x', 'only child']];
  for (const namespace of names)
    assert.equal((await editor.ask('POST', 'namespaces', { namespace })).status, 200, String(namespace));
  const list = async (query = '') => (await editor.ask('GET', `namespaces${query}`)).body.namespaces;
  assert.deepEqual(await list(), [['a'], ['select "x"'], ['x']]);
  assert.deepEqual(await list('?parent=a'), [['a', 'b']]);
  assert.deepEqual(await list('?parent=a%1Fb'), [['a', 'b', 'c d']]);
  assert.deepEqual(await list('?parent=a%1Fb%1Fc%20d'), []);
  for (const namespace of names) {
    const path = encodeURIComponent(namespace.join('\x1f'));
    const { body } = await editor.ask('GET', `namespaces/${path}`);
    assert.deepEqual(body.namespace, namespace);
    // Once more encoded, as some clients and proxies do.
    const twice = encodeURIComponent(namespace.map(encodeURIComponent).join('%1F'));
    if (namespace.every(level => /^\w+$/.test(level)))
      assert.deepEqual((await editor.ask('GET', `namespaces/${twice}`)).body.namespace, namespace);
  }
  // Nobody made it, but it is listed.
  assert.equal((await editor.ask('GET', 'namespaces/x')).status, 200);
  const none = await editor.ask('GET', 'namespaces?parent=none');
  assert.equal(none.status, 404);
  assert.equal(none.body.error.type, 'NoSuchNamespaceException');
});

test('pages: an empty token is the first, and without one comes everything', async t => {
  const { editor } = await openCatalogWorld(t);
  const names = Array.from({ length: 25 }, (_, at) => `n${String(at).padStart(2, '0')}`);
  for (const name of names) await editor.ask('POST', 'namespaces', { namespace: [name] });
  assert.equal((await editor.ask('GET', 'namespaces')).body.namespaces.length, 25);
  const seen: string[] = [];
  let token: string | null = '';
  while (token !== null) {
    const { body } = await editor.ask('GET', `namespaces?pageToken=${token}&pageSize=10`);
    seen.push(...body.namespaces.flat());
    token = body['next-page-token'];
  }
  assert.deepEqual(seen, names);
  assert.equal((await editor.ask('GET', 'namespaces?pageToken=rubbish!')).status, 400);
});

test('properties of a namespace are set and removed; what is there and what is not is said', async t => {
  const { editor } = await openCatalogWorld(t);
  await editor.ask('POST', 'namespaces', { namespace: ['shop'], properties: { a: '1', b: '2' } });
  const change = (body: unknown) => editor.ask('POST', 'namespaces/shop/properties', body);
  const changed = await change({ removals: ['a', 'none'], updates: { c: '3' } });
  assert.deepEqual(changed.body, {
    updated: ['c'],
    removed: ['a'],
    missing: ['none'],
  } as typeof changed.body);
  const { location: _, ...properties } = (await editor.ask('GET', 'namespaces/shop')).body.properties;
  assert.deepEqual(properties, { b: '2', c: '3' });
  const both = await change({ removals: ['b'], updates: { b: '4' } });
  assert.equal(both.status, 422);
  assert.equal(both.body.error.type, 'UnprocessableEntityException');
  assert.equal((await change({ updates: { location: 's3://elsewhere' } })).status, 400);
  // Two at once: neither takes away what the other set.
  await Promise.all(Array.from({ length: 8 }, (_, at) => change({ updates: { [`p${at}`]: 'x' } })));
  const after = (await editor.ask('GET', 'namespaces/shop')).body.properties;
  assert.equal(Object.keys(after).filter(name => name.startsWith('p')).length, 8);
});

test('a namespace that holds a table is not dropped', async t => {
  const { editor } = await withTable(t);
  const refused = await editor.ask('DELETE', 'namespaces/shop');
  assert.equal(refused.status, 409);
  assert.equal(refused.body.error.type, 'NamespaceNotEmptyException');
  assert.equal(
    (await editor.ask('DELETE', 'namespaces/shop/tables/orders?purgeRequested=false')).status,
    204,
  );
  assert.equal((await editor.ask('DELETE', 'namespaces/shop')).status, 204);
  assert.equal((await editor.ask('DELETE', 'namespaces/shop')).status, 404);
});

test('a table in an unknown namespace is a table that is not there, and so is a view', async t => {
  const { editor } = await withTable(t);
  // Spark resolves shop.orders.files by this answer.
  const table = await editor.ask('GET', 'namespaces/shop%1Forders/tables/files');
  assert.equal(table.status, 404);
  assert.equal(table.body.error.type, 'NoSuchTableException');
  const view = await editor.ask('GET', 'namespaces/none/views/files');
  assert.equal(view.body.error.type, 'NoSuchViewException');
  const list = await editor.ask('GET', 'namespaces/none/tables');
  assert.equal(list.body.error.type, 'NoSuchNamespaceException');
  const create = await editor.ask('POST', 'namespaces/none/tables', NEW_TABLE);
  assert.equal(create.body.error.type, 'NoSuchNamespaceException');
});

test('a table is made with ids from 1, whatever the client counted from, and nulls say nothing', async t => {
  const { editor, storage } = await openCatalogWorld(t);
  await editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const { status, body } = await editor.ask('POST', 'namespaces/shop/tables', {
    name: 'orders',
    location: null,
    'write-order': null,
    'stage-create': false,
    unheard_of: { of: [1] },
    properties: { 'format-version': '2', team: 'fruit' },
    schema: {
      type: 'struct',
      'schema-id': 7,
      'identifier-field-ids': [0],
      fields: [
        { id: 0, name: 'id', required: true, type: 'long' },
        {
          id: 1,
          name: 'address',
          required: false,
          type: { type: 'struct', fields: [{ id: 3, name: 'city', required: false, type: 'string' }] },
        },
        { id: 2, name: 'day', required: false, type: 'date' },
      ],
    },
    'partition-spec': {
      type: 'struct',
      'spec-id': 3,
      fields: [{ name: 'day_month', transform: 'month', 'source-id': 2 }],
    },
  });
  assert.equal(status, 200);
  const { metadata } = body;
  const [schema] = metadata.schemas;
  assert.deepEqual(
    schema?.fields.map(field => field.id),
    [1, 2, 3],
  );
  assert.deepEqual(schema?.['identifier-field-ids'], [1]);
  assert.deepEqual(
    metadata['partition-specs'][0]?.fields.map(field => field['source-id']),
    [3],
  );
  assert.equal(metadata['last-column-id'], 4);
  assert.equal(metadata.properties.team, 'fruit');
  assert.equal(metadata['format-version'], 2);
  assert.ok(body['metadata-location']?.startsWith(`${metadata.location}/metadata/`));
  assert.ok(metadata.location.startsWith(storage.facts.root));

  const again = await editor.ask('POST', 'namespaces/shop/tables', { ...NEW_TABLE, name: 'ORDERS' });
  assert.equal(again.status, 409);
  assert.equal(again.body.error.type, 'AlreadyExistsException');
});

test('what a table cannot be is refused by name', async t => {
  const { editor } = await openCatalogWorld(t);
  await editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const field = (id: number, name: string, type: unknown = 'long') => ({ id, name, required: false, type });
  const create = async (changes: object) => {
    const { status, body } = await editor.ask('POST', 'namespaces/shop/tables', { ...NEW_TABLE, ...changes });
    return `${status} ${body.error?.type} ${body.error?.message}`;
  };
  const schema = (...fields: unknown[]) => ({ schema: { type: 'struct', 'schema-id': 0, fields } });
  assert.match(await create(schema(field(1, 'a'), field(2, 'A'))), /^400 BadRequestException .*case/);
  assert.match(await create(schema()), /^400 BadRequestException/);
  assert.match(await create(schema(field(1, 'v', 'variant'))), /^40[06] .*variant/);
  assert.match(await create({ schema: undefined }), /^400 BadRequestException .*schema/);
  assert.match(
    await create({ properties: { 'format-version': '3' } }),
    /^406 UnsupportedOperationException .*3/,
  );
  assert.match(
    await create({ 'partition-spec': { fields: [{ name: 'p', transform: 'identity', 'source-id': 99 }] } }),
    /^400/,
  );
});

test('a staged table exists only in the client, and its folders are there', async t => {
  const { editor, storage } = await openCatalogWorld(t);
  await editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const staged = await editor.ask('POST', 'namespaces/shop/tables', { ...NEW_TABLE, 'stage-create': true });
  assert.equal(staged.status, 200);
  assert.equal(staged.body['metadata-location'], undefined);
  const { metadata } = staged.body;
  const folder = metadata.location.replace('file://', '');
  // DuckDB writes into them without making them.
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'metadata']);
  assert.equal((await editor.ask('HEAD', 'namespaces/shop/tables/orders')).status, 404);

  const updates = [
    { action: 'assign-uuid', uuid: metadata['table-uuid'] },
    { action: 'upgrade-format-version', 'format-version': 2 },
    { action: 'add-schema', schema: metadata.schemas[0], 'last-column-id': 2 },
    { action: 'set-current-schema', 'schema-id': -1 },
    { action: 'add-spec', spec: { 'spec-id': 0, fields: [] } },
    { action: 'set-default-spec', 'spec-id': -1 },
    { action: 'add-sort-order', 'sort-order': { 'order-id': 0, fields: [] } },
    { action: 'set-default-sort-order', 'sort-order-id': -1 },
    { action: 'set-location', location: metadata.location },
    ...snapshotUpdates(metadata, { id: 5n }),
  ];
  const commit = { requirements: [{ type: 'assert-create' }], updates };
  const made = await editor.ask('POST', 'namespaces/shop/tables/orders', commit);
  assert.equal(made.status, 200);
  assert.equal(made.body.metadata['table-uuid'], metadata['table-uuid']);
  assert.ok(storage.keyOf(made.body['metadata-location'] ?? ''));
  // The answer was lost: the same commit once more is that table, and no conflict.
  const replayed = await editor.ask('POST', 'namespaces/shop/tables/orders', commit);
  assert.equal(replayed.status, 200);
  assert.equal(replayed.body['metadata-location'], made.body['metadata-location']);
  // Another client's creation of the same name is one.
  const other = { ...commit, updates: commit.updates.filter(update => !/snapshot/.test(update.action)) };
  assert.equal((await editor.ask('POST', 'namespaces/shop/tables/orders', other)).status, 409);
});

test('a table is loaded with a tag, and not again while it is the same', async t => {
  const { editor, path, metadata } = await withTable(t);
  const first = await editor.ask('GET', path);
  assert.equal(first.status, 200);
  const tag = first.headers.etag ?? '';
  assert.match(tag, /^"[\w-]+"$/);
  const same = await editor.ask('GET', path, undefined, { 'if-none-match': tag });
  assert.equal(same.status, 304);
  assert.equal((await editor.ask('GET', path, undefined, { 'if-none-match': `W/${tag}` })).status, 304);
  await editor.ask('POST', path, { requirements: [], updates: snapshotUpdates(metadata, { id: 5n }) });
  const changed = await editor.ask('GET', path, undefined, { 'if-none-match': tag });
  assert.equal(changed.status, 200);
  assert.notEqual(changed.headers.etag, tag);
});

test('snapshots=refs leaves out those that nothing points at', async t => {
  const { editor, path, metadata } = await withTable(t);
  for (const [sequence, id, parent] of [
    [1, 5n, undefined],
    [2, 6n, 5n],
    [3, 7n, 6n],
  ] as const)
    await editor.ask('POST', path, { updates: snapshotUpdates(metadata, { id, parent, sequence }) });
  await editor.ask('POST', path, {
    requirements: [],
    updates: [{ action: 'set-snapshot-ref', 'ref-name': 'closing', type: 'tag', 'snapshot-id': 5 }],
  });
  const ids = async (query: string) =>
    (await editor.ask('GET', `${path}${query}`)).body.metadata.snapshots.map(one =>
      Number(one['snapshot-id']),
    );
  assert.deepEqual(await ids(''), [5, 6, 7]);
  assert.deepEqual(await ids('?snapshots=all'), [5, 6, 7]);
  assert.deepEqual(await ids('?snapshots=refs'), [5, 7]);
});

test('ids of 63 bits come back as they were sent', async t => {
  const { editor, path, metadata } = await withTable(t);
  const id = 9_223_372_036_854_775_783n;
  const { status } = await editor.ask('POST', path, {
    requirements: [],
    updates: snapshotUpdates(metadata, { id }),
  });
  assert.equal(status, 200);
  const { body } = await editor.ask('GET', path);
  assert.equal(body.metadata['current-snapshot-id'], id);
  const next = snapshotUpdates(metadata, { id: 5n, parent: id });
  const wrong = await editor.ask('POST', path, {
    requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': id - 1n }],
    updates: next,
  });
  assert.equal(wrong.status, 409);
  assert.equal(wrong.body.error.type, 'CommitFailedException');
  const right = await editor.ask('POST', path, {
    requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': id }],
    updates: next,
  });
  assert.equal(right.status, 200);
});

test('a commit whose answer was lost is recognised when it comes again', async t => {
  const { editor, path, metadata } = await withTable(t);
  const commit = {
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null },
    ],
    updates: snapshotUpdates(metadata, { id: 5n }),
  };
  const first = await editor.ask('POST', path, commit);
  assert.equal(first.status, 200);
  const second = await editor.ask('POST', path, commit);
  assert.equal(second.status, 200);
  assert.equal(second.body['metadata-location'], first.body['metadata-location']);
  // Also when another commit came in between.
  await editor.ask('POST', path, {
    requirements: [],
    updates: snapshotUpdates(metadata, { id: 6n, parent: 5n }),
  });
  const late = await editor.ask('POST', path, commit);
  assert.equal(late.status, 200);
  assert.equal(late.body.metadata['current-snapshot-id'], 6);
  assert.equal(late.body.metadata.snapshots.length, 2);
  // A new snapshot on the old base is a conflict.
  const stale = await editor.ask('POST', path, { ...commit, updates: snapshotUpdates(metadata, { id: 8n }) });
  assert.equal(stale.status, 409);
  assert.equal(stale.body.error.type, 'CommitFailedException');
});

test('several snapshots in one commit, statistics, and main that is taken away', async t => {
  const { editor, path, metadata } = await withTable(t);
  const both = [
    ...snapshotUpdates(metadata, { id: 5n }),
    ...snapshotUpdates(metadata, { id: 6n, parent: 5n, sequence: 2 }),
  ];
  assert.equal((await editor.ask('POST', path, { requirements: [], updates: both })).status, 200);
  const statistics = {
    'snapshot-id': 6,
    'statistics-path': `${metadata.location}/metadata/6.stats`,
    'file-size-in-bytes': 10,
    'file-footer-size-in-bytes': 5,
    'blob-metadata': [],
  };
  const set = await editor.ask('POST', path, {
    updates: [{ action: 'set-statistics', 'snapshot-id': 6, statistics }],
  });
  assert.equal(set.status, 200);
  assert.equal(set.body.metadata.statistics.length, 1);
  const removed = await editor.ask('POST', path, {
    updates: [{ action: 'remove-statistics', 'snapshot-id': 6 }],
  });
  assert.deepEqual(removed.body.metadata.statistics, []);
  const without = await editor.ask('POST', path, {
    updates: [{ action: 'remove-snapshot-ref', 'ref-name': 'main' }],
  });
  assert.equal(without.status, 200);
  assert.equal(without.body.metadata['current-snapshot-id'], -1);
});

test('unknown updates and requirements are refused, and nothing is done', async t => {
  const { editor, path } = await withTable(t);
  const before = await editor.ask('GET', path);
  for (const body of [
    { requirements: [{ type: 'assert-moon' }], updates: [] },
    { requirements: [], updates: [{ action: 'explode' }] },
    { requirements: 'none' },
    '{"updates": [',
    '[]',
    `{"updates":${'['.repeat(2000)}${']'.repeat(2000)}}`,
  ]) {
    const { status, body: answer } = await editor.ask('POST', path, body);
    assert.equal(status, 400, JSON.stringify(body).slice(0, 80));
    assert.equal(answer.error.type, 'BadRequestException');
  }
  assert.equal((await editor.ask('GET', path)).body['metadata-location'], before.body['metadata-location']);
});

test('many tables are committed at once, or none of them', async t => {
  const { editor, path, metadata } = await withTable(t);
  const second = await editor.ask('POST', 'namespaces/shop/tables', { ...NEW_TABLE, name: 'items' });
  const change = (name: string, of: typeof metadata, id: bigint, asserted: bigint | null) => ({
    identifier: { namespace: ['shop'], name },
    requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': asserted }],
    updates: snapshotUpdates(of, { id }),
  });
  const commit = (...changes: unknown[]) =>
    editor.ask('POST', 'transactions/commit', { 'table-changes': changes });
  const refused = await commit(
    change('orders', metadata, 5n, null),
    change('items', second.body.metadata, 6n, 99n),
  );
  assert.equal(refused.status, 409);
  assert.equal(refused.body.error.type, 'CommitFailedException');
  assert.deepEqual((await editor.ask('GET', path)).body.metadata.snapshots, []);

  const both = [change('orders', metadata, 5n, null), change('items', second.body.metadata, 6n, null)];
  assert.equal((await commit(...both)).status, 204);
  // Its answer was lost.
  assert.equal((await commit(...both)).status, 204);
  for (const name of ['orders', 'items'])
    assert.equal(
      (await editor.ask('GET', `namespaces/shop/tables/${name}`)).body.metadata.snapshots.length,
      1,
    );
  const missing = await commit(change('nothing', metadata, 7n, null));
  assert.equal(missing.body.error.type, 'NoSuchTableException');
});

test('a table is renamed across namespaces, and its files stay', async t => {
  const { editor, path, metadata } = await withTable(t);
  await editor.ask('POST', 'namespaces', { namespace: ['attic', 'old'] });
  const rename = (source: object, destination: object) =>
    editor.ask('POST', 'tables/rename', { source, destination });
  const from = { namespace: ['shop'], name: 'orders' };
  const to = { namespace: ['attic', 'old'], name: 'orders of "2019"' };
  assert.equal(
    (await rename(from, { ...to, namespace: ['none'] })).body.error.type,
    'NoSuchNamespaceException',
  );
  assert.equal((await rename(from, to)).status, 204);
  assert.equal((await editor.ask('GET', path)).status, 404);
  const moved = await editor.ask('GET', `namespaces/attic%1Fold/tables/${encodeURIComponent(to.name)}`);
  assert.equal(moved.body.metadata.location, metadata.location);
  assert.equal((await rename(from, to)).body.error.type, 'NoSuchTableException');
  await editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE);
  assert.equal((await rename(to, from)).body.error.type, 'AlreadyExistsException');
});

test('a table is dropped and registered again; purge may be asked for in any capitals', async t => {
  const { editor, client, token, workspace_id, path } = await withTable(t);
  const location = (await editor.ask('GET', path)).body['metadata-location'] ?? '';
  assert.equal((await editor.ask('DELETE', `${path}?purgeRequested=False`)).status, 204);
  assert.equal((await editor.ask('GET', path)).status, 404);
  const admin = client(await token('admin'));
  const register = (body: object) => admin.ask('POST', `${workspace_id}/namespaces/shop/register`, body);
  const back = await register({ name: 'orders', 'metadata-location': location });
  assert.equal(back.status, 200);
  assert.equal(back.body['metadata-location'], location);
  assert.equal(
    (await register({ name: 'orders', 'metadata-location': location })).body.error.type,
    'AlreadyExistsException',
  );
  assert.equal((await editor.ask('DELETE', `${path}?purgeRequested=TRUE`)).status, 204);
});

test('registering over a table takes the metadata that is named', async t => {
  const { editor, client, token, workspace_id, path, metadata } = await withTable(t);
  const first = (await editor.ask('GET', path)).body['metadata-location'] ?? '';
  await editor.ask('POST', path, { updates: snapshotUpdates(metadata, { id: 5n }) });
  const admin = client(await token('admin'));
  const back = await admin.ask('POST', `${workspace_id}/namespaces/shop/register`, {
    name: 'orders',
    'metadata-location': first,
    overwrite: true,
  });
  assert.equal(back.status, 200, JSON.stringify(back.body.error));
  const now = await editor.ask('GET', path);
  assert.equal(now.body['metadata-location'], first);
  assert.deepEqual(now.body.metadata.snapshots, []);
});

test('metrics are taken, and not kept', async t => {
  const { editor, path } = await withTable(t);
  const report = {
    'report-type': 'scan-report',
    'table-name': 'orders',
    'snapshot-id': 9_223_372_036_854_775_783n,
  };
  assert.equal((await editor.ask('POST', `${path}/metrics`, report)).status, 204);
  assert.equal((await editor.ask('POST', 'namespaces/shop/tables/none/metrics', report)).status, 404);
});

test('a folder has no keys to hand out', async t => {
  const { editor, path } = await withTable(t);
  const delegation = { 'x-iceberg-access-delegation': 'vended-credentials,remote-signing' };
  const loaded = await editor.ask('GET', path, undefined, delegation);
  assert.deepEqual(loaded.body.config, {});
  assert.equal(loaded.body['storage-credentials'], undefined);
  const credentials = await editor.ask('GET', `${path}/credentials`);
  assert.deepEqual(credentials.body['storage-credentials'], []);
});

test('an unknown address and a wrong media type are answered in the language of the catalog', async t => {
  const { editor, server, workspace_id } = await withTable(t);
  const nowhere = await editor.ask('GET', 'moons');
  assert.equal(nowhere.status, 404);
  assert.equal(nowhere.body.error.code, 404);
  const broken = await server.inject({
    url: `/iceberg/v1/${workspace_id}/namespaces/%ZZ`,
    headers: { host: '127.0.0.1:4610' },
  });
  assert.equal(broken.statusCode, 400);
  assert.equal(broken.json().error.type, 'BadRequestException');
  const xml = await editor.ask('POST', 'namespaces', '<xml/>', { 'content-type': 'text/xml' });
  assert.equal(xml.body.error.code, xml.status);
  assert.equal(xml.status, 415);
});

/** One empty table, `shop.orders`. */
async function withTable(t: Parameters<typeof openCatalogWorld>[0]) {
  const world: CatalogWorld = await openCatalogWorld(t);
  await world.editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const { body } = await world.editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE);
  return { ...world, metadata: body.metadata, path: 'namespaces/shop/tables/orders' };
}
