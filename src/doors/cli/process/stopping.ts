import { setTimeout as wait } from 'node:timers/promises';
import { fail } from '../../../base/kit/errors.ts';
import { isDataFolder } from './data-folder.ts';
import { isLocked } from './lock.ts';
import { type PidFile, readPidFile } from './pid-file.ts';
import { STOP_DEADLINE_MS } from './signals.ts';

/** Moulin ends itself after its deadline; a machine that is busy gets a little more. */
const WAIT_MS = STOP_DEADLINE_MS + 5000;
const LOOK_MS = 100;

/** Who serves this folder now. The lock decides: a process file alone may be left over from before a crash. */
export function findRunning(data: string): PidFile | undefined {
  return isDataFolder(data) && isLocked(data) ? readPidFile(data) : undefined;
}

/** Asks the Moulin of this folder to end and waits until the folder is free; answers who it was. */
export async function stopRunning(data: string, wait_ms: number = WAIT_MS): Promise<PidFile | undefined> {
  const running = findRunning(data);
  if (!running) return undefined;
  signal(running.pid, data);
  for (let waited = 0; waited < wait_ms; waited += LOOK_MS) {
    if (!isLocked(data)) return running;
    await wait(LOOK_MS);
  }
  throw fail('stop.failed', { pid: running.pid, seconds: wait_ms / 1000 });
}

function signal(pid: number, folder: string): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    // It ended by itself just now.
    if (code === 'ESRCH') return;
    throw fail(
      'data.unusable',
      { folder, reason: `process ${pid} cannot be stopped (${code})` },
      { cause: error },
    );
  }
}
