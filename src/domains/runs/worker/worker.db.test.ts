import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { sql } from 'kysely';
import { pino } from 'pino';
import type { Step } from '../../../../tests/support/probe-kinds.ts';
import { until } from '../../../../tests/support/until.ts';
import { type WorkerWorld, workerWorld } from '../../../../tests/support/worker.ts';
import type { Store } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import type { TaskError } from '../../../contract/runs.ts';
import { cancelTask, loseWorker } from '../queue/index.ts';

test('a task is worked on in a runner; its result and its log are kept', async t => {
  const world = await workerWorld(t);
  const worker = await world.open();
  const run_id = await world.create([
    {
      name: 'a',
      kind: 'probe',
      input: { steps: [{ do: 'log', text: 'hello' }], answer: { ok: true, rows: 3 } },
    },
  ]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt, task?.result], ['succeeded', 1, { ok: true, rows: 3 }]);
  assert.equal(await runState(world, run_id), 'succeeded');
  assert.match(await logOf(world, task?.id), /hello/);
  const { started, done, running } = worker.stats();
  assert.deepEqual([started, done, running], [1, 1, 0]);
});

test('a task that did only half says so, and why', async t => {
  const world = await workerWorld(t);
  await world.open();
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { partial: 'two files could not be read' } },
  ]);
  const [task] = await world.ended(run_id);
  assert.equal(task?.state, 'partial');
  assert.match(await logOf(world, task?.id), /two files could not be read/);
});

test('after a crash the next attempt goes on from the last committed stage: each mark is there once', async t => {
  const world = await workerWorld(t);
  await world.open();
  const steps: Step[] = [
    { do: 'stage', mark: 'one' },
    { do: 'stage', mark: 'two' },
    { do: 'crash' },
    { do: 'stage', mark: 'three' },
  ];
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps }, retry: { max_attempts: 3 } },
  ]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt, task?.stage], ['succeeded', 2, 3]);
  assert.deepEqual(await world.marks(), ['one', 'two', 'three']);
  const [first] = await attemptsOf(world, task?.id);
  assert.deepEqual([first?.state, first?.error?.code], ['failed', 'task.crashed']);
  assert.match(first?.error?.message ?? '', /SIGSEGV/);
});

test('a stage whose base has moved is prepared again; what cannot be saved is done again by the next attempt', async t => {
  let prepared = 0;
  let commits = 0;
  const world = await workerWorld(t, {
    async prepare() {
      prepared += 1;
    },
    commit: async () => {
      commits += 1;
      if (commits <= 2) return 'rebase';
      return commits === 3 ? 'rerun' : undefined;
    },
  });
  await world.open();
  const steps: Step[] = [{ do: 'stage', mark: 'one' }];
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps }, retry: { max_attempts: 2 } },
  ]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt, prepared], ['succeeded', 2, 4]);
  assert.deepEqual(await world.marks(), ['one']);
});

test('a base that always moves ends the attempt', async t => {
  let commits = 0;
  const world = await workerWorld(t, {
    commit: async () => {
      commits += 1;
      return 'rebase';
    },
  });
  await world.open();
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps: [{ do: 'stage', mark: 'one' }] } },
  ]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.stage, commits], ['failed', 0, 8]);
});

test('a commit that fails undoes its stage and fails the task', async t => {
  const world = await workerWorld(t, { commit: tx => sql`select 1/0`.execute(tx).then(() => undefined) });
  await world.open();
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps: [{ do: 'stage', mark: 'one' }] } },
  ]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.stage, task?.error?.message], ['failed', 0, 'division by zero']);
});

test('a commit may add tasks to its run, and tells what it wrote', async t => {
  const world = await workerWorld(t);
  await world.open();
  const steps: Step[] = [{ do: 'stage', mark: 'one', add: ['b', 'c'] }];
  const run_id = await world.create([{ name: 'a', kind: 'probe', input: { steps } }]);
  await until('three tasks', async () => (await world.tasks(run_id)).length === 3);
  const tasks = await world.ended(run_id);
  assert.deepEqual(tasks.map(({ name, state }) => `${name} ${state}`).sort(), [
    'a succeeded',
    'b succeeded',
    'c succeeded',
  ]);
  const [event] = await eventsOf(world, 'stage.committed');
  assert.deepEqual(event?.payload.facts, [{ role: 'written', namespace: 'test', name: 'one' }]);
});

