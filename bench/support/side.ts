import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { proportionalMemory, treeOf } from '../../tests/support/process-tree.ts';

// What is compared runs in processes of its own: each side's processor time and memory are its own too, and neither finds the
// other's caches warm.

/** What a job took: the clock, and all processors together. */
export interface Cost {
  wall_ms: number;
  cpu_ms: number;
}

export interface Side {
  ask<T = unknown>(job: string, input?: unknown): Promise<Cost & { answer: T }>;
  /** The most that it and all it started held since it began, as far as it was looked at. */
  peakMb(): number;
  close(): Promise<void>;
}

const LOOK_MS = 100;
const MB = 1024 * 1024;

type Reply = { ok: true; answer: unknown; cost: Cost } | { ok: false; error: string };

export function openSide(module: URL, env: Readonly<Record<string, string>> = {}): Side {
  const child = fork(fileURLToPath(module), { env: { ...process.env, ...env }, serialization: 'advanced' });
  const memory = watchMemory(child);
  return {
    async ask<T>(job: string, input?: unknown) {
      const ended = new AbortController();
      const { signal } = ended;
      child.send({ job, input });
      try {
        const reply: Reply = await Promise.race([
          once(child, 'message', { signal }).then(([first]) => first),
          once(child, 'exit', { signal }).then(([code, by]) => {
            throw new Error(`${job} ended its process (${code ?? by})`);
          }),
        ]);
        if (!reply.ok) throw new Error(`${job}: ${reply.error}`);
        return { answer: reply.answer as T, ...reply.cost };
      } finally {
        ended.abort();
      }
    },
    peakMb: memory.peakMb,
    async close() {
      memory.stop();
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

function watchMemory({ pid }: ChildProcess): { peakMb(): number; stop(): void } {
  let peak = 0;
  const look = () => {
    const bytes = pid === undefined ? 0 : treeOf(pid).reduce((sum, one) => sum + proportionalMemory(one), 0);
    peak = Math.max(peak, bytes);
  };
  const timer = setInterval(look, LOOK_MS);
  return { peakMb: () => peak / MB, stop: () => clearInterval(timer) };
}

// ── In the process ──────────────────────────────────────────────────────────────────────────────────

export type Jobs = Readonly<Record<string, (input: never) => Promise<unknown>>>;

/** Does one job after another until the parent is gone. */
export function serve(jobs: Jobs): void {
  process.on('message', async ({ job, input }: { job: string; input: never }) => {
    const reply = await doOne(jobs, job, input);
    process.send?.(reply);
  });
  process.on('disconnect', () => process.exit());
}

async function doOne(jobs: Jobs, job: string, input: never): Promise<Reply> {
  try {
    const work = jobs[job];
    if (!work) throw new Error('there is no such job');
    const { answer, ...cost } = await costOf(() => work(input));
    return { ok: true, answer, cost };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

export async function costOf<T>(work: () => Promise<T>): Promise<Cost & { answer: T }> {
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const answer = await work();
  const wall_ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpu);
  return { answer, wall_ms, cpu_ms: (user + system) / 1000 };
}
