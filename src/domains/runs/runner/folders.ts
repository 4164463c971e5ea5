import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { HAS_PROC, processesMarked, readProcess } from '../../../base/processes/index.ts';

// Temporary folders: one for each worker, in it one for each runner, in it one for each task. The name of a worker's says whose
// it is, so that the next one can tell what a dead one left.

export const RUNNER_MARK = 'MOULIN_RUNNER';

/** A pool of this process, and no other process that has its number some other day. */
export function poolKey(): string {
  const host = hostname().replace(/[^A-Za-z0-9-]/g, '-');
  const started = readProcess(process.pid)?.started ?? Date.now();
  return [host, process.pid, started, randomBytes(4).toString('hex')].join('.');
}

interface Owner {
  host: string;
  pid: number;
  started: string;
}

function ownerOf(name: string): Owner | undefined {
  const [, host, pid, started] = /^([A-Za-z0-9-]*)\.(\d+)\.(\d+)\.[0-9a-f]+$/.exec(name) ?? [];
  return host !== undefined && pid && started ? { host, pid: Number(pid), started } : undefined;
}

/** Of a container that is started anew each time under another name, nobody can ask whether it lives. */
const FOREIGN_MS = 7 * 24 * 3_600_000;

/** What dead workers left: folders, and processes that were neither ended with their group nor by a guard. */
export function sweepLeftovers(root: string, own: string): void {
  const dead = workersIn(root).filter(name => name !== own && isDead(root, name, own));
  for (const name of dead) {
    for (const pid of processesMarked(`${RUNNER_MARK}=${name}.`)) killQuietly(pid);
    rmSync(join(root, name), { recursive: true, force: true });
  }
}

function workersIn(root: string): string[] {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  return readdirSync(root).filter(name => ownerOf(name));
}

function isDead(root: string, name: string, own: string): boolean {
  const owner = ownerOf(name);
  if (!owner) return false;
  if (owner.host !== ownerOf(own)?.host) return Date.now() - statSync(join(root, name)).mtimeMs > FOREIGN_MS;
  if (HAS_PROC) return readProcess(owner.pid)?.started !== owner.started;
  try {
    return !process.kill(owner.pid, 0);
  } catch {
    return true;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Mostly it is empty, or was never made. What resists now is swept when the worker starts again. */
export async function removeFolder(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}
