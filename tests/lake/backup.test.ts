import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { restoreBackup } from '../../src/base/db/backup/restore.ts';
import { openPrepared, readLakeFiles, streamBackup, verifyBackup } from '../../src/base/db/index.ts';
import { openTable } from '../../src/base/iceberg/index.ts';
import { openFolderStorage } from '../../src/base/storage/index.ts';
import {
  backupLake,
  noticeRoot,
  openLake,
  relocateLake,
  restoreLake,
} from '../../src/domains/lakehouse/index.ts';
import { bareDatabase } from '../support/database.ts';
import { defer } from '../support/defer.ts';
import { lakeParts, lakeWorker } from '../support/lake.ts';
import { scratchFolder } from '../support/scratch.ts';

test('a backup has every row of the lake, and brings them back at another place', async t => {
  const world = await lakeWorker(t);
  const { database, engine, workspace_id } = world;
  for (const [name, rows] of [
    ['a', 30],
    ['b ✓', 7],
  ] as const)
    await world.run('table.write', {
      namespace: ['n'],
      name,
      source: { kind: 'generate', rows, stage_rows: 10 },
    });
  await noticeRoot(database.store, world.storage.facts.root);
  const before = [await world.rows('n.a'), await world.rows('n.b ✓')];

  const file = join(scratchFolder(t), 'lake.backup');
  for await (const piece of streamBackup(database.store, backupLake(world.parts)))
    await appendFile(file, piece);
  const pins = await database.store.withInstance('test', tx =>
    tx.selectFrom('lake_pins').select('id').execute(),
  );
  assert.deepEqual(pins, [], 'it lets go of what it held');
  const backup = await verifyBackup(file);
  assert.equal(backup.lake?.root, world.storage.facts.root);
  assert(backup.lake && backup.lake.files.length > 8);

  const { owner, app } = await bareDatabase(t);
  await restoreBackup(owner, backup);
  const folder = scratchFolder(t);
  const storage = await openFolderStorage(join(folder, 'objects'));
  assert.equal(await restoreLake(backup, storage), backup.lake.files.length);
  const store = await openPrepared(app, database.instance_id);
  defer(t, () => store.close());
  const given = await lakeParts(t, { store }, folder, { storage });
  await relocateLake({ store, target: storage, targetFiles: given.filesOf, engine });
  const lake = openLake(given);
  const rows = async (name: string) => {
    const row = await lake.tables.named(world.context, name);
    assert(row);
    const table = openTable({
      files: lake.filesOf(workspace_id),
      engine,
      pointer: lake.pointerOf(world.context, row.id),
    });
    return table.query({}, sql => engine.query(`SELECT * FROM (${sql}) t ORDER BY 1`));
  };
  assert.deepEqual([await rows('n.a'), await rows('n.b ✓')], before);
});

test('a backup without the lake has none of its files, and can be read by versions before', async t => {
  const world = await lakeWorker(t);
  await world.run('table.write', { namespace: ['n'], name: 'a', source: { kind: 'generate', rows: 3 } });
  const file = join(scratchFolder(t), 'plain.backup');
  for await (const piece of streamBackup(world.database.store)) await appendFile(file, piece);
  const backup = await verifyBackup(file);
  assert.deepEqual([backup.lake, backup.manifest.format], [undefined, 1]);
  const none = { root: '', copied: true, files: [] };
  for await (const { key } of readLakeFiles(file, none)) assert.fail(key);
});
