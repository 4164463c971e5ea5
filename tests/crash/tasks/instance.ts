import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Process, treeOf } from '../../support/process-tree.ts';

const PROGRAM = fileURLToPath(new URL('../../../bin/main.mjs', import.meta.url));

/** Kinds of processes of a running Moulin, as somebody with `kill -9` sees them. */
export type Part = 'supervisor' | 'server' | 'worker' | 'runner' | 'postgres' | 'backend' | 'guard';

export interface Instance {
  /** Those there are now, by kind. */
  processes(): { part: Part; process: Process }[];
  /** Ends the loop that starts it again, and then itself. */
  stop(): Promise<void>;
  starts(): number;
  url: string;
  token(): string | undefined;
}

/** A Moulin of its own folder that is started again whenever it ends, as a service manager would. */
export async function keepInstance(data: string, log_file: string): Promise<Instance> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  let stopping = false;
  let starts = 0;
  const run = async () => {
    while (!stopping) {
      child = startOnce(data, port, log_file);
      starts += 1;
      await new Promise(resolve => child?.once('exit', resolve));
      if (!stopping) await delay(50);
    }
  };
  const running = run();
  return {
    url: `http://127.0.0.1:${port}`,
    starts: () => starts,
    processes: () => (child?.pid === undefined ? [] : sortOut(treeOf(child.pid))),
    token() {
      try {
        return readFileSync(join(data, 'run', 'local.token'), 'utf8').trim();
      } catch {
        return undefined;
      }
    },
    async stop() {
      stopping = true;
      child?.kill('SIGTERM');
      await running;
    },
  };
}

function startOnce(data: string, port: number, log_file: string): ChildProcess {
  const log = openSync(log_file, 'a');
  const words = ['start', '--data', data, '--port', String(port), '--no-open', '--worker-concurrency', '6'];
  const child = spawn(process.execPath, [PROGRAM, ...words], { stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

function sortOut(tree: readonly Process[]): { part: Part; process: Process }[] {
  return tree.map((process, place) => ({ process, part: place === 0 ? 'supervisor' : partOf(process) }));
}

function partOf({ command }: Process): Part {
  if (command.includes('--server-process')) return 'server';
  if (command.includes('--worker-process')) return 'worker';
  if (command.includes('--runner-process')) return 'runner';
  if (command.startsWith('postgres:')) return 'backend';
  if (command.includes('/postgres ')) return 'postgres';
  return 'guard';
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
