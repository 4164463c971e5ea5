import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { lakeWorker, lakeWorld, SCHEMA } from '../../../tests/support/lake.ts';
import { systemClock } from '../../base/kit/clock.ts';
import { kindTable } from '../runs/kinds.ts';
import { lookAfter } from './care.ts';
import { lakeKinds } from './tasks/index.ts';

async function caring(t: Parameters<typeof lakeWorld>[0], clock = systemClock) {
  const world = await lakeWorld(t, { clock });
  const { lake, context, parts, database, folder } = world;
  await lake.namespaces.create(context, { levels: ['shop'] });
  const kinds = kindTable(lakeKinds(parts, { kind: 'folder', folder }));
  const make = async (name: string) =>
    (await lake.tables.create(context, { namespace: ['shop'], name, schema: SCHEMA })).row.id;
  const runs = () =>
    database.store.withInstance('test', async tx => {
      const { rows } = await sql<{ title: string; input: { table_id: string; kinds: string[] } }>`
        select r.title, t.input from pipeline_runs r join task_runs t on t.run_id = r.id order by r.title`.execute(
        tx,
      );
      return rows;
    });
  const healthOf = async (id: string) => {
    const row = await lake.tables.get(context, id);
    return { health: Object(row?.health), at: row?.health_at ?? null, error: row?.error ?? null };
  };
  const policy = (id: string, said: object) =>
    database.store.withInstance('test', tx =>
      sql`update lake_tables set policy = ${JSON.stringify(said)}::jsonb, health_at = null where id = ${id}`.execute(
        tx,
      ),
    );
  return { ...world, kinds, make, runs, healthOf, policy, look: () => lookAfter(parts, kinds) };
}

test('a table is looked at once, and again when it has changed', async t => {
  const { look, make, healthOf, runs, database } = await caring(t);
  const id = await make('orders');
  assert.equal(await look(), 1);
  const { health, at } = await healthOf(id);
  assert.deepEqual(health.due, []);
  assert.notEqual(at, null);
  assert.equal(await look(), 0, 'nothing has changed');
  await database.store.withInstance('test', tx =>
    sql`update lake_tables set committed_at = now(), health_at = now() - interval '2 minutes' where id = ${id}`.execute(
      tx,
    ),
  );
  assert.equal(await look(), 1);
  assert.deepEqual(await runs(), []);
});

test('what is due is done by one run that everybody sees, and left to people where they say so', async t => {
  const week_later = { ...systemClock, now: () => systemClock.now() + 8 * 86_400_000 };
  const { look, make, healthOf, runs, policy } = await caring(t, week_later);
  const [mine, theirs] = [await make('mine'), await make('theirs')];
  await policy(theirs, { automatic: false });
  assert.equal(await look(), 2);
  assert.deepEqual((await healthOf(mine)).health.due, ['orphans']);
  assert.deepEqual((await healthOf(theirs)).health.due, ['orphans'], 'it is said all the same');
  const wanted = [{ title: 'Maintain shop.mine', input: { table_id: mine, kinds: ['orphans'] } }];
  assert.deepEqual(await runs(), wanted);
  await policy(mine, {});
  assert.equal(await look(), 1);
  assert.deepEqual(await runs(), wanted, 'one at a time');
});

test('a table that cannot be read says why, and the others are looked at all the same', async t => {
  const { look, make, healthOf, lake, context, workspace_id, parts, kinds } = await caring(t);
  const [broken, whole] = [await make('broken'), await make('whole')];
  const { metadata_location } = await lake.tables.load(context, broken);
  await lake.filesOf(workspace_id).remove(metadata_location);
  const fresh = { ...parts, cache: { ...parts.cache, read: (await lakeWorld(t)).parts.cache.read } };
  assert.equal(await lookAfter(fresh, kinds), 2);
  const said = await healthOf(broken);
  assert.equal(said.error?.code, 'lake.missing_file');
  assert.notEqual(said.at, null, 'it is not looked at again and again');
  assert.deepEqual((await healthOf(whole)).health.due, []);
  assert.equal(await look(), 0);
});

test('small files are found by the figures of the manifests', async t => {
  const world = await lakeWorker(t);
  const { run, lake, context, parts, kinds, database } = world;
  const source = { kind: 'generate', rows: 30, stage_rows: 10 };
  await run('table.write', { namespace: ['n'], name: 'made', source });
  const row = await lake.tables.named(context, 'n.made');
  assert(row);
  await database.store.withInstance('test', tx =>
    sql`update lake_tables set policy = '{"small_files": 2, "automatic": false}' where id = ${row.id}`.execute(
      tx,
    ),
  );
  assert.equal(await lookAfter(parts, kinds), 1);
  const health = Object((await lake.tables.get(context, row.id))?.health);
  assert.deepEqual([health.small_files, health.due], [3, ['compact']]);
});
