import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTANCE_RIGHTS, type Scope } from '../../src/contract/permissions.ts';
import { refused } from './refused.ts';
import { openWorld, type Person, type World } from './world.ts';

const DAY = 24 * 3_600_000;

const mine = (who: Person, scopes: Scope[], more: object = {}) =>
  who.client['my_tokens.create']({ body: { name: 'mine', workspace: 'main', scopes, ...more } });

async function serviceToken(world: World, scopes: Scope[], role: 'admin' | 'viewer' = 'admin') {
  const account = await world.local['service_accounts.create']({
    body: { name: `ci ${scopes.join()} ${role}`, role },
    workspace: 'main',
  });
  const made = await world.local['tokens.create']({
    params: { id: account.id },
    body: { name: 'ci', scopes },
    workspace: 'main',
  });
  return { ...made, account, client: world.bearer(made.token) };
}

test('a token is shown once, stored as a hash, recognised by its prefix', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const { token, prefix, id } = await mine(owner, ['*']);
  assert(token.startsWith(`${prefix}_`));
  const { items } = await owner.client['my_tokens.list']();
  assert.equal(items[0]?.prefix, prefix);
  assert(!JSON.stringify(items).includes(token.slice(prefix.length)));
  const rows = await world.store.withInstance('test', tx =>
    tx.selectFrom('api_tokens').selectAll().execute(),
  );
  assert(!JSON.stringify(rows).includes(token.slice(prefix.length + 1)));
  const client = world.bearer(token);
  assert.equal((await client['me.show']()).token?.id, id);
  for (const bad of [`${token}x`, token.slice(0, -1) + (token.endsWith('0') ? '1' : '0'), prefix, 'x'])
    await refused(world.bearer(bad)['me.show'](), 'auth.invalid');
});

test('a token needs no header, and names no other workspace than its own', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const other = await owner.client['workspaces.create']({ body: { name: 'Other' } });
  const client = world.bearer((await mine(owner, ['*'])).token);
  const { id } = await client['workspace.show']();
  for (const workspace of ['main', id])
    assert.equal((await client['workspace.show']({ workspace })).slug, 'main');
  for (const workspace of ['other', other.id, 'unknown'])
    await refused(client['workspace.show']({ workspace }), 'object.not_found');
  assert.deepEqual(
    (await client['me.show']()).memberships.map(one => one.workspace.slug),
    ['main'],
  );
});

test('expiry, revocation and the last use', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const short = await mine(owner, ['*'], { expires_in_days: 1 });
  const endless = await mine(owner, ['*'], { expires_in_days: null });
  assert.equal(endless.expires_at, null);
  const [a, b] = [world.bearer(short.token), world.bearer(endless.token)];
  await a['me.show']();
  const used = async (id: string) =>
    (await owner.client['my_tokens.list']()).items.find(item => item.id === id)?.last_used_at;
  const first = await used(short.id);
  assert.notEqual(first, null);
  world.clock.advance(9 * 60_000);
  await a['me.show']();
  assert.equal(await used(short.id), first);
  world.clock.advance(2 * 60_000);
  await a['me.show']();
  assert.notEqual(await used(short.id), first);
  await owner.client['my_tokens.delete']({ params: { id: endless.id } });
  await refused(b['me.show'](), 'auth.invalid');
  await refused(owner.client['my_tokens.delete']({ params: { id: endless.id } }), 'object.not_found');
  world.clock.advance(DAY);
  await refused(a['me.show'](), 'auth.invalid');
});

test('a token never has more than its owner has now', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const bob = await world.person('admin');
  const client = world.bearer((await mine(bob, ['*', ...INSTANCE_RIGHTS])).token);
  await client['audit.list']();
  for (const name of ['users.list', 'instance_audit.list'] as const)
    await refused(client[name](), 'auth.forbidden');
  const { version } = await world.local['members.show']({ params: { id: bob.id }, workspace: 'main' });
  await world.local['members.edit']({
    params: { id: bob.id },
    body: { role: 'viewer' },
    version,
    workspace: 'main',
  });
  await refused(client['audit.list'](), 'auth.forbidden');
});

test('instance rights come with a token only when it names them', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const client = world.bearer((await mine(owner, ['*'])).token);
  for (const name of ['users.list', 'workspaces.list', 'instance_audit.list'] as const)
    await refused(client[name](), 'auth.forbidden');
  const named = world.bearer((await mine(owner, ['instance:users'])).token);
  await named['users.list']();
  await refused(named['workspace.show'](), 'auth.forbidden');
});

test('a token makes no wider token than itself', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const narrow = await serviceToken(world, ['service_accounts:edit', 'service_accounts:read']);
  const make = (scopes: Scope[]) =>
    narrow.client['tokens.create']({ params: { id: narrow.account.id }, body: { name: 'x', scopes } });
  await make(['service_accounts:read']);
  for (const scopes of [['*'], ['service_accounts:read', 'members:edit'], ['instance:keys']] as Scope[][])
    await refused(make(scopes), 'rights.beyond_own');
});

