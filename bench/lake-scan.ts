// How long it takes to find the few files of 30,000 that a query needs, the first time and then, beside PyIceberg where it is there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPythonObtained } from '../scripts/services/python.ts';
import type { Measure, Result } from './result.ts';
import { median, percentile } from './support/pairs.ts';
import { openPyiceberg } from './support/pyiceberg.ts';
import { openSide } from './support/side.ts';

const FILES = 30_000;
const PLANS = 50;
const PLANS_OF_PYICEBERG = 3;
const SIDE = new URL('support/plan-side.ts', import.meta.url);
/** One file has such rows; the other columns say nothing. */
const WHERE = 'c0 >= 123450000 AND c0 < 123455000 AND c1 >= 0';

export default async function run(): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'moulin-bench-'));
  const maker = openSide(SIDE);
  const side = openSide(SIDE);
  try {
    const { answer: metadata } = await maker.ask<string>('make', { folder, count: FILES });
    await maker.close();
    await side.ask('open', { folder });
    const first = await side.ask<number>('plan', { where: WHERE });
    if (first.answer !== 1) throw new Error(`${first.answer} files were found, and not one`);
    const warm = [];
    for (let n = 0; n < PLANS; n += 1) warm.push(await side.ask('plan', { where: WHERE }));
    const wall = median(warm.map(({ wall_ms }) => wall_ms));
    const ms = { unit: 'ms', better: 'lower' } as const;
    return {
      title: `A plan over ${FILES.toLocaleString('en')} files of 20 columns`,
      rows: [
        { what: 'plan, p50', value: wall, goal: 100, ...ms },
        {
          what: 'plan, p99',
          value: percentile(
            warm.map(({ wall_ms }) => wall_ms),
            0.99,
          ),
          ...ms,
        },
        { what: 'plan, processor time', value: median(warm.map(({ cpu_ms }) => cpu_ms)), ...ms },
        { what: 'plan, the first time', value: first.wall_ms, ...ms },
        { what: 'most memory', value: side.peakMb(), unit: 'MB', better: 'lower', goal: 1024 },
        ...(await beside(folder, metadata, wall)),
      ],
    };
  } finally {
    await maker.close();
    await side.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function beside(folder: string, metadata: string, ours_ms: number): Promise<Measure[]> {
  if (!isPythonObtained()) return [];
  const python = await openPyiceberg(folder, metadata);
  try {
    const took: number[] = [];
    for (let n = 0; n < PLANS_OF_PYICEBERG; n += 1)
      took.push((await python.ask({ do: 'plan', low: 123_450_000, high: 123_455_000 })).wall_ms);
    return [
      { what: 'plan, against PyIceberg', value: ours_ms / median(took), unit: '×', better: 'lower', goal: 1 },
      { what: 'PyIceberg, plan', value: median(took), unit: 'ms', better: 'lower' },
    ];
  } finally {
    await python.close();
  }
}
