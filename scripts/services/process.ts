import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { obtainOnce } from './place.ts';
import type { Address, Service } from './service.ts';

const READY_MS = 60_000;
const STOP_MS = 10_000;
const LOOK_MS = 30;
/** Somebody else may take the port between our looking and the server's. */
const TRIES = 3;

export interface Started extends Address {
  pid: number;
  data: string;
}

/** In `data`, for as long as it is wanted: it goes on when this process ends. */
export async function startDetached(service: Service, data: string): Promise<Started> {
  return start(service, data, (command, log) => {
    const { program, args, env } = command;
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    child.unref();
    return child;
  });
}

/**
 * In `data`, until this process ends, however it does: a shell waits for the end of a pipe that only we hold, and then ends the
 * server. Not even `kill -9` leaves one behind.
 */
export async function startBound(service: Service, data: string): Promise<Started> {
  const script = '"$@" & server=$!; cat >/dev/null; kill "$server"; wait "$server"';
  return start(service, data, (command, log) => {
    const { program, args, env } = command;
    const child = spawn('/bin/sh', ['-c', script, 'sh', program, ...args], {
      env: { ...process.env, ...env },
      stdio: ['pipe', log, log],
      // Ctrl-C is for us; the shell hears of it when we have gone.
      detached: true,
    });
    child.unref();
    if (child.stdin && 'unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
    return child;
  });
}

type Spawn = (command: ReturnType<Service['command']>, log: number) => ChildProcess;

async function start(service: Service, data: string, spawnIt: Spawn): Promise<Started> {
  const folder = await obtainOnce(service, into => service.obtain(into));
  for (let count = 1; ; count += 1) {
    const port = await freePort();
    const log = openSync(logOf(data), 'a');
    const child = spawnIt(service.command({ folder, data, port }), log);
    closeSync(log);
    try {
      await ready(service, { port }, child);
      return { pid: child.pid ?? 0, port, data };
    } catch (error) {
      if (child.pid !== undefined) await stop(child.pid);
      const said = readFileSync(logOf(data), 'utf8').trim().split('\n').slice(-5).join(' | ');
      if (count === TRIES || !/address already in use/i.test(said))
        throw new Error(`${service.name} did not start: ${said}`, { cause: error });
    }
  }
}

async function ready(service: Service, address: Address, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + (service.ready_ms ?? READY_MS);
  let failed: Error | undefined;
  child.once('error', error => {
    failed = error;
  });
  while (performance.now() < deadline && child.exitCode === null && failed === undefined) {
    if (await service.isReady(address).catch(() => false)) return;
    await pause(LOOK_MS);
  }
  throw failed ?? new Error(`${service.name} gave no answer`);
}

/** Asked first, then made to. */
export async function stop(pid: number): Promise<void> {
  signal(pid, 'SIGTERM');
  const deadline = performance.now() + STOP_MS;
  while (isAlive(pid)) {
    if (performance.now() > deadline) signal(pid, 'SIGKILL');
    await pause(LOOK_MS);
  }
}

export function isAlive(pid: number): boolean {
  return signal(pid, 0);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

export function logOf(data: string): string {
  return join(data, 'log');
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise(done => server.close(done));
  return port;
}
