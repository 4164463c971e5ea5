import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findSnapshot, normalLocation, openReader, reachable } from '../../src/base/iceberg/index.ts';
import { isFailure } from '../../src/base/kit/errors.ts';
import { MOMENTS } from '../../src/domains/lakehouse/moments.ts';
import { sweepEnded } from '../../src/domains/lakehouse/sweep.ts';
import { endAttempt, plantAttempt } from '../support/attempts.ts';
import { contextOf, type LakeWorld, lakeWorld, SCHEMA } from '../support/lake.ts';

const CHILD = fileURLToPath(new URL('../support/lake-commit-child.ts', import.meta.url));

async function makeTable(world: LakeWorld, name = 'orders') {
  const { lake, context } = world;
  if (!(await lake.namespaces.find(context, ['shop'])))
    await lake.namespaces.create(context, { levels: ['shop'] });
  return lake.tables.create(context, { namespace: ['shop'], name, schema: SCHEMA });
}

test('a worker that is killed at any step of a commit leaves the old table or the new one, and nothing else for long', async t => {
  const world = await lakeWorld(t);
  const { lake, context, database, folder, workspace_id } = world;
  const { row } = await makeTable(world);
  let rows = 0;
  for (const moment of ['prefix_recorded', 'data_written', ...MOMENTS.slice(1), 'prepared', 'none']) {
    const place = await plantAttempt(database.store, workspace_id);
    const told = {
      ...{ app: database.app, instance_id: database.instance_id, folder, place },
      ...{ table_id: row.id, moment, from: rows },
    };
    const child = spawn(process.execPath, [CHILD, JSON.stringify(told)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code, signal] = await once(child, 'exit');
    assert.deepEqual([code, signal], moment === 'none' ? [0, null] : [null, 'SIGKILL'], moment);
    const { metadata, metadata_location, row: now } = await lake.tables.load(context, row.id);
    const is_new = moment === 'committed' || moment === 'none';
    assert.equal(now.rows, rows + (is_new ? 10 : 0), `${moment}: the table is ${is_new ? 'new' : 'old'}`);
    rows = now.rows ?? 0;

    // Of the attempt, once it is known to have ended, only what the table needs is still there.
    const figures = { lines: 0, bytes: 0, dropped: 0 };
    await endAttempt(database.store, place, figures);
    await database.store.withInstance('test', tx =>
      tx.updateTable('staged_prefixes').set({ created_at: '2020-01-01T00:00:00Z' }).execute(),
    );
    await sweepEnded(world.parts, 0);
    const files = lake.filesOf(workspace_id);
    const needed = new Set<string>();
    for await (const { location } of reachable(metadata, metadata_location, openReader(files))) {
      assert(await files.exists(location), `${moment}: ${location} is there`);
      needed.add(normalLocation(location));
    }
    for await (const { location } of files.list(row.location))
      assert(needed.has(normalLocation(location)), `${moment}: ${location} is needed`);
  }
});

test('twenty writers change one table at once: each change is there', async t => {
  const world = await lakeWorld(t);
  const { row } = await makeTable(world);
  const others = await lakeWorldBeside(t, world);
  const lakes = [world.lake, others];
  const names = Array.from({ length: 20 }, (_, at) => `p${at}`);
  await Promise.all(
    names.map((name, at) => {
      const lake = lakes[at % 2] ?? world.lake;
      const updates = [{ action: 'set-properties' as const, updates: { [name]: 'x' } }];
      return lake.commit(world.context, [{ table: row.id, requirements: [], updates }]);
    }),
  );
  const { metadata } = await world.lake.tables.load(world.context, row.id);
  assert.deepEqual(
    names.filter(name => metadata.properties[name] !== 'x'),
    [],
  );
});

/** As another process: nothing is shared but the store and the files. */
async function lakeWorldBeside(t: Parameters<typeof lakeWorld>[0], world: LakeWorld) {
  const { lakeParts } = await import('../support/lake.ts');
  const { openLake } = await import('../../src/domains/lakehouse/index.ts');
  const { storage, database, folder } = world;
  return openLake(await lakeParts(t, database, folder, { storage }));
}

test('of two writers that expect the same table, one is told that it has changed', async t => {
  const world = await lakeWorld(t);
  const { lake, context } = world;
  const { row } = await makeTable(world);
  const change = (name: string) => ({
    table: row.id,
    requirements: [{ type: 'assert-last-assigned-field-id' as const, 'last-assigned-field-id': 2 }],
    updates: [
      {
        action: 'add-schema' as const,
        schema: { ...SCHEMA, fields: [...SCHEMA.fields, { id: 3, name, required: false, type: 'int' }] },
      },
      { action: 'set-current-schema' as const, 'schema-id': -1 },
    ],
  });
  const both = await Promise.allSettled([
    lake.commit(context, [change('a')]),
    lake.commit(context, [change('b')]),
  ]);
  const refusals = both.flatMap(one => (one.status === 'rejected' ? [one.reason] : []));
  assert.equal(refusals.length, 1);
  assert(isFailure(refusals[0], 'lake.conflict'), String(refusals[0]));
});

test('a commit of several tables is one: where one is refused, none has changed', async t => {
  const world = await lakeWorld(t);
  const { lake, context } = world;
  const [a, b] = [await makeTable(world, 'a'), await makeTable(world, 'b')];
  const set = [{ action: 'set-properties' as const, updates: { mark: '1' } }];
  const wrong = [{ type: 'assert-current-schema-id' as const, 'current-schema-id': 99 }];
  await assert.rejects(
    lake.commit(context, [
      { table: a.row.id, requirements: [], updates: set },
      { table: b.row.id, requirements: wrong, updates: set },
    ]),
    (error: unknown) => isFailure(error, 'lake.conflict'),
  );
  const mark = async (id: string) => (await lake.tables.load(context, id)).metadata.properties.mark;
  assert.deepEqual([await mark(a.row.id), await mark(b.row.id)], [undefined, undefined]);
  await lake.commit(context, [
    { table: b.row.id, requirements: [], updates: set },
    { table: a.row.id, requirements: [], updates: set },
  ]);
  assert.deepEqual([await mark(a.row.id), await mark(b.row.id)], ['1', '1']);
});

test('the same commit again is answered with what is there: its answer had been lost', async t => {
  const world = await lakeWorld(t);
  const { lake, context } = world;
  const { row, metadata } = await makeTable(world);
  const snapshot = {
    ...{ 'snapshot-id': 8_123_456_789_012_345_678n, 'sequence-number': 1, 'timestamp-ms': Date.now() },
    'manifest-list': `${row.location}/metadata/snap-1.avro`,
    summary: { operation: 'append' as const },
    'schema-id': metadata['current-schema-id'],
  };
  const change = {
    table: row.id,
    requirements: [{ type: 'assert-ref-snapshot-id' as const, ref: 'main', 'snapshot-id': null }],
    updates: [
      { action: 'add-snapshot' as const, snapshot },
      {
        action: 'set-snapshot-ref' as const,
        'ref-name': 'main',
        type: 'branch' as const,
        'snapshot-id': snapshot['snapshot-id'],
      },
    ],
  };
  const [first] = await lake.commit(context, [change]);
  const [again] = await lake.commit(context, [change]);
  assert.deepEqual([first?.replayed, again?.replayed], [false, true]);
  assert.equal(again?.metadata_location, first?.metadata_location);
  const loaded = await lake.tables.load(context, row.id);
  assert(findSnapshot(loaded.metadata, snapshot['snapshot-id']), 'all 63 bits of its id');
  const events = await world.database.store.withInstance('test', tx =>
    tx.selectFrom('events').select('payload').where('type', '=', 'lake.table.changed').execute(),
  );
  assert.equal(events.length, 2, 'made, and changed once');
});

test('a clock that lags makes no history that runs backwards', async t => {
  const world = await lakeWorld(t);
  const { row, metadata } = await makeTable(world);
  const { lakeParts } = await import('../support/lake.ts');
  const { openLake } = await import('../../src/domains/lakehouse/index.ts');
  const clock = { now: () => metadata['last-updated-ms'] - 86_400_000, monotonic: () => performance.now() };
  const late = openLake(await lakeParts(t, world.database, world.folder, { storage: world.storage, clock }));
  const updates = [{ action: 'set-properties' as const, updates: { late: 'yes' } }];
  await late.commit(world.context, [{ table: row.id, requirements: [], updates }]);
  const after = await world.lake.tables.load(world.context, row.id);
  assert.equal(after.metadata.properties.late, 'yes');
  assert(after.metadata['last-updated-ms'] >= metadata['last-updated-ms']);
});

test('a table whose metadata is damaged says so, and disturbs no other', async t => {
  const world = await lakeWorld(t);
  const { lake, context, workspace_id, database, folder } = world;
  const [broken, whole, gone] = [
    await makeTable(world, 'broken'),
    await makeTable(world, 'whole'),
    await makeTable(world, 'gone'),
  ];
  const files = lake.filesOf(workspace_id);
  await files.write(broken.metadata_location, Buffer.from('{"format-version": 2, "table-uuid"'));
  await files.remove(gone.metadata_location);
  // Another process: this one still knows what it wrote.
  const { lakeParts } = await import('../support/lake.ts');
  const { openLake } = await import('../../src/domains/lakehouse/index.ts');
  const other = openLake(await lakeParts(t, database, folder, { storage: world.storage }));
  await assert.rejects(other.tables.load(context, broken.row.id), (error: unknown) =>
    isFailure(error, 'lake.corrupt'),
  );
  await assert.rejects(other.tables.load(context, gone.row.id), (error: unknown) =>
    isFailure(error, 'lake.missing_file'),
  );
  assert.equal((await other.tables.load(context, whole.row.id)).row.error, null);
  assert.equal((await other.tables.get(context, broken.row.id))?.error?.code, 'lake.corrupt');
  assert.equal(
    (await other.tables.get(contextOf(workspace_id), gone.row.id))?.error?.code,
    'lake.missing_file',
  );
});
