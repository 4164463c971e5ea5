import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '../../src/base/kit/ids.ts';
import { registerWorker } from '../../src/domains/runs/queue/index.ts';
import { refused } from '../access/refused.ts';
import { openWorld, type World } from '../access/world.ts';

// The routes of runs and workers through the real door: rights, bulk, versions. No worker is there to work on anything.

const note = { title: 'a note', tasks: [{ name: 'write', kind: 'note', input: { text: 'x' } }] };
const danger = { title: 'a danger', tasks: [{ name: 'break', kind: 'danger' }] };

test('a right to start runs is none to start every kind, nor to run it again', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const operator = await world.person('operator');
  const made = await operator.client['runs.create']({ body: note });
  assert.deepEqual(
    [made.run_as.id, made.trigger, made.state, made.kind],
    [operator.id, 'manual', 'queued', 'note'],
  );
  await refused(operator.client['runs.create']({ body: danger }), 'auth.forbidden');
  const theirs = await owner.client['runs.create']({ body: danger });
  await owner.client['runs.cancel']({ params: { id: theirs.id }, body: {} });
  const { items } = await operator.client['runs.tasks']({ params: { id: theirs.id } });
  const params = { id: theirs.id };
  for (const what of ['failed', 'all'] as const)
    await refused(operator.client['runs.retry']({ params, body: { what } }), 'auth.forbidden');
  await refused(operator.client['tasks.retry']({ params: { id: items[0]?.id ?? '' } }), 'auth.forbidden');
  const many = await operator.client['runs.retry_each']({ body: { ids: [theirs.id] } });
  assert.match(many.left[0]?.reason ?? '', /runs:diagnose/);
  assert.equal((await owner.client['runs.show']({ params })).state, 'cancelled');
  const { token } = await owner.client['my_tokens.create']({
    body: { name: 'ci', workspace: 'main', scopes: ['runs:read', 'runs:start'] },
  });
  const program = world.bearer(token);
  await refused(program['runs.create']({ body: danger }), 'auth.forbidden');
  assert.equal((await program['runs.create']({ body: note })).trigger, 'api');
});

test('what cannot be run is refused with the reason, before anything is written', async t => {
  const world = await openWorld(t);
  const { client } = await world.firstAdmin();
  const task = (more: object) => ({ title: 'x', tasks: [{ name: 'a', kind: 'note', ...more }] });
  await refused(client['runs.create']({ body: task({ kind: 'nothing' }) }), 'task.unknown_kind');
  await refused(client['runs.create']({ body: task({ input: { text: 1 } }) }), 'task.input');
  await refused(client['runs.create']({ body: task({ after: ['a'] }) }), 'run.graph');
  await refused(client['runs.create']({ body: task({ not_before: 'soon' }) }), 'request.invalid');
  await refused(client['runs.list']({ query: { state: 'broken' } }), 'request.invalid');
  assert.deepEqual((await client['runs.list']()).items, []);
});

test('a second run with the same key is the first one; the same request is made once', async t => {
  const world = await openWorld(t);
  const { client } = await world.firstAdmin();
  const first = await client['runs.create']({ body: { ...note, dedupe_key: 'k' } });
  const second = await client['runs.create']({ body: { ...note, dedupe_key: 'k' } });
  assert.equal(second.id, first.id);
  assert.equal((await client['runs.list']()).items.length, 1);
  const { items } = await client['audit.list']({ query: { action: 'run.started' } });
  assert.equal(items.length, 1, 'nobody started a second one');
});

test('many are cancelled and run again one by one: what cannot be says why and keeps nobody back', async t => {
  const world = await openWorld(t);
  const { client } = await world.firstAdmin();
  const runs = [];
  for (let count = 0; count < 3; count += 1) runs.push((await client['runs.create']({ body: note })).id);
  const [one = '', two = '', three = ''] = runs;
  await client['runs.cancel']({ params: { id: two }, body: { reason: 'not wanted' } });
  await refused(client['runs.cancel']({ params: { id: two }, body: {} }), 'run.ended');
  const unknown = newId();
  const cancelled = await client['runs.cancel_each']({ body: { ids: [one, two, unknown, three, one] } });
  assert.deepEqual(cancelled.done, [one, three]);
  assert.deepEqual(
    cancelled.left.map(({ id }) => id),
    [two, unknown],
  );
  const again = await client['runs.retry_each']({ body: { ids: [one, unknown, two] } });
  assert.deepEqual(again.done, [one, two]);
  const states = await client['runs.list']({ query: { state: 'queued,running' } });
  assert.deepEqual(states.items.map(({ id }) => id).sort(), [one, two].sort());
});

