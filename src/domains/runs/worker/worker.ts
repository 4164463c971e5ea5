import { hostname } from 'node:os';
import type { Store } from '../../../base/db/index.ts';
import type { Clock } from '../../../base/kit/clock.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { Log } from '../../../base/kit/log.ts';
import type { WorkspacePermission } from '../../../contract/permissions.ts';
import type { KindTable } from '../kinds.ts';
import type { LogWriter } from '../logs/index.ts';
import {
  type BeatAnswer,
  type Claimed,
  endWorker,
  type Lease,
  loseWorker,
  type RunAs,
  registerWorker,
} from '../queue/index.ts';
import type { Pool, PoolStats } from '../runner/runner.ts';
import { openBatch } from './batch.ts';
import { openHeart } from './beat.ts';
import { openClaims } from './claims.ts';
import { openGate, openKeyedGate } from './gate.ts';
import { passes, patiently } from './patience.ts';
import { Performance, type PerformParts } from './perform.ts';
import { openProgressBoard } from './progress-board.ts';
import { openSlots } from './slots.ts';
import type { StartParts } from './start.ts';
import { openTally } from './tally.ts';
import { sayAll, type Word } from './words.ts';

export interface WorkerParts {
  store: Pick<Store, 'withInstance' | 'withWorkspace' | 'listen'>;
  kinds: KindTable;
  pool: Pool;
  logs: LogWriter;
  secrets: StartParts['secrets'];
  mayRun(workspace_id: string, run_as: RunAs, permission: WorkspacePermission): Promise<boolean>;
  /** Covers what the installation and this workspace keep secret; what others do, a guess must not find out. */
  redact(text: string, workspace_id: string): string;
  name: string;
  tags: readonly string[];
  concurrency: number;
  version: string;
  clock: Clock;
  log: Log;
  /** Told each id under which it works, before it takes anything. */
  registered?: (id: string) => void;
  /** Workers that are known to be dead: what they held is given up at once. */
  predecessors?: readonly string[];
  times?: Partial<WorkerTimes>;
}

export interface WorkerTimes {
  beat_ms: number;
  poll_ms: number;
  /** From asking a task to end to SIGTERM, and from there to SIGKILL: a cancel is over in ten seconds. */
  asked_ms: number;
  terminated_ms: number;
  /** How long `close` waits for what runs before it hands it over, and then for a store that is away. */
  drain_ms: number;
  give_up_ms: number;
}

export interface WorkerStats {
  running: number;
  slots: number;
  /** Words to the store that are not durable yet. */
  waiting: number;
  started: number;
  done: number;
  failed: number;
  leases_lost: number;
  draining: boolean;
  pool: PoolStats;
}

export interface Worker {
  /** Changes when the worker was given up and has registered anew. */
  readonly id: string;
  /** Takes no more; fulfilled when what it has is over. */
  drain(): Promise<void>;
  /** Drains, hands over what does not end in time, and signs off. Pool and logs are the caller's to close. */
  close(): Promise<void>;
  stats(): WorkerStats;
}

const TIMES: WorkerTimes = {
  beat_ms: 5000,
  poll_ms: 2000,
  asked_ms: 5000,
  terminated_ms: 2000,
  drain_ms: 20_000,
  give_up_ms: 10_000,
};
/** Of eight connections: claim, words, beat, progress and log need one each. */
const STAGES_AT_ONCE = 3;
/** Ends that the store does not know yet: beyond them it takes no more, or a slow store would fill the memory. */
const MAX_WAITING = 1000;
/** For a slot, after a claim. */
const WAIT_MS = 500;

