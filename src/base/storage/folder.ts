import type { Dirent } from 'node:fs';
import { constants } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fail, isFailure } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { checkKey, compareKeys } from './key.ts';
import { LIST_LIMIT, type ListedObject, type ListOptions, type ListPage, type Storage } from './storage.ts';

/** Beside the objects, so that a rename stays within one file system; no key begins with a dot. */
const INCOMING = '.incoming';
/** Older ones were left by a process that died while it wrote. */
const LEFTOVER_MS = 24 * 3_600_000;
const READ_BYTES = 256 * 1024;
const MAX_TRIES = 5;

/** Objects as files of a folder of this machine, or of one that several machines share. */
export async function openFolderStorage(folder: string): Promise<Storage> {
  const incoming = join(folder, INCOMING);
  await told(folder, () => mkdir(incoming, { recursive: true, mode: 0o700 }));
  const root = await realpath(folder);
  await removeLeftovers(incoming);

  const pathOf = (key: string): string => {
    checkKey(key);
    return join(root, ...key.split('/'));
  };

  /** Opened for reading, never through a link: somebody who may write into the folder must not show us other files. */
  async function openObject(key: string): Promise<FileHandle> {
    const path = pathOf(key);
    await keepInside(root, path);
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw fail('storage.missing', { key });
  }

  async function writeIncoming(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Incoming> {
    const path = join(incoming, newId());
    const file = await open(path, 'wx', 0o600);
    try {
      const bytes = await writeAll(file, body);
      await file.sync();
      return { path, bytes };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }

  /** Another process may remove the folder, empty at last, between making it and moving something in. */
  async function moveTo(path: string, from: string): Promise<void> {
    for (let count = 1; ; count += 1) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await keepInside(root, path);
      try {
        await rename(from, path);
        return await syncUpTo(dirname(path), root);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || count === MAX_TRIES) throw error;
      }
    }
  }

  return {
    put: (key, body) =>
      told(folder, async () => {
        const path = pathOf(key);
        const written = await writeIncoming(body);
        try {
          await moveTo(path, written.path);
        } catch (error) {
          await rm(written.path, { force: true });
          throw isNameTaken(error)
            ? fail('storage.key', {
                key,
                reason: 'it is the beginning of other keys, or one of them is of it',
              })
            : error;
        }
        return { bytes: written.bytes };
      }),
    get: key => told(folder, async () => readAll(await openObject(key), folder), key),
    range: (key, offset, length) =>
      told(
        folder,
        async () => {
          const file = await openObject(key);
          try {
            return await readExactly(file, key, offset, length);
          } finally {
            await file.close();
          }
        },
        key,
      ),
    list: (prefix, options) => told(folder, () => listPage(root, prefix, options)),
    delete: key =>
      told(folder, async () => {
        const path = pathOf(key);
        await keepInside(root, path).catch(ignoreMissing);
        await removeFile(path);
        await removeEmptyFolders(root, dirname(path));
      }),
    size: key =>
      told(folder, async () => {
        const path = pathOf(key);
        try {
          await keepInside(root, path);
          const found = await lstat(path);
          return found.isFile() ? found.size : undefined;
        } catch (error) {
          return ignoreMissing(error);
        }
      }),
  };
}

