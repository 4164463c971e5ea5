import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTable } from '../../src/base/iceberg/index.ts';
import { isFailure } from '../../src/base/kit/errors.ts';
import { openCache, openFolderStorage, openWorkplace, type Storage } from '../../src/base/storage/index.ts';
import { lakeFiles } from '../../src/domains/lakehouse/files.ts';
import { noticeRoot, openLake, relocateLake } from '../../src/domains/lakehouse/index.ts';
import { defer } from '../support/defer.ts';
import { type LakeWorker, lakeParts, lakeWorker, strikeOut } from '../support/lake.ts';

async function filled(world: LakeWorker): Promise<void> {
  const generate = (name: string, rows: number) =>
    world.run('table.write', { namespace: ['n'], name, source: { kind: 'generate', rows, stage_rows: 10 } });
  await generate('a', 30);
  await generate('b', 5);
  await strikeOut(world, 'n.a', 'id % 10 = 3');
  await noticeRoot(world.database.store, world.storage.facts.root);
}

async function filesFor(t: Parameters<typeof lakeWorker>[0], folder: string, storage: Storage) {
  const cache = await openCache(join(folder, 'move-cache'), { storage, max_bytes: 1_000_000_000 });
  const drafts = await openWorkplace(join(folder, 'move-drafts'));
  defer(t, () => {
    cache.close();
    drafts.close();
  });
  return (within: string) => lakeFiles({ storage, cache, drafts, within });
}

async function rowsAt(
  world: LakeWorker,
  t: Parameters<typeof lakeWorker>[0],
  storage: Storage,
  name: string,
) {
  const lake = openLake(await lakeParts(t, world.database, join(world.folder, 'after'), { storage }));
  const row = await lake.tables.named(world.context, name);
  assert(row);
  const pointer = lake.pointerOf(world.context, row.id);
  const table = openTable({ files: lake.filesOf(world.workspace_id), engine: world.engine, pointer });
  return table.query({}, sql => world.engine.query(`SELECT * FROM (${sql}) t ORDER BY 1`));
}

test('a folder that was moved is noticed, and every row is there again after relocating', async t => {
  const world = await lakeWorker(t);
  const { database, folder } = world;
  await filled(world);
  const before = [await world.rows('n.a'), await world.rows('n.b')];
  const elsewhere = join(folder, 'elsewhere');
  await rename(join(folder, 'objects'), elsewhere);
  const storage = await openFolderStorage(elsewhere);
  assert.equal(await noticeRoot(database.store, storage.facts.root), world.storage.facts.root);
  const lake = openLake(await lakeParts(t, database, join(folder, 'between'), { storage }));
  const row = await lake.tables.named(world.context, 'n.a');
  assert(row);
  await assert.rejects(lake.tables.load(world.context, row.id), (error: unknown) =>
    isFailure(error, 'lake.moved'),
  );

  const targetFiles = await filesFor(t, folder, storage);
  const done = await relocateLake({
    store: database.store,
    target: storage,
    targetFiles,
    engine: world.engine,
  });
  assert.equal(done?.tables, 2);
  assert.deepEqual([await rowsAt(world, t, storage, 'n.a'), await rowsAt(world, t, storage, 'n.b')], before);
  assert.equal(await noticeRoot(database.store, storage.facts.root), undefined);
  const again = await relocateLake({
    store: database.store,
    target: storage,
    targetFiles,
    engine: world.engine,
  });
  assert.equal(again, undefined, 'there is nothing left to do');
});

test('a lake that is brought elsewhere and stopped on the way goes on where it was', async t => {
  const world = await lakeWorker(t);
  const { database, folder } = world;
  await filled(world);
  const before = [await world.rows('n.a'), await world.rows('n.b')];
  const target = await openFolderStorage(join(folder, 'copy'));
  const parts = {
    ...{
      store: database.store,
      target,
      targetFiles: await filesFor(t, folder, target),
      engine: world.engine,
    },
    ...{ source: world.storage, sourceFiles: (id: string) => world.lake.filesOf(id) },
  };
  let steps = 0;
  const stop = () => {
    steps += 1;
    if (steps === 5) throw new Error('stopped on the way');
  };
  await assert.rejects(relocateLake({ ...parts, told: stop }), /stopped on the way/);
  assert.deepEqual(await world.rows('n.b'), before[1], 'what was not moved is where it was');
  const done = await relocateLake(parts);
  assert(done);
  assert.deepEqual([await rowsAt(world, t, target, 'n.a'), await rowsAt(world, t, target, 'n.b')], before);
});
