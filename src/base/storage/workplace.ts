import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../kit/ids.ts';
import { type Lock, tryLockFile } from '../kit/lock-file.ts';
import { told } from './machine.ts';

/**
 * A folder of this process for what nobody else may touch and nobody misses when the process is gone: a lock stands beside it
 * for as long as it lives, and whoever opens the next one clears away those whose lock is free.
 */
export interface Workplace {
  folder: string;
  /** A new folder in it. */
  make(): Promise<{ folder: string; release(): Promise<void> }>;
  close(): void;
}

const MAX_TRIES = 10;

export async function openWorkplace(root: string): Promise<Workplace> {
  return told(root, async () => {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const { name, lock } = takeName(root);
    clearDead(root, name);
    const folder = join(root, name);
    await mkdir(folder, { mode: 0o700 });
    return {
      folder,
      make: () =>
        told(root, async () => {
          const own = join(folder, newId());
          await mkdir(own, { mode: 0o700 });
          // Most are empty when they are let go of.
          const release = () => rmdir(own).catch(() => rm(own, { recursive: true, force: true }));
          return { folder: own, release };
        }),
      close() {
        forget(root, name);
        lock.release();
      },
    };
  });
}

/** Somebody may clear away a lock between its making and its taking; then the name is lost, and another one is taken. */
function takeName(root: string): { name: string; lock: Lock } {
  for (let count = 1; count <= MAX_TRIES; count += 1) {
    const name = newId();
    const path = lockOf(root, name);
    const lock = tryLockFile(path);
    if (lock && existsSync(path)) return { name, lock };
    lock?.release();
  }
  throw new Error(`no lock could be taken in ${root}`);
}

function clearDead(root: string, own: string): void {
  const names = readdirSync(root).flatMap(file => /^(.+)\.lock$/.exec(file)?.[1] ?? []);
  for (const name of names.filter(one => one !== own)) {
    const lock = tryLockIfThere(root, name);
    if (lock === undefined) continue;
    forget(root, name);
    lock.release();
  }
}

function tryLockIfThere(root: string, name: string): Lock | undefined {
  try {
    return tryLockFile(lockOf(root, name));
  } catch {
    // Cleared away by another one at this moment.
    return undefined;
  }
}

/** The lock last: what is without one is never looked for. */
function forget(root: string, name: string): void {
  rmSync(join(root, name), { recursive: true, force: true });
  for (const path of [`${lockOf(root, name)}-journal`, lockOf(root, name)]) rmSync(path, { force: true });
}

function lockOf(root: string, name: string): string {
  return join(root, `${name}.lock`);
}
