import type { Dirent } from 'node:fs';
import { constants } from 'node:fs';
import {
  copyFile,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { eachOf } from './each-of.ts';
import { checkKey, compareKeys, isKey } from './key.ts';
import { isInside, keepInside, openKnownFolders } from './known-folders.ts';
import { codeOf, ignoreMissing, isMissing, told } from './machine.ts';
import {
  type Body,
  LIST_LIMIT,
  type ListedObject,
  type ListOptions,
  type ListPage,
  type Storage,
} from './storage.ts';
import { keepUnsealed, takeUnsealed } from './unsealed.ts';

/** Beside the objects, so that a rename stays within one file system; no key begins with a dot. */
const INCOMING = '.incoming';
/** Older ones were left by a process that died while it wrote. */
const LEFTOVER_MS = 24 * 3_600_000;
const READ_BYTES = 256 * 1024;
const MAX_TRIES = 5;
const AT_ONCE = 16;

/** Objects as files of a folder of this machine, or of one that several machines share. */
export async function openFolderStorage(folder: string): Promise<Storage> {
  const incoming = join(folder, INCOMING);
  await told(folder, () => mkdir(incoming, { recursive: true, mode: 0o700 }));
  const root = await realpath(folder);
  await removeLeftovers(incoming);
  const folders = openKnownFolders(root);

  const pathOf = (key: string): string => {
    checkKey(key);
    return join(root, ...key.split('/'));
  };

  /** Opened for reading, never through a link: somebody who may write into the folder must not show us other files. */
  async function openObject(key: string): Promise<{ file: FileHandle; size: number }> {
    const path = pathOf(key);
    await keepInside(root, dirname(path));
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const found = await file.stat();
    if (found.isFile()) return { file, size: found.size };
    await file.close();
    throw fail('storage.missing', { key });
  }

  /** Beside the objects, under a name that is no key: what breaks off here was never there. */
  async function writeIncoming(body: Body, { sync }: { sync: boolean }): Promise<Incoming> {
    const path = join(incoming, newId());
    const file = await open(path, 'wx', 0o600);
    try {
      const bytes = await writeAll(file, body);
      if (sync) await file.sync();
      return { path, bytes, file };
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Another process may remove the folder, empty at last, between making it and moving something in. */
  async function moveTo(path: string, from: string, move: Move): Promise<void> {
    for (let count = 1; ; count += 1) {
      await folders.enter(dirname(path));
      try {
        return await move(from, path);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || count === MAX_TRIES) throw error;
      }
    }
  }

  /** What was written comes to its place, or goes. */
  async function place(key: string, { path, bytes, file }: Incoming, move: Move): Promise<Incoming> {
    try {
      await moveTo(pathOf(key), path, move);
      return { path: pathOf(key), bytes, file };
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw isNameTaken(error) ? nameTaken(key) : error;
    }
  }

  /** In its place and open: whoever seals it need not look for it again. */
  function leaveOpen({ path, bytes, file }: Incoming): { bytes: number } {
    keepUnsealed(path, file);
    return { bytes };
  }

  /** From another file system it is copied beside the objects first, so that it comes to its place as a whole. */
  const bring: Move = async (from, to) => {
    try {
      await rename(from, to);
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error;
      const copy = join(incoming, newId());
      try {
        await copyFile(from, copy);
        await rename(copy, to);
      } finally {
        await rm(copy, { force: true });
      }
      await rm(from, { force: true });
    }
  };

  async function sealFile(key: string): Promise<void> {
    const path = pathOf(key);
    const file = takeUnsealed(path);
    // Another file may be there by now, or none: what counts is what the key leads to.
    if (file && (await syncAndClose(file))) return;
    const found = await openObject(key).catch(error => {
      throw isMissing(error) ? fail('storage.missing', { key }, { cause: error }) : error;
    });
    await syncAndClose(found.file);
  }

  async function deleteOne(key: string): Promise<void> {
    const path = pathOf(key);
    await takeUnsealed(path)?.close();
    const found = await lstat(path).catch(ignoreMissing);
    if (found?.isFile()) await unlink(path).catch(ignoreMissing);
  }

  /** Those of one folder together: a look at where it leads, and one whether it is empty. */
  async function deleteAll(keys: readonly string[]): Promise<void> {
    const byFolder = Map.groupBy(keys, key => dirname(pathOf(key)));
    await eachOf([...byFolder], AT_ONCE, async ([path, of]) => {
      await keepInside(root, path).catch(ignoreMissing);
      await eachOf(of, AT_ONCE, deleteOne);
      await removeEmptyFolders(root, path);
    });
  }

  async function statObject(key: string) {
    const path = pathOf(key);
    try {
      await keepInside(root, dirname(path));
      const found = await lstat(path);
      return found.isFile() ? found : undefined;
    } catch (error) {
      return ignoreMissing(error);
    }
  }

  const url = plainUrl(root);
  const spellings = [url, plainUrl(folder), root, folder].map(one => `${one.replace(/\/$/, '')}/`);

  return {
    facts: { kind: 'folder', root: url },
    put: (key, body, { if_absent = false } = {}) =>
      told(folder, async () => {
        checkKey(key);
        const written = await writeIncoming(body, { sync: true });
        const { path, bytes, file } = await place(key, written, if_absent ? linkTo(key) : rename);
        await file.close();
        await folders.sync([dirname(path)]);
        return { bytes };
      }),
    write: (key, body) =>
      told(folder, async () => {
        checkKey(key);
        return leaveOpen(await place(key, await writeIncoming(body, { sync: false }), rename));
      }),
    adopt: (path, key) =>
      told(folder, async () => {
        checkKey(key);
        const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
        const { size: bytes } = await file.stat();
        return leaveOpen(await place(key, { path, bytes, file }, bring));
      }),
    seal: keys =>
      told(folder, async () => {
        await eachOf(keys, AT_ONCE, sealFile);
        await folders.sync(new Set(keys.map(key => dirname(pathOf(key)))));
      }),
    get: key => told(folder, async () => readAll(await openObject(key), folder), key),
    range: (key, offset, length) =>
      told(
        folder,
        async () => {
          const { file, size } = await openObject(key);
          try {
            // Before the memory is taken: a length that somebody got wrong is no reason to have gigabytes ready.
            if (offset + length > size)
              throw fail('storage.short', { key, bytes: size, wanted: offset + length });
            return await readExactly(file, key, offset, length);
          } finally {
            await file.close();
          }
        },
        key,
      ),
    list: (prefix, options) => told(folder, () => listPage(root, prefix, options)),
    delete: keys => told(folder, () => deleteAll(typeof keys === 'string' ? [keys] : keys)),
    size: key => told(folder, async () => (await statObject(key))?.size),
    location(key) {
      checkKey(key);
      return `${url}/${key}`;
    },
    keyOf: location => keyBelow(location, spellings),
    file: key =>
      told(folder, async () => {
        if ((await statObject(key)) === undefined) throw fail('storage.missing', { key });
        return pathOf(key);
      }),
    temporaryCredentials: async () => undefined,
  };
}

interface Incoming {
  path: string;
  bytes: number;
  file: FileHandle;
}

type Move = (from: string, to: string) => Promise<void>;

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

async function writeAll(file: FileHandle, body: Body): Promise<number> {
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

/** A second name for the file is refused where there is one already, by the file system itself. */
function linkTo(key: string): Move {
  return async (from, to) => {
    try {
      await link(from, to).catch(error => {
        if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(codeOf(error))) throw error;
        // A file system without hard links: exclusive all the same, though a crash may leave a part.
        return copyFile(from, to, constants.COPYFILE_EXCL);
      });
    } catch (error) {
      throw codeOf(error) === 'EEXIST' ? fail('storage.exists', { key }, { cause: error }) : error;
    }
    await rm(from, { force: true });
  };
}

/** False: no name leads to it any more. */
async function syncAndClose(file: FileHandle): Promise<boolean> {
  try {
    await file.sync();
    return (await file.stat()).nlink > 0;
  } finally {
    await file.close();
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

async function* readAll(
  { file, size }: { file: FileHandle; size: number },
  folder: string,
): AsyncGenerator<Uint8Array> {
  try {
    for (let left = size; left > 0; ) {
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, left));
      const { bytesRead } = await told(folder, () => file.read(buffer, 0, buffer.length));
      if (bytesRead === 0) return;
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function readExactly(file: FileHandle, key: string, offset: number, length: number): Promise<Buffer> {
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
  const { after = '' } = options;
  const limit = Math.min(options.limit ?? LIST_LIMIT, LIST_LIMIT);
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
    } else if (key.startsWith(prefix) && compareKeys(key, after) > 0 && isKey(key)) {
      const found = await lstat(join(root, key)).catch(ignoreMissing);
      if (found?.isFile()) yield { key, bytes: found.size, modified_ms: found.mtimeMs };
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

/** As Iceberg and Hadoop write it: nothing is encoded. */
function plainUrl(path: string): string {
  const { pathname } = pathToFileURL(path);
  return `file://${decodeURIComponent(pathname).replace(/\/$/, '')}`;
}

/** `file:/a`, `file:///a` and `/a` name one file. */
function keyBelow(location: string, spellings: readonly string[]): string | undefined {
  const plain = location.replace(/^file:\/+/, 'file:///');
  const start = spellings.find(one => plain.startsWith(one));
  const key = plain.slice(start?.length);
  return start !== undefined && isKey(key) ? key : undefined;
}

function nameTaken(key: string): Error {
  return fail('storage.key', { key, reason: 'it is the beginning of other keys, or one of them is of it' });
}

function isNameTaken(error: unknown): boolean {
  return ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY'].includes(codeOf(error));
}