test('a commit whose acknowledgement was lost is known, and not done again', async t => {
  const world = await workerWorld(t);
  let lost = 0;
  const forgetful: Store = {
    ...world.store,
    async withWorkspace(context, work, options) {
      const result = await world.store.withWorkspace(context, work, options);
      if (lost > 0) return result;
      lost += 1;
      throw fail('server.unavailable', { part: 'The metadata store' });
    },
  };
  await world.open({}, forgetful);
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps: [{ do: 'stage', mark: 'one' }] } },
  ]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt, lost], ['succeeded', 1, 1]);
  assert.deepEqual(await world.marks(), ['one']);
});

// ── Cancel ──────────────────────────────────────────────────────────────────────────────────────────

for (const deaf of [false, true])
  test(`a running task is cancelled, ${deaf ? 'also one that hears nothing' : 'by a word'}`, async t => {
    const world = await workerWorld(t);
    await world.open();
    const steps: Step[] = [
      { do: 'log', text: 'on' },
      { do: 'hang', deaf },
    ];
    const run_id = await world.create([
      { name: 'a', kind: 'probe', input: { steps }, retry: { max_attempts: 3 } },
    ]);
    await cancel(world, await world.reached(run_id, 'running'));
    const [task] = await world.ended(run_id);
    assert.deepEqual([task?.state, task?.attempt], ['cancelled', 1]);
    const [attempt] = await attemptsOf(world, task?.id);
    assert.equal(attempt?.state, 'cancelled');
    assert.equal(attempt?.error?.code, 'task.cancelled');
  });

test('a task that is cancelled while it starts never begins', async t => {
  const world = await workerWorld(t);
  const asked = Promise.withResolvers<void>();
  const worker = await world.open({ mayRun: () => asked.promise.then(() => true) });
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps: [{ do: 'stage', mark: 'one' }] } },
  ]);
  await cancel(world, await world.reached(run_id, 'starting'));
  const [task] = await world.ended(run_id);
  asked.resolve();
  assert.equal(task?.state, 'cancelled');
  await until('the slot to be free', () => worker.stats().running === 0);
  assert.deepEqual(await world.marks(), []);
});

test('a stage that is being prepared when its task is cancelled is not committed', async t => {
  const preparing = Promise.withResolvers<void>();
  let aborted = false;
  const world = await workerWorld(t, {
    prepare: (_, signal) =>
      new Promise((_resolve, reject) => {
        preparing.resolve();
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason);
        });
      }),
  });
  await world.open();
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps: [{ do: 'stage', mark: 'one' }] } },
  ]);
  await preparing.promise;
  await cancel(world, await world.reached(run_id, 'running'));
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.stage, aborted], ['cancelled', 0, true]);
  assert.deepEqual(await world.marks(), []);
});

test('a stage that is committed when its task is cancelled stays, and the cancel wins over what follows', async t => {
  let cancelled: (() => Promise<void>) | undefined;
  const world = await workerWorld(t, {
    async prepare({ n }) {
      if (n === 2) await cancelled?.();
    },
  });
  // It must not hear of it before it commits.
  await world.open({ times: { beat_ms: 600_000 } }, { ...world.store, listen: () => () => {} });
  const steps: Step[] = [
    { do: 'stage', mark: 'one' },
    { do: 'stage', mark: 'two' },
  ];
  const run_id = await world.create([{ name: 'a', kind: 'probe', input: { steps } }]);
  cancelled = async () => cancel(world, await world.reached(run_id, 'running'));
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.stage], ['cancelled', 1]);
  assert.deepEqual(await world.marks(), ['one']);
});

test('a result that comes after the cancel does not count', async t => {
  const world = await workerWorld(t, { commit: async () => undefined });
  await world.open({ times: { beat_ms: 600_000 } }, { ...world.store, listen: () => () => {} });
  const steps: Step[] = [{ do: 'hang' }];
  const run_id = await world.create([{ name: 'a', kind: 'probe', input: { steps }, timeouts: { run: 1 } }]);
  await cancel(world, await world.reached(run_id, 'running'));
  // Its time is over before it hears of the cancel.
  const [task] = await world.ended(run_id);
  assert.equal(task?.state, 'cancelled');
});

