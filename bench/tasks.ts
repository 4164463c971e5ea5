// How fast tasks start and how many are worked on, through server, store, worker and runners; a chain, a fan, a deep queue.
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import type { newRunSchema, Run, RunGraph } from '../src/contract/runs.ts';
import { newInstallation } from '../tests/cli/installation.ts';
import { processesAbout, proportionalMemory } from '../tests/support/process-tree.ts';
import type { Measure, Result } from './result.ts';

// The whole product, started as people start it: one worker with its default concurrency. Runs are made through the API, and
// all figures but the memory come from what the store says of the tasks: when it was made, when it began, when it ended.

const SINGLE = 200;
const TRIVIAL = 1000;
const CHAIN = 40;
const FAN = 1000;
const QUEUED = 10_000;
const LOOK_MS = 100;

type NewTask = z.input<typeof newRunSchema>['tasks'][number];

export default async function run(): Promise<Result> {
  const undo: (() => Promise<void>)[] = [];
  try {
    const installation = await newInstallation({ after: one => void undo.unshift(one) });
    const { url } = await installation.start();
    const words = ['token', 'add', '--role', 'admin', '--name', 'bench'];
    const { token } = await installation.json<{ token: string }>(...words);
    const api = openApi(url, token);
    const memory = () => memoryOf(installation.home);
    // Runners that are warm, code that is compiled.
    await api.finish(await api.make(many(100)));
    const rows = [
      ...(await measureStart(api)),
      await measureTrivial(api),
      await measureChain(api),
      await measureFan(api),
      ...(await measureQueue(api, memory)),
    ];
    return { title: 'Tasks on two cores, one worker', rows };
  } finally {
    for (const one of undo) await one();
  }
}

interface Api {
  make(tasks: readonly NewTask[]): Promise<string>;
  show(id: string): Promise<Run>;
  /** Once it has ended; how each task went. */
  finish(id: string): Promise<Went[]>;
}

/** Milliseconds since the run was made. */
interface Went {
  created: number;
  started: number;
  ended: number;
}

function openApi(url: string, token: string): Api {
  const ask = async <T>(path: string, body?: object): Promise<T> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(`${url}/api/v1${path}`, sent);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const show = (id: string) => ask<Run>(`/runs/${id}`);
  return {
    show,
    make: async tasks => (await ask<Run>('/runs', { title: 'bench', tasks })).id,
    async finish(id) {
      let run = await show(id);
      for (; run.ended_at === null; run = await show(id)) await delay(LOOK_MS);
      if (run.state !== 'succeeded') throw new Error(`the run ${run.state}: ${run.error?.message}`);
      const { tasks } = await ask<RunGraph>(`/runs/${id}/graph`);
      return tasks.map(([, , , , , created, started, ended]) => ({
        created,
        started: started ?? Number.NaN,
        ended: ended ?? Number.NaN,
      }));
    },
  };
}

function task(name: string, more: Partial<NewTask> = {}): NewTask {
  return { name, kind: 'diagnostic', input: { steps: [] }, ...more };
}

function many(count: number): NewTask[] {
  return Array.from({ length: count }, (_, n) => task(`task ${n}`));
}

// ── What is measured ────────────────────────────────────────────────────────────────────────────────

async function measureStart(api: Api): Promise<Measure[]> {
  const waits: number[] = [];
  for (let n = 0; n < SINGLE; n += 1)
    for (const { created, started } of await api.finish(await api.make(many(1))))
      waits.push(started - created);
  const ms = { unit: 'ms', better: 'lower' } as const;
  return [
    { what: 'enqueue to start, p50', value: percentile(waits, 0.5), goal: 15, ...ms },
    { what: 'enqueue to start, p99', value: percentile(waits, 0.99), goal: 100, ...ms },
  ];
}

async function measureTrivial(api: Api): Promise<Measure> {
  const went = await api.finish(await api.make(many(TRIVIAL)));
  const value = TRIVIAL / seconds(span(went));
  return { what: `${TRIVIAL} trivial tasks`, value, unit: '1/s', better: 'higher', goal: 300 };
}

async function measureChain(api: Api): Promise<Measure> {
  const chain = Array.from({ length: CHAIN }, (_, n) =>
    task(`link ${n}`, n === 0 ? {} : { after: [`link ${n - 1}`] }),
  );
  const value = span(await api.finish(await api.make(chain))) / CHAIN;
  return { what: `chain of ${CHAIN}, each task`, value, unit: 'ms', better: 'lower', goal: 20 };
}

async function measureFan(api: Api): Promise<Measure> {
  const fan = many(FAN).map(one => ({ ...one, after: ['first'] }));
  const last = task('last', { after: fan.map(({ name }) => name) });
  const value = seconds(span(await api.finish(await api.make([task('first'), ...fan, last]))));
  return { what: `fan-out of ${FAN} and back`, value, unit: 's', better: 'lower', goal: 5 };
}

/** With everybody's memory at its highest, as far as it was looked at. */
async function measureQueue(api: Api, memory: () => number): Promise<Measure[]> {
  const id = await api.make(many(QUEUED));
  let highest = 0;
  for (let run = await api.show(id); run.ended_at === null; run = await api.show(id)) {
    highest = Math.max(highest, memory());
    await delay(LOOK_MS * 5);
  }
  const value = QUEUED / seconds(span(await api.finish(id)));
  return [
    { what: `${QUEUED} queued, drained`, value, unit: '1/s', better: 'higher', goal: 300 },
    { what: `${QUEUED} queued, most memory of all`, value: highest, unit: 'MB', better: 'lower' },
  ];
}

/** From the making of the run to its last end, in milliseconds. */
function span(went: readonly Went[]): number {
  return went.reduce((last, { ended }) => Math.max(last, ended), 0);
}

function seconds(ms: number): number {
  return ms / 1000;
}

function memoryOf(home: string): number {
  return processesAbout(home).reduce((sum, one) => sum + proportionalMemory(one), 0) / 1024 ** 2;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
