import { mkdirSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { constants, setPriority } from 'node:os';
import { dirname } from 'node:path';
import type { RunContext } from '../task.ts';
import { openTask, type RunningTask } from './child-task.ts';
import { CHANNEL_CLOSED } from './pipes.ts';
import type { FromRunner, ToRunner } from './protocol.ts';

// The main of a runner's process. It loads no zod, no catalogue, no store: a warm runner costs what Node costs.

/** What a kind's module exports. The worker has read the input as the kind reads it, so that each names its own. */
export interface RunnerModule {
  run(context: RunContext): Promise<unknown>;
}
/** By the id of the kind. */
export type RunnerModules = Readonly<Record<string, () => Promise<RunnerModule>>>;

/** One task at a time, until the worker ends it. Started by hand, it has nobody to work for. */
export async function runnerProcess(modules: RunnerModules): Promise<void> {
  if (!process.send) return;
  process.once('disconnect', endAtOnce);
  standBack();
  let current: RunningTask | undefined;
  process.on('message', (message: ToRunner) => {
    if (message.type !== 'start') return current?.hear(message);
    current = openTask(message, say);
    void work(current, message, modules).finally(() => {
      current = undefined;
    });
  });
  if (process.platform !== 'linux') reportMemory();
  say({ type: 'ready' });
  await new Promise<never>(() => {});
}

type Start = Extract<ToRunner, { type: 'start' }>;

async function work(current: RunningTask, { task, folder }: Start, modules: RunnerModules): Promise<void> {
  await current.finish(async context => {
    enter(folder);
    const load = modules[task.kind];
    if (!load) throw unknownKind(task.kind, modules);
    const { run } = await load();
    say({ type: 'began' });
    return run(context);
  });
  process.chdir(dirname(folder));
  keepCompiled(task.kind);
}

/** As a `Failure`, whose class would load the catalogue. */
function unknownKind(kind: string, modules: RunnerModules): Error {
  const params = { kind, known: Object.keys(modules).join(', ') };
  return Object.assign(new Error(`no kind ${kind}`), { name: 'Failure', code: 'task.unknown_kind', params });
}

function say(message: FromRunner): void {
  process.send?.(message);
}

/** Its working folder and its temporary files are its own, and nobody else's to read. */
function enter(folder: string): void {
  mkdirSync(folder, { recursive: true });
  process.chdir(folder);
  process.env.TMPDIR = folder;
}

const kept = new Set<string>();

/** Runners are killed, and Node keeps compiled code by itself only for a process that runs out of work. */
function keepCompiled(kind: string): void {
  if (kept.has(kind)) return;
  kept.add(kind);
  flushCompileCache();
}

const OOM_SCORE = '500';

/** The server, PostgreSQL and the worker go first; when memory runs out it is a runner that the kernel ends. */
function standBack(): void {
  process.umask(0o077);
  const nice = Number(process.env.MOULIN_RUNNER_NICE ?? constants.priority.PRIORITY_NORMAL);
  delete process.env.MOULIN_RUNNER_NICE;
  for (const thread of threads()) attempt(() => setPriority(thread, nice));
  if (process.platform === 'linux') attempt(() => writeFileSync('/proc/self/oom_score_adj', OOM_SCORE));
}

/** Linux has a priority for each thread; those that come later inherit it. */
function threads(): number[] {
  return process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [process.pid];
}

/** What the system does not allow everywhere is no reason not to work. */
function attempt(act: () => void): void {
  try {
    act();
  } catch {}
}

const MEMORY_MS = 500;

function reportMemory(): void {
  setInterval(() => say({ type: 'memory', rss_bytes: process.memoryUsage.rss() }), MEMORY_MS).unref();
}

/** The worker is gone, or the task closed the channel: whatever is done now, nobody will hear of it. */
function endAtOnce(): void {
  attempt(() => writeSync(2, `${CHANNEL_CLOSED}\n`));
  if (process.platform !== 'win32') attempt(() => process.kill(-process.pid, 'SIGKILL'));
  process.exit(1);
}
