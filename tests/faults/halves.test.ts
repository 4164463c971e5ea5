import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { fail } from '../../src/base/kit/errors.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { type Client, createClient, isApiError } from '../../src/contract/client.ts';
import type { Task, Worker } from '../../src/contract/runs.ts';
import { type Installation, newInstallation, type Started } from '../cli/installation.ts';
import { type TestDatabase, testDatabase, urlOf } from '../support/database.ts';
import { openWire } from '../support/proxy.ts';
import { type S3Server, s3Server, serviceAbsence } from '../support/services.ts';
import { until } from '../support/until.ts';
import { waitFor } from '../support/wait-for.ts';

// `moulin server` and `moulin worker` as processes of their own, each with a data folder of its own as on another machine, on a
// PostgreSQL that is not ours. They share the database, the key and the folder of files, and nothing else.

interface Halves {
  here: Installation;
  database: TestDatabase;
  server: Started;
  client: Client;
  worker(name: string, ...words: string[]): Promise<Started>;
  run(count: number, tags?: string[]): Promise<string>;
  /** All tasks of a run, once all have succeeded. */
  done(run_id: string): Promise<Task[]>;
  /** How many attempts each worker made of a run's tasks. */
  shares(run_id: string): Promise<Record<string, number>>;
}

/** On a folder that both see, unless `storage` names another place. */
async function openHalves(t: TestContext, storage?: Record<string, string>): Promise<Halves> {
  const database = await testDatabase(t);
  const here = await newInstallation(t);
  const files = join(here.home, 'files');
  mkdirSync(files);
  here.env.MOULIN_DATABASE_URL = urlOf((await openWire(t, database.owner)).address);
  here.env.MOULIN_DATABASE_APP_URL = urlOf((await openWire(t, database.app)).address);
  Object.assign(here.env, storage ?? { MOULIN_STORAGE_URL: pathToFileURL(files).href });
  const folder = (name: string) => ({ MOULIN_DATA: join(here.home, name) });
  const server = await here.half(['server', '--port', '0'], folder('data')).ready;
  const { token } = await here.json<{ token: string }>(
    'token',
    'add',
    '--role',
    'owner',
    '--name',
    'ci',
    '--instance',
  );
  const headers = () => ({ authorization: `Bearer ${token}`, 'moulin-workspace': 'main' });
  const client = createClient({ base_url: server.url, headers });
  const tasks = async (run_id: string) =>
    (await client['runs.tasks']({ params: { id: run_id }, query: { limit: 500 } })).items;
  return {
    here,
    database,
    server,
    client,
    worker: (name, ...words) => here.half(['worker', '--name', name, ...words], folder(name)).ready,
    async run(count, tags = []) {
      const list = Array.from({ length: count }, (_, at) => ({
        name: `t${at}`,
        kind: 'diagnostic',
        input: { steps: [{ do: 'stages', mark: 'm' }] },
        tags,
      }));
      return (await client['runs.create']({ body: { title: 'shared', tasks: list } })).id;
    },
    async done(run_id) {
      let last: Task[] = [];
      const isDone = async () => {
        last = await tasks(run_id);
        return last.every(({ state }) => state === 'succeeded') && last;
      };
      const what = () =>
        `all to succeed; ${JSON.stringify(Object.groupBy(last, ({ state }) => state)).slice(0, 500)}`;
      return waitFor(isDone, { seconds: 90, what });
    },
    async shares(run_id) {
      const attempts = await database.store.withInstance('test', tx =>
        tx.selectFrom('task_attempts').select('worker_name').where('run_id', '=', run_id).execute(),
      );
      const by_name = Map.groupBy(attempts, ({ worker_name }) => worker_name);
      return Object.fromEntries([...by_name].map(([name, list]) => [name, list.length]));
    },
  };
}