// ── Time-outs ───────────────────────────────────────────────────────────────────────────────────────

test('an attempt that takes too long is ended for good', async t => {
  const world = await workerWorld(t);
  await world.open();
  const run_id = await world.create([
    {
      name: 'a',
      kind: 'probe',
      input: { steps: [{ do: 'hang' }] },
      timeouts: { run: 0.2 },
      retry: { max_attempts: 3 },
    },
  ]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt, task?.error?.code], ['failed', 1, 'task.run_time']);
});

test('an attempt that has gone silent is ended and tried again', async t => {
  const world = await workerWorld(t);
  await world.open();
  const steps: Step[] = [
    { do: 'log', text: 'one line' },
    { do: 'hang', deaf: true },
  ];
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps }, timeouts: { silence: 0.3 }, retry: { max_attempts: 2 } },
  ]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt, task?.error?.code], ['failed', 2, 'task.silence']);
});

test('a task that waits for its stage is not silent', async t => {
  const world = await workerWorld(t, { prepare: () => new Promise(resolve => setTimeout(resolve, 1000)) });
  await world.open();
  const run_id = await world.create([
    {
      name: 'a',
      kind: 'probe',
      input: { steps: [{ do: 'stage', mark: 'one' }] },
      timeouts: { silence: 0.4 },
    },
  ]);
  const [task] = await world.ended(run_id);
  assert.equal(task?.state, 'succeeded');
});

test('a task that does not begin in time is tried again', async t => {
  const world = await workerWorld(t);
  let asked = 0;
  const never = new Promise<boolean>(() => {});
  await world.open({
    mayRun: () => {
      asked += 1;
      return asked === 1 ? never : Promise.resolve(true);
    },
  });
  const run_id = await world.create([
    { name: 'a', kind: 'probe', timeouts: { start: 2 }, retry: { max_attempts: 2 } },
  ]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt], ['succeeded', 2]);
  const [first] = await attemptsOf(world, task?.id);
  assert.equal(first?.error?.code, 'task.start_time');
});

// ── What must hold when it starts ───────────────────────────────────────────────────────────────────

test('who may not run it any more does not', async t => {
  const world = await workerWorld(t);
  await world.open({
    mayRun: async (_, { kind }, permission) => kind !== 'local' || permission !== 'runs:diagnose',
  });
  const run_id = await world.create([{ name: 'a', kind: 'probe', retry: { max_attempts: 3 } }]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt, task?.error?.code], ['failed', 1, 'task.not_permitted']);
});

test('an input that is not valid any more fails alone', async t => {
  const world = await workerWorld(t);
  const run_id = await world.create(['a', 'b', 'c', 'd'].map(name => ({ name, kind: 'probe' })));
  await world.store.withInstance('test', tx =>
    sql`update task_runs set input = '{"steps": 5}' where name in ('b', 'c')`.execute(tx),
  );
  await world.open();
  const tasks = await world.ended(run_id);
  assert.deepEqual(Object.fromEntries(tasks.map(({ name, state, error }) => [name, error?.code ?? state])), {
    a: 'succeeded',
    b: 'task.input',
    c: 'task.input',
    d: 'succeeded',
  });
});