interface Incoming {
  path: string;
  bytes: number;
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

async function writeAll(file: FileHandle, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<number> {
  if (body instanceof Uint8Array) {
    await file.writeFile(body);
    return body.byteLength;
  }
  let bytes = 0;
  for await (const piece of body) {
    await file.appendFile(piece);
    bytes += piece.byteLength;
  }
  return bytes;
}

/**
 * A rename is durable when its folder is, a folder when the one above it is. All of them, each time: another writer may have
 * made the folder just now and not come to this yet. One that did not change costs next to nothing.
 */
async function syncUpTo(path: string, root: string): Promise<void> {
  for (let at = path; isInside(root, at); at = dirname(at)) await syncFolder(at);
}

async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; its renames are journalled.
  if (process.platform === 'win32') return;
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function removeLeftovers(incoming: string): Promise<void> {
  const oldest = Date.now() - LEFTOVER_MS;
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const found = await stat(path).catch(ignoreMissing);
    if (found !== undefined && found.mtimeMs < oldest) await rm(path, { force: true, recursive: true });
  }
}

async function removeFile(path: string): Promise<void> {
  const found = await lstat(path).catch(ignoreMissing);
  if (found?.isFile()) await rm(path, { force: true });
}

/** Upwards, as far as they are empty. */
async function removeEmptyFolders(root: string, path: string): Promise<void> {
  for (let at = path; at !== root && isInside(root, at); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      // Gone already, or something is in it: both is well.
      if (!isMissing(error)) return;
    }
  }
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────

async function* readAll(file: FileHandle, folder: string): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      const { bytesRead } = await told(folder, () => file.read(buffer, 0, READ_BYTES));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function readExactly(file: FileHandle, key: string, offset: number, length: number): Promise<Buffer> {
  // Before the memory is taken: a length that somebody got wrong is no reason to have gigabytes ready.
  const { size } = await file.stat();
  if (offset + length > size) throw fail('storage.short', { key, bytes: size, wanted: offset + length });
  const buffer = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, offset + read);
    if (bytesRead === 0) throw fail('storage.short', { key, bytes: offset + read, wanted: offset + length });
    read += bytesRead;
  }
  return buffer;
}

async function listPage(root: string, prefix: string, options: ListOptions = {}): Promise<ListPage> {
  const { after = '', limit = LIST_LIMIT } = options;
  const items: ListedObject[] = [];
  for await (const item of walk(root, '', prefix, after)) {
    if (items.length === limit) return { items, next: items.at(-1)?.key ?? null };
    items.push(item);
  }
  return { items, next: null };
}

/** In the order of keys; folders that hold nothing of the answer are not opened. */
async function* walk(
  root: string,
  above: string,
  prefix: string,
  after: string,
): AsyncGenerator<ListedObject> {
  const entries = await readdir(join(root, above), { withFileTypes: true }).catch(ignoreMissing);
  for (const { key, is_folder } of sortEntries(entries ?? [], above)) {
    if (is_folder) {
      if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue;
      if (compareKeys(key, after) <= 0 && !after.startsWith(key)) continue;
      yield* walk(root, key, prefix, after);
    } else if (key.startsWith(prefix) && compareKeys(key, after) > 0) {
      const found = await lstat(join(root, key)).catch(ignoreMissing);
      if (found?.isFile()) yield { key, bytes: found.size };
    }
  }
}

/** A folder sorts as its keys do: with the slash that follows its name. */
function sortEntries(entries: readonly Dirent[], above: string): { key: string; is_folder: boolean }[] {
  return entries
    .filter(entry => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isFile()))
    .map(entry => ({
      key: `${above}${entry.name}${entry.isDirectory() ? '/' : ''}`,
      is_folder: entry.isDirectory(),
    }))
    .sort((a, b) => compareKeys(a.key, b.key));
}

// ── Paths and failures ──────────────────────────────────────────────────────────────────────────────

/** The folders on the way may be links that somebody put there; where they lead decides. */
async function keepInside(root: string, path: string): Promise<void> {
  const real = await realpath(dirname(path));
  if (!isInside(root, real))
    throw fail('storage.key', { key: relative(root, path), reason: 'it leads out of the storage' });
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

function isNameTaken(error: unknown): boolean {
  return ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY'].includes(codeOf(error));
}

/** What the machine says, in words that help; `key`: the object that is read, and may not be there. */
async function told<T>(folder: string, work: () => Promise<T>, key?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isFailure(error)) throw error;
    if (key !== undefined && (isMissing(error) || codeOf(error) === 'ELOOP'))
      throw fail('storage.missing', { key }, { cause: error });
    if (['ENOSPC', 'EDQUOT'].includes(codeOf(error)))
      throw fail('storage.full', { folder }, { cause: error });
    if (codeOf(error) !== '')
      throw fail('storage.failed', { folder, reason: codeOf(error) }, { cause: error });
    throw error;
  }
}
