import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../base/kit/clock.ts';
import { fail } from '../../../base/kit/errors.ts';
import type { Log } from '../../../base/kit/log.ts';
import {
  backOff,
  type Guard,
  HAS_PROC,
  membersOf,
  readProcess,
  readProcesses,
  startGuard,
} from '../../../base/processes/index.ts';
import type { ResourceClass } from '../task.ts';
import { poolKey, RUNNER_MARK, removeFolder, sweepLeftovers } from './folders.ts';
import { type RunnerProcess, spawnRunner } from './process.ts';
import type { Pool, Runner, RunnerEnd } from './runner.ts';

export interface PoolOptions {
  /** For temporary folders; what dead workers left in it is removed. */
  folder: string;
  /** What Node is given to start a runner: a file and `--runner-process`. */
  spawn_args: readonly string[];
  /** Names of variables that runners get beside the usual ones. */
  pass?: readonly string[];
  /** As many processes at most. */
  size: number;
  clock: Clock;
  log: Log;
  /** Kept even when there is nothing to do. */
  warm?: number;
  /** Memory that one task of a class may have. */
  memory_mb?: Partial<Record<ResourceClass, number>>;
  keep?: Partial<Keeping>;
}

/** When a process is let go, between two tasks. */
export interface Keeping {
  idle_ms: number;
  tasks: number;
  age_ms: number;
  /** Of one that has nothing to do. */
  rss_bytes: number;
}

const KEEP: Keeping = { idle_ms: 60_000, tasks: 500, age_ms: 3_600_000, rss_bytes: 200 * 1024 * 1024 };
const MEMORY_MB: Record<ResourceClass, number> = { light: 256, standard: 512, heavy: 2048 };
/** Of what a task may have; the rest is for buffers, native code and its children. */
const HEAP_SHARE = 0.7;
const NICE: Record<ResourceClass, number> = { light: 5, standard: 5, heavy: 10 };
const WARM_CLASS: ResourceClass = 'standard';

const WATCH_MS = 500;
const TIDY_MS = 5000;

interface Demand {
  heap_mb: number;
  limit_mb: number;
  nice: number;
}

interface Waiting extends PromiseWithResolvers<Runner> {
  demand: Demand;
}

