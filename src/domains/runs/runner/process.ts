import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../base/kit/clock.ts';
import { fail } from '../../../base/kit/errors.ts';
import { type Guard, processesMarked, signalGroup } from '../../../base/processes/index.ts';
import type { TaskError } from '../../../contract/runs.ts';
import { taskError } from '../task-error.ts';
import { type BulkReader, bulkReader } from './bulk.ts';
import { runnerEnvironment } from './environment.ts';
import { RUNNER_MARK, removeFolder } from './folders.ts';
import { openOutputs } from './outputs.ts';
import { BULK_FD, CHANNEL_CLOSED, LOG_FD } from './pipes.ts';
import { type FromTask, fromRunnerSchema, type ToRunner } from './protocol.ts';
import type { EndReason, Hear, Runner, RunnerEnd } from './runner.ts';

// One process that runs tasks, from its spawn until nothing of it is left. Which one is taken, kept or let go is the pool's.

export interface Spawning {
  id: string;
  folder: string;
  /** After the flags of Node: the file and its words. */
  args: readonly string[];
  /** Variables of our environment that it gets beside the usual ones. */
  pass: readonly string[];
  heap_mb: number;
  nice: number;
  guard: Guard;
  clock: Clock;
  /** It has been released and may have another task. */
  freed: (runner: RunnerProcess) => void;
}

export interface RunnerProcess extends Runner {
  readonly heap_mb: number;
  readonly born_at: number;
  /** Fulfilled when it listens; rejects when it never will. */
  readonly ready: Promise<void>;
  /** Tasks that it has had. */
  tasks: number;
  /** Of the process, as it was at the end of its last task. */
  rss_bytes: number;
  idle_since: number;
  taken: boolean;
  /** It listens, and nothing has ended it. */
  readonly is_up: boolean;
  limit_mb: number;
  /** What the whole group uses now. */
  noteMemory(bytes: number): void;
  end(reason: EndReason, error?: TaskError): Promise<void>;
}

interface Attempt {
  hear: Hear;
  folder: string;
  /** All that it wrote has been heard. */
  marked: Promise<void>;
  answer: FromTask | undefined;
  /** Its end has been heard. */
  answered: boolean;
  over: PromiseWithResolvers<{ rss_bytes: number; clean: boolean }>;
}

/** For what is still in the pipes of a process that has ended. */
const PIPES_MS = 2000;
/** Between a task's answer and its process being ready for another one; closing a channel and ending. */
const TIDY_MS = 5000;

