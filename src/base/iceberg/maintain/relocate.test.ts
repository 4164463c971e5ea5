import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { memoryPointer } from '../../../../tests/support/iceberg-memory.ts';
import { commitWithRetry, openReader, planDelete, stageRows } from '../commit/index.ts';
import { fileLocation, type LocalEngine, localEngine, localFiles } from '../local/index.ts';
import { newMetadata } from '../metadata/index.ts';
import type { TableMetadata } from '../model.ts';
import { openScan, planScan, tableAt } from '../scan/index.ts';
import type { Files } from '../world.ts';
import { writeData } from '../write/index.ts';
import { compactionRules, planCompaction, type RelocationStep, relocate, stageCompaction } from './index.ts';

async function lake(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'move-'));
  const engine = await localEngine({ threads: 2 });
  t.after(async () => {
    await engine.close();
    await rm(root, { recursive: true, force: true });
  });
  return { root, engine };
}

/** Three commits: rows, rows struck out, more rows. */
async function tableIn(folder: string, engine: LocalEngine, partitioned = true) {
  const files = await localFiles(folder);
  const metadata = newMetadata({
    location: fileLocation(join(folder, 't')),
    schema: {
      type: 'struct',
      'schema-id': 0,
      fields: [
        { id: 1, name: 'id', required: true, type: 'long' },
        { id: 2, name: 'part', required: false, type: 'string' },
      ],
    },
    ...(partitioned ? { spec: { fields: [{ 'source-id': 2, name: 'part', transform: 'identity' }] } } : {}),
    properties: {
      'write.delete.mode': 'merge-on-read',
      'write.data.path': fileLocation(join(folder, 't/daten')),
    },
    now_ms: Date.now(),
  });
  const pointer = memoryPointer(files, metadata);
  const reader = openReader(files);
  const world = { files, engine };
  const commit = (operation: Parameters<typeof commitWithRetry>[1]) =>
    commitWithRetry(pointer, operation, { files, reader });
  const append = async (from: number, to: number) => {
    const select = `SELECT i AS id, CASE WHEN i % 3 = 0 THEN NULL ELSE 'ä/' || (i % 3) END AS part FROM range(${from}, ${to}) r(i)`;
    const added = await writeData(engine, files, { metadata, select, attempt: 'load' });
    await commit({ kind: 'append', added });
  };
  const at = () => tableAt(pointer.current.metadata, reader);
  await append(0, 300);
  const plan = await planDelete(at(), { filter: { op: 'true' }, sql: 'id % 10 = 0' }, world);
  await commit(await stageRows(plan, world, { attempt: 'strike' }));
  await append(300, 400);
  return { files, pointer, reader, commit, at, world };
}

async function rowsOf(
  metadata: TableMetadata,
  files: Files,
  engine: LocalEngine,
  at?: string,
): Promise<string[]> {
  const reader = openReader(files);
  const scan = await openScan(await planScan(tableAt(metadata, reader, at)), { files, engine });
  const rows = await engine.query(`SELECT to_json(t)::VARCHAR AS row FROM (${scan.sql}) t ORDER BY 1`);
  scan.release();
  return rows.map(row => String(row.row));
}

/** Every place that lists and manifests name, bounds of position deletes among them. */
async function textsOf(metadata: TableMetadata, files: Files): Promise<string[]> {
  const reader = openReader(files);
  const texts: string[] = [];
  for (const snapshot of metadata.snapshots)
    for (const manifest of await reader.manifests(metadata, snapshot)) {
      texts.push(manifest.manifest_path);
      for (const { file } of await reader.entries(metadata, manifest)) {
        texts.push(file.file_path, file.referenced_data_file ?? '');
        if (file.content === 1)
          texts.push(...[...file.lower_bounds.values(), ...file.upper_bounds.values()].map(String));
      }
    }
  return texts;
}

test('a table brought elsewhere has every row of every snapshot there, and needs the old place no more', async t => {
  const { root, engine } = await lake(t);
  const from = join(root, 'alt [1]');
  const table = await tableIn(from, engine);
  const { metadata } = table.pointer.current;
  const target = await localFiles(join(root, 'neu'));
  const to = fileLocation(join(root, 'neu'));
  const steps: RelocationStep[] = [];
  const relocation = {
    from: fileLocation(from),
    to,
    source: table.files,
    target,
    engine,
    on_step: (step: RelocationStep) => steps.push(step),
  };
  const moved = await relocate(metadata, relocation);
  const before = new Map<string, string[]>();
  for (const { 'snapshot-id': id } of metadata.snapshots)
    before.set(String(id), await rowsOf(metadata, table.files, engine, String(id)));
  await rm(from, { recursive: true });
  for (const [id, rows] of before) assert.deepEqual(await rowsOf(moved, target, engine, id), rows, id);
  assert.equal(before.get(String(metadata['current-snapshot-id']))?.length, 370);
  for (const text of await textsOf(moved, target)) assert.ok(!text.includes('alt'), text);
  assert.equal(moved.location, `${to}/t`);
  assert.equal(moved.properties['write.data.path'], `${to}/t/daten`);
  assert.ok(steps.some(step => step.what === 'deletes'));
  assert.ok(steps.every(step => !step.found));
});

