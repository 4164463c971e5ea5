import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { proportionalMemory, treeOf } from '../../tests/support/process-tree.ts';
import type { Cost } from './side.ts';

/** Another engine in a process of its own (and in those that it starts), job after job: a line of JSON in, a line out. */
export interface PythonSide {
  ask(job: Readonly<Record<string, unknown>>): Promise<Cost & { answer: unknown }>;
  /** Of all its processes together. */
  peakMb(): number;
  close(): Promise<void>;
}

const MB = 1024 * 1024;
const LOOK_MS = 200;

export function openPythonSide(
  python: string,
  args: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: NodeJS.ProcessEnv },
): PythonSide {
  const child = spawn(python, args, {
    ...{ cwd, env: { ...process.env, ...env } },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let peak = 0;
  const { pid } = child;
  const timer = setInterval(() => {
    if (pid === undefined) return;
    const now = treeOf(pid).reduce((all, one) => all + proportionalMemory(one), 0);
    peak = Math.max(peak, now);
  }, LOOK_MS);
  return {
    async ask(job) {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const { done, value } = await lines.next();
      if (done) throw new Error(`${args[0]} ended`);
      return JSON.parse(value);
    },
    peakMb: () => peak / MB,
    async close() {
      clearInterval(timer);
      if (child.exitCode !== null) return;
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
