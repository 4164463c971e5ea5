import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Client, createClient } from '../../src/contract/client.ts';
import type { Task } from '../../src/contract/runs.ts';
import { type Installation, newInstallation, type Started } from '../cli/installation.ts';
import { messagesOf } from '../support/event-source.ts';
import { killHard, type MoulinTree, moulinTree } from '../support/moulin-tree.ts';
import { isAlive, NO_PROC, processesAbout } from '../support/process-tree.ts';
import { waitFor } from '../support/wait-for.ts';

// What one part of the tree is to the others: each is killed alone while tasks run and a page is open, and everything goes on;
// or the supervisor is, while the others do not listen, and everything ends.

const options = { skip: NO_PROC };
const SECONDS = 30;

interface Live {
  here: Installation;
  running: Started;
  client: Client;
  token: string;
  tree(): MoulinTree;
  /** Once all parts are there, and those named are others than before. */
  healed(
    before: MoulinTree,
    ...changed: (keyof MoulinTree & ('server' | 'worker' | 'postgres'))[]
  ): Promise<MoulinTree>;
}

async function startLive(
  t: TestContext,
  env: Record<string, string> = {},
  ...words: string[]
): Promise<Live> {
  const here = await newInstallation(t);
  Object.assign(here.env, env);
  const running = await here.start(...words);
  const account = ['--role', 'owner', '--name', 'ci', '--instance'];
  const { token } = await here.json<{ token: string }>('token', 'create', ...account);
  const headers = () => ({ authorization: `Bearer ${token}`, 'moulin-workspace': 'main' });
  const client = createClient({ base_url: running.url, headers });
  const find = () => moulinTree(running.pid);
  await waitFor(find, { seconds: SECONDS, what: () => 'all parts' });
  return {
    here,
    running,
    client,
    token,
    tree: () => find() ?? assert.fail('a part is missing'),
    healed(before, ...changed) {
      const look = () => {
        const now = find();
        return now && changed.every(part => now[part].pid !== before[part].pid) ? now : undefined;
      };
      return waitFor(look, { seconds: SECONDS, what: () => `${changed} to be started again` });
    },
  };
}

/** The store, or the server, may be away for a moment. */
const patient = <T>(what: string, ask: () => Promise<T>): Promise<T> =>
  waitFor(async () => (await ask().catch(() => undefined)) ?? undefined, {
    seconds: SECONDS,
    what: () => what,
  });

const spin = { do: 'spin', ms: 3_600_000 } as const;
type Step = Record<string, string | number>;

async function submit({ client }: Live, steps: readonly (readonly Step[])[]): Promise<string> {
  const tasks = steps.map((list, at) => ({
    name: `t${at}`,
    kind: 'diagnostic',
    input: { steps: [...list] },
    retry: { max_attempts: 10, delay_seconds: 0.1, factor: 1 },
  }));
  return patient(
    'a run to be taken',
    async () => (await client['runs.create']({ body: { title: 'run', tasks } })).id,
  );
}

/** The tasks of a run, once all are as they should be. */
function whenTasks(
  { client }: Live,
  run_id: string,
  what: string,
  isSo: (task: Task) => boolean,
): Promise<Task[]> {
  return patient(what, async () => {
    const { items } = await client['runs.tasks']({ params: { id: run_id }, query: { limit: 500 } });
    return items.length > 0 && items.every(isSo) ? items : undefined;
  }) as Promise<Task[]>;
}
const isRunning = ({ state }: Task) => state === 'running';
const isDone = ({ state }: Task) => state === 'succeeded';

test(
  'kill -9 of the server: the same address answers again, and an open page misses nothing',
  options,
  async t => {
    const live = await startLive(t);
    const { running, client, token } = live;
    const before = live.tree();
    const secret = () => readFileSync(join(live.here.data, 'run', 'local.token'), 'utf8');
    const former_secret = secret();
    const page = await openPage(t, running.url, token, undefined);
    const run_id = await submit(live, [[{ do: 'sleep', ms: 3000 }]]);
    const first = await page.next();
    page.close();

    killHard(before.server);
    await live.healed(before, 'server');
    await patient('an answer at the same address', () => client['me.show']());
    const [task] = await whenTasks(live, run_id, 'the task to end', isDone);
    assert.equal(task?.attempt, 1, 'the worker does not need the server');
    assert.equal(isAlive(before.worker), true);

    // As a browser does: from the last event that it has seen.
    const again = await openPage(t, running.url, token, first.id);
    const types: string[] = [];
    while (!types.includes('run.succeeded')) types.push((await again.next()).type);
    again.close();
    assert.equal(types.filter(type => type === 'run.succeeded').length, 1);
    // Commands on this machine come in by the new secret, the old one opens nothing.
    assert.notEqual(secret(), former_secret);
    await live.here.json('token', 'list');
  },
);