export function spawnRunner(spawning: Spawning): RunnerProcess {
  const { id, guard, clock, freed, heap_mb } = spawning;
  mkdirSync(spawning.folder, { recursive: true, mode: 0o700 });
  const child = spawnChild(spawning);
  const { pid = 0 } = child;
  if (pid > 0) guard.watch(pid);
  const outputs = openOutputs(
    { stdout: readableOf(child, 1), stderr: readableOf(child, 2), log: readableOf(child, LOG_FD) },
    clock.now,
  );
  const bulk: BulkReader = bulkReader(readableOf(child, BULK_FD));
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<RunnerEnd>();
  let attempt: Attempt | undefined;
  let ending: { reason: EndReason; error: TaskError | undefined } | undefined;
  let is_ready = false;
  let has_exited = false;
  let peak = 0;

  const tellRunner = (message: ToRunner) => {
    // A channel that is closing takes nothing; the end of its process follows by itself.
    if (child.connected) child.send(message, () => {});
  };
  const breakOff = (how: string) => void end('protocol', taskError('task.crashed', { how }));

  function end(reason: EndReason, error?: TaskError): Promise<void> {
    ending ??= { reason, error };
    if (pid > 0 && !has_exited) signalGroup(pid, 'SIGKILL');
    return ended.promise.then(() => {});
  }

  // ── What it says ──

  child.on('message', raw => {
    const read = fromRunnerSchema.safeParse(raw);
    if (!read.success) return breakOff('it said something that no runner says');
    const { data } = read;
    if (data.type === 'memory') return runner.noteMemory(data.rss_bytes);
    if (data.type === 'ready') return is_ready ? breakOff('it began twice') : listen();
    if (!attempt) return breakOff('it spoke without having a task');
    if (data.type === 'over') return attempt.over.resolve(data);
    if (attempt.answer) return breakOff('it went on after its answer');
    if (data.type !== 'result' && data.type !== 'failed') return void attempt.hear(data);
    attempt.answer = data;
    void answer(attempt, data);
  });

  function listen(): void {
    is_ready = true;
    ready.resolve();
  }

  async function answer(to: Attempt, message: FromTask): Promise<void> {
    await to.marked;
    to.answered = true;
    void to.hear(message);
  }

  child.once('disconnect', () => {
    setTimeout(() => breakOff('it closed its channel'), TIDY_MS / 10).unref();
  });

  // ── Its end ──

  child.once('error', error => void finish(null, null, `it could not be started: ${error.message}`));
  child.once('exit', (code, signal) => void finish(code, signal, undefined));

  async function finish(
    code: number | null,
    signal: string | null,
    failure: string | undefined,
  ): Promise<void> {
    has_exited = true;
    const asked = ending;
    ending ??= { reason: 'exit', error: undefined };
    if (pid > 0) signalGroup(pid, 'SIGKILL');
    await endMarked(id);
    // What it said last may still be on its way.
    await Promise.all([outputs.ended(PIPES_MS), channelClosed(child)]);
    if (pid > 0) guard.forget(pid);
    const stderr = outputs.stderrTail();
    const how = failure ?? describeEnd({ code, signal, stderr });
    const reason = !asked && how === CLOSED ? 'protocol' : ending.reason;
    const error =
      ending.error ?? (isOutOfHeap(stderr) ? noMemory(heap_mb, heap_mb) : taskError('task.crashed', { how }));
    if (attempt?.answer) await attempt.marked;
    await removeFolder(spawning.folder);
    ready.reject(fail('task.crashed', { how: `${how}, at its start` }));
    ended.resolve({
      exit_code: code,
      signal,
      stderr,
      reason,
      error: { ...error, exit_code: code, signal, stderr: stderr === '' ? null : stderr },
    });
  }
  // Whoever takes it waits for it; nobody need.
  ready.promise.catch(() => {});

  // ── What the worker does with it ──

  async function tidy(done: Attempt): Promise<void> {
    await drain(bulk);
    const { clean, rss_bytes } = await done.over.promise;
    runner.rss_bytes = rss_bytes;
    await removeFolder(done.folder);
    attempt = undefined;
    runner.taken = false;
    if (!clean) return end('retired');
    runner.idle_since = clock.monotonic();
    freed(runner);
  }

  const runner: RunnerProcess = {
    id,
    pid,
    heap_mb,
    born_at: clock.monotonic(),
    ready: ready.promise,
    ended: ended.promise,
    tasks: 0,
    rss_bytes: 0,
    idle_since: clock.monotonic(),
    taken: false,
    get is_up() {
      return is_ready && !has_exited && ending === undefined;
    },
    limit_mb: Number.POSITIVE_INFINITY,
    start(task, hear) {
      runner.tasks += 1;
      peak = 0;
      const mark = `${id}.${runner.tasks}`;
      const folder = join(spawning.folder, String(runner.tasks));
      const marked = outputs.begin(mark, lines => hear({ type: 'log', lines }));
      attempt = { hear, folder, marked, answer: undefined, answered: false, over: Promise.withResolvers() };
      bulk.next();
      tellRunner({ type: 'start', task: { ...task }, folder, mark });
    },
    tell: tellRunner,
    bulk: () => bulk.read(),
    release() {
      if (ending) return;
      if (!attempt) {
        runner.taken = false;
        runner.idle_since = clock.monotonic();
        return freed(runner);
      }
      if (!attempt.answered) return void end('killed');
      const late = setTimeout(() => breakOff('it did not come to its end'), TIDY_MS).unref();
      void tidy(attempt).finally(() => clearTimeout(late));
    },
    kill: () => end('killed'),
    terminate() {
      if (pid > 0 && !has_exited) signalGroup(pid, 'SIGTERM');
    },
    peakBytes: () => peak,
    noteMemory(bytes) {
      peak = Math.max(peak, bytes);
      const used = Math.round(bytes / 1024 / 1024);
      if (used > runner.limit_mb) void end('memory', noMemory(used, runner.limit_mb));
    },
    end,
  };
  return runner;
}

function spawnChild({ id, folder, args, pass, heap_mb, nice }: Spawning): ChildProcess {
  const own = { TMPDIR: folder, [RUNNER_MARK]: `${id}.`, MOULIN_RUNNER_NICE: String(nice) };
  return spawn(process.execPath, [`--max-old-space-size=${heap_mb}`, ...args], {
    cwd: folder,
    env: runnerEnvironment(process.env, own, pass),
    // A group of its own: it is ended with everything that it started, and Ctrl-C in a terminal is not for it.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe', 'pipe'],
  });
}

async function channelClosed(child: ChildProcess): Promise<void> {
  const late = delay(PIPES_MS, undefined, { ref: false });
  if (child.connected) await Promise.race([once(child, 'disconnect'), late]);
}

/** A process that could not be started has no pipes: as one that has ended. */
function readableOf(child: ChildProcess, fd: number): Readable {
  const stream = child.stdio[fd];
  return stream instanceof Readable ? stream : Readable.from([]);
}

const CLOSED = 'it closed its channel';

function describeEnd({
  code,
  signal,
  stderr,
}: {
  code: number | null;
  signal: string | null;
  stderr: string;
}): string {
  if (stderr.trimEnd().endsWith(CHANNEL_CLOSED)) return CLOSED;
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/** V8 gives up before the group as a whole has used what it may. */
function isOutOfHeap(stderr: string): boolean {
  return /FATAL ERROR: .*heap out of memory/.test(stderr);
}

function noMemory(used: number, limit: number): TaskError {
  return taskError('task.no_memory', { used, limit });
}

const ROUNDS = 20;
const ROUND_MS = 5;

/** Whoever left the group carries the mark; whoever was being forked while we looked is found the next time. */
async function endMarked(id: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const left = processesMarked(`${RUNNER_MARK}=${id}.`);
    if (left.length === 0) return;
    for (const pid of left)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    await delay(ROUND_MS);
  }
}

/** What the worker did not read of the task's bytes. */
async function drain(bulk: BulkReader): Promise<void> {
  try {
    for await (const _ of bulk.read());
  } catch {
    // It broke, which whoever reads it hears; here nobody does.
  }
}
