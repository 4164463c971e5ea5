import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fail } from '../../../base/kit/errors.ts';
import { type Lock, tryLockFile } from '../../../base/kit/lock-file.ts';
import { readPidFile, removePidFile } from './pid-file.ts';

// One Moulin per data folder: a lock that ends with its process.

/** A look at the lock (`isLocked`) holds it for less than a millisecond; whoever wants it looks again. */
const AGAIN_MS = 50;
const GLANCE_MS = 1000;
/** A start or an end that is under way, or a command that works in the folder: each is over by then. */
const PATIENCE_MS = 30_000;

/** Waits for whoever is just starting or ending; refuses in words when another process serves the folder. */
export async function lockDataFolder(data: string, patience_ms: number = PATIENCE_MS): Promise<Lock> {
  const begun = performance.now();
  for (;;) {
    const lock = tryLock(data);
    if (lock) return claim(data, lock);
    const waited = performance.now() - begun;
    const holder = readPidFile(data);
    if (holder && waited > GLANCE_MS)
      throw fail('data.running', { folder: data, url: holder.url, pid: holder.pid });
    if (waited > patience_ms) throw fail('data.locked', { folder: data });
    await wait(AGAIN_MS);
  }
}

/** Whatever the process file says, it is not true any more: with the lock held, a file means who holds it. */
function claim(data: string, lock: Lock): Lock {
  removePidFile(data);
  return {
    release() {
      removePidFile(data);
      lock.release();
    },
  };
}

export function isLocked(data: string): boolean {
  const lock = tryLock(data);
  lock?.release();
  return lock === undefined;
}

function tryLock(data: string): Lock | undefined {
  try {
    return tryLockFile(join(data, 'run', 'lock'));
  } catch (error) {
    throw unusable(data, error);
  }
}

function unusable(folder: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return fail('data.unusable', { folder, reason: `its lock cannot be taken (${reason})` }, { cause: error });
}
