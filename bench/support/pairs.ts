import type { Measure } from '../result.ts';
import type { Cost } from './side.ts';

// Two ways to the same end, one right after the other, again and again: what else the machine does falls on both, and the ratio
// within a pair says more than two averages.

export interface Pair {
  ours: Cost;
  theirs: Cost;
}

export async function inPairs(
  rounds: number,
  ours: (round: number) => Promise<Cost>,
  theirs: (round: number) => Promise<Cost>,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Whoever comes second finds a warmer machine: that falls on both in turn.
    if (round % 2 === 0) pairs.push({ ours: await ours(round), theirs: await theirs(round) });
    else {
      const other = await theirs(round);
      pairs.push({ ours: await ours(round), theirs: other });
    }
  }
  return pairs;
}

/** How many times the other's time, by the clock and by the processors, and the clock's own figures. */
export function pairRows(
  what: string,
  than: string,
  pairs: readonly Pair[],
  goal: number | undefined,
): Measure[] {
  const ratio = (of: keyof Cost) => median(pairs.map(({ ours, theirs }) => ours[of] / theirs[of]));
  const seconds = (side: keyof Pair) => median(pairs.map(pair => pair[side].wall_ms)) / 1000;
  const times = { unit: '×', better: 'lower' } as const;
  return [
    { what: `${what}, against ${than}`, value: ratio('wall_ms'), ...times, ...(goal && { goal }) },
    { what: `${what}, against ${than}, processor time`, value: ratio('cpu_ms'), ...times },
    { what, value: seconds('ours'), unit: 's', better: 'lower' },
    { what: `${than} beside it`, value: seconds('theirs'), unit: 's', better: 'lower' },
  ];
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
