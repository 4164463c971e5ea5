// How long the store takes to be made, started, migrated, and cloned for a test.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Address, inDatabase, withClient } from '../src/base/db/connection.ts';
import { type EmbeddedServer, startEmbedded } from '../src/base/db/embedded.ts';
import { migrate, readMigrations } from '../src/base/db/migrate.ts';
import { testDatabase } from '../tests/support/database.ts';
import type { Measure, Result } from './result.ts';

const INSTALLERS = 20;
const CLONES = 10;

export default async function run(): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'moulin-bench-'));
  // When root runs this, PostgreSQL runs as somebody else and must get through.
  await chmod(folder, 0o711);
  const place = { folder: join(folder, 'store'), log_file: join(folder, 'log') };
  try {
    const rows: Measure[] = [];
    const [first, made_ms] = await timed(() => startEmbedded(place));
    rows.push(ms('first start: initdb, roles, database', made_ms));
    rows.push(...(await measureMigrations(first)));
    const [, stop_ms] = await timed(() => first.close());
    rows.push(ms('stop', stop_ms));
    const [again, start_ms] = await timed(() => startEmbedded(place));
    rows.push(ms('later start', start_ms));
    await again.close();
    rows.push(await measureClones());
    return { title: 'The metadata store: made, migrated, started', rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureMigrations(server: EmbeddedServer): Promise<Measure[]> {
  const [, all_ms] = await timed(() => migrateAs(server.owner));
  const [, none_ms] = await timed(() => migrateAs(server.owner));
  await withClient(server.superuser, 'bench', client =>
    client.query('create database crowded owner moulin_owner'),
  );
  const crowded = inDatabase(server.owner, 'crowded');
  const [, crowd_ms] = await timed(() =>
    Promise.all(Array.from({ length: INSTALLERS }, () => migrateAs(crowded))),
  );
  return [
    ms('all migrations on an empty store', all_ms),
    ms('nothing to migrate', none_ms),
    ms(`${INSTALLERS} installers at once`, crowd_ms),
  ];
}

async function migrateAs(owner: Address): Promise<void> {
  const migrations = await readMigrations();
  await withClient(owner, 'bench', client => migrate(client, migrations));
}

async function measureClones(): Promise<Measure> {
  const undo: (() => unknown)[] = [];
  const t = { after: (one: () => unknown) => void undo.push(one) };
  const times: number[] = [];
  try {
    // The first one makes the server and the template.
    for (let count = 0; count <= CLONES; count += 1) times.push((await timed(() => testDatabase(t)))[1]);
  } finally {
    for (const one of undo.reverse()) await one();
  }
  return { ...ms('clone of the template, open, median', median(times.slice(1))), goal: 100 };
}

function ms(what: string, value: number): Measure {
  return { what, value, unit: 'ms', better: 'lower' };
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const begun = performance.now();
  const result = await work();
  return [result, performance.now() - begun];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