test('two workers in two processes share two hundred tasks, each done once', async t => {
  const halves = await openHalves(t);
  const { client, database } = halves;
  const before = await client['system.show']();
  const poor = before.parts.find(({ name }) => name === 'workers');
  assert.equal(poor?.state, 'degraded');
  assert.match(poor?.detail ?? '', /No worker is alive: tasks wait/);

  await Promise.all([
    halves.worker('one', '--concurrency', '2', '--tags', 'a,b'),
    halves.worker('two', '--concurrency', '2', '--tags', 'c'),
  ]);
  const run_id = await halves.run(200);
  const tasks = await halves.done(run_id);
  assert.deepEqual(new Set(tasks.map(({ attempt }) => attempt)), new Set([1]));
  const marks = await database.store.withInstance('test', tx =>
    tx.selectFrom('diagnostic_marks').select('task_id').execute(),
  );
  assert.deepEqual([marks.length, new Set(marks.map(({ task_id }) => task_id)).size], [200, 200]);
  const { one = 0, two = 0 } = await halves.shares(run_id);
  assert.equal(one + two, 200);
  assert.ok(one > 20 && two > 20, `${one} and ${two}`);

  // Who asks for a tag goes where it is; who asks for one that nobody has waits.
  const tagged = await halves.run(20, ['b']);
  await halves.done(tagged);
  assert.deepEqual(await halves.shares(tagged), { one: 20 });
  const homeless = await halves.run(1, ['z']);
  const other = await halves.run(5, ['c']);
  await halves.done(other);
  assert.deepEqual(await halves.shares(other), { two: 5 });
  const [waiting] = (await client['runs.tasks']({ params: { id: homeless }, query: {} })).items;
  assert.equal(waiting?.state, 'queued');

  await metricsTellOfBoth(halves);
});

async function metricsTellOfBoth({ server, client }: Halves): Promise<void> {
  const { items } = await client['workers.list']();
  const read = async () => (await fetch(`${server.url}/metrics`)).text();
  const value = (text: string, line: RegExp) =>
    Number(new RegExp(`^${line.source} (\\S+)$`, 'm').exec(text)?.[1]);
  // What they count comes with their next beat.
  const sum = (text: string) =>
    [...text.matchAll(/^moulin_worker_attempts_total\{.*outcome="succeeded"\} (\d+)$/gm)].reduce(
      (all, [, count]) => all + Number(count),
      0,
    );
  await until('the beats to bring the numbers', async () => sum(await read()) === 225);
  const text = await read();
  assert.equal(value(text, /moulin_workers\{state="active"\}/), 2);
  assert.equal(value(text, /moulin_queue_is_read/), 1);
  assert.equal(value(text, /moulin_queue_tasks\{waits_for="worker"\}/), 1, 'the one that nobody may take');
  assert.ok(value(text, /moulin_queue_oldest_seconds/) > 0);
  for (const { id, name } of items) {
    const own = `worker="${name}",worker_id="${id}"`;
    assert.equal(value(text, new RegExp(`moulin_worker_slots\\{${own}\\}`)), 2);
    assert.ok(value(text, new RegExp(`moulin_worker_runner_memory_bytes\\{${own}\\}`)) > 1e6);
    assert.ok(value(text, new RegExp(`moulin_worker_memory_bytes\\{${own}\\}`)) > 1e6);
    const began = value(text, new RegExp(`moulin_worker_attempts_started_total\\{${own}\\}`));
    assert.equal(
      value(text, new RegExp(`moulin_worker_attempt_seconds_bucket\\{${own},le="\\+Inf"\\}`)),
      began,
    );
  }
}

test('a worker that is drained finishes what it has and takes no more, until it is told to', async t => {
  const halves = await openHalves(t);
  const { here, client } = halves;
  await halves.worker('one', '--concurrency', '2');
  const list = () => here.json<Worker[]>('worker', 'list');
  assert.deepEqual(
    (await list()).map(({ name, state, same_version }) => [name, state, same_version]),
    [['one', 'active', true]],
  );
  const drained = await here.moulin(['worker', 'drain', 'one']);
  assert.equal(drained.code, 0, drained.stderr);
  assert.match(drained.stdout + drained.stderr, /one finishes what it has and takes no more/);
  assert.equal((await list())[0]?.state, 'draining');
  const parts = (await client['system.show']()).parts;
  assert.match(parts.find(({ name }) => name === 'workers')?.detail ?? '', /All workers are draining/);
  const run_id = await halves.run(3);
  await halves.worker('two', '--concurrency', '2');
  await halves.done(run_id);
  assert.deepEqual(await halves.shares(run_id), { two: 3 });

  const [one] = (await list()).filter(({ name }) => name === 'one');
  await client['workers.drain']({ params: { id: one?.id ?? '' }, body: { drain: false } });
  assert.deepEqual(
    (await list()).map(({ state }) => state),
    ['active', 'active'],
  );
  const status = await here.json<{ workers: number; ready: boolean }>('status');
  assert.deepEqual([status.workers, status.ready], [2, true]);
});

