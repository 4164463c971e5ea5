import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from './errors.mjs';
import { withLock } from './lock.mjs';
import { hintFor, relevantError, runNpm } from './npm.mjs';
import { ROOT } from './places.mjs';
import { say, step } from './progress.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, os?: string[], cpu?: string[],
 *   libc?: string[], engines?: unknown, extraneous?: boolean }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages
 */

const LOCK = join(ROOT, 'package-lock.json');
/** Written by npm at the end of an installation that went through: what really stands in the folder. */
const INSTALLED = join(ROOT, 'node_modules', '.package-lock.json');
const STAMP = join(ROOT, 'node_modules', '.moulin-installed');

export function isInstalled() {
  const wanted = stampOf(read(LOCK));
  if (read(STAMP) === wanted && existsSync(INSTALLED)) return true;
  if (!sameAsLocked(packagesIn(read(LOCK)), packagesIn(read(INSTALLED)), process)) return false;
  // Somebody ran npm by hand: it is as good as ours.
  writeStamp(wanted);
  return true;
}

/** @param {string} node */
export async function ensureInstalled(node) {
  if (isInstalled()) return;
  const install = async () => {
    if (isInstalled()) return;
    await step('Installing packages', () => installPackages(node));
    writeStamp(stampOf(read(LOCK)));
  };
  await withLock(join(ROOT, '.cache', 'install.lock'), install, () =>
    say('Waiting for another start that installs packages in this folder …'),
  );
}

/** @param {string} node */
async function installPackages(node) {
  const ci = ['ci', '--include=dev', '--include=optional', '--include=peer'];
  const first = await runNpm(node, [...ci, '--prefer-offline'], ROOT);
  if (first.ok) return;
  // The package cache may hold a list of versions that is older than our lock file: ask the registry itself.
  const second = /ETARGET|E404|ENOTCACHED|EINTEGRITY/.test(first.output)
    ? await runNpm(node, ci, ROOT)
    : first;
  if (second.ok) return;
  throw new LaunchError(
    `The packages were not installed:\n  ${relevantError(second.output)}`,
    hintFor(second.output),
  );
}

/**
 * Does the folder hold exactly what the lock file names for this machine?
 * @param {LockedPackages} locked
 * @param {LockedPackages} installed
 * @param {{ platform: string, arch: string }} machine
 */
export function sameAsLocked(locked, installed, machine) {
  const wanted = Object.entries(locked).filter(
    ([path, entry]) => path.includes('node_modules/') && !entry.extraneous,
  );
  if (wanted.length === 0) return false;
  const wrong = wanted.some(([path, entry]) => {
    const found = installed[path];
    return found
      ? found.version !== entry.version || found.integrity !== entry.integrity
      : mustBeThere(entry, machine);
  });
  return !wrong && Object.keys(installed).every(path => !path.includes('node_modules/') || path in locked);
}

/**
 * npm leaves optional packages out that are not for this machine; what it thinks of C libraries only npm knows.
 * @param {LockedPackage} entry
 * @param {{ platform: string, arch: string }} machine
 */
function mustBeThere(entry, machine) {
  if (!entry.optional) return true;
  const isFor = (/** @type {string[] | undefined} */ list, /** @type {string} */ value) =>
    !list || list.includes(value);
  return !entry.libc && !!entry.os && isFor(entry.os, machine.platform) && isFor(entry.cpu, machine.arch);
}

/** @param {string} lock */
function stampOf(lock) {
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}\n`;
}

/** @param {string} stamp */
function writeStamp(stamp) {
  try {
    mkdirSync(join(ROOT, 'node_modules'), { recursive: true });
    writeFileSync(STAMP, stamp);
  } catch {
    // A folder of somebody else's: the next start compares the lock files again, that is all.
  }
}

/** @param {string} text */
function packagesIn(text) {
  return /** @type {LockedPackages} */ (text === '' ? {} : (JSON.parse(text).packages ?? {}));
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
