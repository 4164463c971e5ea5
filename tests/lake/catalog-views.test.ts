import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEW_TABLE, openCatalogWorld } from './catalog.ts';

const SCHEMA = {
  type: 'struct',
  'schema-id': 0,
  fields: [{ id: 0, name: 'one', required: false, type: 'int' }],
};

const version = (sql: string, ...dialects: string[]) => ({
  'version-id': 1,
  'timestamp-ms': Date.now(),
  'schema-id': 0,
  summary: { 'engine-name': 'test' },
  'default-catalog': null,
  'default-namespace': ['shop'],
  representations: dialects.map(dialect => ({ type: 'sql', sql, dialect })),
});

const NEW_VIEW = {
  name: 'ones',
  schema: SCHEMA,
  'view-version': version('SELECT 1 one', 'trino', 'spark'),
  properties: {},
};

const PATH = 'namespaces/shop/views/ones';

async function withView(t: Parameters<typeof openCatalogWorld>[0]) {
  const world = await openCatalogWorld(t);
  await world.editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const made = await world.editor.ask('POST', 'namespaces/shop/views', NEW_VIEW);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  return { ...world, view: viewOf(made.body) };
}

interface View {
  'view-uuid': string;
  location: string;
  'current-version-id': number;
  versions: { 'version-id': number; representations: { sql: string; dialect: string }[] }[];
}

/** Views have another metadata than tables. */
function viewOf(body: { metadata: unknown }): View {
  return body.metadata as View;
}

test('a view is made, listed, loaded and dropped, with the queries of several engines', async t => {
  const { editor, view, storage, workspace_id } = await withView(t);
  assert.ok(view.location.startsWith(`${storage.facts.root}/${workspace_id}/ns/`));
  const loaded = await editor.ask('GET', PATH);
  assert.deepEqual(
    viewOf(loaded.body)
      .versions.at(-1)
      ?.representations.map(({ dialect }) => dialect),
    ['trino', 'spark'],
  );
  assert.ok(loaded.body['metadata-location']?.endsWith('.metadata.json'));
  assert.equal((await editor.ask('HEAD', PATH)).status, 204);
  const list = await editor.ask('GET', 'namespaces/shop/views');
  assert.deepEqual(list.body.identifiers, [{ namespace: ['shop'], name: 'ones' }]);
  // A view is no table, to anybody who asks for one.
  assert.equal(
    (await editor.ask('GET', 'namespaces/shop/tables/ones')).body.error.type,
    'NoSuchTableException',
  );
  assert.deepEqual((await editor.ask('GET', 'namespaces/shop/tables')).body.identifiers, []);
  assert.equal((await editor.ask('DELETE', 'namespaces/shop')).body.error.type, 'NamespaceNotEmptyException');
  assert.equal((await editor.ask('DELETE', PATH)).status, 204);
  assert.equal((await editor.ask('GET', PATH)).body.error.type, 'NoSuchViewException');
  assert.equal((await editor.ask('HEAD', PATH)).status, 404);
});

test('tables and views share their names', async t => {
  const { editor } = await withView(t);
  const table = await editor.ask('POST', 'namespaces/shop/tables', { ...NEW_TABLE, name: 'ONES' });
  assert.equal(table.body.error.type, 'AlreadyExistsException');
  const again = await editor.ask('POST', 'namespaces/shop/views', NEW_VIEW);
  assert.equal(again.body.error.type, 'AlreadyExistsException');
  await editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE);
  const rename = await editor.ask('POST', 'views/rename', {
    source: { namespace: ['shop'], name: 'ones' },
    destination: { namespace: ['shop'], name: 'orders' },
  });
  assert.equal(rename.body.error.type, 'AlreadyExistsException');
});

test('a view is replaced on what it is now, and loses no query of another engine in silence', async t => {
  const { editor, view } = await withView(t);
  const replace = (uuid: string, ...dialects: string[]) =>
    editor.ask('POST', PATH, {
      requirements: [{ type: 'assert-view-uuid', uuid }],
      updates: [
        { action: 'add-schema', schema: SCHEMA, 'last-column-id': 0 },
        {
          action: 'add-view-version',
          'view-version': { ...version('SELECT 2 one', ...dialects), 'version-id': 2, 'schema-id': -1 },
        },
        { action: 'set-current-view-version', 'view-version-id': -1 },
      ],
    });
  const replaced = await replace(view['view-uuid'], 'trino', 'spark');
  assert.equal(replaced.status, 200);
  const now = viewOf(replaced.body);
  assert.equal(now.versions.length, 2);
  const current = now.versions.find(one => one['version-id'] === now['current-version-id']);
  assert.equal(current?.representations[0]?.sql, 'SELECT 2 one');
  const other = await replace('01987b2c-0000-7000-8000-000000000001', 'trino', 'spark');
  assert.equal(other.status, 409);
  assert.equal(other.body.error.type, 'CommitFailedException');
  const lost = await replace(view['view-uuid'], 'trino');
  assert.equal(lost.status, 400);
  assert.match(lost.body.error.message, /spark/);
});

test('a view moves to another namespace', async t => {
  const { editor } = await withView(t);
  await editor.ask('POST', 'namespaces', { namespace: ['attic'] });
  const source = { namespace: ['shop'], name: 'ones' };
  const destination = { namespace: ['attic'], name: 'old' };
  assert.equal((await editor.ask('POST', 'views/rename', { source, destination })).status, 204);
  assert.equal((await editor.ask('GET', 'namespaces/attic/views/old')).status, 200);
  const again = await editor.ask('POST', 'views/rename', { source, destination });
  assert.equal(again.body.error.type, 'NoSuchViewException');
});

test('a view lies where its namespace is, and what it cannot be is refused', async t => {
  const { editor } = await withView(t);
  const create = async (change: object) =>
    (await editor.ask('POST', 'namespaces/shop/views', { ...NEW_VIEW, name: 'bad', ...change })).status;
  for (const location of ['file:///etc', 's3://elsewhere/x', '/etc'])
    assert.ok([400, 403].includes(await create({ location })), location);
  assert.equal(await create({ 'view-version': undefined }), 400);
  assert.equal(await create({ 'view-version': version('SELECT 1') }), 400);
  assert.equal(await create({ schema: 'none' }), 400);
  const move = await editor.ask('POST', PATH, {
    updates: [{ action: 'set-location', location: 'file:///etc' }],
  });
  assert.ok([400, 403].includes(move.status));
  assert.equal((await editor.ask('POST', PATH, { updates: [{ action: 'add-snapshot' }] })).status, 400);
});