test('a worker that has gone cannot be drained, and one of another version is shown as such', async t => {
  const halves = await openHalves(t);
  const { client, database } = halves;
  const one = await halves.worker('one');
  const gone = (await client['workers.list']()).items[0];
  await one.stop();
  await assert.rejects(
    client['workers.drain']({ params: { id: gone?.id ?? '' }, body: { drain: true } }),
    error => isApiError(error, 'worker.ended'),
  );
  await database.store.withInstance('test', tx =>
    tx
      .insertInto('workers')
      .values({
        id: newId(),
        name: 'old',
        host: 'elsewhere',
        pid: 1,
        version: '0.0.1',
        concurrency: 1,
        state: 'active',
      })
      .execute(),
  );
  const { items, server_version } = await client['workers.list']();
  const old = items.find(({ name }) => name === 'old');
  assert.deepEqual([old?.version, old?.same_version], ['0.0.1', false]);
  assert.notEqual(server_version, '0.0.1');
  const parts = async () =>
    (await client['system.show']()).parts.find(({ name }) => name === 'workers')?.detail ?? '';
  await until('the health to say so', async () => /1 of 1 workers run another version/.test(await parts()));
});

test('a half on other files, or without a database, is refused in words', async t => {
  const halves = await openHalves(t);
  const { here } = halves;
  const elsewhere = join(here.home, 'elsewhere');
  mkdirSync(elsewhere);
  const env = { MOULIN_DATA: join(here.home, 'other'), MOULIN_STORAGE_URL: pathToFileURL(elsewhere).href };
  const { message } = fail('half.other_storage', { place: elsewhere });
  const worker = await here.moulin(['worker'], { env });
  assert.notEqual(worker.code, 0);
  assert.ok(worker.stderr.includes(message), worker.stderr);

  const none = { MOULIN_DATABASE_URL: '', MOULIN_DATABASE_APP_URL: '' };
  for (const command of ['server', 'worker']) {
    const refused = await here.moulin([command], { env: none });
    assert.equal(refused.code, 2, refused.stderr);
    assert.ok(refused.stderr.includes(fail('half.no_database', { command }).message), refused.stderr);
  }
  const s3 = { ...env, MOULIN_STORAGE_URL: 's3://bucket/prefix' };
  const refused = await here.moulin(['server'], { env: s3 });
  assert.match(refused.stderr, /an s3:\/\/ address needs storage\.access_key and storage\.secret_key/);
});

function environmentOf({ bucket, endpoint }: S3Server): Record<string, string> {
  return {
    MOULIN_STORAGE_URL: `s3://${bucket}/lake`,
    MOULIN_STORAGE_ENDPOINT: endpoint,
    MOULIN_STORAGE_ACCESS_KEY: 'test',
    MOULIN_STORAGE_SECRET_KEY: 'testtest',
  };
}

test('halves meet in a bucket as in a folder', { skip: serviceAbsence('versitygw') }, async t => {
  const [ours, theirs] = [await s3Server(t), await s3Server(t)];
  const halves = await openHalves(t, environmentOf(ours));
  await halves.worker('one');
  await halves.done(await halves.run(3));
  const { Contents = [] } = await ours.client.send(new ListObjectsV2Command({ Bucket: ours.bucket }));
  assert.ok(
    Contents.some(({ Key }) => Key === 'lake/artifacts/storage-id'),
    JSON.stringify(Contents),
  );

  const env = { ...environmentOf(theirs), MOULIN_DATA: join(halves.here.home, 'other') };
  const refused = await halves.here.moulin(['worker'], { env });
  assert.notEqual(refused.code, 0);
  const { message } = fail('half.other_storage', { place: `s3://${theirs.bucket}/lake` });
  assert.ok(refused.stderr.includes(message), refused.stderr);
});
