import { randomUUID } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { IcebergError } from '../errors.ts';
import type { Draft, Files } from '../world.ts';
import { fileLocation, filePath, outside } from './location.ts';

/** Beside the tables, so that a rename stays within one file system; no table's files begin with a dot. */
const INCOMING = '.incoming';
/** Older ones were left by a process that died while it wrote. */
const LEFTOVER_MS = 24 * 3_600_000;
const MAX_TRIES = 5;
/** More at a time gain nothing, and a process may hold only so many files open. */
const AT_A_TIME = 16;

/** Files below one folder of this machine. Nothing outside of it is ever read, written or removed: not by dots, not through links. */
export async function localFiles(folder: string): Promise<Files> {
  await mkdir(join(folder, INCOMING), { recursive: true });
  const root = await realpath(folder);
  // The folder may be reached through a link; locations name it as its owner does.
  const named = resolve(folder);
  const incoming = join(root, INCOMING);
  await removeLeftovers(incoming);

  const pathOf = (location: string): string => {
    const path = filePath(location);
    for (const base of [named, root]) {
      const within = relative(base, path);
      if (within !== '' && !within.startsWith('..') && resolve(base, within) === path) {
        if (within.split(sep)[0] === INCOMING) break;
        return join(root, within);
      }
    }
    throw outside(location, `is not below ${named}`);
  };

  const openFile = async (location: string): Promise<FileHandle> => {
    const path = pathOf(location);
    await keepInside(root, dirname(path), location);
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(error => {
      // What a link shows is not ours.
      throw codeOf(error) === 'ELOOP' ? outside(location, 'is a link') : error;
    });
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw missing(location);
  };

  /** Another process may remove a folder, empty at last, between making it and moving something in. */
  const moveTo = async (location: string, from: string): Promise<void> => {
    const path = pathOf(location);
    for (let tries = 1; ; tries += 1) {
      // Before, so that no folder is made behind a link; and after, for what another did meanwhile.
      await keepInside(root, dirname(path), location);
      await mkdir(dirname(path), { recursive: true });
      await keepInside(root, dirname(path), location);
      try {
        return await rename(from, path);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || tries === MAX_TRIES) throw error;
      }
    }
  };

  return {
    read: location =>
      told(location, async () => {
        await using file = await openFile(location);
        return await file.readFile();
      }),
    range: (location, offset, length) =>
      told(location, async () => {
        await using file = await openFile(location);
        return await readExactly(file, location, offset, length);
      }),
    write: (location, bytes) =>
      told(location, async () => {
        pathOf(location);
        const temporary = join(incoming, randomUUID());
        try {
          await writeFile(temporary, bytes);
          await moveTo(location, temporary);
        } catch (error) {
          await rm(temporary, { force: true });
          throw error;
        }
      }),
    seal: async locations => {
      const paths = locations.map(pathOf);
      await each(paths, path =>
        told(fileLocation(path), async () => {
          await keepInside(root, dirname(path), fileLocation(path));
          await syncPath(path);
        }),
      );
      // A file is there after a power cut when its name is, and that is in the folder; and the folder's in the one above.
      const folders = new Set(paths.flatMap(path => foldersAbove(root, path)));
      await each([...folders], path => told(fileLocation(path), () => syncFolder(path)));
    },
    exists: location =>
      told(location, async () => {
        try {
          const path = pathOf(location);
          await keepInside(root, dirname(path), location);
          return (await lstat(path)).isFile();
        } catch (error) {
          if (isMissing(error)) return false;
          throw error;
        }
      }),
    remove: location =>
      told(location, async () => {
        const path = pathOf(location);
        try {
          await keepInside(root, dirname(path), location);
          if ((await lstat(path)).isFile()) await rm(path, { force: true });
        } catch (error) {
          if (!isMissing(error)) throw error;
        }
        await removeEmptyFolders(root, dirname(path));
      }),
    list: prefix => listBelow(root, named, prefix, pathOf),
    open: async locations => {
      const paths = await each(locations, location =>
        told(location, async () => {
          const path = pathOf(location);
          await keepInside(root, dirname(path), location);
          if (!(await lstat(path)).isFile()) throw missing(location);
          return path;
        }),
      );
      // The folder is the machine's own: there is nothing to let go of.
      return { paths, release: () => undefined };
    },
    draft: () => makeDraft(incoming, moveTo),
  };
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx');
  await file.writeFile(bytes);
}

async function makeDraft(
  incoming: string,
  moveTo: (location: string, from: string) => Promise<void>,
): Promise<Draft> {
  const folder = join(incoming, randomUUID());
  await told(fileLocation(folder), () => mkdir(folder, { recursive: true }));
  return {
    folder,
    keep: (path, location) =>
      told(location, async () => {
        const from = resolve(folder, path);
        if (!from.startsWith(folder + sep) || !(await lstat(from)).isFile())
          throw outside(path, 'is not a file of the draft');
        await moveTo(location, from);
      }),
    release: () => rm(folder, { recursive: true, force: true }),
  };
}

