import {
  type Backup,
  type BackupFile,
  type BackupLake,
  readLakeFiles,
  type Snapshot,
} from '../../base/db/index.ts';
import { isIcebergError, openReader, parseMetadata, reachable } from '../../base/iceberg/index.ts';
import { newId } from '../../base/kit/ids.ts';
import type { Storage } from '../../base/storage/index.ts';
import type { LakeParts } from './parts.ts';
import { PIN_SECONDS } from './pins.ts';
import { pinAll, removePins, renewPins } from './store/staging.ts';

// The lake in a backup: what the tables of the backup's moment need, and nothing else that lies beside it.

type BackupParts = Pick<LakeParts, 'store' | 'storage' | 'filesOf'>;

interface Placed {
  workspace_id: string;
  kind: 'table' | 'view';
  metadata_location: string;
}

const PLACED = `
  select t.workspace_id, t.kind, t.metadata_location from lake_tables t join lake_namespaces n on n.id = t.namespace_id
  where n.mount_id is null and t.dropped_at is null and t.metadata_location is not null order by t.id`;

/** Opened before the snapshot of the store, so that no file which that shows is deleted before it is copied. */
export function backupLake(parts: BackupParts): () => Promise<BackupLake> {
  const { store, storage } = parts;
  return async () => {
    const holder = `backup:${newId()}`;
    await store.withInstance('pins of a backup', tx => pinAll(tx, holder, PIN_SECONDS));
    const renew = () => store.withInstance('pins of a backup', tx => renewPins(tx, holder, PIN_SECONDS));
    const renewing = setInterval(() => void renew().catch(() => {}), (PIN_SECONDS * 1000) / 4).unref();
    return {
      root: storage.facts.root,
      // A bucket has versions and copies of its own; to carry it through here would be of no use.
      copied: storage.facts.kind === 'folder',
      files: snapshot => filesIn(parts, snapshot),
      async close() {
        clearInterval(renewing);
        await store.withInstance('pins of a backup', tx => removePins(tx, holder)).catch(() => {});
      },
    };
  };
}

async function* filesIn(parts: BackupParts, snapshot: Snapshot): AsyncGenerator<BackupFile> {
  const { storage } = parts;
  const named = new Set<string>();
  for (const placed of await snapshot.query<Placed & Record<string, unknown>>(PLACED))
    for await (const { location, may_be_gone } of needed(parts, placed)) {
      const key = storage.keyOf(location);
      if (key === undefined || named.has(key)) continue;
      const bytes = await storage.size(key);
      // A table that is damaged is saved as it is: the others must not go without a backup because of it.
      if (bytes === undefined || (bytes === 0 && may_be_gone)) continue;
      named.add(key);
      yield { key, bytes, read: () => storage.get(key) };
    }
}

async function* needed(
  { filesOf }: BackupParts,
  { workspace_id, kind, metadata_location }: Placed,
): AsyncGenerator<{ location: string; may_be_gone: boolean }> {
  yield { location: metadata_location, may_be_gone: false };
  if (kind === 'view') return;
  const files = filesOf(workspace_id);
  try {
    const metadata = parseMetadata(await files.read(metadata_location), metadata_location);
    for await (const { location, use } of reachable(metadata, undefined, openReader(files)))
      yield { location, may_be_gone: use === 'metadata' };
  } catch (error) {
    if (!isIcebergError(error)) throw error;
  }
}

/** Into the storage of a restored installation. What is there already, whole, is left as it is. */
export async function restoreLake(
  { file, lake }: Pick<Backup, 'file' | 'lake'>,
  storage: Storage,
): Promise<number> {
  if (!lake?.copied) return 0;
  let count = 0;
  for await (const { key, body } of readLakeFiles(file, lake)) {
    await storage.put(key, body);
    count += 1;
  }
  return count;
}
