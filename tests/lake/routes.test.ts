import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from '../access/refused.ts';
import { openWorld } from '../access/world.ts';

const FIELDS = [
  { name: 'id', type: 'long', required: true },
  { name: 'city', type: 'VARCHAR', doc: 'where it went' },
  { name: 'at', type: 'TIMESTAMP WITH TIME ZONE' },
];

test('namespaces and tables through the API: made, shown, found, changed, dropped', async t => {
  const world = await openWorld(t);
  const { client: api } = await world.person('editor');
  const shop = await api['lake_namespaces.create']({ body: { levels: ['shop'], description: 'sales' } });
  assert.deepEqual([shop.path, shop.description, shop.tables], ['shop', 'sales', 0]);
  const made = await api['lake_tables.create']({
    body: {
      namespace: ['shop'],
      name: 'orders',
      fields: FIELDS,
      identifier: ['id'],
      partition_by: [{ field: 'at', transform: 'day' }],
      sort_by: [{ field: 'city' }],
    },
  });
  assert.deepEqual(made.partitioned_by, ['day(at)']);
  assert.deepEqual(
    made.fields.map(({ path, type, identifier }) => [path, type, identifier]),
    [
      ['id', 'long', true],
      ['city', 'string', false],
      ['at', 'timestamptz', false],
    ],
  );
  assert.deepEqual(made.partition_specs[0]?.fields, [{ name: 'at_day', source: 'at', transform: 'day' }]);
  const found = await api['lake_tables.find']({ query: { name: 'SHOP.orders' } });
  assert.equal(found.id, made.id);
  await refused(api['lake_tables.find']({ query: { name: 'shop.nothing' } }), 'lake.no_table');

  const { id, version } = made;
  const edited = await api['lake_tables.edit']({
    ...{ params: { id }, version },
    body: { name: 'Orders', description: 'all of them', properties: { owner: 'ada' } },
  });
  assert.deepEqual(
    [edited.name, edited.description, edited.table_properties.owner],
    ['Orders', 'all of them', 'ada'],
  );
  await refused(
    api['lake_tables.edit']({ params: { id }, version, body: { name: 'x' } }),
    'version.conflict',
  );

  const listed = await api['lake_tables.list']({ query: { text: 'order', sort: '-bytes' } });
  assert.deepEqual(
    listed.items.map(({ name }) => name),
    ['Orders'],
  );
  const summary = await api['lake.summary']();
  assert.deepEqual([summary.tables, summary.views, summary.moved_from], [1, 0, null]);
  await api['lake_tables.delete']({ params: { id }, query: { purge: 'true' } });
  await refused(api['lake_tables.show']({ params: { id } }), 'object.not_found');
});

test('lists of tables are walked in every order, and come to an end', async t => {
  const world = await openWorld(t);
  const { client: api } = await world.person('editor');
  await api['lake_namespaces.create']({ body: { levels: ['n'] } });
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names)
    await api['lake_tables.create']({ body: { namespace: ['n'], name, fields: FIELDS } });
  for (const sort of ['name', 'committed_at', '-committed_at', 'bytes', '-bytes', 'rows', '-rows'] as const) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await api['lake_tables.list']({ query: { limit: 2, sort, ...(cursor && { cursor }) } });
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(seen.sort(), names, sort);
  }
});

test('what a schema may become is said before it is done; what would lose data is refused by name', async t => {
  const world = await openWorld(t);
  const { client: api } = await world.person('editor');
  await api['lake_namespaces.create']({ body: { levels: ['shop'] } });
  const { id } = await api['lake_tables.create']({
    body: { namespace: ['shop'], name: 'orders', fields: FIELDS },
  });
  const changes = [
    { change: 'add' as const, path: 'amount', type: 'DECIMAL(10,2)', after: 'id' },
    { change: 'rename' as const, path: 'city', name: 'town' },
  ];
  const told = await api['lake_tables.evolve']({ params: { id }, body: { changes, dry_run: true } });
  assert.deepEqual(told.changes.toSorted(), ['+ amount decimal(10, 2)', 'city → town']);
  const before = await api['lake_tables.show']({ params: { id } });
  assert.equal(before.fields.length, 3, 'nothing was done');
  await api['lake_tables.evolve']({ params: { id }, body: { changes } });
  const after = await api['lake_tables.show']({ params: { id } });
  assert.deepEqual(
    after.fields.map(({ path }) => path),
    ['id', 'amount', 'town', 'at'],
  );
  assert.equal(after.schemas.length, 2);
  await refused(
    api['lake_tables.evolve']({
      params: { id },
      body: { changes: [{ change: 'widen', path: 'at', type: 'int' }] },
    }),
    'lake.schema',
  );
  await refused(
    api['lake_tables.evolve']({
      params: { id },
      body: { changes: [{ change: 'add', path: 'h', type: 'INTERVAL' }] },
    }),
    'lake.type',
  );
});

