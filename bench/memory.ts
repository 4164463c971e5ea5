// What an idle Moulin costs: the proportional memory (PSS) of all processes from its main process down.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { makeHome, oddFolder } from '../tests/launch/support/clone.ts';
import { personsEnvironment, startAndWait } from '../tests/launch/support/running.ts';
import { proportionalMemory } from '../tests/support/process-tree.ts';
import type { Result } from './result.ts';

const ROOT = join(import.meta.dirname, '..');
/** Enough for what the start left behind to be collected. */
const IDLE_SECONDS = 30;

export default async function run(): Promise<Result> {
  const undo: (() => void)[] = [];
  const root = oddFolder(one => void undo.push(one));
  const env = personsEnvironment(makeHome(join(root, 'home')));
  const command = [
    process.execPath,
    'bin/main.mjs',
    'start',
    '--no-open',
    '--port',
    '0',
    '--data',
    join(root, 'data'),
  ];
  try {
    // The second start of a folder: the one that people have every day.
    await (await start()).stop();
    const running = await start();
    await wait(IDLE_SECONDS * 1000);
    const [main = 0, ...below] = running.tree().map(proportionalMemory);
    await running.stop();
    const store = below.reduce((sum, bytes) => sum + bytes, 0);
    const mb = { unit: 'MB', better: 'lower' } as const;
    return {
      title: `Memory, idle for ${IDLE_SECONDS} s`,
      rows: [
        { what: 'whole tree', value: megabytes(main + store), goal: 250, ...mb },
        { what: 'main process', value: megabytes(main), ...mb },
        { what: 'store and its guard', value: megabytes(store), ...mb },
      ],
    };
  } finally {
    for (const one of undo) one();
  }

  async function start() {
    const running = await startAndWait(command, { cwd: ROOT, env });
    await (await fetch(running.url)).text();
    const stop = async () => {
      running.child.kill('SIGTERM');
      await running.ended();
    };
    undo.unshift(() => void running.child.kill('SIGKILL'));
    return { tree: running.tree, stop };
  }
}

function megabytes(bytes: number): number {
  return bytes / 1024 ** 2;
}
