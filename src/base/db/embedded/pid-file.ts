import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../connection.ts';

/** What a running PostgreSQL writes into `postmaster.pid` of its data folder. */
export interface PidFile {
  pid: number;
  /** Seconds since 1970. */
  started_at: number;
  port: number;
  socket_folder: string;
  listen_address: string;
}

/** Nothing where there is no file, or where it is not complete yet. */
export function readPidFile(data_folder: string): PidFile | undefined {
  let text: string;
  try {
    text = readFileSync(join(data_folder, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const [pid, , started_at, port, socket_folder = '', listen_address = ''] = text.split('\n');
  if (!Number(pid)) return undefined;
  return {
    pid: Number(pid),
    started_at: Number(started_at),
    port: Number(port),
    socket_folder,
    listen_address,
  };
}

/**
 * Who has that process id now: the server of this folder, another process that got the number later (or is dead and
 * waits to be reaped), or nobody.
 */
export function whoHas(pid: number, data_folder: string): 'server' | 'another' | 'nobody' {
  if (!isAlive(pid)) return 'nobody';
  return process.platform === 'linux' ? askProc(pid, data_folder) : askPs(pid, data_folder);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** PostgreSQL works in its data folder. A zombie works nowhere; neither does a process of another user, which we cannot see. */
function askProc(pid: number, data_folder: string): 'server' | 'another' {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data_folder) ? 'server' : 'another';
  } catch {
    return 'another';
  }
}

function askPs(pid: number, data_folder: string): 'server' | 'another' {
  if (process.platform === 'win32') return 'server';
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'stat=,command=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  const isZombie = stdout.trimStart().startsWith('Z');
  return !isZombie && stdout.includes(data_folder) ? 'server' : 'another';
}
