import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, realpath, stat } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import { fail } from '../kit/errors.ts';
import { eachOf } from './each-of.ts';
import { ignoreMissing } from './machine.ts';

/**
 * The folders of a root, as far as they were looked at. What was found out about one is remembered: that no link leads from it
 * out of the root, and that it is durable with all above it. Each is held open, so that its number is nobody else's: while its
 * path leads to that number it is the very same folder, and what was found out still holds.
 */
export interface KnownFolders {
  /** It is there and inside the root; made where it is missing. */
  enter(path: string): Promise<void>;
  /** What these name outlives a power cut, and so do they. */
  sync(paths: Iterable<string>): Promise<void>;
}

interface Known {
  handle: FileHandle;
  dev: bigint;
  ino: bigint;
  /** With all above it. */
  is_durable: boolean;
}

/** Open files are few on some machines, and a table may have thousands of partitions. */
const MOST_HELD = 200;
/** Of the whole process, by root and path: a storage that nobody uses any more has no end at which it could close them. */
const held = new Map<string, Known>();
const SYNCS_AT_ONCE = 16;
/** It opens no folders; its renames are journalled. */
const IS_WINDOWS = process.platform === 'win32';

export function openKnownFolders(root: string): KnownFolders {
  const keyOf = (path: string): string => `${root}\0${path}`;

  /** Undefined: nobody looked yet, or it is another folder now. */
  async function recall(path: string): Promise<Known | undefined> {
    const key = keyOf(path);
    const known = held.get(key);
    if (!known) return undefined;
    const now = await stat(path, { bigint: true }).catch(ignoreMissing);
    if (held.get(key) !== known) return undefined;
    if (now?.ino !== known.ino || now.dev !== known.dev) return void forget(key, known);
    // Used last, forgotten last.
    held.delete(key);
    held.set(key, known);
    return known;
  }

  async function look(path: string): Promise<Known> {
    await keepInside(root, path);
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    const known = await handle.stat({ bigint: true }).then(
      ({ dev, ino }): Known => ({ handle, dev, ino, is_durable: false }),
      async error => {
        await handle.close();
        throw error;
      },
    );
    const key = keyOf(path);
    const other = held.get(key);
    if (other) forget(key, other);
    held.set(key, known);
    for (const [oldest, least] of held) {
      if (held.size <= MOST_HELD) break;
      forget(oldest, least);
    }
    return known;
  }

  return {
    async enter(path) {
      if ((await recall(path)) !== undefined) return;
      await mkdir(path, { recursive: true, mode: 0o700 });
      if (IS_WINDOWS) await keepInside(root, path);
      else await look(path);
    },
    async sync(paths) {
      if (IS_WINDOWS) return;
      const fresh: Known[] = [];
      const above = new Set<string>();
      await eachOf([...paths], SYNCS_AT_ONCE, async path => {
        const known = (await recall(path)) ?? (await look(path));
        await known.handle.sync();
        if (known.is_durable) return;
        fresh.push(known);
        for (const folder of foldersAbove(path, root)) above.add(folder);
      });
      // All of them, whoever made them: another writer may have made one just now, and not come to this yet.
      for (const folder of above) await syncFolder(folder);
      for (const known of fresh) known.is_durable = true;
    },
  };
}

function forget(key: string, known: Known): void {
  if (held.get(key) === known) held.delete(key);
  // What is being done with it ends first.
  known.handle.close().catch(() => {});
}

/** The nearest first, the root last. */
function foldersAbove(path: string, root: string): string[] {
  const folders: string[] = [];
  for (let at = path; at !== root; ) {
    at = dirname(at);
    if (!isInside(root, at)) break;
    folders.push(at);
  }
  return folders;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The folders on the way may be links that somebody put there; where they lead decides. */
export async function keepInside(root: string, folder: string): Promise<void> {
  const real = await realpath(folder);
  if (!isInside(root, real))
    throw fail('storage.key', { key: relative(root, folder), reason: 'it leads out of the storage' });
}

export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}
