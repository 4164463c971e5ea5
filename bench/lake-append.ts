// How long ten million rows take into a table, beside DuckDB's plain COPY of the same rows to a Parquet file.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from './result.ts';
import { ORDER_COLUMNS, orders } from './support/orders.ts';
import { inPairs, pairRows } from './support/pairs.ts';
import { setting } from './support/settings.ts';
import { openSide } from './support/side.ts';

const ROWS = setting('MOULIN_BENCH_ROWS', 10_000_000);
const ROUNDS = 3;
const SIDE = new URL('support/lake-side.ts', import.meta.url);

export default async function run(): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'moulin-bench-'));
  const [ours, theirs] = [openSide(SIDE), openSide(SIDE)];
  const maker = openSide(SIDE);
  try {
    // Read by both: what it costs to make rows up would hide what it costs to write them.
    const source = join(folder, 'source.parquet');
    await maker.ask('copy', {
      select: orders(0, ROWS),
      path: source,
      options: 'FORMAT parquet, COMPRESSION lz4_raw',
    });
    await maker.close();
    const select = `SELECT * FROM read_parquet('${source}')`;
    await ours.ask('open', { folder: join(folder, 'lake') });
    const append = async (round: number, rows = select) => {
      const name = `orders_${round}`;
      await ours.ask('create', { name, columns: ORDER_COLUMNS });
      const cost = await ours.ask('append', { name, select: rows });
      await ours.ask('drop', { name });
      return cost;
    };
    const copy = async (round: number, rows = select) => {
      const path = join(folder, `${round}.parquet`);
      const cost = await theirs.ask('copy', {
        select: rows,
        path,
        options: 'FORMAT parquet, COMPRESSION zstd',
      });
      await theirs.ask('remove', { path });
      return cost;
    };
    // Once unseen, and small: libraries are loaded, code is compiled.
    await append(ROUNDS, `${select} LIMIT 1000`);
    await copy(ROUNDS, `${select} LIMIT 1000`);
    const pairs = await inPairs(
      ROUNDS,
      round => append(round),
      round => copy(round),
    );
    return {
      title: `${ROWS.toLocaleString('en')} rows into a table`,
      rows: [
        ...pairRows('append', 'COPY', pairs, 1.15),
        { what: 'append, most memory', value: ours.peakMb(), unit: 'MB', better: 'lower', goal: 1024 },
        { what: 'COPY, most memory', value: theirs.peakMb(), unit: 'MB', better: 'lower' },
      ],
    };
  } finally {
    for (const side of [ours, theirs, maker]) await side.close();
    await rm(folder, { recursive: true, force: true });
  }
}
