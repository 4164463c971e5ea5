import { subscribe } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import type { RunContext, StageData, TaskLog } from '../task.ts';
import { openBulk } from './child-bulk.ts';
import { openLog, writeAll } from './child-log.ts';
import { markOf } from './pipes.ts';
import type { FromRunner, Thrown, ToRunner, ToTask } from './protocol.ts';

// One task in its process: what it is given, what it may say, and how it ends.

export interface RunningTask {
  hear(message: ToTask): void;
  /** Runs it and says how it ended. Never rejects. */
  finish(work: (context: RunContext) => Promise<unknown>): Promise<void>;
}

type Start = Extract<ToRunner, { type: 'start' }>;
type Say = (message: FromRunner) => void;

export function openTask({ task, folder, mark }: Start, say: Say): RunningTask {
  const cancelled = new AbortController();
  const draining = new AbortController();
  const stages = openStages(task.from.stage, say);
  const figures = openFigures(say);
  const log = openLog();
  const bulk = openBulk();
  const before = resources();
  process.on('exit', log.flush);
  // What a task left behind may still call it; it has nothing to say any more.
  let over = false;
  const unlessOver =
    <Words extends unknown[]>(act: (...words: Words) => void) =>
    (...words: Words) => {
      if (!over) act(...words);
    };

  const context: RunContext = {
    ...task,
    folder,
    log: mapLog(log.lines, unlessOver),
    metric: unlessOver(figures.metric),
    progress: unlessOver(figures.progress),
    stage: stages.hand,
    send: bulk.send,
    signal: cancelled.signal,
    draining: draining.signal,
  };

  return {
    hear(message) {
      if (message.type === 'cancel') cancelled.abort(new Error(message.reason));
      else if (message.type === 'drain') draining.abort();
      else stages.hear(message);
    },
    async finish(work) {
      const end = await settle(work, context);
      over = true;
      process.off('exit', log.flush);
      figures.flush();
      log.flush();
      bulk.end(end.type === 'result');
      // Whatever it wrote comes before these, and whoever reads knows where it ends.
      for (const output of [1, 2, log.fd]) writeAll(output, Buffer.from(`${markOf(mark)}\n`));
      say(end);
      await turn();
      const clean = !spawned && stages.open() === 0 && !hasMore(before, resources());
      say({ type: 'over', rss_bytes: process.memoryUsage.rss(), clean });
    },
  };
}

type End = Extract<FromRunner, { type: 'result' | 'failed' }>;

async function settle(work: (context: RunContext) => Promise<unknown>, context: RunContext): Promise<End> {
  try {
    const answer = await work(context);
    if (!isPartial(answer)) return { type: 'result', result: answer ?? null };
    return { type: 'result', result: answer.result ?? null, partial: answer.reason };
  } catch (error) {
    return { type: 'failed', error: describe(error, context.folder) };
  }
}

function isPartial(answer: unknown): answer is { partial: true; result: unknown; reason: string } {
  return isObject(answer) && answer.partial === true && typeof answer.reason === 'string';
}

/** A `Failure` is known by its name: its class comes with the catalogue, which only those load that throw one. */
function describe(error: unknown, folder: string): Thrown {
  if (!isObject(error)) return { message: String(error) };
  const message = text(error.message) || text(error.name) || String(error);
  const thrown: Thrown = { message, stack: text(error.stack) };
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    return { ...thrown, code: 'task.disk_full', params: { folder } };
  if (error.name === 'Failure' && isObject(error.params))
    Object.assign(thrown, { code: text(error.code), params: error.params });
  if (error.retry === 'terminal' || error.retry === 'transient') thrown.retry = error.retry;
  return { ...thrown, hint: text(error.hint) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

// ── What it says ────────────────────────────────────────────────────────────────────────────────────

function openStages(from: number, say: Say) {
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let n = from;
  return {
    async hand({ staged, state = null, facts = [] }: StageData): Promise<void> {
      n += 1;
      const committed = Promise.withResolvers<void>();
      waiting.set(n, committed);
      say({ type: 'stage', n, staged: staged ?? null, state, facts: [...facts] });
      return committed.promise;
    },
    hear(message: Extract<ToTask, { n: number }>) {
      const stage = waiting.get(message.n);
      waiting.delete(message.n);
      if (message.type === 'committed') stage?.resolve();
      else stage?.reject(new Error(`stage ${message.n} could not be saved and is to be run again`));
    },
    open: () => waiting.size,
  };
}

/** Often enough to be watched, and no more often however often a task says it. */
const FIGURES_MS = 200;

function openFigures(say: Say) {
  const metrics = new Map<string, number>();
  let progress: Extract<FromRunner, { type: 'progress' }> | undefined;
  let said_at = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    said_at = performance.now();
    if (progress) say(progress);
    progress = undefined;
    for (const [name, value] of metrics) say({ type: 'metric', name, value });
    metrics.clear();
  };
  // Looked at here too: a task that never waits lets no timer run.
  const soon = () => {
    const left = said_at + FIGURES_MS - performance.now();
    if (left <= 0) flush();
    else timer ??= setTimeout(flush, left);
  };
  return {
    flush,
    metric(name: string, value: number) {
      metrics.set(name, (metrics.get(name) ?? 0) + value);
      soon();
    },
    progress(now: { done: number; total?: number; unit?: string; message?: string }) {
      progress = { ...now, type: 'progress' };
      soon();
    },
  };
}

type Wrap = <Words extends unknown[]>(act: (...words: Words) => void) => (...words: Words) => void;

function mapLog(log: TaskLog, wrap: Wrap): TaskLog {
  const { trace, debug, info, warn, error, fatal } = log;
  return {
    trace: wrap(trace),
    debug: wrap(debug),
    info: wrap(info),
    warn: wrap(warn),
    error: wrap(error),
    fatal: wrap(fatal),
  };
}

// ── What it leaves ──────────────────────────────────────────────────────────────────────────────────

let spawned = false;
subscribe('child_process', () => {
  spawned = true;
});

/** Timers, sockets, threads, files being read: what would keep a process alive. */
function resources(): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) found.set(name, (found.get(name) ?? 0) + 1);
  return found;
}

/** Outputs that are opened when they are first written to, and what runs once and is over. */
const HARMLESS = ['PipeWrap', 'TTYWrap', 'Immediate'];

function hasMore(before: Map<string, number>, after: Map<string, number>): boolean {
  return [...after].some(([name, many]) => !HARMLESS.includes(name) && many > (before.get(name) ?? 0));
}
