// How long a start takes: the first one in a fresh clone, later ones, and the help of the command line.
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cloneInto, makeHome, oddFolder } from '../tests/launch/support/clone.ts';
import {
  personsEnvironment,
  type RunOptions,
  runToEnd,
  startAndWait,
} from '../tests/launch/support/running.ts';
import type { Measure, Result } from './result.ts';

const WARM_STARTS = 5;
const HELPS = 11;

export default async function run(): Promise<Result> {
  const undo: (() => void)[] = [];
  try {
    return { title: 'Start', rows: await measure(oddFolder(one => void undo.push(one))) };
  } finally {
    for (const one of undo) one();
  }
}

async function measure(root: string): Promise<Measure[]> {
  const clone = join(root, 'moulin');
  mkdirSync(clone);
  cloneInto(clone);
  // Nothing is installed; packages come from npm's cache of this account, as for somebody who has used npm before.
  const npm_config_cache = process.env.npm_config_cache ?? join(homedir(), '.npm');
  const env = personsEnvironment(makeHome(join(root, 'home')), { npm_config_cache });
  const where = { cwd: clone, env };
  const first = await startAndStop(where);
  const later = await repeat(WARM_STARTS, () => startAndStop(where));
  const help = await repeat(HELPS, () => timeHelp(where));
  const s = { unit: 's', better: 'lower' } as const;
  return [
    { what: 'first npm start, warm package cache', value: first.ready, goal: 90, ...s },
    { what: 'later npm start', value: median(later.map(({ ready }) => ready)), goal: 3, ...s },
    { what: 'stop', value: median(later.map(({ stopped }) => stopped)), goal: 10, ...s },
    { what: 'moulin --help', value: median(help) * 1000, goal: 150, unit: 'ms', better: 'lower' },
  ];
}

/** Seconds until the page is there, and until everything has ended after Ctrl-C. */
async function startAndStop(where: RunOptions): Promise<{ ready: number; stopped: number }> {
  const begun = performance.now();
  const running = await startAndWait(['npm', 'start', '--', '--no-open', '--port', '0'], where);
  await (await fetch(running.url)).text();
  const ready = secondsSince(begun);
  const interrupted = performance.now();
  process.kill(-running.pid, 'SIGINT');
  await running.ended();
  return { ready, stopped: secondsSince(interrupted) };
}

async function timeHelp(where: RunOptions): Promise<number> {
  const begun = performance.now();
  await runToEnd([process.execPath, 'bin/moulin', '--help'], where);
  return secondsSince(begun);
}

async function repeat<T>(times: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let n = 0; n < times; n++) results.push(await work());
  return results;
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
