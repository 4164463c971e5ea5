import { existsSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { runQuietly } from './child.mjs';
import { LaunchError } from './errors.mjs';
import { cacheFolder, HOMELESS_CACHE } from './places.mjs';

const CLI = 'npm-cli.js';

/** npm's own script, so that the Node of our choice runs it: the one that called us, else the one beside Node, else the one on PATH. */
export function findNpm(env = process.env, node = process.execPath) {
  const called = env.npm_execpath;
  if (called && basename(called) === CLI && existsSync(called)) return called;
  const folders = [dirname(node), ...(env.PATH ?? env.Path ?? '').split(delimiter).filter(Boolean)];
  for (const folder of folders) {
    const found = npmOf(folder);
    if (found) return found;
  }
  throw new LaunchError(
    'npm was not found.',
    'Install npm, which comes with Node (nodejs.org), and start again.',
  );
}

/** @param {string} folder one that holds a `node` or an `npm` */
function npmOf(folder) {
  const places = [
    linkTarget(join(folder, 'npm')),
    join(folder, 'node_modules', 'npm', 'bin', CLI),
    join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', CLI),
    join(folder, '..', 'share', 'nodejs', 'npm', 'bin', CLI),
  ];
  return places.find(place => place && basename(place) === CLI && existsSync(place));
}

/** @param {string} path */
function linkTarget(path) {
  return existsSync(path) ? realpathSync(path) : undefined;
}

/**
 * Proxies, certificate authorities, registries and sign-ins come from npm's own configuration, untouched.
 * @param {string} node the Node that npm runs on: packages are resolved for it
 * @param {string[]} args
 * @param {string} cwd
 */
export function runNpm(node, args, cwd) {
  const path = `${dirname(node)}${delimiter}${process.env.PATH ?? process.env.Path ?? ''}`;
  const quiet = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--loglevel=error',
    '--progress=false',
  ];
  // npm keeps its cache in the home too, unless somebody said where.
  const homeless = cacheFolder() === HOMELESS_CACHE && !process.env.npm_config_cache;
  const cache = homeless ? ['--cache', join(HOMELESS_CACHE, 'npm')] : [];
  return runQuietly(node, [findNpm(), ...args, ...quiet, ...cache], {
    cwd,
    env: { ...process.env, PATH: path },
  });
}

/**
 * What of npm's output a person needs: its error lines, without where the log is and without the stack.
 * @param {string} output
 */
export function relevantError(output) {
  const lines = output
    .split(/\r?\n/)
    .filter(line => /^npm (error|ERR!)/.test(line))
    .map(line => line.replace(/^npm (error|ERR!) ?/, '').trimEnd())
    .filter(line => line.trim() !== '' && !/complete log of this run|_logs|^\s+at /.test(line));
  const unique = [...new Set(lines.length > 0 ? lines : output.trim().split(/\r?\n/).slice(-8))];
  return unique.slice(0, 12).join('\n  ');
}

const HINTS = /** @type {const} */ ([
  [
    /E401|E403|ENEEDAUTH/,
    'The registry refuses you: check the token in your .npmrc (npm config get registry).',
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/,
    'Your network has its own certificate authority: set NODE_EXTRA_CA_CERTS or npm config set cafile.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENOTCACHED/,
    'The registry cannot be reached: check the network, the proxy (HTTPS_PROXY) and npm config get registry.',
  ],
  [/ENOSPC/, 'The disk is full: make room and start again.'],
  [/EACCES|EPERM|EROFS/, 'This account may not write there: use the account that owns the folder.'],
  [/E404|ETARGET/, 'Your registry does not have this package: ask for it to be mirrored.'],
]);

/** @param {string} output */
export function hintFor(output) {
  return (
    HINTS.find(([pattern]) => pattern.test(output))?.[1] ?? 'Correct what npm names above and start again.'
  );
}
