import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Store } from '../base/db/index.ts';
import { fail } from '../base/kit/errors.ts';
import { newId } from '../base/kit/ids.ts';
import type { Storage } from '../base/storage/index.ts';
import type { Config } from '../contract/config.ts';

// Objects: logs that have ended, uploads, exports. The storage of an installation carries a mark that its store knows, so that
// a second machine cannot quietly write into a folder of its own.

const MARK = 'artifacts/storage-id';

export async function openStorage(config: Config): Promise<{ storage: Storage; place: string }> {
  const { openFolderStorage } = await import('../base/storage/index.ts');
  const { url } = config.storage;
  if (url?.startsWith('s3:')) throw fail('storage.not_yet', { url });
  const place = url === null ? join(config.data, 'objects') : fileURLToPath(url);
  return { storage: await openFolderStorage(place), place };
}

/** By a server: marks a storage that has no mark, and refuses one that belongs to another installation. */
export async function claimStorage(store: Store, config: Config): Promise<Storage> {
  const { storage, place } = await openStorage(config);
  const known = await store.withInstance('storage of the installation', async tx => {
    const row = await tx.selectFrom('instance').select('storage_id').forUpdate().executeTakeFirst();
    const id = row?.storage_id ?? newId();
    if (row?.storage_id === null) await tx.updateTable('instance').set({ storage_id: id }).execute();
    return id;
  });
  const marked = await readMark(storage);
  if (marked === undefined) await storage.put(MARK, Buffer.from(`${known}\n`));
  else if (marked !== known) throw fail('half.other_storage', { place });
  return storage;
}

/** By a worker on any machine: the files that it sees are those that the servers see. */
export async function checkStorage(store: Store, config: Config): Promise<void> {
  const { storage, place } = await openStorage(config);
  const known = await store.withInstance(
    'storage of the installation',
    tx => tx.selectFrom('instance').select('storage_id').executeTakeFirst(),
    { read_only: true },
  );
  const expected = known?.storage_id ?? undefined;
  // Before the first server there is nothing to compare with; it will compare.
  if (expected !== undefined && (await readMark(storage)) !== expected)
    throw fail('half.other_storage', { place });
}

async function readMark(storage: Storage): Promise<string | undefined> {
  const bytes = await storage.size(MARK);
  return bytes === undefined ? undefined : (await storage.range(MARK, 0, bytes)).toString().trim();
}
