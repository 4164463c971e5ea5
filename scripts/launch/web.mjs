import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child.mjs';
import { LaunchError } from './errors.mjs';
import { withLock } from './lock.mjs';
import { ROOT } from './places.mjs';
import { say, step } from './progress.mjs';

const WEB = join(ROOT, 'web');
const DIST = join(WEB, 'dist');
/** Which sources the pages were made from. */
const STAMP = '.sources';
/** The pages are made of these; the contract is shared with the server. */
const SOURCES = ['web', join('src', 'contract'), 'package-lock.json'];
const NOT_SOURCES = /^(node_modules|dist.*|\..*|.*\.test\.tsx?)$/;

/** @param {string} node */
export async function ensureWeb(node) {
  if (isBuilt()) return;
  const build = async () => {
    if (!isBuilt()) await step('Building the web pages', () => buildWeb(node, sourcesHash()));
  };
  await withLock(join(ROOT, '.cache', 'web.lock'), build, () =>
    say('Waiting for another start that builds the web pages in this folder …'),
  );
}

/**
 * Built beside, then put in place: a server that still shows the old pages keeps whole ones.
 * @param {string} node
 * @param {string} hash
 */
async function buildWeb(node, hash) {
  const fresh = `${DIST}.new`;
  const old = `${DIST}.old`;
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn'];
  const { ok, output } = await runQuietly(node, args, {
    cwd: WEB,
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (!ok)
    throw new LaunchError(
      `The web pages were not built:\n${output.trim()}`,
      'If the sources are yours, correct them; else report this.',
    );
  writeFileSync(join(fresh, STAMP), hash);
  if (existsSync(DIST)) renameSync(DIST, old);
  renameSync(fresh, DIST);
  rmSync(old, { recursive: true, force: true });
}

export function isBuilt() {
  const stamp = join(DIST, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourcesHash();
}

/** Contents, not times: a fresh checkout of the same sources is the same. */
function sourcesHash() {
  const hash = createHash('sha256');
  for (const file of SOURCES.flatMap(source => filesIn(source)).sort())
    hash
      .update(`${file.replaceAll('\\', '/')}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  return hash.digest('hex');
}

/**
 * @param {string} path relative to the root
 * @returns {string[]}
 */
function filesIn(path) {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path];
  return readdirSync(join(ROOT, path))
    .filter(name => !NOT_SOURCES.test(name))
    .flatMap(name => filesIn(join(path, name)));
}
