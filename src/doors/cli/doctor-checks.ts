import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResolvedConfig } from '../../base/kit/config.ts';
import { type Failure, isFailure, toProblem } from '../../base/kit/errors.ts';
import { isApiError } from '../../contract/client.ts';
import type { System } from '../../contract/system.ts';
import { shortSize } from './present.ts';
import type { PidFile } from './process/pid-file.ts';
import { canListen, holderOf, PAIR } from './process/ports.ts';

/** What one check found; `fix` says what to do, and is empty when there is nothing to do. */
export interface Finding {
  check: string;
  state: 'ok' | 'warning' | 'problem';
  detail: string;
  fix: string;
}

export function ok(check: string, detail: string): Finding {
  return { check, state: 'ok', detail, fix: '' };
}

function problem(check: string, detail: string, fix: string): Finding {
  return { check, state: 'problem', detail, fix };
}

function warning(check: string, detail: string, fix: string): Finding {
  return { check, state: 'warning', detail, fix };
}

const LEAST_NODE = 24;

export function checkNode(version: string): Finding {
  const major = Number(/^v(\d+)/.exec(version)?.[1]);
  return major >= LEAST_NODE
    ? ok('node', version)
    : problem(
        'node',
        `${version} is too old`,
        `Use bin/moulin, which brings Node ${LEAST_NODE}, or install it.`,
      );
}

export async function checkFolder(data: string): Promise<Finding> {
  const existing = await nearestFolder(data);
  const writable = await isWritable(existing);
  const detail = existing === data ? data : `${data} (not there yet; in ${existing})`;
  if (writable) return ok('data folder', detail);
  return problem(
    'data folder',
    `${existing} may not be written to`,
    'Give this account the right to write there, or choose another folder with --data.',
  );
}

const LEAST_BYTES = 256 * 1024 ** 2;
const FEW_BYTES = 2 * 1024 ** 3;

export async function checkDisk(data: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestFolder(data));
  return judgeDisk(bavail * bsize);
}

export function judgeDisk(free: number): Finding {
  const detail = `${shortSize(free)} free`;
  const fix = 'Free some space, or move the data folder to a larger disk.';
  if (free < LEAST_BYTES) return problem('disk', detail, fix);
  return free < FEW_BYTES ? warning('disk', detail, fix) : ok('disk', detail);
}

/** Ports that our own server holds are as they should be. */
export async function checkPorts({ config }: ResolvedConfig, running: PidFile | undefined): Promise<Finding> {
  if (running) return ok('ports', `${running.port} is served by Moulin (process ${running.pid})`);
  const { host, port } = config;
  if (port === 0) return ok('ports', 'any free one');
  try {
    const pair = Array.from({ length: PAIR }, (_, at) => port + at);
    const free = await Promise.all(pair.map(one => canListen(host, one)));
    const taken = pair.filter((_, at) => !free[at]);
    if (taken.length === 0) return ok('ports', `${pair.join(' and ')} on ${host} are free`);
    const holders = taken.map(one => `${one} is taken by ${holderOf(one) ?? 'another program'}`);
    return warning(
      'ports',
      holders.join('; '),
      'A default moves to the next free pair; an explicit port must be freed or changed (--port).',
    );
  } catch (error) {
    return ofFailure('ports', error);
  }
}

/** `tryIt` writes, lists, reads and deletes an object as the server does, and answers where. */
export async function checkStorage(
  { config }: ResolvedConfig,
  tryIt: () => Promise<string>,
): Promise<Finding> {
  const { url } = config.storage;
  if (url === null) return ok('storage', 'in the data folder');
  try {
    if (!url.startsWith('file:')) return ok('storage', `${await tryIt()}: written, listed, read, deleted`);
  } catch (error) {
    return ofFailure('storage', error);
  }
  const folder = fileURLToPath(url);
  return (await isWritable(folder))
    ? ok('storage', folder)
    : problem(
        'storage',
        `${folder} is not a folder that may be written to`,
        'Make it, or correct storage.url.',
      );
}

/** `start` starts a process as the worker does for tasks, ends it, and answers how long it took to be ready. */
export async function checkRunner(start: () => Promise<number>): Promise<Finding> {
  try {
    return ok('runner', `ready after ${((await start()) / 1000).toFixed(1)} s`);
  } catch (error) {
    return problem(
      'runner',
      error instanceof Error ? error.message : String(error),
      'Tasks cannot run. Look for a limit on processes or memory (ulimit -u, a container), and for room in the data folder.',
    );
  }
}

const TOLERATED_MS = 60_000;

/** Files from the future mean a clock that runs behind: sessions and tokens would live too long, and runs start late. */
export async function checkClock(now: number, package_folder: string, data: string): Promise<Finding> {
  const files = [
    join(package_folder, 'package.json'),
    join(data, 'instance.json'),
    join(data, 'run', 'moulin.pid.json'),
  ];
  const times = await Promise.all(files.map(async file => (await statOrNothing(file))?.mtimeMs ?? 0));
  const newest = Math.max(...times);
  const at = new Date(now).toISOString();
  if (now + TOLERATED_MS >= newest) return ok('clock', at);
  const detail = `it is ${at}, but a file of ours is from ${new Date(newest).toISOString()}`;
  return problem('clock', detail, 'Set the clock of this machine (an NTP service keeps it right).');
}

/** The server's own view of its parts. */
export function ofSystem(system: Pick<System, 'parts'>): Finding[] {
  const states = { ok: 'ok', degraded: 'warning', down: 'problem' } as const;
  return system.parts.map(part => ({
    check: part.name,
    state: states[part.state],
    detail: part.detail || factsText(part.facts),
    fix: part.state === 'ok' ? '' : 'The detail says what to do; the log in the data folder has more.',
  }));
}

function factsText(facts: Readonly<Record<string, unknown>>): string {
  return Object.entries(facts)
    .map(([name, value]) =>
      name.endsWith('_bytes') && typeof value === 'number'
        ? `${name.slice(0, -'_bytes'.length)}=${shortSize(value)}`
        : `${name}=${String(value)}`,
    )
    .join(', ');
}

/** What failed, filed under the part that its code names. */
export function ofFailure(check: string, error: unknown): Finding {
  const said = isApiError(error)
    ? error.problem
    : isFailure(error)
      ? toProblem(error as Failure, '')
      : undefined;
  if (!said)
    return problem(
      check,
      error instanceof Error ? error.message : String(error),
      'Look into the log in the data folder.',
    );
  const parts: Readonly<Record<string, string>> = {
    store: 'store',
    key: 'keys',
    data: 'data folder',
    port: 'ports',
    storage: 'storage',
  };
  const [area = ''] = said.code.split('.');
  return problem(parts[area] ?? check, said.detail, said.hint);
}

async function nearestFolder(path: string): Promise<string> {
  const found = await statOrNothing(path);
  const parent = dirname(path);
  return found || parent === path ? path : nearestFolder(parent);
}

async function statOrNothing(path: string) {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return (await stat(folder)).isDirectory();
  } catch {
    return false;
  }
}