test('a secret reaches the runner, and comes out nowhere', async t => {
  const password = 'correct horse battery';
  const ref = { object_kind: 'connection', object_id: 'shop', field: 'password' };
  const world = await workerWorld(t, {}, { secrets: () => ({ password: ref }) });
  await world.open({ readSecret: async (_, { object_id }) => (object_id === 'shop' ? password : undefined) });
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps: [{ do: 'tell_secret' }] } },
    // The end of so long a message is cut off, in the middle of the secret.
    { name: 'b', kind: 'probe', input: { steps: [{ do: 'tell_secret', behind: 8192 - 16 }] } },
  ]);
  const tasks = await world.ended(run_id);
  const [task, other] = tasks;
  assert.equal(task?.error?.message, 'refused •••');
  assert.match(other?.error?.message ?? '', /x{100}refused •••$/);
  const log = await logOf(world, task?.id);
  assert.match(log, /the password is •••/);
  const stored = await world.store.withInstance('test', tx =>
    sql<{ text: string }>`
      select a::text "text" from task_attempts a union all select s::text from task_stages s
      union all select e::text from events e union all select r::text from pipeline_runs r`.execute(tx),
  );
  const all = log + JSON.stringify(tasks) + stored.rows.map(({ text }) => text).join('\n');
  assert.match(all, /rows of •••/);
  assert.match(all, /https:\/\/•••@shop/);
  assert.doesNotMatch(all, /correct/);
});

test('what others keep secret is covered in no log: a guess would find it out', async t => {
  const world = await workerWorld(t);
  const asked = new Set<string>();
  await world.open({
    redact(text, workspace_id) {
      asked.add(workspace_id);
      return text;
    },
  });
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps: [{ do: 'log', text: 'x' }] } },
  ]);
  await world.ended(run_id);
  assert.deepEqual([...asked], [world.workspace_id]);
});

test('a secret that is not there is said by its name', async t => {
  const ref = { object_kind: 'connection', object_id: 'shop', field: 'password' };
  const world = await workerWorld(t, {}, { secrets: () => ({ password: ref }) });
  await world.open();
  const run_id = await world.create([{ name: 'a', kind: 'probe' }]);
  const [task] = await world.ended(run_id);
  assert.match(task?.error?.message ?? '', /connection\/shop\/password/);
});

// ── What runners do ─────────────────────────────────────────────────────────────────────────────────

test('a runner that exits without a result costs one attempt, and the other tasks nothing', async t => {
  const world = await workerWorld(t);
  await world.open();
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps: [{ do: 'exit' }] } },
    { name: 'b', kind: 'probe' },
  ]);
  const tasks = await world.ended(run_id);
  const [a, b] = tasks.toSorted((one, other) => one.name.localeCompare(other.name));
  assert.deepEqual([a?.state, a?.error?.code, b?.state], ['failed', 'task.crashed', 'succeeded']);
});

test('a result of another shape than promised is a mistake of the kind', async t => {
  const world = await workerWorld(t);
  await world.open();
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { answer: { ok: 'yes' } }, retry: { max_attempts: 3 } },
  ]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt, task?.error?.code], ['failed', 1, 'task.result']);
  assert.match(task?.error?.message ?? '', /ok: /);
});

test('what fails in a way that may pass is tried again, what is terminal is not', async t => {
  const world = await workerWorld(t);
  await world.open();
  const failing = (name: string, retry: 'terminal' | 'transient') => ({
    name,
    kind: 'probe',
    input: { steps: [{ do: 'fail' as const, message: `no ${name}`, retry }] },
    retry: { max_attempts: 2 },
  });
  const run_id = await world.create([failing('a', 'terminal'), failing('b', 'transient')]);
  const tasks = await world.ended(run_id);
  const said = tasks.map(({ name, attempt, error }) => `${name} ${attempt} ${error?.message}`).sort();
  assert.deepEqual(said, ['a 1 no a', 'b 2 no b']);
});

test('progress is written with the time that is left', async t => {
  const world = await workerWorld(t);
  await world.open();
  const steps: Step[] = [{ do: 'progress', done: 5, total: 10 }, { do: 'hang' }];
  const run_id = await world.create([{ name: 'a', kind: 'probe', input: { steps } }]);
  await until('progress', async () => (await world.tasks(run_id))[0]?.progress !== null);
  const [task] = await world.tasks(run_id);
  const { done, total, unit } = (task?.progress ?? {}) as Record<string, unknown>;
  assert.deepEqual([done, total, unit], [5, 10, 'rows']);
  await cancel(world, task);
  await world.ended(run_id);
});

// ── Store and leases ────────────────────────────────────────────────────────────────────────────────

