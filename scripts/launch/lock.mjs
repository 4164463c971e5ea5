import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { codeOf } from './errors.mjs';

const BEAT_MS = 2000;
/** Ten beats: a machine that was busy for a moment does not lose its lock. */
const STALE_MS = 20_000;
const LOOK_MS = 250;

/**
 * One process at a time. A file whose time is renewed while its owner lives: process ids come back, so a dead
 * owner is known by its silence only. (The data folder has a lock that the system keeps; this runs before there is anything
 * to keep one with.)
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {() => void} [waiting] called once when somebody else is at it
 * @returns {Promise<T>}
 */
export async function withLock(path, work, waiting) {
  mkdirSync(dirname(path), { recursive: true });
  while (!take(path)) {
    waiting?.();
    waiting = undefined;
    dropStale(path);
    await wait(LOOK_MS);
  }
  const beat = setInterval(() => touch(path), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(path, { force: true });
  }
}

/** @param {string} path */
function take(path) {
  try {
    writeFileSync(path, `${process.pid} ${Date.now()} ${Math.random()}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} path */
function touch(path) {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Somebody took it for stale, after this machine had slept for instance: the work itself is safe to do twice.
  }
}

/** @param {string} path */
function dropStale(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs < STALE_MS) return;
    const seen = readFileSync(path, 'utf8');
    // Of several that find it stale, one renames it; and if that one caught a fresh lock instead, it goes back.
    const aside = `${path}.${process.pid}`;
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') === seen) rmSync(aside);
    else renameSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
