import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import {
  failure,
  openQueue,
  type Queue,
  recountAll,
  sketch,
  type TaskSketch,
} from '../../../../tests/support/queue.ts';
import { type Claimed, claimTasks, drainWorker, loseWorker, setLimit } from './index.ts';
import { isReady } from './states.ts';

function many(count: number, more: Partial<TaskSketch> = {}): TaskSketch[] {
  return Array.from({ length: count }, (_, n) => ({ name: `t${n}`, ...more }));
}

function limit(
  queue: Queue,
  key: string,
  slots: number | null,
  workspace_id = queue.workspace_id,
): Promise<void> {
  return queue.workspace(
    tx => setLimit(tx, { workspace_id, key, slots, actor: 'person:test' }),
    workspace_id,
  );
}

const namesOf = (claimed: readonly Claimed[]) => claimed.map(({ name }) => name);

test('two claimers at once never take one task twice and never exceed a limit', async t => {
  const queue = await openQueue(t);
  const other = await queue.openAnother();
  const workers = [queue.worker, await queue.newWorker()];
  await limit(queue, 'key:k', 3);
  await queue.create(
    sketch([...many(40), ...many(20).map(task => ({ ...task, name: `k${task.name}`, keys: ['k'] }))]),
  );
  const stores = [queue.store, other];
  const claims = Array.from({ length: 12 }, (_, n) => {
    const worker = workers[n % 2] ?? queue.worker;
    return (stores[n % 2] ?? queue.store).withInstance('claim', tx =>
      claimTasks(tx, { ...worker, limit: 5 }),
    );
  });
  const claimed = (await Promise.all(claims)).flat();
  assert.equal(new Set(claimed.map(({ task_id }) => task_id)).size, claimed.length);
  assert.equal(claimed.length, 43);
  assert.equal(claimed.filter(({ name }) => name.startsWith('k')).length, 3);
  const { kept, counted } = await recountAll(queue);
  assert.deepEqual(kept, counted);
});

test('ten thousand queued tasks of one workspace do not keep the first of another waiting', async t => {
  const queue = await openQueue(t);
  const b = await queue.newWorkspace();
  await queue.create(sketch(many(10_000)));
  await queue.claim(6);
  await queue.create(sketch(['b1', 'b2']), { workspace_id: b });
  assert.deepEqual(namesOf(await queue.claim(2)), ['b1', 'b2']);
});

test('ten thousand tasks behind a full key do not block those behind them, and are found by an index', async t => {
  const queue = await openQueue(t);
  await limit(queue, 'key:full', 1);
  await queue.create(sketch(many(10_000, { keys: ['full'], priority: 9 })));
  await queue.create(sketch(['free']));
  const found: string[] = [];
  // What is in the way is parked, so much by each claim.
  for (let claims = 0; claims < 3 && !found.includes('free'); claims += 1)
    found.push(...namesOf(await queue.claim(8)));
  assert.deepEqual(found, ['t0', 'free']);
  await queue.instance(tx => sql`analyze task_runs`.execute(tx)).catch(() => {});
  const { rows } = await queue.instance(tx =>
    sql<{ 'QUERY PLAN': string }>`
      explain select t.id from task_runs t where ${isReady} and t.workspace_id = ${queue.workspace_id}
      order by t.priority desc, t.ready_at, t.id limit 8`.execute(tx),
  );
  assert.match(rows.map(row => row['QUERY PLAN']).join('\n'), /Index (Only )?Scan using task_runs_ready/);
});

test('a slot that becomes free goes to the first that waits for it', async t => {
  const queue = await openQueue(t);
  await limit(queue, 'key:k', 1);
  await queue.create(sketch([...many(3, { keys: ['k'] }), { name: 'urgent', keys: ['k'], priority: 1 }]));
  const order: string[] = [];
  for (let claimed = await queue.claim(); claimed.length > 0; claimed = await queue.claim()) {
    assert.equal(claimed.length, 1);
    order.push(...namesOf(claimed));
    await queue.begin(...claimed);
    for (const lease of claimed) await queue.end(lease);
  }
  assert.deepEqual(order, ['urgent', 't0', 't1', 't2']);
});

