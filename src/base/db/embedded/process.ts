import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Failure, fail } from '../../kit/errors.ts';
import { codeOf } from '../connection.ts';
import type { Binaries } from './binaries.ts';
import { type Home, unusable } from './home.ts';
import { readPidFile, whoHas } from './pid-file.ts';
import { toArguments } from './settings.ts';

/** One life of the PostgreSQL process. */
export interface PostgresProcess {
  /** Absent when it could not even be started. */
  pid: number | undefined;
  /** Resolves when it is gone. */
  ended: Promise<void>;
  hasEnded(): boolean;
  /** What went wrong, read from what it logged since it was started. */
  whyEnded(): Failure;
}

const LOG_BYTES = 5 * 1024 * 1024;

export function startPostgres(
  home: Home,
  binaries: Binaries,
  settings: Readonly<Record<string, string>>,
  log_file: string,
): PostgresProcess {
  const log = openLog(log_file);
  const log_start = statSync(log_file).size;
  const child = spawn(binaries.postgres, ['-D', home.data, ...toArguments(settings)], {
    ...home.account,
    // Of its own, so that Ctrl-C in a terminal does not reach it before the requests in flight are done.
    detached: true,
    cwd: '/',
    // A file, not a pipe: a pipe would break when we are killed.
    stdio: ['ignore', log, log],
    env: { ...environment(), ...ignoreHolder(home.data) },
    windowsHide: true,
  });
  closeSync(log);
  let gone = false;
  let refusal: Error | undefined;
  const ended = ending(child).then(error => {
    gone = true;
    refusal = error;
  });
  return {
    pid: child.pid,
    ended,
    hasEnded: () => gone,
    whyEnded: () => explain(home, log_file, refusal?.message ?? readFrom(log_file, log_start)),
  };
}

/** Nothing of the caller's settings (PGDATA, PGOPTIONS, a language) reaches it; Windows cannot do without its folder. */
export function environment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot } = process.env;
  return { PATH, SystemRoot, LC_ALL: 'C' };
}

/** With an error when it could not be started at all. */
function ending(child: ChildProcess): Promise<Error | undefined> {
  return new Promise(resolve => {
    child.on('exit', () => resolve(undefined));
    child.on('error', resolve);
  });
}

/**
 * PostgreSQL takes a process id in its pid file for a running server when any process has that number: one that got it
 * later (in a container after a restart, nearly always), or a zombie. Deleting the file would also delete what it uses to
 * see that sessions of a killed server still write; told that the number is its grandparent's, it ignores that alone.
 */
function ignoreHolder(data_folder: string): Record<string, string> {
  const pid = readPidFile(data_folder)?.pid;
  const isStale = pid !== undefined && whoHas(pid, data_folder) === 'another';
  return isStale ? { PG_GRANDPARENT_PID: String(pid) } : {};
}

// ── Its log ─────────────────────────────────────────────────────────────────────────────────────────

/** Two files of a few megabytes are plenty: it logs warnings only. */
function openLog(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size > LOG_BYTES) renameSync(file, `${file}.1`);
    return openSync(file, 'a', 0o600);
  } catch (error) {
    throw unusable(dirname(file), error);
  }
}

function readFrom(file: string, position: number): string {
  const buffer = Buffer.alloc(16_384);
  const handle = openSync(file, 'r');
  try {
    return buffer.toString('utf8', 0, readSync(handle, buffer, 0, buffer.length, position));
  } finally {
    closeSync(handle);
  }
}

const CAUSES: [RegExp, (home: Home, reason: string) => Failure][] = [
  [
    /lock file ".*" already exists/,
    home => fail('store.in_use', { folder: home.folder, holder: holderOf(home) }),
  ],
  [/shared memory block .* is still in use/, home => fail('store.orphans', { folder: home.folder })],
  [/No space left on device/, (_, reason) => fail('store.disk_full', { reason })],
  [
    /Permission denied|Read-only file system|has wrong ownership|has invalid permissions/,
    (home, reason) => fail('store.unusable_folder', { folder: home.data, reason }),
  ],
];

function explain(home: Home, log: string, output: string): Failure {
  const lines = output.trim().split('\n');
  const told = lines.filter(line => /FATAL|PANIC|ERROR/.test(line)).at(-1) ?? lines.at(-1) ?? '';
  const reason = told.replace(/^.*?(FATAL|PANIC|ERROR):\s*/, '') || 'it ended without a word';
  const cause = CAUSES.find(([pattern]) => pattern.test(output));
  return cause?.[1](home, reason) ?? fail('store.start_failed', { reason, log });
}

function holderOf(home: Home): string {
  const pid = readPidFile(home.data)?.pid;
  return pid ? `the PostgreSQL process ${pid}` : 'another process';
}

// ── Stopping ────────────────────────────────────────────────────────────────────────────────────────

const FAST_MS = 8000;
const IMMEDIATE_MS = 5000;
const POLL_MS = 10;

/** Fast, then immediate; never SIGKILL, which would leave its sessions behind. */
export async function stopPostgres(
  pid: number | undefined,
  home: Home,
  binaries: Binaries,
  isGone: () => boolean,
): Promise<void> {
  if (pid === undefined) return;
  signal('fast', pid, home, binaries);
  if (await until(isGone, FAST_MS)) return;
  signal('immediate', pid, home, binaries);
  await until(isGone, IMMEDIATE_MS);
}

function signal(mode: 'fast' | 'immediate', pid: number, home: Home, binaries: Binaries): void {
  if (process.platform === 'win32') {
    spawnSync(binaries.pg_ctl, ['stop', '-D', home.data, '-m', mode, '-W'], { windowsHide: true });
    return;
  }
  try {
    process.kill(pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

/** Waits for a condition, with a deadline. */
export async function until(condition: () => boolean, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}
