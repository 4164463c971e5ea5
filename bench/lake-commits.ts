// How many small appends a second tables take through the catalog in PostgreSQL, how long a commit takes, and the bare disk beside it.
import { randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  commitWithRetry,
  type DataFile,
  openReader,
  openTable,
  type Schema,
  stage,
  type Table,
  writeData,
} from '../src/base/iceberg/index.ts';
import type { Measure, Result } from './result.ts';
import { type LakeWorld, lakeWorld } from './support/lake-world.ts';
import { median, percentile } from './support/pairs.ts';
import { setting } from './support/settings.ts';
import { costOf } from './support/side.ts';

/** Of appends at a steady pace, for each of both. */
const SECONDS = setting('MOULIN_BENCH_SECONDS', 20);
const TABLES = 20;
const COMMITS = 200;
/** How often a table that is written to all the time forgets, and what it keeps. */
const EXPIRE_EVERY_MS = 5000;
const KEPT = { min_snapshots_to_keep: 10, max_snapshots_to_keep: 50 };
/** Looking at the memory of every process of PostgreSQL takes a tenth of a second, of the same processor. */
const LOOK_MS = 4000;
/** A machine that cannot keep the pace shows what it can do, and does not drown. */
const MOST_AT_ONCE = 40;

const SCHEMA: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'name', required: false, type: 'string' },
    { id: 3, name: 'amount', required: false, type: 'decimal(10, 2)' },
    { id: 4, name: 'at', required: false, type: 'timestamptz' },
  ],
};
const ROWS = `SELECT range AS id, 'name ' || range AS name, (range / 4.0)::DECIMAL(10, 2) AS amount, now() AS at FROM range(100)`;

export default async function run(): Promise<Result> {
  const world = await lakeWorld();
  try {
    const open = await opener(world);
    const rows = [
      ...(await measureCommits(world)),
      ...(await measurePace('20 tables', await open(TABLES), 100, world)),
      ...(await measurePace('one table', await open(1), 20, world)),
    ];
    return { title: `Small appends, ${SECONDS} seconds each`, rows };
  } finally {
    await world.close();
  }
}

async function opener({ lake, context, engine }: LakeWorld): Promise<(count: number) => Promise<Table[]>> {
  await lake.namespaces.create(context, { levels: ['bench'] });
  const files = lake.filesOf(context.workspace_id);
  const reader = openReader(files);
  return count =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const { row } = await make(lake, context);
        return openTable({ files, engine, reader, pointer: lake.pointerOf(context, row.id) });
      }),
    );
}

function make(lake: LakeWorld['lake'], context: LakeWorld['context']) {
  return lake.tables.create(context, { namespace: ['bench'], name: `t_${randomUUID()}`, schema: SCHEMA });
}

// ── One commit ──────────────────────────────────────────────────────────────────────────────────────

/** The data file is there before: what is measured is manifest, list and metadata, all durable, and the pointer. */
async function measureCommits(world: LakeWorld): Promise<Measure[]> {
  const { lake, context, engine, folder } = world;
  const { row, metadata } = await make(lake, context);
  const files = lake.filesOf(context.workspace_id);
  const reader = openReader(files);
  const pointer = lake.pointerOf(context, row.id);
  const [first] = await writeData(engine, files, { metadata, select: ROWS, attempt: randomUUID() });
  if (!first) throw new Error('no file was written');
  const bytes = await files.read(first.file_path);
  const ours: number[] = [];
  const cpu: number[] = [];
  const bare: number[] = [];
  for (let n = 0; n < COMMITS; n += 1) {
    const added: DataFile = { ...first, file_path: `${metadata.location}/data/${n}.parquet` };
    await files.write(added.file_path, bytes);
    const operation = { kind: 'append', added: [added], schema_id: 0 } as const;
    const cost = await costOf(() =>
      commitWithRetry(pointer, operation, { files, reader }, { staged: stage() }),
    );
    ours.push(cost.wall_ms);
    cpu.push(cost.cpu_ms);
    bare.push((await costOf(() => bareCommit(folder))).wall_ms);
  }
  const ms = { unit: 'ms', better: 'lower' } as const;
  return [
    { what: 'commit, p50', value: median(ours), goal: 15, ...ms },
    { what: 'commit, p99', value: percentile(ours, 0.99), ...ms },
    { what: 'commit, processor time', value: median(cpu), ...ms },
    { what: 'four files and their folder to the disk, p50', value: median(bare), ...ms },
    {
      what: 'commit, against the bare disk',
      value: median(ours.map((one, at) => one / (bare[at] ?? Number.NaN))),
      unit: '×',
      better: 'lower',
    },
  ];
}

