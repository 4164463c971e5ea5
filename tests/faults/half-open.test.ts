import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { openPrepared } from '../../src/base/db/index.ts';
import { systemClock } from '../../src/base/kit/clock.ts';
import { openWatcher, sweepOnce } from '../../src/domains/runs/queue/index.ts';
import { testDatabase } from '../support/database.ts';
import { defer } from '../support/defer.ts';
import type { ProbeHooks } from '../support/probe-kinds.ts';
import { openWire, type Wire } from '../support/proxy.ts';
import { until } from '../support/until.ts';
import { workerWorld } from '../support/worker.ts';

// A network that swallows what is sent on the connections that there are, and closes none of them. New ones work.

/** A worker behind a wire, at its real pace, and somebody beside it who judges leases. */
async function worldBehindWire(t: TestContext, hooks: ProbeHooks) {
  const world = await workerWorld(t, hooks);
  const wire = await openWire(t, world.database.app);
  const behind = await openPrepared(wire.address, world.database.instance_id);
  defer(t, () => behind.close());
  const worker = await world.open({ times: { beat_ms: 5000, poll_ms: 2000 } }, behind);
  const watcher = openWatcher();
  const judge = setInterval(
    () => void sweepOnce(world.store, watcher, systemClock.monotonic()).catch(() => {}),
    1000,
  );
  defer(t, () => clearInterval(judge));
  return { world, wire, behind, worker };
}

const stage = { steps: [{ do: 'stage' as const, mark: 'one' }] };

test('connections that died in silence while they lay idle cost no lease and keep nothing waiting', async t => {
  const strand = Promise.withResolvers<void>();
  const { world, wire, behind, worker } = await worldBehindWire(t, { prepare: () => strand.promise });
  const former = worker.id;
  const first = await world.create([{ name: 'a', kind: 'probe', input: stage }]);
  await world.reached(first, 'running');
  // As many as the pool has, so that trying them one after the other would take minutes.
  await Promise.all(
    Array.from({ length: 8 }, () => behind.withInstance('test', tx => sql`select pg_sleep(0.2)`.execute(tx))),
  );
  await until('all of them are idle', () => behind.connections().idle === 8);
  wire.strand();
  strand.resolve();
  const second = await world.create([{ name: 'b', kind: 'probe' }]);
  for (const run of [first, second]) {
    const [task] = await world.ended(run);
    assert.deepEqual([task?.state, task?.attempt], ['succeeded', 1]);
  }
  assert.equal(worker.id, former);
  assert.deepEqual(await world.marks(), ['one']);
});

test('a commit that is swallowed is done again, and costs the tasks beside it nothing', async t => {
  const wires: Wire[] = [];
  const { world, wire, worker } = await worldBehindWire(t, {
    async commit(_tx, { n }) {
      if (n === 1) wires.pop()?.strand();
      return undefined;
    },
  });
  wires.push(wire);
  const former = worker.id;
  const beside = await world.create([{ name: 'beside', kind: 'probe', input: { steps: [{ do: 'hang' }] } }]);
  await world.reached(beside, 'running');
  // Where the machine is busy as well, three connections in a row that answer nothing cost this task its lease, and an attempt.
  const retry = { max_attempts: 2, delay_seconds: 0.1 };
  const run = await world.create([{ name: 'a', kind: 'probe', input: stage, retry }]);
  const [task] = await world.ended(run);
  assert.equal(task?.state, 'succeeded');
  assert.deepEqual(await world.marks(), ['one']);
  assert.equal((await world.tasks(beside))[0]?.state, 'running');
  assert.equal((await world.tasks(beside))[0]?.attempt, 1);
  assert.equal(worker.id, former);
});

test('a store is closed though its connections answer nothing, and its server soon notices whom it has lost', async t => {
  const database = await testDatabase(t);
  const wire = await openWire(t, database.app);
  const store = await openPrepared(wire.address, database.instance_id);
  const { rows } = await store.withInstance('test', tx =>
    sql`select current_setting('tcp_keepalives_idle') idle, current_setting('tcp_keepalives_count') "count"`.execute(
      tx,
    ),
  );
  // The embedded one listens at a socket file, where there is nothing to notice.
  const is_file = 'host' in database.app && database.app.host.startsWith('/');
  assert.deepEqual(rows, is_file ? [{ idle: '0', count: '0' }] : [{ idle: '10', count: '2' }]);
  wire.strand();
  await store.close();
});