test('relocating again after an interruption goes on where it stopped', async t => {
  const { root, engine } = await lake(t);
  const table = await tableIn(join(root, 'old'), engine);
  const { metadata } = table.pointer.current;
  const wanted = await rowsOf(metadata, table.files, engine);
  const target = await localFiles(join(root, 'new'));
  const relocation = {
    from: fileLocation(join(root, 'old')),
    to: fileLocation(join(root, 'new')),
    source: table.files,
    target,
    engine,
  };
  for (let stop_at = 1; ; stop_at += 3) {
    let steps = 0;
    const on_step = () => {
      steps += 1;
      if (steps === stop_at) throw new Error('stopped');
    };
    const moved = await relocate(metadata, { ...relocation, on_step }).catch(() => undefined);
    if (moved === undefined) continue;
    assert.deepEqual(await rowsOf(moved, target, engine), wanted);
    assert.ok(stop_at > 9, `${stop_at} steps`);
    break;
  }
  const found: boolean[] = [];
  await relocate(metadata, { ...relocation, on_step: step => found.push(step.found) });
  assert.ok(found.length > 0 && found.every(Boolean), 'nothing is done twice');
});

test('half a data file, as a power cut leaves it, is brought again', async t => {
  const { root, engine } = await lake(t);
  const table = await tableIn(join(root, 'old'), engine);
  const { metadata } = table.pointer.current;
  const target = await localFiles(join(root, 'new'));
  const relocation = {
    from: fileLocation(join(root, 'old')),
    to: fileLocation(join(root, 'new')),
    source: table.files,
    target,
    engine,
  };
  const seen: string[] = [];
  const stop = (step: RelocationStep) => {
    if (step.what === 'file') seen.push(step.location);
    if (seen.length === 1) throw new Error('stopped');
  };
  await assert.rejects(relocate(metadata, { ...relocation, on_step: stop }), /stopped/);
  const names = (await readdir(join(root, 'new'), { recursive: true })).filter(name =>
    name.endsWith('.parquet'),
  );
  assert.equal(names.length, 1);
  const path = join(root, 'new', names[0] ?? '');
  await writeFile(path, (await readFile(path)).subarray(0, 20));
  const moved = await relocate(metadata, relocation);
  assert.deepEqual(await rowsOf(moved, target, engine), await rowsOf(metadata, table.files, engine));
});

test('a folder that somebody renamed becomes a table again, without a copy of its rows', async t => {
  const { root, engine } = await lake(t);
  const table = await tableIn(join(root, 'old'), engine);
  const { metadata } = table.pointer.current;
  const wanted = await rowsOf(metadata, table.files, engine);
  await rename(join(root, 'old'), join(root, 'new'));
  const target = await localFiles(join(root, 'new'));
  const steps: RelocationStep[] = [];
  const moved = await relocate(metadata, {
    from: fileLocation(join(root, 'old')),
    to: fileLocation(join(root, 'new')),
    source: target,
    target,
    engine,
    on_step: step => steps.push(step),
  });
  assert.deepEqual(await rowsOf(moved, target, engine), wanted);
  assert.ok(steps.filter(step => step.what === 'file').every(step => step.found));
});

// ── Compaction ──────────────────────────────────────────────────────────────────────────────────────

test('compaction leaves the same rows in fewer files, and no deletes', async t => {
  const { root, engine } = await lake(t);
  const table = await tableIn(join(root, 'lake'), engine);
  const before = await rowsOf(table.pointer.current.metadata, table.files, engine);
  const rules = { ...compactionRules({}), min_files: 2 };
  const groups = await planCompaction((await planScan(table.at())).files, rules);
  assert.equal(groups.length, 3, 'one for each partition');
  for (const group of groups)
    await table.commit(await stageCompaction(table.at(), group, table.world, { attempt: 'c' }));
  const { metadata } = table.pointer.current;
  assert.deepEqual(await rowsOf(metadata, table.files, engine), before);
  const plan = await planScan(table.at());
  assert.equal(plan.files.length, 3);
  assert.ok(plan.files.every(({ deletes }) => deletes.length === 0));
  const summary = metadata.snapshots.at(-1)?.summary;
  assert.equal(summary?.operation, 'replace');
  assert.equal(summary?.['total-delete-files'], '0');
  assert.equal(summary?.['total-records'], String(before.length));
});

test('deletes that are about files of another group stay for those', async t => {
  const { root, engine } = await lake(t);
  const table = await tableIn(join(root, 'lake'), engine, false);
  const select = 'SELECT i AS id, NULL::VARCHAR AS part FROM range(1000, 1100) r(i)';
  const { metadata } = table.pointer.current;
  const added = await writeData(engine, table.files, { metadata, select, attempt: 'more' });
  await table.commit({ kind: 'append', added });
  const where = { filter: { op: 'true' }, sql: 'id % 7 = 0' } as const;
  const plan = await planDelete(table.at(), where, table.world);
  assert.equal(plan.targets.length, 3);
  const operation = await stageRows(plan, table.world, { attempt: 'strike' });
  assert.equal(operation.deletes.length, 1, 'one file of deletes for all three');
  await table.commit(operation);
  const before = await rowsOf(table.pointer.current.metadata, table.files, engine);
  const [first] = (await planScan(table.at())).files;
  assert.ok(first);
  const group = { spec_id: 0, partition: [], pieces: [first], bytes: 1, outputs: 1 };
  await table.commit(await stageCompaction(table.at(), group, table.world, { attempt: 'c' }));
  assert.deepEqual(await rowsOf(table.pointer.current.metadata, table.files, engine), before);
});