/** fsync is about the file, whoever opened it when it was written. */
async function syncPath(path: string): Promise<void> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; its renames are journalled.
  if (process.platform === 'win32') return;
  await using folder = await open(path, constants.O_RDONLY);
  await folder.sync();
}

function foldersAbove(root: string, path: string): string[] {
  const folders: string[] = [];
  for (let at = dirname(path); at === root || at.startsWith(root + sep); at = dirname(at)) folders.push(at);
  return folders;
}

/** Upwards, as far as they are empty. */
async function removeEmptyFolders(root: string, path: string): Promise<void> {
  for (let at = path; at !== root && at.startsWith(root + sep); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      // Gone already, or something is in it: both is well.
      if (!isMissing(error)) return;
    }
  }
}

async function removeLeftovers(incoming: string): Promise<void> {
  const oldest = Date.now() - LEFTOVER_MS;
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < oldest) await rm(path, { force: true, recursive: true });
  }
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────

async function readExactly(
  file: FileHandle,
  location: string,
  offset: number,
  length: number,
): Promise<Buffer> {
  const { size } = await file.stat();
  if (offset < 0 || length < 0 || offset + length > size)
    throw new IcebergError(
      'storage',
      `${location} has ${size} bytes: ${length} from ${offset} on are not there`,
      {
        location,
        bytes: size,
        offset,
        length,
      },
    );
  const bytes = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(bytes, read, length - read, offset + read);
    if (bytesRead === 0)
      throw new IcebergError('storage', `${location} ended after ${offset + read} bytes`, { location });
    read += bytesRead;
  }
  return bytes;
}

/** A folder at a time is in memory, however many there are. */
async function* listBelow(
  root: string,
  named: string,
  prefix: string,
  pathOf: (location: string) => string,
): AsyncIterable<{ location: string; bytes: number; modified_ms: number }> {
  const folder = prefix.replace(/\/+$/, '');
  const path = isRoot(folder, root, named) ? root : pathOf(folder);
  try {
    await keepInside(root, path, prefix);
    yield* walk(path, folder);
  } catch (error) {
    if (!isMissing(error)) throw tell(error, prefix);
  }
}

function isRoot(location: string, root: string, named: string): boolean {
  const path = filePath(location);
  return path === root || path === named;
}

async function* walk(
  path: string,
  location: string,
): AsyncIterable<{ location: string; bytes: number; modified_ms: number }> {
  for await (const entry of await opendir(path)) {
    if (entry.name.startsWith('.')) continue;
    const below = join(path, entry.name);
    const named = `${location}/${entry.name}`;
    try {
      if (entry.isDirectory()) yield* walk(below, named);
      else if (isPlain(entry)) {
        const { size, mtimeMs } = await lstat(below);
        yield { location: named, bytes: size, modified_ms: mtimeMs };
      }
    } catch (error) {
      // Removed by another while we looked.
      if (!isMissing(error)) throw error;
    }
  }
}

/** Links lead nowhere, and are nobody's garbage. */
function isPlain(entry: Dirent): boolean {
  return entry.isFile();
}

// ── Refusals ────────────────────────────────────────────────────────────────────────────────────────

/** Fails where a link leads out of the root. Folders that are not there yet lead nowhere. */
async function keepInside(root: string, folder: string, location: string): Promise<void> {
  let real: string;
  try {
    real = await realpath(folder);
  } catch (error) {
    if (isMissing(error) && folder !== root) return keepInside(root, dirname(folder), location);
    throw error;
  }
  if (real !== root && !real.startsWith(root + sep))
    throw outside(location, 'lies behind a link that leads out');
}

async function told<T>(location: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw tell(error, location);
  }
}

function tell(error: unknown, location: string): unknown {
  if (error instanceof IcebergError) return error;
  if (isMissing(error)) return missing(location, error);
  const code = codeOf(error);
  if (code === undefined) return error;
  return new IcebergError(
    'storage',
    `${location}: ${error instanceof Error ? error.message : code}`,
    { location, code },
    { cause: error },
  );
}

function missing(location: string, cause?: unknown): IcebergError {
  return new IcebergError('missing_file', `${location} is not there`, { file: location }, { cause });
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' || isMissingOfOurs(error);
}

function isMissingOfOurs(error: unknown): boolean {
  return error instanceof IcebergError && error.code === 'missing_file';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && !(error instanceof IcebergError)
    ? String(error.code)
    : undefined;
}

async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let at = 0; at < items.length; at += AT_A_TIME)
    answers.push(...(await Promise.all(items.slice(at, at + AT_A_TIME).map(work))));
  return answers;
}