test('a store that is restarted while tasks run and end loses nothing and doubles nothing', async t => {
  const world = await workerWorld(t);
  await world.open();
  const steps: Step[] = [
    { do: 'stage', mark: 'one' },
    { do: 'stage', mark: 'two' },
  ];
  const names = Array.from({ length: 40 }, (_, n) => `task ${n}`);
  const run_id = await world.create(names.map(name => ({ name, kind: 'probe', input: { steps } })));
  for (let cut = 0; cut < 5; cut += 1) {
    const before = (await world.marks().catch(() => [])).length;
    await world.database.cutSessions();
    await until(
      'it goes on',
      async () => (await world.marks().catch(() => [])).length > Math.min(before, 79),
    );
  }
  const tasks = await world.ended(run_id);
  assert.deepEqual([...new Set(tasks.map(({ state }) => state))], ['succeeded']);
  assert.equal((await world.marks()).length, 80);
  // A claim whose answer was cut off is given back, and counts as no attempt.
  const attempts = await Promise.all(tasks.map(({ id }) => attemptsOf(world, id)));
  const others = attempts.flat().filter(({ state }) => state !== 'succeeded');
  assert.ok(
    others.every(({ state }) => state === 'released'),
    JSON.stringify(others),
  );
});

test('a worker that was given up ends what it has, registers anew, and what it still says does not count', async t => {
  const preparing = Promise.withResolvers<void>();
  const given_up = Promise.withResolvers<void>();
  let prepared = 0;
  const world = await workerWorld(t, {
    async prepare() {
      prepared += 1;
      if (prepared > 1) return;
      preparing.resolve();
      await given_up.promise;
    },
  });
  const worker = await world.open();
  const former = worker.id;
  const steps: Step[] = [{ do: 'stage', mark: 'one' }];
  const run_id = await world.create([
    { name: 'a', kind: 'probe', input: { steps }, retry: { max_attempts: 2 } },
  ]);
  await preparing.promise;
  await world.store.withInstance('test', tx => loseWorker(tx, former));
  given_up.resolve();
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt], ['succeeded', 2]);
  assert.notEqual(worker.id, former);
  assert.deepEqual(await world.marks(), ['one']);
  const [first] = await attemptsOf(world, task?.id);
  assert.equal(first?.state, 'lost');
});

for (const [how, times] of [
  ['never come', 0],
  ['come many times', 5],
] as const)
  test(`hints that ${how} keep nothing waiting and double nothing`, async t => {
    const world = await workerWorld(t);
    const listen: Store['listen'] = (channel, heard) =>
      world.store.listen(channel, payload => {
        for (let left = times; left > 0; left -= 1) heard(payload);
      });
    await world.open({}, { ...world.store, listen });
    const steps: Step[] = [{ do: 'stage', mark: 'one' }, { do: 'hang' }];
    const run_id = await world.create([{ name: 'a', kind: 'probe', input: { steps } }]);
    await until('it works', async () => (await world.marks()).length === 1);
    await cancel(world, await world.reached(run_id, 'running'));
    const [task] = await world.ended(run_id);
    assert.deepEqual([task?.state, task?.attempt], ['cancelled', 1]);
    assert.deepEqual(await world.marks(), ['one']);
  });

test('beats that come while a worker registers anew do not make it somebody else again', async t => {
  const world = await workerWorld(t);
  let registrations = 0;
  let beats = 0;
  const slow: Store = {
    ...world.store,
    async withInstance(reason, work, options) {
      if (reason === 'beat of a worker') beats += 1;
      if (reason === 'register a worker') registrations += 1;
      if (reason !== 'register a worker' || registrations === 1)
        return world.store.withInstance(reason, work, options);
      return world.store.withInstance(reason, async tx => {
        const result = await work(tx);
        const seen = beats;
        await until('more beats', () => beats > seen + 2);
        return result;
      });
    },
  };
  const worker = await world.open({}, slow);
  const former = worker.id;
  await world.store.withInstance('test', tx => loseWorker(tx, former));
  await until('it is somebody else', () => worker.id !== former);
  const run_id = await world.create([{ name: 'a', kind: 'probe' }]);
  await world.ended(run_id);
  const alive = await world.store.withInstance('test', tx =>
    tx.selectFrom('workers').select('id').where('state', '=', 'active').execute(),
  );
  assert.deepEqual(alive, [{ id: worker.id }]);
  assert.equal(registrations, 2);
});

