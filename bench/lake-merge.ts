// How long a merge of 1 % into ten million rows takes, beside DuckDB writing the same files again, PyIceberg and Spark where they are.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPythonObtained } from '../scripts/services/python.ts';
import { sparkAbsence } from '../scripts/services/spark.ts';
import type { Measure, Result } from './result.ts';
import { ORDER_COLUMNS, orders } from './support/orders.ts';
import { inPairs, median, pairRows } from './support/pairs.ts';
import { openPyiceberg } from './support/pyiceberg.ts';
import { setting } from './support/settings.ts';
import { openSide, type Side } from './support/side.ts';
import { openSpark } from './support/spark.ts';

const ROWS = setting('MOULIN_BENCH_ROWS', 10_000_000);
const ROUNDS = 3;
/** Of the changed rows one in ten is new, the others lie anywhere. */
const CHANGED = ROWS / 100;
const NEW = Math.floor(CHANGED / 10);
/** PyIceberg needs minutes and gigabytes for what is measured here: it gets a tenth of the table, and so do we beside it. */
const LESS = 10;

const SIDE = new URL('support/lake-side.ts', import.meta.url);

export default async function run(): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'moulin-bench-'));
  const [ours, theirs] = [openSide(SIDE), openSide(SIDE)];
  try {
    const source = join(folder, 'source.parquet');
    await theirs.ask('copy', { select: changes(ROWS), path: source, options: 'FORMAT parquet' });
    await ours.ask('open', { folder: join(folder, 'lake') });
    await warmUp(ours, theirs, folder);
    const rewritten = await measure(ours, theirs, { folder, source, mode: 'copy-on-write' });
    const chosen = await measure(ours, theirs, { folder, source, mode: undefined });
    return {
      title: `1 % merged into ${ROWS.toLocaleString('en')} rows`,
      rows: [
        ...pairRows('merge, files written again', 'DuckDB writing them', rewritten, 2),
        ...pairRows('merge, as the table chooses', 'DuckDB writing the files', chosen, 2),
        { what: 'merge, most memory', value: ours.peakMb(), unit: 'MB', better: 'lower', goal: 1024 },
        { what: 'DuckDB, most memory', value: theirs.peakMb(), unit: 'MB', better: 'lower' },
        ...(await besidePyiceberg(ours, theirs, folder)),
        ...(await besideSpark(ours, { folder, source })),
      ],
    };
  } finally {
    for (const side of [ours, theirs]) await side.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function changes(rows: number): string {
  const changed = rows / 100;
  const fresh = Math.floor(changed / 10);
  return `SELECT * REPLACE (if(id < ${rows}, id * ${Math.floor(rows / (changed - fresh))} % ${rows}, id) AS id, (amount + 1)::DECIMAL(10, 2) AS amount)
    FROM (${orders(0, changed - fresh)} UNION ALL ${orders(rows, rows + fresh)})`;
}

/** Once unseen, and small: libraries are loaded, code is compiled. */
async function warmUp(ours: Side, theirs: Side, folder: string): Promise<void> {
  const path = join(folder, 'small.parquet');
  const select = orders(0, 1000);
  await theirs.ask('copy', { select, path, options: 'FORMAT parquet, COMPRESSION zstd' });
  await ours.ask('create', { name: 'small', columns: ORDER_COLUMNS });
  await ours.ask('append', { name: 'small', select });
  await ours.ask('merge', { name: 'small', source: `SELECT * FROM read_parquet('${path}')`, on: ['id'] });
}

async function measure(
  ours: Side,
  theirs: Side,
  { folder, source, mode }: { folder: string; source: string; mode: string | undefined },
) {
  const name = `orders_${mode ?? 'chosen'}`.replaceAll('-', '_');
  const properties = mode === undefined ? {} : { 'write.merge.mode': mode };
  await ours.ask('create', { name, columns: ORDER_COLUMNS, properties });
  await ours.ask('append', { name, select: orders(0, ROWS) });
  const { answer: at } = await ours.ask<string>('head', { name });
  const { answer: paths } = await ours.ask<string[]>('paths', { name });
  const merge = async () => {
    const cost = await ours.ask('merge', {
      name,
      source: `SELECT * FROM read_parquet('${source}')`,
      on: ['id'],
    });
    const { answer: rows } = await ours.ask<number>('count', { name });
    if (rows !== ROWS + NEW) throw new Error(`the table has ${rows} rows after the merge`);
    // Each merge begins with the same files.
    await ours.ask('rollback', { name, at });
    return cost;
  };
  const rewrite = async (round: number) => {
    const path = join(folder, `${round}.parquet`);
    const select = `SELECT * FROM read_parquet([${paths.map(one => `'${one}'`).join(', ')}])`;
    const cost = await theirs.ask('copy', { select, path, options: 'FORMAT parquet, COMPRESSION zstd' });
    await theirs.ask('remove', { path });
    return cost;
  };
  const pairs = await inPairs(ROUNDS, merge, rewrite);
  await ours.ask('drop', { name });
  return pairs;
}

/** Both on a table of the same files, PyIceberg on the very same one. */
async function besidePyiceberg(ours: Side, theirs: Side, folder: string): Promise<Measure[]> {
  if (!isPythonObtained()) return [];
  const rows = ROWS / LESS;
  const name = 'less';
  const source = join(folder, 'less.parquet');
  await theirs.ask('copy', { select: changes(rows), path: source, options: 'FORMAT parquet' });
  await ours.ask('create', {
    name,
    columns: ORDER_COLUMNS,
    properties: { 'write.merge.mode': 'copy-on-write' },
  });
  await ours.ask('append', { name, select: orders(0, rows) });
  const metadata = `file://${join(folder, 'lake', name, 'metadata', 'v2.metadata.json')}`;
  const python = await openPyiceberg(folder, metadata);
  try {
    const theirs_took = await python.ask({ do: 'upsert', source });
    const ours_took = await ours.ask('merge', {
      name,
      source: `SELECT * FROM read_parquet('${source}')`,
      on: ['id'],
    });
    const what = `merge into ${rows.toLocaleString('en')} rows`;
    return [
      {
        what: `${what}, against PyIceberg`,
        value: ours_took.wall_ms / theirs_took.wall_ms,
        unit: '×',
        better: 'lower',
        goal: 1,
      },
      {
        what: `${what}, against PyIceberg, processor time`,
        value: ours_took.cpu_ms / theirs_took.cpu_ms,
        unit: '×',
        better: 'lower',
      },
      { what: `${what}, PyIceberg`, value: median([theirs_took.wall_ms]) / 1000, unit: 's', better: 'lower' },
      { what: 'PyIceberg, most memory', value: python.peakMb(), unit: 'MB', better: 'lower' },
    ];
  } finally {
    await python.close();
  }
}

/** On the very same files, one after the other, with the same rows; Spark's compilers have seen one before. */
async function besideSpark(
  ours: Side,
  { folder, source }: { folder: string; source: string },
): Promise<Measure[]> {
  const absence = sparkAbsence();
  if (absence !== false) {
    console.error(`Not measured beside Spark: ${absence}`);
    return [];
  }
  const spark = await openSpark(folder);
  try {
    const small = join(folder, 'small.parquet');
    await spark.ask({ do: 'merge', name: 'small', source: small });
    const name = 'for_spark';
    const properties = { 'write.merge.mode': 'copy-on-write' };
    await ours.ask('create', { name, columns: ORDER_COLUMNS, properties });
    await ours.ask('append', { name, select: orders(0, ROWS) });
    const { answer: at } = await ours.ask<string>('head', { name });
    const select = `SELECT * FROM read_parquet('${source}')`;
    const ours_took = await ours.ask('merge', { name, source: select, on: ['id'] });
    await ours.ask('rollback', { name, at });
    const theirs_took = await spark.ask({ do: 'merge', name, source });
    const { answer: rows } = await spark.ask({ do: 'count', name });
    if (rows !== ROWS + NEW) throw new Error(`the table has ${rows} rows after the merge of Spark`);
    const { answer: seen } = await ours.ask<number>('count', { name });
    if (seen !== rows) throw new Error(`of ${rows} rows that Spark has left, ${seen} are read here`);
    const what = `merge into ${ROWS.toLocaleString('en')} rows`;
    return [
      {
        what: `${what}, against Spark`,
        value: ours_took.wall_ms / theirs_took.wall_ms,
        unit: '×',
        better: 'lower',
        goal: 1,
      },
      { what: `${what}, Spark`, value: theirs_took.wall_ms / 1000, unit: 's', better: 'lower' },
      { what: 'Spark, most memory', value: spark.peakMb(), unit: 'MB', better: 'lower' },
    ];
  } finally {
    await spark.close();
  }
}