export async function openWorker(parts: WorkerParts): Promise<Worker> {
  const { store, log, clock } = parts;
  const times = { ...TIMES, ...parts.times };
  const performances = new Map<string, Performance>();
  const counts = { started: 0, done: 0, failed: 0, leases_lost: 0 };
  const tally = openTally();
  const drained = { asked: false, told: false };
  let id = '';
  let anew: Promise<void> | undefined;
  const draining = () => drained.asked || drained.told;
  const failed = (what: string) => quietly(log, what);

  const words = openBatch<Word, boolean>({
    async flush(all) {
      const answers = await sayAll(store, all);
      // An end may have made something ready.
      claims.wake();
      return answers;
    },
    passes,
    failed: failed('The worker could not tell the store about its tasks; it tries again'),
  });
  const progress = openProgressBoard({ store, clock, failed: failed('Progress was not written') });
  const performing: Omit<PerformParts, 'may'> = {
    ...parts,
    gate: openGate(STAGES_AT_ONCE),
    queue: openKeyedGate(),
    words,
    progress,
    askStore: () => heart.soon(),
    grace_ms: { asked: times.asked_ms, terminated: times.terminated_ms },
  };

  let may = askOnce(parts.mayRun);
  const take = (tasks: readonly Claimed[]): void => {
    // Rights are asked anew for each claim.
    may = askOnce(parts.mayRun);
    // Asked for before it was told to drain, and answered after.
    if (draining()) return void handOver(tasks);
    slots.take(tasks);
    if (slots.waiting().length > 0) setTimeout(giveBackLate, WAIT_MS, tasks).unref();
  };
  const perform = (task: Claimed): Performance => {
    const one = new Performance({ ...performing, may }, task);
    const { task_id } = one.lease;
    performances.set(task_id, one);
    void one.over.then(() => {
      if (performances.get(task_id) === one) performances.delete(task_id);
    });
    if (draining()) one.tell({ type: 'drain' });
    return one;
  };
  const slots = openSlots(parts.concurrency, task => {
    const begun_at = clock.monotonic();
    counts.started += 1;
    tally.began(task.attempt);
    void perform(task).settled.then(({ state }) => {
      const worked_ms = clock.monotonic() - begun_at;
      counts[state === 'failed' || state === 'lost' ? 'failed' : 'done'] += 1;
      tally.ended(state, worked_ms);
      slots.free(worked_ms);
      claims.wake();
    });
  });
  const giveBack = (tasks: readonly Claimed[]): boolean => {
    const waiting = tasks.flatMap(({ task_id }) => slots.remove(task_id) ?? []);
    for (const task of waiting) perform(task).tell({ type: 'hand_over' });
    return waiting.length > 0;
  };
  const handOver = (tasks: readonly Claimed[]): void => {
    for (const task of tasks) perform(task).tell({ type: 'hand_over' });
  };
  /** Those before them take longer than it seemed: somebody else may have a slot for them. */
  const giveBackLate = (tasks: readonly Claimed[]): void => {
    if (giveBack(tasks)) slots.slow();
  };
  const heed = (answer: BeatAnswer, asked: { worker_id: string; leases: readonly Lease[] }): void => {
    if (asked.worker_id !== id || anew) return;
    if (!answer.known) return void registerAnew(asked.leases);
    for (const task_id of answer.cancel) cancel(task_id);
    lose(asked.leases.filter(({ task_id }) => answer.lost.includes(task_id)));
    setDrain(answer.drain);
  };
  const cancel = (task_id: string): void => {
    const waits = slots.remove(task_id);
    const one = waits ? perform(waits) : performances.get(task_id);
    one?.tell({ type: 'cancel', reason: '' });
  };
  const lose = (leases: readonly Lease[]): void => {
    for (const { task_id, fence } of leases) {
      if (slots.remove(task_id)) counts.leases_lost += 1;
      const one = performances.get(task_id);
      if (one?.lease.fence !== fence || one.is_settled) continue;
      counts.leases_lost += 1;
      one.tell({ type: 'lost' });
    }
  };
  const setDrain = (told: boolean): void => {
    const before = draining();
    drained.told = told;
    if (draining() && !before) beginDrain();
    if (!draining()) claims.wake();
  };
  const beginDrain = (): void => {
    giveBack(slots.waiting());
    for (const one of performances.values()) one.tell({ type: 'drain' });
  };
  const register = async (own: string): Promise<void> => {
    // Before anybody can know it: whoever finds it dead must find its name.
    parts.registered?.(own);
    await store.withInstance('register a worker', async tx => {
      for (const dead of parts.predecessors ?? []) await loseWorker(tx, dead);
      const { name, version, tags, concurrency } = parts;
      await registerWorker(tx, {
        id: own,
        name,
        version,
        tags,
        concurrency,
        host: hostname(),
        pid: process.pid,
      });
    });
    // Not earlier: a beat under a name that is not there yet would hear that it was given up, too.
    id = own;
  };
  /** It was silent for too long and given up: nothing that it has is its own any more. */
  const registerAnew = (leases: readonly Lease[]): void => {
    lose(leases);
    anew ??= patiently(() => register(newId()), closing.signal)
      .catch(failed('The worker could not register anew'))
      .finally(() => {
        anew = undefined;
        claims.wake();
      });
  };
  const room = (): number => (draining() || anew || words.waiting() >= MAX_WAITING ? 0 : slots.room());
  const stats = (): WorkerStats => {
    const shown = { ...counts, running: slots.busy(), slots: parts.concurrency };
    return { ...shown, waiting: words.waiting(), draining: draining(), pool: parts.pool.stats() };
  };
  const leases = (): Lease[] => [
    ...[...performances.values()].map(({ lease }) => lease),
    ...slots.waiting().map(({ task_id, attempt, fence }) => ({ task_id, attempt, fence })),
  ];
  const idle = async (): Promise<void> => {
    while (performances.size > 0) await Promise.all([...performances.values()].map(({ over }) => over));
  };

  const closing = new AbortController();
  await register(newId());
  const claims = openClaims({
    store,
    claimant: () => ({
      worker_id: id,
      worker_name: parts.name,
      tags: parts.tags,
      kinds: parts.kinds.known,
    }),
    free: room,
    holds: task_id => leases().some(lease => lease.task_id === task_id),
    take,
    failed: failed('The worker could not claim tasks; it tries again'),
    poll_ms: times.poll_ms,
  });
  const heart = openHeart({
    store,
    worker_id: () => id,
    leases,
    stats: () => ({
      ...flatten(stats()),
      ...tally.numbers(),
      own_rss_bytes: process.memoryUsage.rss(),
      log_lines_dropped: parts.logs.stats().dropped,
    }),
    hear: heed,
    failed: failed('The beat of the worker failed; it tries again'),
    every_ms: times.beat_ms,
  });
  const deaf = [
    store.listen('moulin_tasks_ready', claims.wake),
    store.listen('moulin_task_control', heart.soon),
  ];
  log.info({ worker: id, name: parts.name, concurrency: parts.concurrency }, 'The worker is ready');

  const drain = (): Promise<void> => {
    const before = draining();
    drained.asked = true;
    if (!before) beginDrain();
    return claims.idle().then(idle);
  };
  const close = async (): Promise<void> => {
    const over = drain();
    await claims.close();
    if (!(await within(times.drain_ms, over)))
      for (const one of performances.values()) one.tell({ type: 'hand_over' });
    await within(times.asked_ms + times.terminated_ms + times.give_up_ms, idle());
    closing.abort();
    for (const stop of deaf) stop();
    await progress.close();
    await words.close(times.give_up_ms);
    await within(times.give_up_ms, signOff());
    // Last: up to here, what it held was kept up.
    await heart.close();
  };
  const signOff = async (): Promise<void> => {
    await anew;
    await store
      .withInstance('end of a worker', tx => endWorker(tx, id))
      .catch(failed('The worker could not sign off'));
  };

  return {
    get id() {
      return id;
    },
    drain,
    close,
    stats,
  };
}