test('a workspace that is deleted while its tasks work ends their runners, and costs nobody else anything', async t => {
  const world = await workerWorld(t);
  const failures: unknown[] = [];
  const worker = await world.open({ log: pino({ level: 'error' }, { write: line => failures.push(line) }) });
  const steps: Step[] = [{ do: 'log', text: 'still here' }, { do: 'stage', mark: 'one' }, { do: 'hang' }];
  const list = ['a', 'b', 'c'].map(name => ({ name, kind: 'probe', input: { steps } }));
  await world.create(list);
  await until('all of them work', async () => (await world.marks()).length === 3);
  await world.store.withInstance('test', tx =>
    tx.deleteFrom('workspaces').where('id', '=', world.workspace_id).execute(),
  );
  await until('none of them is left', () => worker.stats().running === 0);
  assert.equal(worker.stats().waiting, 0);
  await world.store.withInstance('test', tx =>
    tx.insertInto('workspaces').values({ id: world.workspace_id, slug: 'again', name: 'Again' }).execute(),
  );
  const [task] = await world.ended(await world.create([{ name: 'd', kind: 'probe' }]));
  assert.equal(task?.state, 'succeeded');
  assert.deepEqual(failures, []);
});

test('a claim whose answer was lost gives back what it does not know of', async t => {
  const world = await workerWorld(t);
  let lost = 0;
  const forgetful: Store = {
    ...world.store,
    async withInstance(reason, work, options) {
      const result = await world.store.withInstance(reason, work, options);
      if (reason !== 'claim tasks' || lost > 0 || !Array.isArray(result) || result.length === 0)
        return result;
      lost += 1;
      throw fail('server.unavailable', { part: 'The metadata store' });
    },
  };
  await world.open({}, forgetful);
  const run_id = await world.create([{ name: 'a', kind: 'probe' }]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, lost], ['succeeded', 1]);
  const attempts = await attemptsOf(world, task?.id);
  assert.deepEqual(
    attempts.map(({ state }) => state),
    ['released', 'succeeded'],
  );
});

test('an endless task commits what it has and hands over when its worker drains', async t => {
  const world = await workerWorld(t, {}, { endless: true });
  const worker = await world.open();
  const run_id = await world.create([{ name: 'a', kind: 'probe', input: { steps: [{ do: 'flow' }] } }]);
  await until('it flows', async () => (await world.marks()).length > 2);
  await worker.close();
  const [handed] = await world.tasks(run_id);
  assert.equal(handed?.state, 'queued');
  const marks = (await world.marks()).length;
  assert.equal(handed?.stage, marks);
  await world.open();
  await until('another goes on', async () => (await world.marks()).length > marks);
  const all = await world.marks();
  assert.equal(new Set(all).size, all.length);
  await cancel(world, await world.reached(run_id, 'running'));
  await world.ended(run_id);
});

test('a worker that ends hands over what does not end in time', async t => {
  const world = await workerWorld(t);
  const worker = await world.open({ times: { drain_ms: 50 } });
  const steps: Step[] = [
    { do: 'stage', mark: 'one' },
    { do: 'hang', deaf: true },
  ];
  const run_id = await world.create([{ name: 'a', kind: 'probe', input: { steps } }]);
  await until('its first stage', async () => (await world.marks()).length === 1);
  await worker.close();
  const [task] = await world.tasks(run_id);
  assert.deepEqual([task?.state, task?.stage], ['queued', 1]);
  const [attempt] = await attemptsOf(world, task?.id);
  assert.equal(attempt?.state, 'released');
});

test('a worker that drains takes nothing new and finishes what it has', async t => {
  const going_on = Promise.withResolvers<void>();
  const world = await workerWorld(t, { prepare: () => going_on.promise });
  const worker = await world.open();
  const first = await world.create([
    { name: 'a', kind: 'probe', input: { steps: [{ do: 'stage', mark: 'one' }] } },
  ]);
  await world.reached(first, 'running');
  const drained = worker.drain();
  const second = await world.create([{ name: 'b', kind: 'probe' }]);
  going_on.resolve();
  await drained;
  assert.deepEqual((await world.tasks(first))[0]?.state, 'succeeded');
  assert.deepEqual((await world.tasks(second))[0]?.state, 'queued');
  assert.equal(worker.stats().draining, true);
});

