// What an idle Moulin costs: the proportional memory (PSS) of all processes from its supervisor down, with a warm runner.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { makeHome, oddFolder } from '../tests/launch/support/clone.ts';
import { personsEnvironment, startAndWait } from '../tests/launch/support/running.ts';
import { type Process, proportionalMemory } from '../tests/support/process-tree.ts';
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
    const by_part = measure(running.tree());
    await running.stop();
    const all = Object.values(by_part).reduce((sum, bytes) => sum + bytes, 0);
    const mb = { unit: 'MB', better: 'lower' } as const;
    return {
      title: `Memory, idle for ${IDLE_SECONDS} s`,
      rows: [
        { what: 'whole tree', value: megabytes(all), goal: 350, ...mb },
        ...Object.entries(by_part).map(([what, bytes]) => ({ what, value: megabytes(bytes), ...mb })),
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

function measure(tree: readonly Process[]) {
  const sums = { supervisor: 0, server: 0, worker: 0, 'warm runner': 0, 'store and guards': 0 };
  for (const [at, one] of tree.entries())
    sums[at === 0 ? 'supervisor' : partOf(one)] += proportionalMemory(one);
  return sums;
}

function partOf({ command }: Process) {
  if (command.includes('--server-process')) return 'server';
  if (command.includes('--worker-process')) return 'worker';
  return command.includes('--runner-process') ? 'warm runner' : 'store and guards';
}

function megabytes(bytes: number): number {
  return bytes / 1024 ** 2;
}
