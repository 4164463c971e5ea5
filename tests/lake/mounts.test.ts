import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { refused } from '../access/refused.ts';
import { openWorld } from '../access/world.ts';
import { otherCatalog } from './other-catalog.ts';

// Catalogs of others: a second Moulin, over a real connection, is one.

const FIELDS = [{ name: 'id', type: 'long', required: true }];

test('a catalog of others is shown, looked at again, and only read', async t => {
  const other = await otherCatalog(t);
  const world = await openWorld(t, { outbound_allow: ['127.0.0.1'] });
  const { client: api } = await world.person('admin');
  const body = { name: 'theirs', url: other.url, auth: 'token' as const, secret: other.token };
  const mount = await api['lake_mounts.create']({ body });
  assert.deepEqual([mount.tables, mount.error], [1, null]);
  assert(!JSON.stringify(mount).includes(other.token), 'the secret is never answered');
  await refused(api['lake_mounts.create']({ body }), 'lake.mount_taken');

  const [table] = (await api['lake_tables.list']({ query: {} })).items;
  assert(table);
  assert.deepEqual([table.name, table.mount, table.zone], ['orders', 'theirs', 'foreign']);
  const params = { id: table.id };
  const { version } = table;
  await refused(api['lake_tables.edit']({ params, version, body: { name: 'mine' } }), 'lake.read_only');
  await refused(api['lake_tables.delete']({ params, query: {} }), 'lake.read_only');
  await refused(api['lake_tables.maintain']({ params, body: { kinds: ['compact'] } }), 'lake.read_only');

  await other.addTable('more');
  assert.equal((await api['lake_mounts.refresh']({ params: { id: mount.id } })).tables, 2);
  await api['lake_mounts.delete']({ params: { id: mount.id } });
  assert.deepEqual((await api['lake_tables.list']({ query: {} })).items, []);
});

test('a catalog that refuses, or is none, is said in words and not kept', async t => {
  const other = await otherCatalog(t);
  const world = await openWorld(t, { outbound_allow: ['127.0.0.1'] });
  const { client: api } = await world.person('admin');
  const wrong = { name: 'wrong', url: other.url, auth: 'token' as const, secret: 'moulin_no_token' };
  const { detail } = await refused(api['lake_mounts.create']({ body: wrong }), 'lake.mount_failed');
  assert.match(detail, /401/);
  const url = await pageOnly(t);
  await refused(api['lake_mounts.create']({ body: { name: 'page', url } }), 'lake.mount_failed');
  assert.deepEqual((await api['lake_mounts.list']({ query: {} })).items, []);
});

test('whoever sees a part of the rows sees no files and no values of all', async t => {
  const world = await openWorld(t, { lake: { access: async () => 'policed' } });
  const { client: api } = await world.person('editor');
  await api['lake_namespaces.create']({ body: { levels: ['shop'] } });
  const body = { namespace: ['shop'], name: 'orders', fields: FIELDS };
  const { id } = await api['lake_tables.create']({ body });
  assert.equal((await api['lake_tables.show']({ params: { id } })).name, 'orders');
  await refused(api['lake_tables.files']({ params: { id } }), 'lake.policed');
  await refused(api['lake_tables.partitions']({ params: { id } }), 'lake.policed');
  await refused(api['lake_tables.export']({ params: { id }, body: { format: 'csv' } }), 'lake.policed');
});

test('an export with a filter that cannot be read does not begin', async t => {
  const world = await openWorld(t);
  const { client: api } = await world.person('editor');
  await api['lake_namespaces.create']({ body: { levels: ['shop'] } });
  const { id } = await api['lake_tables.create']({
    body: { namespace: ['shop'], name: 'orders', fields: FIELDS },
  });
  for (const filter of ['id >', "id = 'a", 'id > 1 OR', '; drop table x'])
    await refused(
      api['lake_tables.export']({ params: { id }, body: { format: 'csv', filter } }),
      'lake.filter',
    );
});

/** Answers everything, and is no catalog. */
async function pageOnly(t: TestContext): Promise<string> {
  const server = createServer((_, answer) => answer.end('<html>Welcome</html>'));
  t.after(() => server.close());
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}