/** Runners that are ready before they are asked for: as many as are needed, and one more than none. */
export function openPool(options: PoolOptions): Pool {
  const { clock, log, size, warm = 1 } = options;
  const keep = { ...KEEP, ...options.keep };
  const key = poolKey();
  const folder = join(options.folder, key);
  sweepLeftovers(options.folder, key);
  const guard: Guard = startGuard({ mark: `${RUNNER_MARK}=${key}.` });
  const pause = backOff({ first_ms: 100, last_ms: 30_000, well_ms: 10_000 });
  const all = new Set<RunnerProcess>();
  const starting = new Set<RunnerProcess>();
  const waiting: Waiting[] = [];
  const closing = new AbortController();
  let spawned = 0;
  let resting = false;

  const idle = () => [...all].filter(one => one.is_up && !one.taken);

  function demandOf(resource: ResourceClass, memory_mb?: number): Demand {
    const limit_mb = memory_mb ?? options.memory_mb?.[resource] ?? MEMORY_MB[resource];
    return { limit_mb, heap_mb: Math.round(limit_mb * HEAP_SHARE), nice: NICE[resource] };
  }

  function spawnFor({ heap_mb, nice }: Demand): void {
    spawned += 1;
    const own = { id: `${key}.${spawned}`, folder: join(folder, String(spawned)), heap_mb, nice };
    pause.began(clock.monotonic());
    try {
      const { spawn_args: args, pass = [] } = options;
      keepUntilEnded(spawnRunner({ ...own, args, pass, guard, clock, freed: release }));
    } catch (error) {
      // No room for its folder, say.
      refuse(heap_mb, notStarted(error));
      void rest();
    }
  }

  function keepUntilEnded(runner: RunnerProcess): void {
    all.add(runner);
    starting.add(runner);
    const started = () => starting.delete(runner);
    runner.ready.then(
      () => started() && serve(),
      error => started() && refuse(runner.heap_mb, error),
    );
    void runner.ended.then(end => {
      all.delete(runner);
      report(log, runner, end);
      serve();
      if (!runner.taken && end.reason === 'exit') void rest();
      else keepWarm();
    });
  }

  /** Each try is for somebody: whoever waits longest for such a one hears why there is none. */
  function refuse(heap_mb: number, error: Error): void {
    const at = waiting.findIndex(({ demand }) => demand.heap_mb <= heap_mb);
    for (const one of at < 0 ? [] : waiting.splice(at, 1)) one.reject(error);
  }

  /** What ends without having been asked to, and without a task, ends again: not too often. */
  async function rest(): Promise<void> {
    if (resting) return;
    resting = true;
    await delay(pause.ended(clock.monotonic()), undefined, { ref: false });
    resting = false;
    keepWarm();
  }

  function keepWarm(): void {
    if (closing.signal.aborted || resting) return;
    for (let missing = Math.min(warm, size) - all.size; missing > 0; missing--)
      spawnFor(demandOf(WARM_CLASS));
  }

  function release(runner: RunnerProcess): void {
    runner.limit_mb = Number.POSITIVE_INFINITY;
    if (isWorn(runner)) void runner.end('retired');
    else serve();
  }

  function isWorn({ tasks, born_at, rss_bytes }: RunnerProcess): boolean {
    return tasks >= keep.tasks || clock.monotonic() - born_at >= keep.age_ms || rss_bytes >= keep.rss_bytes;
  }

  /** Everybody who waits gets one that is idle, or one that starts, or room for one. */
  function serve(): void {
    if (closing.signal.aborted) return;
    const coming = [...starting];
    for (const one of [...waiting]) {
      const runner = bestOf(idle(), one.demand);
      if (runner) {
        waiting.splice(waiting.indexOf(one), 1);
        one.resolve(take(runner, one.demand));
        continue;
      }
      const at = coming.findIndex(starter => starter.heap_mb >= one.demand.heap_mb);
      if (at >= 0) coming.splice(at, 1);
      else if (all.size < size) spawnFor(one.demand);
      else {
        // All places are taken, one of them by somebody who does nothing and does not fit.
        const [unfit] = idle();
        if (unfit) letGo(unfit);
      }
    }
  }

  function take(runner: RunnerProcess, { limit_mb }: Demand): Runner {
    runner.taken = true;
    runner.limit_mb = limit_mb;
    return runner;
  }

  function letGo(runner: RunnerProcess): void {
    runner.taken = true;
    void runner.end('retired');
  }

  const look = openWatch();
  function watchMemory(): void {
    const busy = [...all].filter(one => one.taken);
    if (busy.length > 0 && HAS_PROC) look(busy);
  }

  function tidy(): void {
    const now = clock.monotonic();
    const spare = idle().sort((a, b) => a.idle_since - b.idle_since);
    for (const one of spare)
      if (all.size > warm && now - one.idle_since >= keep.idle_ms) letGo(one);
      else if (isWorn(one)) letGo(one);
  }

  const timers = [setInterval(watchMemory, WATCH_MS), setInterval(tidy, TIDY_MS)];
  for (const timer of timers) timer.unref();
  keepWarm();

  return {
    take(resource, memory_mb) {
      const demand = demandOf(resource, memory_mb);
      if (closing.signal.aborted) return Promise.reject(closed());
      const one = { ...Promise.withResolvers<Runner>(), demand };
      waiting.push(one);
      serve();
      return one.promise;
    },
    stats: () => ({
      runners: all.size,
      busy: [...all].filter(one => one.taken).length,
      idle: idle().length,
      starting: starting.size,
      rss_bytes: [...all].reduce((sum, one) => sum + (readProcess(one.pid)?.rss_bytes ?? one.rss_bytes), 0),
    }),
    async close() {
      closing.abort();
      for (const timer of timers) clearInterval(timer);
      for (const one of waiting.splice(0)) one.reject(closed());
      await Promise.all([...all].map(one => one.end('retired')));
      guard.close();
      await removeFolder(folder);
    },
  };
}

const FORGET_LOOKS = 20;

/** One look at the machine for all that work; at whom is nobody's, only now and then: a number may have come to somebody else. */
function openWatch(): (busy: readonly RunnerProcess[]) => void {
  let strangers = new Set<number>();
  let looks = 0;
  return busy => {
    if (looks++ % FORGET_LOOKS === 0) strangers = new Set();
    const processes = readProcesses(strangers);
    for (const { pid } of processes) strangers.add(pid);
    for (const runner of busy) {
      const members = membersOf(runner.pid, processes);
      for (const { pid } of members) strangers.delete(pid);
      runner.noteMemory(members.reduce((sum, one) => sum + one.rss_bytes, 0));
    }
  };
}

/** The smallest that is large enough; of these the one that worked last, so that the others come to be idle for long. */
function bestOf(idle: readonly RunnerProcess[], { heap_mb }: Demand): RunnerProcess | undefined {
  const fit = idle.filter(one => one.heap_mb >= heap_mb);
  return fit.sort((a, b) => a.heap_mb - b.heap_mb || b.idle_since - a.idle_since)[0];
}

function report(log: Log, { id, pid }: RunnerProcess, end: RunnerEnd): void {
  const { reason, exit_code, signal, error } = end;
  const said = { runner: id, pid, reason, exit_code, signal };
  const unasked = reason === 'exit' || reason === 'protocol';
  if (unasked) log.warn({ ...said, how: error.message }, 'A runner ended unasked');
  else log.debug(said, 'A runner ended');
}

function notStarted(error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return fail('task.crashed', { how: `it could not be started: ${reason}` });
}

function closed(): Error {
  return fail('task.crashed', { how: 'the worker ends' });
}