/** One question for all tasks of a claim that run for the same one with the same right. */
function askOnce(mayRun: WorkerParts['mayRun']): PerformParts['may'] {
  const asked = new Map<string, Promise<boolean>>();
  return ({ workspace_id, run_as }, { permission }) => {
    const key = [workspace_id, run_as.kind, run_as.id, permission].join(' ');
    const answer = asked.get(key) ?? mayRun(workspace_id, run_as, permission);
    asked.set(key, answer);
    // A failure is asked again, not remembered.
    answer.catch(() => asked.delete(key));
    return answer;
  };
}

/** As the workers page and the metrics read them. */
function flatten({ pool, waiting, running, done, failed, leases_lost }: WorkerStats): Record<string, number> {
  const { runners, idle, rss_bytes } = pool;
  return { runners, idle, rss_bytes, running, done, failed, leases_lost, unwritten: waiting };
}

async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  const done = await Promise.race([work.then(() => true), late.promise]);
  clearTimeout(timer);
  return done;
}

const AGAIN_MS = 30_000;

/** A store that is away fails every few milliseconds: said once in a while. */
function quietly(log: Log, what: string): (error: unknown) => void {
  let said = Number.NEGATIVE_INFINITY;
  return error => {
    if (performance.now() - said < AGAIN_MS) return;
    said = performance.now();
    log.warn({ error }, what);
  };
}
