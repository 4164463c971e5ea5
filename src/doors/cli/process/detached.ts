import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../../base/kit/errors.ts';
import { makeDataFolder } from './data-folder.ts';
import { isLocked } from './lock.ts';
import { readPidFile } from './pid-file.ts';

const reportSchema = z.object({ ready: z.string() });

/** Starts Moulin in the background; answers what it says when it is ready, or fails with what it said instead. */
export async function startDetached(
  data: string,
  flags: readonly string[],
  program: readonly string[] = ownProgram(),
): Promise<string> {
  makeDataFolder(data);
  const running = isLocked(data) ? readPidFile(data) : undefined;
  if (running) throw fail('data.running', { folder: data, url: running.url, pid: running.pid });
  const path = join(data, 'logs', 'console.log');
  const log = openSync(path, 'a', 0o600);
  const before = fstatSync(log).size;
  const child = spawn(process.execPath, [...program, 'start', ...flags, '--no-open', '--report-ready'], {
    detached: true,
    // The one-time link comes over this channel and so never lies in a file.
    stdio: ['ignore', log, log, 'ipc'],
    env: withoutParents(process.env),
    windowsHide: true,
  });
  closeSync(log);
  const ready = await outcome(child);
  if (ready === undefined)
    throw fail('start.failed', {
      said: readFileSync(path).subarray(before).toString().trim() || 'nothing',
      log: path,
    });
  child.unref();
  return `${ready}  It goes on in the background (process ${child.pid}): moulin status, moulin stop.\n\n`;
}

/** The script that this process began with, and how Node was told to run it. */
function ownProgram(): string[] {
  return [...process.execArgv, process.argv[1] ?? ''];
}

/** In the background nobody's end is its end. */
function withoutParents(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm_|LAUNCHER_PID$)/.test(name)));
}

function outcome(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve(undefined));
    child.on('message', message => {
      const report = reportSchema.safeParse(message);
      if (report.success) resolve(report.data.ready);
    });
  });
}
