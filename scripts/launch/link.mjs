import {
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from './errors.mjs';
import { isClone, ROOT } from './places.mjs';

/**
 * npm puts this folder on the PATH of its scripts. So `exec moulin-node …` in package.json finds the Node that
 * was just chosen: shell and launcher are gone when Moulin runs, and npm's signals reach Moulin itself.
 */
const BIN = join(ROOT, 'node_modules', '.bin');

/** @param {string} node */
export function linkRuntime(node) {
  if (!isClone()) return;
  try {
    mkdirSync(BIN, { recursive: true });
    if (process.platform === 'win32') linkOnWindows(node);
    else link(node, join(BIN, 'moulin-node'));
  } catch (error) {
    throw new LaunchError(
      `Cannot write ${BIN}: ${error instanceof Error ? error.message : error}.`,
      'Use the account that owns this folder, or bin/moulin start.',
    );
  }
}

/**
 * @param {string} target
 * @param {string} path
 */
function link(target, path) {
  if (isLinkTo(target, path)) return;
  const fresh = `${path}.${process.pid}`;
  rmSync(fresh, { force: true });
  symlinkSync(target, fresh);
  renameSync(fresh, path);
}

/**
 * @param {string} target
 * @param {string} path
 */
function isLinkTo(target, path) {
  try {
    return readlinkSync(path) === target;
  } catch {
    return false;
  }
}

/**
 * cmd.exe has no `exec`: a command file of that name runs the rest of the line, which is all it can mean there.
 * @param {string} node
 */
function linkOnWindows(node) {
  write(join(BIN, 'moulin-node.cmd'), `@"${node}" %*\r\n`);
  write(join(BIN, 'exec.cmd'), '@%*\r\n');
}

/**
 * @param {string} path
 * @param {string} text
 */
function write(path, text) {
  try {
    if (readFileSync(path, 'utf8') === text) return;
  } catch {
    // Not there yet.
  }
  writeFileSync(path, text);
}
