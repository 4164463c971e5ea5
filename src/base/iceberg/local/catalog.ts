import { link, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IcebergError } from '../errors.ts';
import { forgottenVersions, parseMetadata, printMetadata, versionOf } from '../metadata/index.ts';
import type { TableMetadata } from '../model.ts';
import type { Files, Pointer } from '../world.ts';
import { filePath } from './location.ts';

// Tables in folders, with nothing beside them: `metadata/v3.metadata.json` is the table as long as there is no v4, and a commit is
// to be the one who makes v4. A link into the folder does that, whole and for one only, where a rename (which other engines use
// for this) would take the place of another's commit. For one machine: over a network that lies about links, use a real catalog.

export interface FolderTable extends Pointer {
  location: string;
  exists(): Promise<boolean>;
  /** Fails with `table_exists`. */
  create(metadata: TableMetadata): Promise<void>;
}

export function folderTable(files: Files, location: string): FolderTable {
  const folder = `${location.replace(/\/+$/, '')}/metadata`;

  const current = async (): Promise<string | undefined> => {
    const versions = (await namesIn(filePath(folder))).flatMap(name => {
      const version = name.startsWith('v') ? versionOf(name) : undefined;
      return version === undefined ? [] : [{ name, version }];
    });
    const newest = versions.reduce<{ name: string; version: number } | undefined>(
      (best, one) => (best === undefined || one.version > best.version ? one : best),
      undefined,
    );
    return newest && `${folder}/${newest.name}`;
  };

  /** False: it is there already, and another's. */
  const claim = async (version: number, metadata: TableMetadata): Promise<boolean> => {
    const place = `${folder}/v${version}.metadata.json`;
    const draft = await files.draft();
    try {
      const path = join(draft.folder, 'metadata.json');
      await writeFile(path, printMetadata(metadata));
      if (!(await linkOnce(path, filePath(place)))) return false;
      await files.seal([place]);
    } finally {
      await draft.release();
    }
    // For readers that look for it; ours look at the folder, so a hint that lags behind misleads nobody here.
    await files.write(`${folder}/version-hint.text`, Buffer.from(String(version))).catch(() => undefined);
    return true;
  };

  return {
    location,
    exists: async () => (await current()) !== undefined,
    create: async metadata => {
      const there = (await current()) !== undefined;
      if (there || !(await claim(1, metadata)))
        throw new IcebergError('table_exists', `there is a table at ${location}`, { location });
    },
    load: async () => {
      const newest = await current();
      if (newest === undefined)
        throw new IcebergError('no_such_table', `there is no table at ${location}`, { location });
      return { metadata: parseMetadata(await files.read(newest)), location: newest };
    },
    swap: async (base, metadata) => {
      const version = versionOf(base);
      // Old versions may be removed, so that the next number is free is not enough.
      if (version === undefined || (await current()) !== base) return false;
      const before = parseMetadata(await files.read(base));
      if (!(await claim(version + 1, metadata))) return false;
      await forget(files, before, metadata);
      return true;
    },
  };
}

/** A table by its metadata file alone, as it is at that moment: for reading. */
export function fileTable(files: Files, location: string): Pointer {
  return {
    load: async () => ({ metadata: parseMetadata(await files.read(location)), location }),
    swap: () => {
      throw new IcebergError('unsupported', `${location} was opened by its metadata file, for reading only`, {
        location,
      });
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function linkOnce(from: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true });
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Best effort: what stays is small, and orphans are found later. */
async function forget(files: Files, before: TableMetadata, now: TableMetadata): Promise<void> {
  if (now.properties['write.metadata.delete-after-commit.enabled'] !== 'true') return;
  for (const location of forgottenVersions(before, now)) await files.remove(location).catch(() => undefined);
}
