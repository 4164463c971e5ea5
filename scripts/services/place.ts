import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Lock, tryLockFile } from '../../src/base/kit/lock-file.ts';

// What was obtained stays: `<cache>/<name>/<version>/`, filled beside its place and renamed into it, with the SHA-256 of what is
// inside in `.ok`. Without that file it is obtained again. CI keeps the folder under a key made of the versions.

export const CACHE = process.env.MOULIN_SERVICES_CACHE || join(homedir(), '.cache', 'moulin-services');

const OK = '.ok';
/** A build from source on a small machine that does other things too. */
const PATIENCE_MS = 30 * 60_000;
const AGAIN_MS = 500;

export interface Obtainable {
  name: string;
  version: string;
}

export function folderOf({ name, version }: Obtainable): string {
  return join(CACHE, name, version);
}

export function isObtained(one: Obtainable): boolean {
  return existsSync(join(folderOf(one), OK));
}

/** Fills the folder by `fill` unless that was done before, by whatever process; answers it. */
export async function obtainOnce(one: Obtainable, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = folderOf(one);
  if (isObtained(one)) return folder;
  mkdirSync(join(CACHE, one.name), { recursive: true });
  const lock = await lockFor(one);
  try {
    if (isObtained(one)) return folder;
    const draft = mkdtempSync(join(CACHE, one.name, '.draft-'));
    try {
      await fill(draft);
      writeFileSync(join(draft, OK), `${JSON.stringify(await sumsOf(draft), null, 2)}\n`);
      rmSync(folder, { recursive: true, force: true });
      renameSync(draft, folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
    return folder;
  } finally {
    lock.release();
  }
}

async function lockFor(one: Obtainable): Promise<Lock> {
  const path = `${folderOf(one)}.lock`;
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const lock = tryLockFile(path);
    if (lock) return lock;
    if (performance.now() > deadline)
      throw new Error(`another process has been obtaining ${one.name} for half an hour (${path})`);
    await pause(AGAIN_MS);
  }
}

/** Of the files at the top: programs and archives; what was unpacked from them follows. */
async function sumsOf(folder: string): Promise<Record<string, string>> {
  const files = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isFile());
  const sums = await Promise.all(
    files.map(async ({ name }) => [name, await sha256(join(folder, name))] as const),
  );
  return Object.fromEntries(sums);
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