test('a task under two keys waits for both', async t => {
  const queue = await openQueue(t);
  await limit(queue, 'key:a', 1);
  await limit(queue, 'key:b', 1);
  await queue.create(
    sketch([
      { name: 'a', keys: ['a'] },
      { name: 'b', keys: ['b'] },
      { name: 'both', keys: ['a', 'b'] },
    ]),
  );
  const [a, b] = await queue.claim();
  assert.deepEqual([a?.name, b?.name], ['a', 'b']);
  assert.ok(a && b);
  await queue.begin(a, b);
  await queue.end(a);
  assert.deepEqual(await queue.claim(), []);
  await queue.end(b);
  assert.deepEqual(namesOf(await queue.claim()), ['both']);
});

test('a limit of the workspace holds, and is lifted', async t => {
  const queue = await openQueue(t);
  await limit(queue, 'workspace', 2);
  await queue.create(sketch(many(5)));
  assert.equal((await queue.claim()).length, 2);
  assert.equal((await queue.claim()).length, 0);
  await limit(queue, 'workspace', null);
  assert.equal((await queue.claim()).length, 3);
});

test('limits of one workspace are none of another, and a limit of none at all lets nothing run', async t => {
  const queue = await openQueue(t);
  const b = await queue.newWorkspace();
  await limit(queue, 'key:k', 0);
  await queue.create(sketch([{ name: 'never', keys: ['k'] }]));
  await queue.create(sketch([{ name: 'theirs', keys: ['k'] }]), { workspace_id: b });
  assert.deepEqual(namesOf(await queue.claim()), ['theirs']);
  await limit(queue, 'key:k', null);
  assert.deepEqual(namesOf(await queue.claim()), ['never']);
});

test('a worker takes only what fits its tags and what it knows; priority comes first', async t => {
  const queue = await openQueue(t);
  await queue.create(sketch([{ name: 'gpu', tags: ['gpu'] }, 'any', { name: 'urgent', priority: 3 }]));
  assert.deepEqual(namesOf(await queue.claim(9, await queue.newWorker({ kinds: ['another'] }))), []);
  assert.deepEqual(namesOf(await queue.claim()), ['urgent', 'any']);
  assert.deepEqual(namesOf(await queue.claim(9, await queue.newWorker({ tags: ['gpu', 'eu'] }))), ['gpu']);
});

test('a worker that drains, or was given up, takes nothing', async t => {
  const queue = await openQueue(t);
  const { worker_id } = queue.worker;
  await queue.create(sketch(['it']));
  await queue.instance(tx => drainWorker(tx, worker_id));
  assert.deepEqual(await queue.claim(), []);
  await queue.instance(tx => drainWorker(tx, worker_id, false));
  assert.equal((await queue.claim()).length, 1);
  await queue.instance(tx => loseWorker(tx, worker_id));
  assert.deepEqual(await queue.claim(), []);
  await assert.rejects(
    queue.instance(tx => drainWorker(tx, worker_id)),
    { code: 'worker.ended' },
  );
});

test('what is claimed carries all that its worker needs', async t => {
  const queue = await openQueue(t);
  const window = { start: '2026-11-20T00:00:00Z', end: '2026-11-21T00:00:00.5Z' };
  const run = sketch([{ name: 'it', input: { a: [1] }, retry: { max_attempts: 2, delay_seconds: 0 } }], {
    title: 'Load',
    parameters: { day: 1 },
    window,
  });
  const { run_id } = await queue.create(run);
  const [first] = await queue.claim();
  assert.ok(first);
  await queue.begin(first);
  await queue.end(first, failure());
  const [second] = await queue.claim();
  assert.deepEqual(second, {
    task_id: first.task_id,
    run_id,
    workspace_id: queue.workspace_id,
    name: 'it',
    kind: 'test',
    input: { a: [1] },
    attempt: 2,
    max_attempts: 2,
    fence: '2',
    stage: 0,
    stage_state: null,
    retry: { max_attempts: 2, delay_seconds: 0, factor: 2, max_delay_seconds: 3600, jitter: 0.2 },
    timeouts: {},
    resource_class: 'light',
    run_as: { kind: 'local', id: 'local', name: 'local' },
    parameters: { day: 1 },
    window: { start: '2026-11-20T00:00:00.000000Z', end: '2026-11-21T00:00:00.500000Z' },
    run_title: 'Load',
  });
});
