import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lakeWorker } from '../support/lake.ts';

test('care: small files become one, old snapshots go, and what is left over is found', async t => {
  const world = await lakeWorker(t);
  const target = { namespace: ['n'], name: 'made' };
  const made = await world.run('table.write', {
    ...target,
    source: { kind: 'generate', rows: 60, stage_rows: 10 },
  });
  assert.equal(made.state, 'succeeded', JSON.stringify(made.error));
  const row = await world.lake.tables.named(world.context, 'n.made');
  assert(row);
  const { workspace_id } = world;
  const before = await world.rows('n.made');
  const files = world.lake.filesOf(workspace_id);
  // A file of an attempt that ended long ago, and one of a stranger, which may be of somebody who writes now.
  const lost = `${row.location}/data/0199c0de-0000-7000-8000-000000000000-1-0123abcd-00000.parquet`;
  const strange = `${row.location}/data/strange.parquet`;
  await files.write(lost, Buffer.from('lost'));
  await files.write(strange, Buffer.from('strange'));
  await world.database.store.withWorkspace({ workspace_id }, tx =>
    tx
      .updateTable('lake_tables')
      .set({ policy: JSON.stringify({ snapshot_days: 0, snapshots_keep: 1 }) })
      .where('id', '=', row.id)
      .execute(),
  );

  const kinds = ['compact', 'manifests', 'expire', 'orphans'];
  const cared = await world.run('table.maintain', { table_id: row.id, kinds });
  assert.equal(cared.state, 'succeeded', JSON.stringify(cared.error));
  assert.deepEqual(await world.rows('n.made'), before);
  const { metadata } = await world.lake.tables.load(world.context, row.id);
  assert.equal(metadata.snapshots.length, 1);
  assert.equal((await world.lake.tables.get(world.context, row.id))?.files, 1);
  const garbage = await world.database.store.withWorkspace({ workspace_id }, tx =>
    tx
      .selectFrom('lake_garbage')
      .select(['location', 'reason'])
      .where('workspace_id', '=', workspace_id)
      .execute(),
  );
  assert(
    garbage.some(({ location }) => location === lost),
    'what the ended attempt left is found',
  );
  assert(
    !garbage.some(({ location }) => location === strange),
    'what a stranger may be writing is left alone',
  );
  assert(garbage.filter(({ reason }) => reason === 'forgotten').length >= 6);
});

test('an export is a file with the rows of the table, or of those that are asked for', async t => {
  const world = await lakeWorker(t);
  await world.run('table.write', {
    namespace: ['n'],
    name: 'made ✓',
    source: { kind: 'generate', rows: 10 },
  });
  const row = await world.lake.tables.named(world.context, 'n.made ✓');
  assert(row);
  const done = await world.run('table.export', { table_id: row.id, format: 'csv', filter: 'id >= 8' });
  assert.equal(done.state, 'succeeded', JSON.stringify(done.error));
  const { items } = await world.storage.list(`artifacts/exports/${world.workspace_id}/${done.run_id}/`);
  const [object] = items;
  assert(object);
  const text = String(Buffer.concat(await toArray(await world.storage.get(object.key))));
  assert.deepEqual(
    text
      .trim()
      .split('\n')
      .map(line => line.split(',')[0]),
    ['id', '8', '9'],
  );
});

async function toArray(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

test('how a table was once divided is forgotten when no file is so any more, and not before', async t => {
  const world = await lakeWorker(t);
  const { lake, context, workspace_id, database, run } = world;
  const made = { namespace: ['n'], name: 'made' };
  const write = () => run('table.write', { ...made, source: { kind: 'generate', rows: 10 } });
  await write();
  const row = await lake.tables.named(context, 'n.made');
  assert(row);
  const divide = (name: string) =>
    lake.commit(context, [
      {
        ...{ table: row.id, requirements: [] },
        updates: [
          { action: 'add-spec', spec: { fields: [{ 'source-id': 1, name, transform: 'bucket[4]' }] } },
          { action: 'set-default-spec', 'spec-id': -1 },
        ],
      },
    ]);
  const specs = async () =>
    (await lake.tables.load(context, row.id)).metadata['partition-specs'].map(spec => spec['spec-id']);
  await divide('never_used');
  await divide('by_id');
  await write();
  assert.deepEqual(await specs(), [0, 1, 2]);
  await database.store.withWorkspace({ workspace_id }, tx =>
    tx
      .updateTable('lake_tables')
      .set({ policy: JSON.stringify({ snapshot_days: 0, snapshots_keep: 1 }) })
      .where('id', '=', row.id)
      .execute(),
  );
  const writers = () =>
    database.store.withWorkspace({ workspace_id }, tx => tx.deleteFrom('staged_prefixes').execute());
  await run('table.maintain', { table_id: row.id, kinds: ['expire'] });
  assert.deepEqual(
    await specs(),
    [0, 1, 2],
    'attempts that ended a moment ago may be of somebody who writes',
  );
  await writers();
  await run('table.maintain', { table_id: row.id, kinds: ['expire'] });
  assert.deepEqual(await specs(), [0, 2], 'the first rows are divided by nothing still');
  assert.equal((await world.rows('n.made')).length, 20);
  await run('table.maintain', { table_id: row.id, kinds: ['compact'] });
  await writers();
  const { state, error } = await run('table.maintain', { table_id: row.id, kinds: ['expire'] });
  assert.equal(state, 'succeeded', JSON.stringify(error));
  assert.equal((await world.rows('n.made')).length, 20);
});
