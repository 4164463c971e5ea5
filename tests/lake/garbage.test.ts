import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIcebergError } from '../../src/base/iceberg/index.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { assemble } from '../../src/domains/lakehouse/open.ts';
import { addGarbage, addPin, dueGarbage, removePins } from '../../src/domains/lakehouse/store/staging.ts';
import { sweepEnded } from '../../src/domains/lakehouse/sweep.ts';
import { type LakeWorld, lakeParts, lakeWorld, SCHEMA } from '../support/lake.ts';

async function makeTable({ lake, context }: LakeWorld, name: string) {
  if (!(await lake.namespaces.find(context, ['shop'])))
    await lake.namespaces.create(context, { levels: ['shop'] });
  return (await lake.tables.create(context, { namespace: ['shop'], name, schema: SCHEMA })).row;
}

const due = ({ database }: LakeWorld) =>
  database.store.withInstance('test', tx => dueGarbage(tx, 100), { read_only: true });

test('a reader that came while a commit was being made keeps what the commit forgot', async t => {
  const world = await lakeWorld(t);
  const { database, workspace_id } = world;
  const { id: table_id, location } = await makeTable(world, 'orders');
  const forgotten = `${location}/data/old.parquet`;
  const pin = { id: newId(), workspace_id, table_id, snapshot_id: null, holder: 'read:a' };
  await database.store.withWorkspace({ workspace_id }, async tx => {
    // The transaction has begun, and the table is not locked yet: the reader loads the table as it still is.
    await tx.selectFrom('lake_tables').select('id').execute();
    await database.store.withWorkspace({ workspace_id }, other => addPin(other, pin, 120));
    await addGarbage(tx, { workspace_id, table_id, reason: 'forgotten', locations: [forgotten] });
  });
  assert.deepEqual(await due(world), [], 'the file waits for the reader');
  await database.store.withWorkspace({ workspace_id }, tx => removePins(tx, 'read:a'));
  const late = { ...pin, id: newId(), holder: 'read:b' };
  await database.store.withWorkspace({ workspace_id }, tx => addPin(tx, late, 120));
  assert.deepEqual(
    (await due(world)).map(garbage => garbage.location),
    [forgotten],
    'who came afterwards did not see it',
  );
});

test('a table whose metadata is damaged keeps no other one from being cleared away', async t => {
  const world = await lakeWorld(t);
  const { database, lake, workspace_id, context } = world;
  const files = lake.filesOf(workspace_id);
  const broken = await makeTable(world, 'broken');
  const sound = await makeTable(world, 'sound');
  const { metadata_location } = await lake.tables.load(context, broken.id);
  await files.remove(metadata_location);
  await files.write(metadata_location, Buffer.from('{"format-version": 2'));
  const leftovers = [broken, sound].map(row => ({
    row,
    file: `${row.location}/metadata/9-left.metadata.json`,
  }));
  for (const [at, { row, file }] of leftovers.entries()) {
    await files.write(file, Buffer.from('left'));
    await database.store.withInstance('test', tx =>
      tx
        .insertInto('staged_prefixes')
        .values({
          ...{ id: newId(), workspace_id, table_id: row.id, prefix: file, request_id: 'gone' },
          created_at: `2020-01-0${at + 1}T00:00:00Z`,
        })
        .execute(),
    );
  }
  // Another server, which has not read that table before.
  const parts = assemble(await lakeParts(t, database, world.folder, { storage: world.storage }));
  await assert.rejects(sweepEnded(parts, 0), error => isIcebergError(error, 'corrupt'));
  assert.deepEqual(
    await Promise.all(leftovers.map(({ file }) => files.exists(file))),
    [true, false],
    'of the damaged table nobody knows what it needs',
  );
});
