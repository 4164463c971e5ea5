import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '../../src/base/kit/ids.ts';
import { refused } from './refused.ts';
import { openWorld, type Person } from './world.ts';

async function edit(
  who: Person,
  body: { name?: string; slug?: string; time_zone?: string },
  workspace: string,
) {
  const { version } = await who.client['workspace.show']({ workspace });
  return who.client['workspace.edit']({ body, version, workspace });
}

test('whoever makes a workspace owns it, and switches by naming it', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const made = await owner.client['workspaces.create']({ body: { name: 'Ventes & Achats (été)' } });
  assert.equal(made.slug, 'ventes-achats-ete');
  const twin = await owner.client['workspaces.create']({ body: { name: 'Ventes, Achats: Été!' } });
  assert.equal(twin.slug, 'ventes-achats-ete-2');
  for (const ref of [made.slug, made.id, made.id.toUpperCase()])
    assert.equal((await owner.client['workspace.show']({ workspace: ref })).id, made.id);
  assert.deepEqual((await owner.client['me.show']()).memberships.map(one => one.workspace.slug).sort(), [
    'main',
    made.slug,
    twin.slug,
  ]);
  await refused(
    owner.client['workspaces.create']({ body: { name: 'x', slug: 'main' } }),
    'workspace.slug_taken',
  );
});

test('a former slug keeps answering until another workspace takes it', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const { id } = await owner.client['workspaces.create']({ body: { name: 'Sales', slug: 'sales' } });
  await edit(owner, { slug: 'orders', name: 'Orders' }, 'sales');
  await edit(owner, { slug: 'revenue' }, 'sales');
  const shown = async (ref: string) => (await owner.client['workspace.show']({ workspace: ref })).id;
  for (const ref of ['sales', 'orders', 'revenue']) assert.equal(await shown(ref), id, ref);

  const other = await owner.client['workspaces.create']({ body: { name: 'New sales', slug: 'sales' } });
  assert.equal(await shown('sales'), other.id);
  assert.equal(await shown('orders'), id);
  await edit(owner, { slug: 'shop' }, other.id);
  // The last that left it answers for it; and taking one's own former slug back is no conflict.
  assert.equal(await shown('sales'), other.id);
  await edit(owner, { slug: 'orders' }, id);
  for (const ref of ['orders', 'revenue']) assert.equal(await shown(ref), id, ref);
  await refused(edit(owner, { slug: 'shop' }, id), 'workspace.slug_taken');
});

test('two who take one slug at the same time do not both get it', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const one = await owner.client['workspaces.create']({ body: { name: 'one' } });
  const outcomes = await Promise.allSettled([
    edit(owner, { slug: 'wanted' }, one.id),
    edit(owner, { slug: 'wanted' }, 'main'),
    owner.client['workspaces.create']({ body: { name: 'x', slug: 'wanted' } }),
  ]);
  assert.equal(outcomes.filter(outcome => outcome.status === 'fulfilled').length, 1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') assert.equal(outcome.reason.problem.code, 'workspace.slug_taken');
});

test('to be deleted a workspace must be named again, and everything in it goes', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const remove = (workspace: string, confirm: string) =>
    owner.client['workspace.delete']({ query: { confirm }, workspace });
  await refused(remove('main', 'main'), 'workspace.last_one');
  const { id } = await owner.client['workspaces.create']({ body: { name: 'Sales' } });
  const account = await owner.client['service_accounts.create']({
    body: { name: 'ci', role: 'admin' },
    workspace: id,
  });
  const { token } = await owner.client['tokens.create']({
    params: { id: account.id },
    body: { name: 'ci' },
    workspace: id,
  });
  await owner.client['secrets.put']({
    params: { name: 'db' },
    body: { value: 'hunter2 hunter2' },
    workspace: id,
  });
  await owner.client['invitations.create']({
    body: { email: 'bob@example.com', role: 'viewer' },
    workspace: id,
  });
  const problem = await refused(remove('sales', 'Sales'), 'workspace.not_confirmed');
  assert.deepEqual([problem.params.expected, problem.params.received], ['sales', 'Sales']);
  await remove('sales', 'sales');
  await refused(owner.client['workspace.show']({ workspace: id }), 'object.not_found');
  await refused(world.bearer(token)['me.show'](), 'auth.invalid');
  const left = await world.store.withInstance('test', tx =>
    tx.selectFrom('secrets').select('id').where('workspace_id', '=', id).execute(),
  );
  assert.deepEqual(left, []);
  const { items } = await owner.client['instance_audit.list']({ query: { action: 'workspace.deleted' } });
  assert.equal(items[0]?.object_id, id);
});

test('a workspace that one does not belong to answers like one that is not there', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const bob = await world.person('owner');
  const foreign = await world.local['workspaces.create']({ body: { name: 'Foreign' } });
  const said = async (ref: string) => {
    const problem = await refused(bob.client['workspace.show']({ workspace: ref }), 'object.not_found');
    return JSON.stringify({ ...problem, request_id: '' }).replaceAll(ref, 'REF');
  };
  assert.equal(await said('foreign'), await said('unknown'));
  assert.equal(await said(foreign.id), await said(newId()));
  await refused(world.browser().client['workspace.show']({ workspace: 'foreign' }), 'auth.required');
  // The stream takes it from its address, where anything may stand.
  const stream = await bob.fetch('/api/v1/events?workspace=%00', { headers: { 'moulin-workspace': '' } });
  assert.equal(stream.status, 404);
});

test('a service account makes no workspace: nobody could enter it', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const rights = ['instance:workspaces'] as const;
  const account = await world.local['service_accounts.create']({
    body: { name: 'ci', role: 'admin', instance_rights: [...rights] },
    workspace: 'main',
  });
  const { token } = await world.local['tokens.create']({
    params: { id: account.id },
    body: { name: 'ci', scopes: ['*', ...rights] },
    workspace: 'main',
  });
  await world.bearer(token)['workspaces.list']();
  await refused(world.bearer(token)['workspaces.create']({ body: { name: 'x' } }), 'account.not_a_person');
});

test('the overview counts what is there, and tells of invitations who may invite', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const workspace = 'main';
  const viewer = await world.person('viewer');
  await owner.client['invitations.create']({ body: { email: 'new@example.com', role: 'viewer' }, workspace });
  await viewer.client['my_tokens.create']({ body: { name: 'laptop', workspace } });
  const figures = async (who: Person) => {
    const { members, invitations, my_tokens } = await who.client['workspace.overview']({ workspace });
    return { members, invitations, my_tokens };
  };
  assert.deepEqual(await figures(owner), { members: 2, invitations: 1, my_tokens: 0 });
  assert.deepEqual(await figures(viewer), { members: 2, invitations: null, my_tokens: 1 });
  const changesFor = async (who: Person) =>
    (await who.client['workspace.overview']({ workspace })).latest_changes?.map(entry => entry.action);
  assert.equal((await changesFor(owner))?.[0], 'token.created', 'newest first');
  assert.equal(await changesFor(viewer), undefined, 'the log is not for everybody');
});
