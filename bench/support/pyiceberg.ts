import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pyicebergPython } from '../../scripts/services/python.ts';
import { proportionalMemory } from '../../tests/support/process-tree.ts';
import type { Cost } from './side.ts';

/** PyIceberg on a table of ours, by its metadata file; what it commits, it alone sees. */
export interface Pyiceberg {
  ask(job: Readonly<Record<string, unknown>>): Promise<Cost & { answer: unknown }>;
  peakMb(): number;
  close(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('pyiceberg-side.py', import.meta.url));
const MB = 1024 * 1024;
const LOOK_MS = 200;

export async function openPyiceberg(folder: string, metadata: string): Promise<Pyiceberg> {
  const child = spawn(await pyicebergPython(), [SCRIPT, metadata], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let peak = 0;
  const { pid } = child;
  const timer = setInterval(() => {
    if (pid !== undefined)
      peak = Math.max(peak, proportionalMemory({ pid, ppid: 0, started: '', command: '' }));
  }, LOOK_MS);
  return {
    async ask(job) {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const { done, value } = await lines.next();
      if (done) throw new Error('PyIceberg ended');
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
