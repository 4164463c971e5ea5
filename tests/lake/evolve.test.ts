import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currentSchema, findField, openTable } from '../../src/base/iceberg/index.ts';
import type { LakeSchemaChange } from '../../src/contract/lake.ts';
import { type LakeWorker, lakeWorker } from '../support/lake.ts';

// Members of structs that get another name: DuckDB would read NULL from the files that are there, so they are written anew.

const ROWS = '{"id":1,"at":{"city":"Lyon","zip":"69001"}}\n{"id":2,"at":{"city":"Lille","zip":"59000"}}\n';

async function filled(world: LakeWorker) {
  const source = { kind: 'uploads', format: 'ndjson', upload_ids: [await world.upload(ROWS)] };
  const written = await world.run('table.write', { namespace: ['shop'], name: 'people', source });
  assert.equal(written.state, 'succeeded', JSON.stringify(written.error));
  const row = await world.lake.tables.named(world.context, 'shop.people');
  assert(row);
  return row;
}

const RENAME: LakeSchemaChange[] = [
  { change: 'rename', path: 'at.city', name: 'town' },
  { change: 'add', path: 'note', type: 'string' },
];

test('a member of a struct is renamed by a run that writes the files anew, schema and rows in one commit', async t => {
  const world = await lakeWorker(t);
  const { id: table_id } = await filled(world);
  const { state, error, result } = await world.run('table.evolve', { table_id, changes: RENAME });
  assert.equal(state, 'succeeded', JSON.stringify(error));
  assert.deepEqual({ ...Object(result), bytes: 0 }, { rows: 2, files: 1, bytes: 0 });
  assert.deepEqual(await world.rows('shop.people'), [
    { id: 1n, at: { town: 'Lyon', zip: '69001' }, note: null },
    { id: 2n, at: { town: 'Lille', zip: '59000' }, note: null },
  ]);
  const { metadata } = await world.lake.tables.load(world.context, table_id);
  assert.equal(metadata.snapshots.length, 2, 'one commit');
  assert.ok(findField(currentSchema(metadata), 'at.town'));
  const told = await world.database.store.withInstance('test', tx =>
    tx.selectFrom('audit_entries').select('action').where('action', '=', 'table.schema_changed').execute(),
  );
  assert.equal(told.length, 1);

  const again = await world.run('table.evolve', { table_id, changes: RENAME });
  assert.deepEqual(
    [again.state, again.error?.code],
    ['failed', 'lake.input'],
    'there is no at.city any more',
  );
  const lossy: LakeSchemaChange[] = [{ change: 'widen', path: 'at.zip', type: 'int' }];
  const refused = await world.run('table.evolve', { table_id, changes: lossy });
  assert.equal(refused.state, 'failed');
  assert.match(refused.error?.message ?? '', /at\.zip/);
});

test('rows that others bring while the files are written anew are not lost: it is done again', async t => {
  let meddle: (() => Promise<unknown>) | undefined;
  const world = await lakeWorker(t, {
    async reached(moment) {
      if (moment !== 'metadata_sealed') return;
      const now = meddle;
      meddle = undefined;
      await now?.();
    },
  });
  const { lake, context, engine, workspace_id, run, rows } = world;
  const { id: table_id } = await filled(world);
  const table = openTable({
    files: lake.filesOf(workspace_id),
    engine,
    pointer: lake.pointerOf(context, table_id),
  });
  meddle = () => table.append(`SELECT 3::BIGINT AS id, {'city': 'Metz', 'zip': '57000'} AS at`);
  const { state, error, attempt } = await run('table.evolve', { table_id, changes: RENAME });
  assert.equal(state, 'succeeded', JSON.stringify(error));
  assert.equal(attempt, 2, 'the files of the first one were of too few rows');
  assert.deepEqual(
    (await rows('shop.people')).map(({ at }) => Object(at).town),
    ['Lyon', 'Lille', 'Metz'],
  );
});
