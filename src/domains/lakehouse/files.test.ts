import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defer } from '../../../tests/support/defer.ts';
import { scratchFolder } from '../../../tests/support/scratch.ts';
import { s3Server, serviceAbsence } from '../../../tests/support/services.ts';
import { gather } from '../../../tests/support/storage-conformance.ts';
import { type Files, isIcebergError } from '../../base/iceberg/index.ts';
import {
  openCache,
  openFolderStorage,
  openS3Storage,
  openWorkplace,
  type Storage,
} from '../../base/storage/index.ts';
import { lakeFiles } from './files.ts';

async function open(t: TestContext, storage: Storage): Promise<Files> {
  const folder = scratchFolder(t);
  const cache = await openCache(join(folder, 'cache'), { storage, max_bytes: 1_000_000 });
  const drafts = await openWorkplace(join(folder, 'drafts'));
  defer(t, () => {
    cache.close();
    drafts.close();
  });
  return lakeFiles({ storage, cache, drafts, within: 'ws' });
}

const STORAGES: readonly [string, string | false, (t: TestContext) => Promise<Storage>][] = [
  ['a folder', false, t => openFolderStorage(join(scratchFolder(t), 'objects'))],
  ['S3', serviceAbsence('versitygw'), async t => openS3Storage((await s3Server(t)).options())],
];

for (const [name, skip, openStorage] of STORAGES) {
  test(`${name}: what a table writes, it reads, lists and removes`, { skip }, async t => {
    const storage = await openStorage(t);
    const files = await open(t, storage);
    const { root } = storage.facts;
    const metadata = `${root}/ws/curated/t/metadata/1.json`;
    await files.write(metadata, Buffer.from('{"a":1}'));
    await files.seal([metadata]);
    assert.equal(String(await files.read(metadata)), '{"a":1}');
    assert.equal(String(await files.range(metadata, 1, 3)), '"a"');
    assert.equal(await files.exists(metadata), true);
    await files.write(`${root}/ws/curated/t2/metadata/1.json`, Buffer.from('of another'));

    const listed = await gather(files.list(`${root}/ws/curated/t/`));
    assert.deepEqual(
      listed.map(({ location, bytes }) => ({ location, bytes })),
      [{ location: metadata, bytes: 7 }],
    );
    assert.equal((await gather(files.list(`${root}/ws`))).length, 2);
    await files.remove(metadata);
    await files.remove(metadata);
    assert.equal(await files.exists(metadata), false);
  });

  test(`${name}: an engine gets files, and leaves files`, { skip }, async t => {
    const storage = await openStorage(t);
    const files = await open(t, storage);
    const at = (file: string) => `${storage.facts.root}/ws/raw/t/data/${file}`;
    const draft = await files.draft();
    for (const file of ['a', 'b', 'left']) writeFileSync(join(draft.folder, file), file.repeat(1000));
    await draft.keep(join(draft.folder, 'a'), at('a.parquet'));
    await draft.keep(join(draft.folder, 'b'), at('b.parquet'));
    await files.seal([at('a.parquet'), at('b.parquet')]);
    await draft.release();
    assert.equal(existsSync(draft.folder), false);

    const { paths, release } = await files.open([at('b.parquet'), at('a.parquet')]);
    assert.deepEqual(
      paths.map(path => readFileSync(path, 'utf8')),
      ['b'.repeat(1000), 'a'.repeat(1000)],
    );
    release();
    assert.equal(await files.exists(at('left')), false);
  });

  test(`${name}: what is missing, and what lies outside, is named`, { skip }, async t => {
    const storage = await openStorage(t);
    const files = await open(t, storage);
    const missing = `${storage.facts.root}/ws/raw/t/data/none.parquet`;
    const isMissing = (error: unknown) =>
      isIcebergError(error, 'missing_file') && error.about.file === missing;
    await assert.rejects(files.read(missing), isMissing);
    await assert.rejects(files.range(missing, 0, 1), isMissing);
    await assert.rejects(files.open([missing]), isMissing);
    if (storage.facts.kind === 'folder') await assert.rejects(files.seal([missing]), isMissing);

    const { root } = storage.facts;
    const outside = [
      ...['file:///etc/passwd', 's3://another/x', '/etc/passwd', ''],
      ...[`${root}/other/x`, `${root}/ws2/x`, `${root}/ws`, `${root}/ws/../other/x`, `${root}/../x`, root],
    ];
    const isOutside = (error: unknown) => isIcebergError(error, 'outside');
    for (const location of outside) {
      await assert.rejects(files.read(location), isOutside, location);
      await assert.rejects(files.write(location, Buffer.from('x')), isOutside, location);
      await assert.rejects(files.remove(location), isOutside, location);
      await assert.rejects(files.open([location]), isOutside, location);
      if (location !== `${root}/ws`) await assert.rejects(gather(files.list(location)), isOutside, location);
    }
  });
}
