/** One figure of a benchmark. */
export interface Measure {
  what: string;
  value: number;
  /** `s`, `ms`, `MB`, `1/s`, `rows/s` … */
  unit: string;
  better: 'lower' | 'higher';
  /** What the project wants of it, on two cores. */
  goal?: number;
}

/** What `bench/NAME.ts` answers: `export default async function run(): Promise<Result>`. */
export interface Result {
  title: string;
  rows: Measure[];
}
