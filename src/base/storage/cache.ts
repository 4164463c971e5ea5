import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rm, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fail } from '../kit/errors.ts';
import { eachOf } from './each-of.ts';
import { codeOf, ignoreMissing, told } from './machine.ts';
import type { Storage } from './storage.ts';
import { openWorkplace } from './workplace.ts';

// Copies of whole objects as files of this machine, for engines that read files only. Objects never change, so a copy is right
// or not there. All processes of a machine share one folder without talking to each other:
//
//   objects/OWNER/NAME      a whole copy, durable; OWNER is the first part of the key: the workspace
//   work/PROCESS/NAME       the same file under a second name, for as long as this process uses it; or the half of one that comes
//
// The second name is the pin: a copy that has one is not chosen to go, and if it goes at that moment all the same, the file
// stays until its last name does. A process that dies leaves halves and pins in its own folder, which the next one clears away.

export interface ObjectCache {
  /** Paths with the bytes of these objects, in the order asked; the files stay until `release`. */
  open(keys: readonly string[]): Promise<{ paths: string[]; release(): void }>;
  stats(): CacheStats;
  close(): void;
}

/** Since it was opened. */
export interface CacheStats {
  hits: number;
  misses: number;
  evicted: number;
}

export interface CacheOptions {
  storage: Storage;
  /** Of all copies together; those of processes that fetch at the same moment may exceed it by what they fetch. */
  max_bytes: number;
  /** How long an object waits for others to be let go before it is refused. */
  patience_ms?: number;
}

/** An object that this process uses, or fetches: all who want it share one. */
interface Held {
  path: string;
  users: number;
  ready: Promise<void>;
  /** Whether it is there, or will not come. */
  settled: boolean;
}

const FETCHES_AT_ONCE = 6;
const PATIENCE_MS = 30_000;
const LOOK_MS = 200;
/** What others fetched meanwhile is seen when so much of the bound was fetched here. */
const RECOUNT_SHARE = 1 / 32;

export async function openCache(folder: string, options: CacheOptions): Promise<ObjectCache> {
  const { storage, max_bytes, patience_ms = PATIENCE_MS } = options;
  const workplace = await openWorkplace(join(folder, 'work'));
  const objects = join(folder, 'objects');
  const held = new Map<string, Held>();
  const stats: CacheStats = { hits: 0, misses: 0, evicted: 0 };
  const evicted = () => {
    stats.evicted += 1;
  };
  const room = openRoom(objects, { max_bytes, patience_ms, evicted });

  const hold = (key: string): Held => {
    const place = placeOf(storage.location(key), key);
    const path = join(workplace.folder, basename(place));
    const known = held.get(path);
    const one = known ?? { path, users: 0, ready: bring(key, join(objects, place), path), settled: false };
    if (known) stats.hits += 1;
    else void settle(one);
    one.users += 1;
    held.set(path, one);
    return one;
  };

  async function settle(one: Held): Promise<void> {
    await Promise.allSettled([one.ready]);
    one.settled = true;
    forgetUnused(one);
  }

  /** At once, so that the next who looks finds it let go. */
  const forgetUnused = (one: Held): void => {
    if (one.users > 0 || !one.settled) return;
    held.delete(one.path);
    rmSync(one.path, { force: true });
  };

  const letGo = (one: Held): void => {
    one.users -= 1;
    forgetUnused(one);
  };

  async function bring(key: string, copy: string, path: string): Promise<void> {
    if (await pin(copy, path)) {
      stats.hits += 1;
      return;
    }
    stats.misses += 1;
    const bytes = await storage.size(key);
    if (bytes === undefined) throw fail('storage.missing', { key });
    const done = await room.reserve(bytes);
    try {
      await fetchTo(path, await storage.get(key), { key, bytes });
      await publish(path, copy);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      done();
    }
  }

  return {
    async open(keys) {
      // The files of a folder are there already.
      if (storage.facts.kind === 'folder') return { paths: await filesOf(storage, keys), release() {} };
      const used = new Map<string, Held>();
      const release = () => {
        for (const one of used.values()) letGo(one);
        used.clear();
      };
      try {
        await told(folder, () =>
          eachOf([...new Set(keys)], FETCHES_AT_ONCE, async key => {
            const one = hold(key);
            used.set(key, one);
            await one.ready;
          }),
        );
        return { paths: keys.flatMap(key => used.get(key)?.path ?? []), release };
      } catch (error) {
        release();
        throw error;
      }
    },
    stats: () => ({ ...stats }),
    close: () => workplace.close(),
  };
}

