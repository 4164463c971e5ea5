import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from '../access/refused.ts';
import { NEW_TABLE, openCatalogWorld } from './catalog.ts';

const NAMES = ['a "quoted" one', 'dots.in.it', 'slash/es', 'ünï 表', 'select', "o'brien", '%2F', 'a?b#c&d'];

test('a table of any name is made through the API and found through the API and the catalog', async t => {
  const { local, editor } = await openCatalogWorld(t);
  for (const name of NAMES) {
    const levels = ['n', name];
    const workspace = 'main';
    await local['lake_namespaces.create']({ body: { levels }, workspace });
    const fields = NAMES.map(each => ({ name: each, type: 'long' }));
    const made = await local['lake_tables.create']({ body: { namespace: levels, name, fields }, workspace });
    const found = await local['lake_tables.find']({ query: { name: `n.${name}.${name}` }, workspace });
    assert.equal(found.id, made.id, name);
    assert.deepEqual(
      found.fields.map(field => field.path),
      NAMES,
    );
    const path = `namespaces/${encodeURIComponent(levels.join('\x1f'))}/tables`;
    const loaded = await editor.ask('GET', `${path}/${encodeURIComponent(name)}`);
    assert.equal(loaded.status, 200, name);
    assert.deepEqual(
      loaded.body.metadata.schemas[0]?.fields.map(field => field.name),
      NAMES,
    );
    assert.deepEqual((await editor.ask('GET', path)).body.identifiers, [{ namespace: levels, name }]);
  }
});

test('two tables, and two fields, whose names differ by case are one too many', async t => {
  const { local, editor } = await openCatalogWorld(t);
  const workspace = 'main';
  await local['lake_namespaces.create']({ body: { levels: ['shop'] }, workspace });
  const make = (name: string, ...fields: string[]) =>
    local['lake_tables.create']({
      body: { namespace: ['shop'], name, fields: fields.map(each => ({ name: each, type: 'long' })) },
      workspace,
    });
  await make('Été', 'id');
  await assert.rejects(make('éTÉ', 'id'), /upper and lower case make no difference/);
  await assert.rejects(make('other', 'Straße', 'STRAßE'), /Straße|STRAßE/);
  const fields = ['id', 'ID'].map((name, at) => ({ id: at + 1, name, required: false, type: 'long' }));
  const schema = { type: 'struct', 'schema-id': 0, fields };
  const refused = await editor.ask('POST', 'namespaces/shop/tables', { name: 'third', schema });
  assert.equal(refused.status, 400);
  assert.match(refused.body.error.message, /ID|id/);
});

test('a name that no address can say is refused, by whichever way it comes', async t => {
  const { local, editor } = await openCatalogWorld(t);
  const workspace = 'main';
  await local['lake_namespaces.create']({ body: { levels: ['shop'] }, workspace });
  const fields = [{ name: 'id', type: 'long' }];
  const orders = { namespace: ['shop'], name: 'orders', fields };
  const { id, version } = await local['lake_tables.create']({ body: orders, workspace });
  const creation = { 'table-changes': [{ requirements: [{ type: 'assert-create' }], updates: [] }] };
  for (const name of ['.', '..']) {
    await refused(local['lake_tables.create']({ body: { ...orders, name }, workspace }), 'lake.name');
    await refused(
      local['lake_tables.edit']({ params: { id }, version, body: { name }, workspace }),
      'lake.name',
    );
    await refused(local['lake_namespaces.create']({ body: { levels: ['n', name] }, workspace }), 'lake.name');
    const identifier = { namespace: ['shop'], name };
    const body = { 'table-changes': creation['table-changes'].map(each => ({ ...each, identifier })) };
    const asked = [
      await editor.ask('POST', 'namespaces', { namespace: [name] }),
      await editor.ask('POST', 'namespaces/shop/tables', { ...NEW_TABLE, name }),
      await editor.ask('POST', 'namespaces/shop/tables', { ...NEW_TABLE, name, 'stage-create': true }),
      await editor.ask('POST', 'tables/rename', {
        source: { namespace: ['shop'], name: 'orders' },
        destination: identifier,
      }),
      await editor.ask('POST', 'transactions/commit', body),
    ];
    for (const [at, { status, body: answer }] of asked.entries()) {
      assert.equal(status, 400, `${at} ${name}`);
      assert.match(answer.error.message, /cannot be used/);
    }
  }
  for (const name of ['...', '.hidden', 'a..b'])
    await local['lake_tables.create']({ body: { ...orders, name }, workspace });
});
