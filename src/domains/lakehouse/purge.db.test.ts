import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { lakeWorld, SCHEMA } from '../../../tests/support/lake.ts';
import { printMetadata } from '../../base/iceberg/index.ts';
import { newId } from '../../base/kit/ids.ts';
import { addPin, removePins } from './store/staging.ts';
import { purgeDropped } from './sweep.ts';

async function dropping(t: Parameters<typeof lakeWorld>[0]) {
  const world = await lakeWorld(t);
  const { lake, context, database, workspace_id, parts } = world;
  await lake.namespaces.create(context, { levels: ['shop'] });
  const make = async (name: string) =>
    (await lake.tables.create(context, { namespace: ['shop'], name, schema: SCHEMA })).row;
  const rows = () =>
    database.store.withInstance('test', async tx => {
      const found = await sql<{ name: string }>`select name from lake_tables order by name`.execute(tx);
      return found.rows.map(({ name }) => name);
    });
  /** As if it had been dropped so long ago. */
  const age = (id: string, days: number) =>
    database.store.withInstance('test', tx =>
      sql`update lake_tables set dropped_at = now() - make_interval(days => ${days}) where id = ${id}`.execute(
        tx,
      ),
    );
  const isThere = async ({ location }: { location: string }) => {
    for await (const _ of lake.filesOf(workspace_id).list(`${location}/`)) return true;
    return false;
  };
  return { ...world, parts, make, rows, age, isThere };
}

test('files of a dropped table go when the policy says, or now, and its row goes last', async t => {
  const { lake, context, parts, make, rows, age, isThere, database, workspace_id } = await dropping(t);
  const [kept, old, purged, own] = [
    await make('kept'),
    await make('old'),
    await make('purged'),
    await make('own'),
  ];
  await database.store.withInstance('test', tx =>
    sql`update lake_tables set policy = '{"dropped_days": 30}' where id = ${own.id}`.execute(tx),
  );
  for (const { id } of [kept, old, own]) await lake.tables.drop(context, id);
  await lake.tables.drop(context, purged.id, { purge: true });
  await age(kept.id, 6);
  await age(old.id, 8);
  await age(own.id, 29);
  await make('living');
  assert.equal(await purgeDropped(parts), 2);
  assert.deepEqual(await rows(), ['kept', 'living', 'own']);
  assert.deepEqual(await Promise.all([kept, old, purged, own].map(isThere)), [true, false, false, true]);
  assert.equal(await purgeDropped(parts), 0);
  await age(own.id, 31);
  assert.equal(await purgeDropped(parts), 1);
  assert.equal(await isThere(own), false);
  assert.equal(await lake.filesOf(workspace_id).exists(`${kept.metadata_location}`), true);
});

test('what somebody reads, and what others made, keeps its files', async t => {
  const { lake, context, parts, make, age, isThere, rows, storage, workspace_id, database } =
    await dropping(t);
  const read = await make('read');
  const holder = 'read:test';
  const pin = { id: newId(), workspace_id, table_id: read.id, snapshot_id: null, holder };
  await database.store.withWorkspace({ workspace_id }, tx => addPin(tx, pin, 60));
  await lake.tables.drop(context, read.id, { purge: true });
  assert.equal(await purgeDropped(parts), 0);
  assert.equal(await isThere(read), true);
  await database.store.withWorkspace({ workspace_id }, tx => removePins(tx, holder));
  assert.equal(await purgeDropped(parts), 1);
  assert.equal(await isThere(read), false);

  const files = lake.filesOf(workspace_id);
  const taken = async (name: string) => {
    const location = `${storage.facts.root}/${workspace_id}/import/${name}`;
    const { metadata } = await lake.tables.draft(context, { namespace: ['shop'], name, schema: SCHEMA });
    const text = printMetadata({ ...metadata, location });
    await files.write(`${location}/metadata/v1.metadata.json`, Buffer.from(text));
    return (await lake.tables.register(context, { namespace: ['shop'], name, location })).row;
  };
  const [theirs, gone] = [await taken('theirs'), await taken('gone')];
  await lake.tables.drop(context, theirs.id);
  await lake.tables.drop(context, gone.id, { purge: true });
  await age(theirs.id, 100);
  assert.equal(await purgeDropped(parts), 2);
  assert.deepEqual(await Promise.all([theirs, gone].map(isThere)), [true, false]);
  assert.deepEqual(await rows(), []);
});

test('a table whose files cannot be deleted keeps no other one waiting, and is tried again', async t => {
  const { lake, context, parts, make, isThere, rows } = await dropping(t);
  const [stuck, other] = [await make('stuck'), await make('other')];
  for (const { id } of [stuck, other]) await lake.tables.drop(context, id, { purge: true });
  const storage: typeof parts.storage = {
    ...parts.storage,
    list: async (prefix, options) => {
      if (prefix.includes(stuck.id)) throw new Error('the disk is away');
      return parts.storage.list(prefix, options);
    },
  };
  await assert.rejects(purgeDropped({ ...parts, storage }), /the disk is away/);
  assert.deepEqual(await rows(), ['stuck']);
  assert.deepEqual(await Promise.all([stuck, other].map(isThere)), [true, false]);
  assert.equal(await purgeDropped(parts), 1);
  assert.deepEqual(await rows(), []);
});