test('what was claimed ahead of its slot and waits behind long tasks goes to a worker that has one', async t => {
  const going_on = Promise.withResolvers<void>();
  const world = await workerWorld(t, { prepare: () => going_on.promise });
  const first = await world.open({ concurrency: 2, name: 'first' });
  const short = Array.from({ length: 20 }, (_, n) => ({ name: `short ${n}`, kind: 'probe' }));
  await world.ended(await world.create(short));
  const long = ['a', 'b'].map(name => probe(name, [{ do: 'stage', mark: name }], { priority: 1 }));
  const run_id = await world.create([...long, ...short]);
  await until('both slots to be taken', () => first.stats().running === 2);
  await world.open({ name: 'second' }, await world.database.openAnother());
  const isShort = ({ name }: { name: string }) => name.startsWith('short');
  await until('the short ones to be over', async () =>
    (await world.tasks(run_id)).filter(isShort).every(({ state }) => state === 'succeeded'),
  );
  going_on.resolve();
  const tasks = await world.ended(run_id);
  // Claimed, given back, done: not claimed by the busy one again and again.
  assert.ok(tasks.every(({ state, attempt }) => state === 'succeeded' && attempt <= 4));
});

test('two workers share two hundred tasks, each is done exactly once', async t => {
  const world = await workerWorld(t);
  const names = Array.from({ length: 200 }, (_, n) => `task ${n}`);
  const run_id = await world.create(
    names.map(name => ({ name, kind: 'probe', input: { steps: [{ do: 'stage' as const, mark: name }] } })),
  );
  const both = await Promise.all([world.open(), world.open({}, await world.database.openAnother())]);
  const tasks = await world.ended(run_id);
  assert.deepEqual([...new Set(tasks.map(({ state, attempt }) => `${state} ${attempt}`))], ['succeeded 1']);
  assert.deepEqual((await world.marks()).sort(), names.sort());
  const started = both.map(worker => worker.stats().started);
  assert.equal(
    started.reduce((sum, one) => sum + one, 0),
    200,
  );
  assert.ok(
    started.every(one => one > 0),
    `both worked: ${started}`,
  );
});

function probe(name: string, steps: Step[], more: { priority?: number } = {}) {
  return { name, kind: 'probe', input: { steps }, ...more };
}

// ── Looking ─────────────────────────────────────────────────────────────────────────────────────────

async function cancel(world: WorkerWorld, task: { id: string } | undefined): Promise<void> {
  const { workspace_id, store } = world;
  if (!task) throw new Error('there is no task');
  await store.withWorkspace({ workspace_id }, tx =>
    cancelTask(tx, { workspace_id, actor: 'person:1', task_id: task.id }),
  );
}

async function runState({ store }: WorkerWorld, run_id: string): Promise<string> {
  const { state } = await store.withInstance('test', tx =>
    tx.selectFrom('pipeline_runs').select('state').where('id', '=', run_id).executeTakeFirstOrThrow(),
  );
  return state;
}

async function attemptsOf({ store }: WorkerWorld, task_id = '') {
  const rows = await store.withInstance('test', tx =>
    tx
      .selectFrom('task_attempts')
      .select(['state', 'error'])
      .where('task_id', '=', task_id)
      .orderBy('number')
      .execute(),
  );
  return rows as { state: string; error: TaskError | null }[];
}

async function logOf({ store }: WorkerWorld, task_id = ''): Promise<string> {
  const pieces = await store.withInstance('test', tx =>
    tx.selectFrom('log_pieces').select('data').where('task_id', '=', task_id).orderBy('first_line').execute(),
  );
  return pieces.map(({ data }) => (data ? zstdDecompressSync(data).toString('utf8') : '')).join('');
}

async function eventsOf({ store }: WorkerWorld, type: string) {
  const rows = await store.withInstance('test', tx =>
    tx.selectFrom('events').select('payload').where('type', '=', type).execute(),
  );
  return rows as unknown as { payload: Record<string, unknown> }[];
}
