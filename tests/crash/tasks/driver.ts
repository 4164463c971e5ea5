import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, type Process, processesAbout } from '../../support/process-tree.ts';
import { type Instance, keepInstance, type Part } from './instance.ts';
import { type Entry, openClient } from './ledger.ts';
import { planRun } from './plan.ts';
import { type Chance, openChance } from './random.ts';
import { readRows } from './rows.ts';
import { judge, slowestTruth, type Verdict } from './verdict.ts';

export interface CrashOptions {
  kills: number;
  seed: number;
  say: (text: string) => void;
  /** Left behind for a look, when the verdict is bad. */
  keep?: boolean;
}

export interface CrashReport extends Verdict {
  seed: number;
  kills: number;
  by_part: Record<string, number>;
  starts: number;
  runs: number;
  tasks: number;
  attempts: number;
  cancelled: number;
  /** How long the store went on saying that somebody works who had died; while there was nobody to say else does not count. */
  slowest_truth_ms: number;
  seconds: number;
}

const TRUTH_MS = 30_000;
/** Runs that are open at once: enough for every kill to meet work. */
const OPEN_RUNS = 12;
const SETTLE_MS = 150_000;
/** How much a kind of process is liked by whoever kills. */
const LIKED: Record<Part, number> = {
  runner: 6,
  worker: 4,
  server: 3,
  backend: 2,
  postgres: 2,
  supervisor: 1,
  guard: 1,
};
const DRAWN = Object.entries(LIKED).flatMap(([part, times]) => Array<Part>(times).fill(part as Part)) as [
  Part,
  ...Part[],
];

/**
 * Random graphs of tasks, with failures and cancels, on an installation whose processes are killed all the time, several at
 * once, before the last kill has healed. Then the store is compared with what was acknowledged.
 */
export async function crash({ kills, seed, say, keep }: CrashOptions): Promise<CrashReport> {
  const begun = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'moulin-crash-'));
  const data = join(folder, 'data');
  const chance = openChance(seed);
  const instance = await keepInstance(data, join(folder, 'console.log'));
  const entries: Entry[] = [];
  const given_up = new AbortController();
  const over = new AbortController();
  const watching = watchWorkers(instance, over.signal);
  const client = openClient(instance);
  let killed = 0;
  const by_part: Record<string, number> = {};

  try {
    await until(async () => (await client.open_runs()) !== undefined, 120_000, 'the first start');
    const feeding = Array.from({ length: 3 }, (_, n) =>
      feed(client, openChance(seed * 31 + n), `${seed}-${n}`, entries, over.signal, given_up.signal),
    );
    while (killed < kills) {
      await delay(chance.whole(0, 4000));
      for (
        let together = chance.is(0.25) ? chance.whole(2, 3) : 1;
        together > 0 && killed < kills;
        together -= 1
      ) {
        const part = killOne(instance, chance);
        if (part === undefined) continue;
        killed += 1;
        by_part[part] = (by_part[part] ?? 0) + 1;
        if (killed % 50 === 0) say(`${killed} kills, ${entries.length} runs, ${instance.starts()} starts`);
      }
    }
    over.abort();
    await Promise.all(feeding);
    say(`${killed} kills; waiting for ${entries.length} runs to end`);
    await until(async () => (await client.open_runs()) === 0, SETTLE_MS, 'all runs to end').catch(say);
    const { deaths, wholeBetween } = await watching;
    await instance.stop();
    await delay(1000);
    const left = processesAbout(data);
    const rows = await readRows(data);
    const verdict = judge(entries, rows);
    const pids = new Map(rows.workers.map(({ id, pid }) => [id, deaths.get(pid)]));
    const died = new Map([...pids].flatMap(([id, at]) => (at === undefined ? [] : [[id, at] as const])));
    const [slowest] = slowestTruth(rows.attempts, died, wholeBetween);
    if (slowest && slowest.ms > TRUTH_MS)
      verdict.untruthful.push(
        `task ${slowest.task_id} was said to run for ${slowest.ms} ms after its worker had died`,
      );
    for (const { pid, command } of left) verdict.untruthful.push(`process ${pid} was left: ${command}`);
    return {
      ...verdict,
      seed,
      kills: killed,
      by_part,
      starts: instance.starts(),
      runs: entries.length,
      tasks: rows.tasks.length,
      attempts: rows.attempts.length,
      cancelled: entries.filter(({ cancelled }) => cancelled).length,
      slowest_truth_ms: slowest?.ms ?? 0,
      seconds: Math.round((performance.now() - begun) / 1000),
    };
  } finally {
    over.abort();
    given_up.abort();
    await instance.stop();
    if (keep) say(`The folder is kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

async function feed(
  client: ReturnType<typeof openClient>,
  chance: Chance,
  name: string,
  entries: Entry[],
  over: AbortSignal,
  give_up: AbortSignal,
): Promise<void> {
  const cancels: Promise<void>[] = [];
  for (let n = 0; !over.aborted; n += 1) {
    const entry = await client.submit(planRun(chance, `${name}-${n}`), give_up);
    if (!entry) break;
    entries.push(entry);
    const { cancel_after_ms } = entry.plan;
    if (cancel_after_ms !== undefined)
      cancels.push(delay(cancel_after_ms).then(() => client.cancel(entry, give_up)));
    while (!over.aborted && ((await client.open_runs()) ?? OPEN_RUNS) >= OPEN_RUNS)
      await delay(200, undefined, { signal: over }).catch(() => {});
  }
  await Promise.all(cancels);
}

/** A kind first, and then one of those there are: at a start there is only the supervisor, which would get all. */
function killOne(instance: Instance, chance: Chance): Part | undefined {
  const part = chance.one(DRAWN);
  const victims = instance.processes().filter(one => one.part === part);
  const victim = victims[chance.whole(0, victims.length - 1)];
  return victim && kill(victim.process) ? part : undefined;
}

function kill({ pid }: Process): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

const LOOK_MS = 100;

interface Watched {
  /** When each worker process was seen to be gone, by its number. */
  deaths: ReadonlyMap<number, number>;
  /** Of the time between two moments, how long there was somebody to tell the truth: a worker, and a store to tell it to. */
  wholeBetween(from: number, to: number): number;
}

async function watchWorkers(instance: Instance, over: AbortSignal): Promise<Watched> {
  const deaths = new Map<number, number>();
  const looks: { at: number; is_whole: boolean }[] = [];
  let alive: Process[] = [];
  while (!over.aborted) {
    const there = instance.processes();
    const now = there.flatMap(({ part, process }) => (part === 'worker' ? [process] : []));
    for (const one of alive) if (!isAlive(one)) deaths.set(one.pid, Date.now());
    alive = [...now, ...alive.filter(one => isAlive(one) && now.every(({ pid }) => pid !== one.pid))];
    looks.push({ at: Date.now(), is_whole: now.length > 0 && there.some(({ part }) => part === 'postgres') });
    await delay(LOOK_MS);
  }
  const wholeBetween = (from: number, to: number) =>
    looks.reduce((sum, { at, is_whole }, place) => {
      const next = looks[place + 1]?.at ?? to;
      return is_whole ? sum + Math.max(0, Math.min(next, to) - Math.max(at, from)) : sum;
    }, 0);
  return { deaths, wholeBetween };
}

async function until(isTrue: () => Promise<boolean>, ms: number, what: string): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`waited ${ms / 1000} s for ${what}`);
    await delay(250);
  }
}