async function filesOf(storage: Storage, keys: readonly string[]): Promise<string[]> {
  const paths = new Map<string, string>();
  await eachOf([...new Set(keys)], FETCHES_AT_ONCE, async key => {
    const path = await storage.file(key);
    if (path !== undefined) paths.set(key, path);
  });
  return keys.flatMap(key => paths.get(key) ?? []);
}

/** By the whole address: another storage under the same keys is another one. Engines choose by the ending. */
function placeOf(location: string, key: string): string {
  const [ending = ''] = /\.[a-z0-9]{1,12}$/i.exec(key) ?? [];
  const [owner = ''] = key.split('/');
  return join(owner, createHash('sha256').update(location).digest('hex') + ending);
}

async function pin(copy: string, path: string): Promise<boolean> {
  try {
    await link(copy, path);
  } catch (error) {
    ignoreMissing(error);
    return false;
  }
  const now = new Date();
  await utimes(path, now, now);
  return true;
}

/** Durable, because after a power cut nobody asks whether the copy is whole. */
async function fetchTo(
  path: string,
  body: AsyncIterable<Uint8Array>,
  { key, bytes }: { key: string; bytes: number },
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  let done = 0;
  try {
    for await (const piece of body) {
      await file.appendFile(piece);
      done += piece.byteLength;
    }
    if (done !== bytes) throw fail('storage.short', { key, bytes: done, wanted: bytes });
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Another process may have been faster: then its copy is the one. */
async function publish(path: string, copy: string): Promise<void> {
  await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
  await link(path, copy).catch(error => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
}

// ── Room ────────────────────────────────────────────────────────────────────────────────────────────

interface Room {
  /** Makes room; the answer says that the object has come, or will not. */
  reserve(bytes: number): Promise<() => void>;
}

interface RoomOptions {
  max_bytes: number;
  patience_ms: number;
  evicted: () => void;
}

/** One reservation after the other, so that no two count on the same room. */
function openRoom(objects: string, { max_bytes, patience_ms, evicted }: RoomOptions): Room {
  let reserved = 0;
  /** Of the copies when they were last counted, and of what came since; undefined: never counted. */
  let counted: number | undefined;
  let since = 0;
  let last: Promise<unknown> = Promise.resolve();

  const taken = (): number => (counted ?? Number.POSITIVE_INFINITY) + since + reserved;

  async function fits(bytes: number): Promise<boolean> {
    if (since < max_bytes * RECOUNT_SHARE && taken() + bytes <= max_bytes) return true;
    // First, because what comes while they are counted may be among them or not: better twice than not at all.
    since = 0;
    const copies = await listCopies(objects);
    counted = copies.reduce((total, copy) => total + copy.bytes, 0);
    // Those that were used longest ago go first; those that somebody uses stay.
    for (const copy of copies.filter(one => !one.pinned).sort((a, b) => a.used_ms - b.used_ms)) {
      if (taken() + bytes <= max_bytes) break;
      await rm(copy.path, { force: true });
      counted -= copy.bytes;
      evicted();
    }
    return taken() + bytes <= max_bytes;
  }

  async function wait(bytes: number): Promise<void> {
    const deadline = performance.now() + patience_ms;
    while (!(await fits(bytes))) {
      if (bytes > max_bytes || performance.now() > deadline)
        throw fail('storage.cache_full', {
          wanted: bytes,
          limit: max_bytes,
          used: (counted ?? 0) + reserved,
        });
      await pause(LOOK_MS);
    }
    reserved += bytes;
  }

  return {
    async reserve(bytes) {
      const turn = last.then(() => wait(bytes));
      last = turn.catch(() => {});
      await turn;
      return () => {
        reserved -= bytes;
        since += bytes;
      };
    },
  };
}

interface Copy {
  path: string;
  bytes: number;
  used_ms: number;
  pinned: boolean;
}

async function listCopies(objects: string): Promise<Copy[]> {
  const entries =
    (await readdir(objects, { recursive: true, withFileTypes: true }).catch(ignoreMissing)) ?? [];
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  const copies: Copy[] = [];
  await eachOf(paths, 16, async path => {
    const found = await lstat(path).catch(ignoreMissing);
    if (found) copies.push({ path, bytes: found.size, used_ms: found.mtimeMs, pinned: found.nlink > 1 });
  });
  return copies;
}