test('a table without snapshots has none to show, to compare and to tag', async t => {
  const world = await openWorld(t);
  const { client: api } = await world.person('editor');
  await api['lake_namespaces.create']({ body: { levels: ['shop'] } });
  const { id } = await api['lake_tables.create']({
    body: { namespace: ['shop'], name: 'orders', fields: FIELDS },
  });
  const params = { id };
  assert.deepEqual(await api['lake_tables.snapshots']({ params }), { items: [], next_cursor: null });
  assert.deepEqual(await api['lake_tables.files']({ params }), { items: [], next_cursor: null });
  assert.deepEqual(await api['lake_tables.partitions']({ params }), { items: [], next_cursor: null });
  await refused(api['lake_tables.compare']({ params, query: { to: '7' } }), 'lake.no_snapshot');
  await refused(api['lake_tables.rollback']({ params, body: { snapshot_id: '7' } }), 'lake.no_snapshot');
  const tag = { type: 'tag' as const, snapshot_id: '7' };
  await refused(api['lake_tables.ref_put']({ params: { id, ref: 'v1' }, body: tag }), 'lake.no_snapshot');
  await refused(api['lake_tables.ref_put']({ params: { id, ref: 'main' }, body: tag }), 'lake.ref');
  await refused(api['lake_tables.ref_delete']({ params: { id, ref: 'v1' } }), 'lake.ref');
});

test('policies: the table says what differs from its workspace', async t => {
  const world = await openWorld(t);
  const { client: api } = await world.person('admin');
  await api['lake_namespaces.create']({ body: { levels: ['shop'] } });
  const made = await api['lake_tables.create']({
    body: { namespace: ['shop'], name: 'orders', fields: FIELDS },
  });
  const params = { id: made.id };
  const ours = await api['lake_policy.show']();
  const saved = await api['lake_policy.put']({
    version: ours.version,
    body: { ...ours.policy, snapshot_days: 3 },
  });
  assert.equal(saved.policy.snapshot_days, 3);
  await refused(api['lake_policy.put']({ version: ours.version, body: ours.policy }), 'version.conflict');
  const { version } = await api['lake_tables.policy']({ params });
  const own = await api['lake_tables.policy_put']({ params, version, body: { snapshots_keep: 2 } });
  assert.deepEqual(
    [own.policy.snapshot_days, own.policy.snapshots_keep, own.own],
    [3, 2, ['snapshots_keep']],
  );
});

test('a file comes in parts, and is taken only whole', async t => {
  const world = await openWorld(t);
  const { client: api } = await world.person('editor');
  const first = await api['lake_files.upload']({ query: { name: 'a.csv' }, bytes: Buffer.from('id\n1\n') });
  const { upload_id } = first;
  assert.deepEqual([first.part, first.bytes], [1, 5]);
  await refused(
    api['lake_files.upload']({ query: { name: 'a.csv', upload_id, part: 3 }, bytes: Buffer.from('3\n') }),
    'lake.upload',
  );
  await api['lake_files.upload']({ query: { name: 'a.csv', upload_id, part: 2 }, bytes: Buffer.from('2\n') });
  await refused(
    api['lake_files.upload']({ query: { name: 'e.csv' }, bytes: Buffer.alloc(0) }),
    'lake.upload',
  );
  const other = await world.person('editor', { workspace: 'other' }).catch(() => undefined);
  const body = { namespace: ['n'], name: 't', upload_ids: [upload_id], format: 'csv' as const };
  if (other) await refused(other.client['lake_tables.import']({ body }), 'lake.upload');
});