/** What a commit cannot do without: data, manifest, list and metadata are on the disk, and their names are. */
async function bareCommit(folder: string): Promise<void> {
  const place = join(folder, 'bare');
  await mkdir(place, { recursive: true });
  await Promise.all(
    [1, 2, 3, 4].map(async n => {
      await using file = await open(join(place, `${n}`), 'w');
      await file.writeFile(Buffer.alloc(4096, n));
      await file.sync();
    }),
  );
  await using around = await open(place);
  await around.sync();
  await rm(place, { recursive: true });
}

// ── Many appends ────────────────────────────────────────────────────────────────────────────────────

/** Appends begin when their time has come, whether those before have ended or not, and are timed from then on. */
async function measurePace(
  name: string,
  tables: readonly Table[],
  rate: number,
  { memoryMb }: LakeWorld,
): Promise<Measure[]> {
  const took: number[] = [];
  let highest = 0;
  let most = 0;
  const stop = new AbortController();
  const care = keepWell(tables, stop.signal);
  const watch = setInterval(() => {
    highest = Math.max(highest, memoryMb());
  }, LOOK_MS);
  const begun = performance.now();
  const { cpu_ms } = await costOf(async () => {
    const running = new Set<Promise<void>>();
    for (let n = 0; performance.now() - begun < SECONDS * 1000; n += 1) {
      const due = begun + (n * 1000) / rate;
      await delay(Math.max(0, due - performance.now()));
      if (running.size >= MOST_AT_ONCE) await Promise.race(running);
      const work = append(tables[n % tables.length], due, took).finally(() => void running.delete(work));
      running.add(work);
      most = Math.max(most, running.size);
    }
    await Promise.all(running);
  });
  const seconds = (performance.now() - begun) / 1000;
  stop.abort();
  const expired = await care;
  clearInterval(watch);
  const kept = Math.max(
    ...(await Promise.all(tables.map(table => table.history()))).map(({ length }) => length),
  );
  const ms = { unit: 'ms', better: 'lower' } as const;
  return [
    {
      what: `${name}, at a pace of ${rate}`,
      value: took.length / seconds,
      unit: '1/s',
      better: 'higher',
      goal: rate * 0.98,
    },
    { what: `${name}, append, p50`, value: median(took), ...ms },
    { what: `${name}, append, p99`, value: percentile(took, 0.99), ...ms },
    { what: `${name}, append, processor time`, value: cpu_ms / took.length, ...ms },
    { what: `${name}, most at once`, value: most, unit: '', better: 'lower' },
    { what: `${name}, snapshots forgotten`, value: expired, unit: '', better: 'higher' },
    { what: `${name}, most snapshots in the end`, value: kept, unit: '', better: 'lower' },
    { what: `${name}, most memory with PostgreSQL`, value: highest, unit: 'MB', better: 'lower', goal: 1024 },
  ];
}

async function append(table: Table | undefined, due: number, took: number[]): Promise<void> {
  await table?.append(ROWS);
  took.push(performance.now() - due);
}

async function keepWell(tables: readonly Table[], signal: AbortSignal): Promise<number> {
  let expired = 0;
  while (!signal.aborted) {
    await delay(EXPIRE_EVERY_MS, undefined, { signal }).catch(() => {});
    for (const table of tables) expired += (await table.expire(KEPT)).snapshots;
  }
  return expired;
}
