import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { testDatabase } from '../../../../tests/support/database.ts';
import { withClient } from '../../../base/db/connection.ts';
import type { Store, Tx } from '../../../base/db/index.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { TimeKey } from '../../../base/kit/pages.ts';
import { graphOf } from './graph.ts';
import { limitRows } from './limits.ts';
import {
  failedLately,
  figuresOf,
  lateNow,
  newestRuns,
  type RunFilter,
  runningNow,
  runsBefore,
} from './runs.ts';
import { openBefore } from './waiting-facts.ts';

interface Place {
  store: Store;
  workspace_id: string;
  /** What the server does by itself a minute later. */
  analyze(): Promise<unknown>;
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

async function place(t: TestContext): Promise<Place> {
  const { store, owner } = await testDatabase(t);
  const workspace_id = newId();
  await store.withInstance('test', tx =>
    tx
      .insertInto('workspaces')
      .values({ id: workspace_id, slug: 'main', name: 'Main', time_zone: 'UTC' })
      .execute(),
  );
  const write: Place['write'] = work => store.withWorkspace({ workspace_id }, work);
  return {
    store,
    workspace_id,
    write,
    analyze: () => withClient(owner, 'test', client => client.query('analyze pipeline_runs')),
    read: work => store.withWorkspace({ workspace_id }, work, { read_only: true }),
  };
}

/** Runs of a long life: mostly succeeded ones of a few schedules, now and then something rare. */
function plantRuns({ write, workspace_id }: Place, count: number): Promise<unknown> {
  return write(async tx => {
    await sql`
      insert into pipeline_runs (id, workspace_id, title, kind, state, trigger, run_as_kind, run_as_id, created_at, ended_at,
        late, schedule_id, error, reason)
      select gen_random_uuid(), ${workspace_id}, 'Run ' || n,
        case when n % 5000 = 3 then 'rare' else 'import' end,
        case when n % 5000 = 1 then 'lost' when n % 50 = 0 then 'failed' else 'succeeded' end,
        case when n % 5000 = 2 then 'backfill' else 'manual' end, 'local', 'local',
        now() - make_interval(secs => n / 10), now() - make_interval(secs => n / 10), n % 5000 = 4,
        case when n % 5000 = 5 then ${newId()}::uuid end,
        case when n % 50 = 0 then jsonb_build_object('message', 'Élan broke in ' || n) end, null
      from generate_series(1, ${count}) n`.execute(tx);
  });
}

test('every filter of the list of runs walks an index, in its order, without sorting what it leaves out', async t => {
  const here = await place(t);
  const { workspace_id } = here;
  await plantRuns(here, 30_000);
  await here.analyze();
  const schedule = await here.read(tx =>
    tx
      .selectFrom('pipeline_runs')
      .select('schedule_id')
      .where('schedule_id', 'is not', null)
      .executeTakeFirstOrThrow(),
  );
  const after: TimeKey = ['2026-01-01T00:00:00.000000Z', newId()];
  const filters: [index: RegExp, filter: Partial<RunFilter>, before?: TimeKey][] = [
    [/pipeline_runs_newest/, {}],
    [/pipeline_runs_newest/, {}, after],
    [/pipeline_runs_newest/, { since: after[0], until: '2026-06-01T00:00:00Z' }],
    [/pipeline_runs_state/, { states: ['lost'] }],
    [/pipeline_runs_state/, { states: ['failed', 'lost', 'cancelled'] }, after],
    [/pipeline_runs_kind/, { kind: 'rare' }],
    [/pipeline_runs_trigger/, { trigger: 'backfill' }],
    [/pipeline_runs_were_late/, { late: true }],
    [/pipeline_runs_schedule/, { schedule_id: schedule.schedule_id ?? '' }],
  ];
  for (const [index, filter, before] of filters) {
    const plan = await here.read(async tx => {
      const { rows } = await sql<{ 'QUERY PLAN': object[] }>`
        explain (format json) ${newestRuns({ workspace_id, ...filter }, before, 51)}`.execute(tx);
      return JSON.stringify(rows[0]?.['QUERY PLAN']);
    });
    assert.match(plan, index, JSON.stringify(filter));
    assert.doesNotMatch(plan, /Seq Scan|Bitmap/, JSON.stringify(filter));
  }
});

test('the list is walked without a gap or a double, whatever it is filtered by', async t => {
  const here = await place(t);
  const { workspace_id } = here;
  await plantRuns(here, 600);
  const walk = async (filter: Partial<RunFilter>) => {
    const seen: string[] = [];
    let before: TimeKey | undefined;
    do {
      const from = before;
      const { rows, next } = await here.read(tx => runsBefore(tx, { workspace_id, ...filter }, from, 7));
      seen.push(...rows.map(row => row.title));
      before = next;
    } while (before !== undefined);
    return seen;
  };
  const all = await walk({});
  assert.equal(new Set(all).size, 600);
  assert.equal(all.length, 600);
  assert.equal((await walk({ states: ['failed'] })).length, 12);
  assert.equal((await walk({ states: ['failed', 'lost', 'failed'] })).length, 13);
  assert.deepEqual(await walk({ text: 'RUN 599' }), ['Run 599']);
  assert.deepEqual(await walk({ text: 'elan broke in 50', states: ['failed'] }), ['Run 50', 'Run 500']);
  assert.deepEqual(await walk({ text: '100%' }), []);
  const [newest] = (await here.read(tx => runsBefore(tx, { workspace_id }, undefined, 1))).rows;
  assert.equal(
    (await walk({ until: newest?.created_at })).length + (await walk({ since: newest?.created_at })).length,
    600,
  );
});

test('a search through very many runs stops in between and goes on where it stopped', async t => {
  const here = await place(t);
  const { workspace_id } = here;
  await plantRuns(here, 45_000);
  const pages: number[] = [];
  let before: TimeKey | undefined;
  do {
    const from = before;
    const { rows, next } = await here.read(tx =>
      runsBefore(tx, { workspace_id, text: 'run 44999' }, from, 50),
    );
    pages.push(rows.length);
    before = next;
  } while (before !== undefined);
  assert.deepEqual(pages, [0, 0, 1]);
});

test('the graph of five thousand tasks is compact, and its edges are places in its list', async t => {
  const here = await place(t);
  const { workspace_id } = here;
  const run_id = newId();
  await here.write(async tx => {
    await sql`
      insert into pipeline_runs (id, workspace_id, title, kind, state, trigger, run_as_kind, run_as_id)
      values (${run_id}, ${workspace_id}, 'wide', 'pipeline', 'running', 'manual', 'local', 'local')`.execute(
      tx,
    );
    await sql`
      insert into task_runs (id, workspace_id, run_id, name, kind, state, started_at)
      select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, ${workspace_id}, ${run_id}, 'task ' || n, 'note',
        'queued', now() from generate_series(1, 5000) n`.execute(tx);
    await sql`
      insert into task_edges (workspace_id, run_id, before_id, after_id)
      select ${workspace_id}, ${run_id}, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
        ('00000000-0000-7000-8000-' || lpad((n + 1)::text, 12, '0'))::uuid from generate_series(1, 4999) n`.execute(
      tx,
    );
  });
  await here.read(tx => graphOf(tx, workspace_id, run_id));
  const start = performance.now();
  const graph = await here.read(tx => graphOf(tx, workspace_id, run_id));
  t.diagnostic(`${Math.round(performance.now() - start)} ms, ${JSON.stringify(graph).length} characters`);
  assert(graph);
  assert.deepEqual([graph.tasks.length, graph.edges.length], [5000, 4999]);
  for (const [before, after] of graph.edges.slice(0, 50)) {
    const number = (place: number): number => Number(graph.tasks[place]?.[1].slice(5));
    assert.equal(number(before) + 1, number(after));
  }
  const id = graph.tasks[1]?.[0] ?? '';
  assert.deepEqual([...(await here.read(tx => openBefore(tx, workspace_id, [id])))], [[id, ['task 1']]]);
  assert.equal(await here.read(tx => graphOf(tx, workspace_id, newId())), undefined);
});

test('the first page shows what is broken now: of each schedule the newest failure, and none that is well again', async t => {
  const here = await place(t);
  const { workspace_id } = here;
  const [broken, well, single, repeated] = [newId(), newId(), newId(), newId()];
  const add = (run: {
    id?: string;
    state: string;
    minutes: number;
    schedule_id?: string;
    parent_id?: string;
  }) =>
    here.write(tx => {
      const { id = newId(), state, minutes, schedule_id = null, parent_id = null } = run;
      const is_open = state === 'running' || state === 'queued';
      return sql`
        insert into pipeline_runs (id, workspace_id, title, kind, state, trigger, run_as_kind, run_as_id, created_at, ended_at,
          schedule_id, parent_id, late)
        values (${id}, ${workspace_id}, ${`${state} ${minutes}`}, 'note', ${state},
          ${parent_id === null ? 'manual' : 'retry'}, 'local', 'local', now() - make_interval(mins => ${minutes}),
          ${is_open ? null : sql`now() - make_interval(mins => ${minutes})`}, ${schedule_id}, ${parent_id}, ${is_open})`.execute(
        tx,
      );
    });
  await add({ state: 'failed', minutes: 60, schedule_id: broken });
  await add({ state: 'lost', minutes: 30, schedule_id: broken });
  await add({ state: 'failed', minutes: 60, schedule_id: well });
  await add({ state: 'succeeded', minutes: 20, schedule_id: well });
  await add({ id: single, state: 'failed', minutes: 40 });
  await add({ id: repeated, state: 'failed', minutes: 40 });
  await add({ state: 'succeeded', minutes: 10, parent_id: repeated });
  await add({ state: 'failed', minutes: 60 * 25 });
  await add({ state: 'running', minutes: 5 });
  await add({ state: 'queued', minutes: 4 });
  const [failed, running, late, figures] = await here.read(async tx => [
    await failedLately(tx, workspace_id),
    await runningNow(tx, workspace_id),
    await lateNow(tx, workspace_id),
    await figuresOf(tx, workspace_id),
  ]);
  assert.deepEqual(
    failed.map(run => run.title),
    ['lost 30', 'failed 40'],
  );
  assert.deepEqual(
    running.map(run => run.title),
    ['running 5'],
  );
  assert.deepEqual(
    late.map(run => run.title),
    ['queued 4', 'running 5'],
  );
  assert.deepEqual([figures.queued, figures.succeeded, figures.failed], [1, 2, 5]);
});

test('limits: each key that is limited, at work or waited for, with its numbers', async t => {
  const here = await place(t);
  const { workspace_id } = here;
  const run_id = newId();
  await here.write(async tx => {
    await sql`
      insert into pipeline_runs (id, workspace_id, title, kind, state, trigger, run_as_kind, run_as_id)
      values (${run_id}, ${workspace_id}, 'x', 'note', 'running', 'manual', 'local', 'local')`.execute(tx);
    await sql`insert into concurrency_limits (workspace_id, key, slots)
      values (${workspace_id}, 'key:crm', 2), (${workspace_id}, 'key:idle', 1)`.execute(tx);
    await sql`
      insert into task_runs (id, workspace_id, run_id, name, kind, state, limit_keys, parked)
      select gen_random_uuid(), ${workspace_id}, ${run_id}, 'task ' || n, 'note',
        case when n <= 2 then 'running' else 'queued' end, '{key:crm,connection:a}', case when n > 2 then 'key:key:crm' end
      from generate_series(1, 5) n`.execute(tx);
  });
  assert.deepEqual(await here.read(tx => limitRows(tx, workspace_id)), [
    { key: 'workspace', slots: null, running: 2, waiting: 0 },
    { key: 'connection:a', slots: null, running: 2, waiting: 0 },
    { key: 'key:crm', slots: 2, running: 2, waiting: 3 },
    { key: 'key:idle', slots: 1, running: 0, waiting: 0 },
  ]);
});