test('kill -9 of the worker: its tasks run again within seconds', options, async t => {
  const live = await startLive(t);
  const run_id = await submit(live, [[{ do: 'sleep', ms: 4000 }], [{ do: 'sleep', ms: 4000 }]]);
  await whenTasks(live, run_id, 'the tasks to run', isRunning);
  const before = live.tree();
  const runners = before.runners.map(({ pid, started }) => ({ pid, started }));
  killHard(before.worker);
  await live.healed(before, 'worker');
  const ended = await whenTasks(live, run_id, 'the tasks to succeed', isDone);
  assert.deepEqual(
    ended.map(({ attempt }) => attempt),
    [2, 2],
  );
  const left = before.runners.filter(isAlive);
  assert.deepEqual([left.length, runners.length >= 2], [0, true], 'its runners ended with it');
  const { items } = await live.client['workers.list']();
  assert.deepEqual(items.map(({ state }) => state).sort(), ['active', 'lost']);
});

test('kill -9 of runners: each costs one attempt, and no process is left', options, async t => {
  const live = await startLive(t);
  const run_id = await submit(live, [
    [
      { do: 'fork', children: 2 },
      { do: 'sleep', ms: 2500 },
    ],
    [{ do: 'sleep', ms: 2500 }],
  ]);
  await whenTasks(live, run_id, 'the tasks to run', isRunning);
  const before = live.tree();
  for (const one of before.runners) killHard(one);
  const ended = await whenTasks(live, run_id, 'the tasks to succeed', isDone);
  assert.deepEqual(
    ended.map(({ attempt }) => attempt),
    [2, 2],
  );
  assert.equal(isAlive(before.worker), true);
  const forked = () => processesAbout(live.here.data).filter(({ command }) => command.startsWith('sleep '));
  await waitFor(() => forked().length === 0, { seconds: SECONDS, what: () => 'what was forked to end' });
});

for (const guard of ['store_guard', 'part_guard', 'runner_guard'] as const)
  test(
    `kill -9 of the ${guard.replace('_', ' ')} brings another one, which does its work`,
    options,
    async t => {
      const live = await startLive(t);
      const before = live.tree();
      killHard(before[guard]);
      const look = () => {
        const now = moulinTree(live.running.pid);
        return now && now[guard].pid !== before[guard].pid ? now : undefined;
      };
      const after = await waitFor(look, { seconds: SECONDS, what: () => 'another guard' });
      assert.equal(after.server.pid, before.server.pid);
      killHard(after.supervisor);
      await nothingLeft(live.here.data);
    },
  );

test('PostgreSQL is killed again and again under load: every task ends once, and well', options, async t => {
  const live = await startLive(t, {}, '--worker-concurrency', '4');
  const steps: Step[] = [{ do: 'stages', count: 3, rows: 1, mark: 'm', each_ms: 150 }];
  const run_id = await submit(
    live,
    Array.from({ length: 30 }, () => steps),
  );
  for (let kills = 0; kills < 3; kills += 1) {
    const before = live.tree();
    killHard(before.postgres);
    await live.healed(before, 'postgres');
    await patient('an answer', () => live.client['me.show']());
  }
  const ended = await whenTasks(live, run_id, 'the tasks to succeed', isDone);
  assert.deepEqual(new Set(ended.map(({ stage }) => stage)), new Set([3]));
});

test(
  'kill -9 of the supervisor, while the server does not turn its loop and a runner spins: all ends in seconds',
  options,
  async t => {
    // In the server, a word makes it blind and deaf for twenty seconds.
    const deaf = `if (process.argv.includes('--server-process'))
    process.on('SIGUSR2', () => { for (const end = Date.now() + 20_000; Date.now() < end; ); });`;
    const live = await startLive(t, {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(deaf)}`,
    });
    const run_id = await submit(live, [[{ do: 'ignore_signals' }, spin]]);
    await whenTasks(live, run_id, 'the task to run', isRunning);
    const { supervisor, server } = live.tree();
    process.kill(server.pid, 'SIGUSR2');
    const isDeaf = () =>
      fetch(`${live.running.url}/health/live`, { signal: AbortSignal.timeout(500) }).then(
        () => false,
        () => true,
      );
    await waitFor(isDeaf, { seconds: 5, what: () => 'the server to be deaf' });
    const begun = performance.now();
    killHard(supervisor);
    await nothingLeft(live.here.data);
    assert.ok(performance.now() - begun < 19_000, 'before its loop turned again');
  },
);

async function nothingLeft(data: string): Promise<void> {
  const left = () => processesAbout(data).map(({ pid, command }) => `${pid} ${command.slice(0, 120)}`);
  await waitFor(() => left().length === 0, {
    seconds: 15,
    what: () => `these to end:\n${left().join('\n')}`,
  });
}

/** A page with its stream of events. */
async function openPage(t: TestContext, url: string, token: string, after: string | undefined) {
  const headers = {
    authorization: `Bearer ${token}`,
    'moulin-workspace': 'main',
    ...(after !== undefined && { 'last-event-id': after }),
  };
  const request = http.get(`${url}/api/v1/events`, { headers });
  t.after(() => request.destroy());
  const response = await new Promise<http.IncomingMessage>((resolve, reject) =>
    request.once('response', resolve).once('error', reject),
  );
  assert.equal(response.statusCode, 200);
  const messages = messagesOf(response);
  return {
    async next(): Promise<{ id: string; type: string }> {
      for (;;) {
        const { value, done } = await messages.next();
        if (done) return assert.fail('the stream ended');
        if (value.id !== undefined && value.data !== undefined && value.event !== 'hello')
          return { id: value.id, type: String(JSON.parse(value.data).type) };
      }
    },
    close: () => request.destroy(),
  };
}
