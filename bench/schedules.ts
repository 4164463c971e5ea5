// What 20,000 schedules cost that fire hourly on average: processor of the tick and of its PostgreSQL, and how late it fires.
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPrepared, prepareStore, type Store } from '../src/base/db/index.ts';
import { toTimestamp } from '../src/base/kit/clock.ts';
import { newId } from '../src/base/kit/ids.ts';
import { diagnostic, kindTable } from '../src/domains/runs/index.ts';
import { tick } from '../src/domains/runs/schedules/index.ts';
import { processesAbout } from '../tests/support/process-tree.ts';
import type { Result } from './result.ts';

const SCHEDULES = 20_000;
const WORKSPACES = 20;
/** The tick looks twice a second; this much of the product's time is lived through as fast as it goes. */
const TICK_MS = 500;
const MINUTES = 10;
const HOUR_MS = 3_600_000;

export default async function run(): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'moulin-bench-'));
  // When root runs this, PostgreSQL runs as somebody else and must get through.
  await chmod(folder, 0o711);
  const embedded = { folder: join(folder, 'store'), log_file: join(folder, 'postgres.log') };
  const prepared = await prepareStore({ embedded });
  const store = await openPrepared(prepared.app, prepared.instance_id);
  try {
    const kinds = kindTable([diagnostic]);
    const begin = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    await plant(store, begin);
    const before = { own: ownCpu(), store: storeCpu(folder) };
    const began = performance.now();
    let fired = 0;
    for (let now = begin; now < begin + MINUTES * 60_000; now += TICK_MS)
      fired += await tick(store, kinds, now);
    const took_s = (performance.now() - began) / 1000;
    const lived_s = MINUTES * 60;
    const own = ownCpu() - before.own;
    const theirs = storeCpu(folder) - before.store;
    return {
      title: `${SCHEDULES} schedules, hourly on average, ${MINUTES} minutes of them`,
      rows: [
        { what: 'runs made', value: fired, unit: '', better: 'higher' },
        { what: 'processor, tick', value: (own / lived_s) * 100, unit: '% of a core', better: 'lower' },
        {
          what: 'processor, PostgreSQL',
          value: (theirs / lived_s) * 100,
          unit: '% of a core',
          better: 'lower',
        },
        {
          what: 'processor, both',
          value: ((own + theirs) / lived_s) * 100,
          unit: '% of a core',
          better: 'lower',
          goal: 5,
        },
        { what: 'runs made, as fast as it goes', value: fired / took_s, unit: '1/s', better: 'higher' },
      ],
    };
  } finally {
    await store.close();
    await prepared.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Spread over the hour, each with an hour of its own. */
async function plant(store: Store, begin: number): Promise<void> {
  const workspaces = Array.from({ length: WORKSPACES }, newId);
  const definition = JSON.stringify({
    title: 'hourly',
    parameters: {},
    tasks: [{ name: 'only', kind: 'diagnostic' }],
  });
  await store.withInstance('bench', tx =>
    tx
      .insertInto('workspaces')
      .values(workspaces.map((id, n) => ({ id, slug: `bench-${n}`, name: `bench ${n}` })))
      .execute(),
  );
  for (let from = 0; from < SCHEDULES; from += 1000)
    await store.withInstance('bench', tx =>
      tx
        .insertInto('schedules')
        .values(
          Array.from({ length: 1000 }, (_, n) => {
            const place = from + n;
            const first = toTimestamp(begin + Math.floor((place / SCHEDULES) * HOUR_MS));
            return {
              id: newId(),
              workspace_id: workspaces[place % WORKSPACES] ?? '',
              name: `hourly ${place}`,
              every_seconds: 3600,
              starts_at: first,
              next_fire_at: first,
              next_due_at: first,
              overlap: 'skip' as const,
              definition,
              run_as_kind: 'local' as const,
              run_as_id: 'local',
            };
          }),
        )
        .execute(),
    );
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const TICKS_PER_SECOND = 100;

/** Of PostgreSQL and all its sessions; those that ended are counted by the one that waited for them. */
function storeCpu(folder: string): number {
  const postgres = processesAbout(folder).filter(({ command }) => command.includes('postgres'));
  const pids = new Set(postgres.map(({ pid }) => pid));
  const all = [...pids].flatMap(pid => [pid, ...childrenOf(pid)]);
  return [...new Set(all)].reduce((sum, pid) => sum + cpuOf(pid), 0);
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

function cpuOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