test('who does not hold an account’s rights neither changes it nor makes a token for it', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const admin = await world.person('admin');
  const create = (body: Parameters<(typeof admin.client)['service_accounts.create']>[0]['body']) =>
    admin.client['service_accounts.create']({ body });
  await refused(create({ name: 'a', role: 'owner' }), 'members.owner_only');
  await refused(
    create({ name: 'a', role: 'viewer', instance_rights: ['instance:backup'] }),
    'rights.beyond_own',
  );
  const strong = await world.local['service_accounts.create']({
    body: { name: 'backup', role: 'viewer', instance_rights: ['instance:backup'] },
    workspace: 'main',
  });
  const owner = await world.local['service_accounts.create']({
    body: { name: 'boss', role: 'owner' },
    workspace: 'main',
  });
  for (const [account, code] of [
    [strong, 'rights.beyond_own'],
    [owner, 'members.owner_only'],
  ] as const) {
    const { id, version } = account;
    await refused(admin.client['tokens.create']({ params: { id }, body: { name: 'x' } }), code);
    await refused(
      admin.client['service_accounts.edit']({ params: { id }, body: { name: 'x' }, version }),
      code,
    );
    await refused(admin.client['service_accounts.delete']({ params: { id } }), code);
  }
  const weak = await create({ name: 'weak', role: 'admin' });
  const { id, version } = weak;
  await refused(
    admin.client['service_accounts.edit']({ params: { id }, body: { role: 'owner' }, version }),
    'members.owner_only',
  );
  const edited = await admin.client['service_accounts.edit']({
    params: { id },
    body: { role: 'viewer' },
    version,
  });
  assert.equal(edited.role, 'viewer');
});

test('names of service accounts are unique in their workspace, and deleting one ends its tokens', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const made = await serviceToken(world, ['*']);
  const { name } = made.account;
  await refused(
    owner.client['service_accounts.create']({ body: { name, role: 'viewer' } }),
    'service_accounts.name_taken',
  );
  const other = await owner.client['service_accounts.create']({ body: { name: 'other', role: 'viewer' } });
  const { id, version } = other;
  await refused(
    owner.client['service_accounts.edit']({ params: { id }, body: { name }, version }),
    'service_accounts.name_taken',
  );
  assert.equal((await made.client['me.show']()).kind, 'service');
  await owner.client['service_accounts.delete']({ params: { id: made.account.id } });
  await refused(made.client['me.show'](), 'auth.invalid');
});

test('all tokens of the workspace are listed, of one owner where asked, and an admin revokes any', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const bob = await world.person('viewer');
  const his = await mine(bob, ['*']);
  const made = await serviceToken(world, ['*']);
  const list = async (query: object) =>
    (await owner.client['tokens.list']({ query })).items.map(item => [
      item.id,
      item.owner.kind,
      item.owner.name,
    ]);
  assert.deepEqual(await list({}), [
    [made.id, 'service', made.account.name],
    [his.id, 'person', 'Person 1'],
  ]);
  assert.deepEqual(await list({ owner_id: bob.id }), [[his.id, 'person', 'Person 1']]);
  await owner.client['tokens.delete']({ params: { id: his.id } });
  await refused(world.bearer(his.token)['me.show'](), 'auth.invalid');
  assert.equal((await list({})).length, 1);
});

test('what decides who can sign in as somebody is not for a token', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const client = world.bearer((await mine(owner, ['*', ...INSTANCE_RIGHTS])).token);
  const { version } = await client['me.show']();
  const calls = [
    () => client['me.edit']({ body: { name: 'x' }, version }),
    () => client['me.password']({ body: { new_password: 'sieben Pflaumen' } }),
    () => client['my_tokens.create']({ body: { name: 'x', workspace: 'main' } }),
    () => client['my_tokens.delete']({ params: { id: owner.id } }),
    () => client['sessions.delete']({ params: { id: owner.id } }),
    () => client['sessions.list'](),
    () => client['sessions.delete_others'](),
    () => client['my_identity.link'](),
    () => client['members.leave'](),
  ];
  for (const call of calls) await refused(call(), 'account.session_required');
});

test('a token created twice with one idempotency key is one token, and is answered again', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const body = { name: 'once', workspace: 'main' };
  const create = () => owner.client['my_tokens.create']({ body, idempotency_key: 'key-1' });
  const [first, second] = [await create(), await create()];
  assert.deepEqual(second, first);
  assert.equal((await owner.client['my_tokens.list']()).items.length, 1);
});

test('the local secret opens everything, until the next one is made', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const me = await world.local['me.show']();
  assert.deepEqual(
    [me.kind, me.memberships[0]?.role, me.instance_rights.length],
    ['local', 'owner', INSTANCE_RIGHTS.length],
  );
  // Without a workspace it acts on main.
  assert.equal((await world.local['workspace.show']()).slug, 'main');
  await refused(world.local['workspace.show']({ workspace: 'unknown' }), 'object.not_found');
  world.access.createLocalSecret();
  await refused(world.local['me.show'](), 'auth.invalid');
});
