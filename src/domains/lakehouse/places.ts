import {
  type Files,
  isIcebergError,
  keepTo,
  type ManifestReader,
  openReader,
  STATUS,
  type TableMetadata,
} from '../../base/iceberg/index.ts';
import { fail } from '../../base/kit/errors.ts';
import type { Storage } from '../../base/storage/index.ts';
import type { Owner } from './lake.ts';

// Which files are a table's own. Manifests are written by clients, and may name any file of the workspace: who may read this table
// would then be shown the rows of another one. So a file counts as a table's only where the catalog says that its files are.

type Keys = Pick<Storage, 'keyOf'>;

/** What is shown from another catalog has its files elsewhere altogether. */
export function ownsOf(
  storage: Keys,
  { location, places, mount_id }: Pick<Owner, 'location' | 'places' | 'mount_id'>,
): (location: string) => boolean {
  return mount_id === null ? isIn(storage, [location, ...places]) : () => true;
}

/** Whether a file is in one of these folders, whichever way either is spelled. */
export function isIn(storage: Keys, places: readonly string[]): (location: string) => boolean {
  const folders = places.map(place => `${place}/`);
  const keys = places.flatMap(place => storage.keyOf(place) ?? []);
  return file => {
    // As nearly all are spelled; names that begin with a dot are no keys.
    if (folders.some(folder => file.startsWith(folder)) && !file.includes('/.')) return true;
    const key = storage.keyOf(file);
    return key !== undefined && keys.some(own => key.startsWith(`${own}/`));
  };
}

/** The manifests of tables, kept while they are asked for: one reader for each workspace, and a narrow view of it for each table. */
export function openManifestsOf(
  storage: Keys,
  filesOf: (workspace_id: string) => Files,
): (owner: Owner) => ManifestReader {
  const open = new Map<string, ManifestReader>();
  return owner => {
    const { workspace_id } = owner;
    if (!open.has(workspace_id) && open.size === MAX_READERS) open.clear();
    const reader = open.get(workspace_id) ?? openReader(filesOf(workspace_id), CACHE_BYTES);
    open.set(workspace_id, reader);
    return keepTo(reader, ownsOf(storage, owner));
  };
}

/** Together they are bounded, however many workspaces there are. */
const MAX_READERS = 8;
const CACHE_BYTES = 16 * 1024 * 1024;

// ── A table that others made ────────────────────────────────────────────────────────────────────────

const MAX_PLACES = 200;

/**
 * The folders outside its own in which a table that is taken in has files: `add_files` of Spark and imports of Hive tables leave
 * them where they are. They are its places from then on, and nobody else's.
 */
export async function placesBeside(
  storage: Keys,
  reader: ManifestReader,
  metadata: TableMetadata,
  owner: Owner,
): Promise<string[]> {
  const owns = ownsOf(storage, owner);
  const folders = new Set<string>();
  for await (const file of filesNamed(metadata, reader)) {
    if (owns(file)) continue;
    if (!storage.keyOf(file)?.startsWith(`${owner.workspace_id}/`))
      throw fail('lake.outside', { location: file.slice(0, 500) });
    folders.add(folderOf(file));
    if (folders.size > MAX_PLACES)
      throw fail('lake.unsupported', { reason: `Its files are in more than ${MAX_PLACES} folders` });
  }
  return outermost([...folders]);
}

async function* filesNamed(metadata: TableMetadata, reader: ManifestReader): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (const snapshot of metadata.snapshots) {
    const list = snapshot['manifest-list'];
    if (list !== undefined) yield list;
    const manifests = await orNone(reader.manifests(metadata, snapshot));
    for (const manifest of manifests) {
      if (seen.has(manifest.manifest_path)) continue;
      seen.add(manifest.manifest_path);
      yield manifest.manifest_path;
      for (const { status, file } of await orNone(reader.entries(metadata, manifest)))
        if (status !== STATUS.deleted) yield file.file_path;
    }
  }
}

/** What cannot be read now names nothing; should it become readable, its files are still not the table's. */
async function orNone<T>(read: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await read;
  } catch (error) {
    if (isIcebergError(error, 'missing_file') || isIcebergError(error, 'corrupt')) return [];
    throw error;
  }
}

/** Without the partitions below it: `…/day=2026-01-01/x.parquet` is in `…`. */
function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/')).replace(/(\/[^/=]+=[^/]*)+$/, '');
}

function outermost(folders: readonly string[]): string[] {
  return folders.filter(one => !folders.some(other => one.startsWith(`${other}/`)));
}
