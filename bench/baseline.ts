import { cpus, platform, totalmem } from 'node:os';
import type { Measure, Result } from './result.ts';

/** `bench/baseline.json`: what each benchmark last gave when somebody recorded it, and where. */
export type Baseline = Readonly<Record<string, Recorded>>;

export interface Recorded {
  date: string;
  machine: Machine;
  /** By what was measured. */
  values: Readonly<Record<string, number>>;
}

export interface Machine {
  processor: string;
  cores: number;
  memory_gb: number;
  platform: string;
  node: string;
}

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 1024 ** 3),
    platform: `${platform()}-${process.arch}`,
    node: process.versions.node,
  };
}

export function record(result: Result, date: string, machine: Machine): Recorded {
  return { date, machine, values: Object.fromEntries(result.rows.map(row => [row.what, round(row.value)])) };
}

/** How many times better (above 1) or worse (below 1) than the record; undefined for what was never recorded. */
export function ratio(row: Measure, recorded: Recorded | undefined): number | undefined {
  const before = recorded?.values[row.what];
  if (before === undefined || before === 0 || row.value === 0) return undefined;
  return row.better === 'higher' ? row.value / before : before / row.value;
}

export function meetsGoal({ value, goal, better }: Measure): boolean | undefined {
  if (goal === undefined) return undefined;
  return better === 'lower' ? value <= goal : value >= goal;
}

/** Three digits that count: more would be noise. */
export function round(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
