import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { fail } from '../../../base/kit/errors.ts';

/** HTTP and, beside it, the SQL endpoint. */
export const PAIR = 2;
const MOST_PAIRS = 200;
const TAKEN = new Set(['EADDRINUSE', 'EACCES']);

export interface WantedPort {
  host: string;
  /** From the configuration; 0 takes any free one. */
  port: number;
  /** Somebody asked for this very port: taken means an error, not another port. */
  is_explicit: boolean;
  /** What this folder used last. */
  remembered?: number | undefined;
}

export type IsFree = (host: string, port: number) => Promise<boolean>;

/** An explicit port is used or refused with the name of its holder; a default moves to the next free pair. */
export async function choosePort(wanted: WantedPort, isFree: IsFree = canListen): Promise<number> {
  const { host, port, is_explicit, remembered } = wanted;
  if (port === 0) return 0;
  if (is_explicit) {
    if (await isFree(host, port)) return port;
    throw portTaken(host, port);
  }
  const first = remembered ?? port;
  for (const candidate of [first, ...pairsFrom(port)])
    if ((await isFree(host, candidate)) && (await isFree(host, candidate + 1))) return candidate;
  throw portTaken(host, port);
}

function pairsFrom(port: number): number[] {
  return Array.from({ length: MOST_PAIRS }, (_, index) => port + index * PAIR).filter(
    start => start < 65_535,
  );
}

export function portTaken(host: string, port: number): Error {
  return fail('port.taken', { host, port, holder: holderOf(port) ?? 'another program' });
}

/** Asks the system by trying: what is free now is what can be listened on. */
export async function canListen(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (TAKEN.has(code)) return false;
    throw fail('host.unusable', { host, reason: code || String(error) }, { cause: error });
  } finally {
    server.close();
  }
}

/** "node (process 123)", where the system lets us see it. */
export function holderOf(port: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const inodes = new Set(['tcp', 'tcp6'].flatMap(table => listenersOn(port, readTable(table))));
  if (inodes.size === 0) return undefined;
  const pid = readdirSync('/proc').find(name => /^\d+$/.test(name) && holdsSocket(name, inodes));
  return pid === undefined ? undefined : `${nameOf(pid)} (process ${pid})`;
}

const LISTENING = '0A';

/** The inodes of the sockets that listen on a port, from the text of /proc/net/tcp. */
export function listenersOn(port: number, table: string): string[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(columns => columns[1]?.endsWith(ending) && columns[3] === LISTENING)
    .flatMap(columns => columns[9] ?? []);
}

function readTable(name: string): string {
  try {
    return readFileSync(`/proc/net/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(fd => {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    // Another user's process, or one that has just ended.
    return false;
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'a program';
  }
}