test('a run answers by version: whoever has it already gets no second copy', async t => {
  const world = await openWorld(t);
  const { client, fetch } = await world.firstAdmin();
  const { id } = await client['runs.create']({ body: note });
  const ask = (headers: Record<string, string> = {}) =>
    fetch(`/api/v1/runs/${id}`, { headers: { 'moulin-workspace': 'main', ...headers } });
  const etag = (await ask()).headers.get('etag') ?? '';
  assert.equal((await ask({ 'if-none-match': etag })).status, 304);
  await client['runs.cancel']({ params: { id }, body: {} });
  const after = await ask({ 'if-none-match': etag });
  assert.equal(after.status, 200);
  assert.notEqual(after.headers.get('etag'), etag);
});

test('a task that waits says what for: tasks before it, a limit, nobody who works', async t => {
  const world = await openWorld(t);
  const { client } = await world.firstAdmin();
  const waits = async (id: string) => {
    const { items } = await client['runs.tasks']({ params: { id } });
    return items.map(({ name, waits_for }) => [name, waits_for?.what, waits_for?.names.join()]);
  };
  const tasks = [
    { name: 'first', kind: 'note' },
    { name: 'second', kind: 'note', after: ['first'] },
  ];
  const { id } = await client['runs.create']({ body: { title: 'two', tasks } });
  assert.deepEqual((await waits(id)).sort(), [
    ['first', 'workers', ''],
    ['second', 'tasks', 'first'],
  ]);
  await startWorker(world, []);
  assert.deepEqual((await waits(id)).sort()[0], ['first', undefined, undefined]);
  const tagged = { title: 't', tasks: [{ name: 'gpu', kind: 'note', tags: ['gpu'], keys: ['crm'] }] };
  const special = await client['runs.create']({ body: tagged });
  assert.deepEqual(await waits(special.id), [['gpu', 'tags', 'gpu']]);
  await client['limits.set']({ body: { key: 'key:crm', slots: 0 } });
  assert.deepEqual(await waits(special.id), [['gpu', 'limit', 'crm']]);
  await client['limits.set']({ body: { key: 'workspace', slots: 0 } });
  assert.deepEqual((await waits(id)).sort()[0], ['first', 'workspace_limit', '']);
  await client['limits.set']({ body: { key: 'workspace', slots: null } });
  const { items } = await client['limits.list']();
  assert.deepEqual(
    items.map(({ key, slots }) => [key, slots]),
    [
      ['workspace', null],
      ['key:crm', 0],
    ],
  );
});

async function startWorker({ store }: World, tags: string[]): Promise<string> {
  const id = newId();
  const worker = { id, name: 'w1', host: 'here', pid: 1, version: '9.9.9', tags, concurrency: 2 };
  await store.withInstance('test', tx => registerWorker(tx, worker));
  return id;
}

test('workers are listed for those who run the installation, and drained', async t => {
  const world = await openWorld(t);
  const { client } = await world.firstAdmin();
  const id = await startWorker(world, ['gpu']);
  const [worker] = (await client['workers.list']()).items;
  assert.deepEqual(
    [worker?.id, worker?.state, worker?.same_version, worker?.tags, worker?.tasks, worker?.tasks_elsewhere],
    [id, 'active', false, ['gpu'], [], 0],
  );
  await client['workers.drain']({ params: { id }, body: {} });
  const [drained] = (await client['workers.list']()).items;
  assert.equal(drained?.state, 'draining');
  await world.store.withInstance('test', tx =>
    tx
      .updateTable('workers')
      .set({ state: 'gone', ended_at: '2026-01-01T00:00:00Z' })
      .where('id', '=', id)
      .execute(),
  );
  await refused(client['workers.drain']({ params: { id }, body: {} }), 'worker.ended');
  await refused(client['workers.drain']({ params: { id: newId() }, body: {} }), 'object.not_found');
  assert.deepEqual((await client['workers.list']()).items, [], 'it ended long ago');
});

test('whoever may see workers sees by name only what they have of their own workspaces', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  await owner.client['workspaces.create']({ body: { name: 'Other' } });
  const id = await startWorker(world, []);
  for (const workspace of ['main', 'other'])
    await owner.client['runs.create']({ body: { ...note, title: `of ${workspace}` }, workspace });
  await world.store.withInstance('test', tx =>
    tx.updateTable('task_runs').set({ state: 'running', worker_id: id }).execute(),
  );
  const viewer = await world.person('viewer');
  const { version } = await owner.client['users.show']({ params: { id: viewer.id } });
  await owner.client['users.edit']({
    params: { id: viewer.id },
    body: { instance_rights: ['instance:workers'] },
    version,
  });
  const [seen] = (await viewer.client['workers.list']()).items;
  assert.deepEqual([seen?.tasks.map(task => task.workspace.slug), seen?.tasks_elsewhere], [['main'], 1]);
  const [all] = (await world.local['workers.list']()).items;
  assert.deepEqual([all?.tasks.length, all?.tasks_elsewhere], [2, 0]);
});
