import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone, or the folder of the installed package. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const MAIN = join(ROOT, 'bin', 'main.mjs');

/** An installed package brings its JavaScript and its pages ready made, and npm has installed what it needs. */
export function isClone() {
  return existsSync(join(ROOT, 'src', 'main.ts'));
}

/**
 * Where this system keeps what can be made again.
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} platform
 * @param {string} home
 */
export function userCache(env, platform, home) {
  if (platform === 'win32')
    return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'moulin', 'Cache');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'moulin');
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'moulin');
}

/** For accounts that have no home of their own (daemons, containers). */
export const HOMELESS_CACHE = join(ROOT, '.cache');

/** The user's cache folder, or one beside the code. */
export function cacheFolder() {
  const wanted = userCache(process.env, process.platform, homedir());
  return makeWritable(wanted) ? wanted : HOMELESS_CACHE;
}

/** @param {string} folder */
function makeWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
