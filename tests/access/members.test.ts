import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../src/contract/permissions.ts';
import { refused } from './refused.ts';
import { openWorld, PASSWORD, type Person, tokenIn, type World } from './world.ts';

const DAY = 24 * 3_600_000;

const show = (who: Person, id: string) => who.client['members.show']({ params: { id } });

async function setRole(who: Person, id: string, role: Role) {
  const { version } = await show(who, id);
  return who.client['members.edit']({ params: { id }, body: { role }, version });
}

async function disable(world: World, id: string) {
  const { version } = await world.local['users.show']({ params: { id } });
  return world.local['users.edit']({ params: { id }, body: { disabled: true }, version });
}

test('only owners touch owners, and an admin touches everybody else', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const [admin, other, editor] = [
    await world.person('admin'),
    await world.person('admin'),
    await world.person('editor'),
  ];
  await refused(setRole(admin, owner.id, 'viewer'), 'members.owner_only');
  await refused(setRole(admin, editor.id, 'owner'), 'members.owner_only');
  await refused(admin.client['members.delete']({ params: { id: owner.id } }), 'members.owner_only');
  await refused(
    admin.client['invitations.create']({ body: { email: 'x@example.com', role: 'owner' } }),
    'members.owner_only',
  );
  assert.equal((await setRole(admin, other.id, 'viewer')).role, 'viewer');
  assert.equal((await setRole(admin, editor.id, 'admin')).role, 'admin');
  assert.equal((await setRole(owner, editor.id, 'owner')).role, 'owner');
  await refused(setRole(other, admin.id, 'viewer'), 'auth.forbidden');
});

test('the last owner neither leaves nor is demoted nor removed; one who is disabled does not count', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  await refused(setRole(owner, owner.id, 'admin'), 'members.last_owner');
  await refused(owner.client['members.leave'](), 'members.last_owner');
  await refused(owner.client['members.delete']({ params: { id: owner.id } }), 'members.last_owner');
  const second = await world.person('owner');
  await disable(world, second.id);
  const problem = await refused(owner.client['members.leave'](), 'members.last_owner');
  assert.match(problem.detail, /First Admin is the last owner/);
  const third = await world.person('owner');
  await owner.client['members.leave']();
  await refused(owner.client['workspace.show'](), 'object.not_found');
  await refused(setRole(third, third.id, 'viewer'), 'members.last_owner');
});

test('of owners who demote each other at the same time one stays', async t => {
  const world = await openWorld(t);
  const owners = [await world.firstAdmin(), await world.person('owner'), await world.person('owner')];
  const outcomes = await Promise.allSettled(
    owners.map((owner, at) => setRole(owner, owners[(at + 1) % owners.length]?.id ?? '', 'viewer')),
  );
  assert(outcomes.some(one => one.status === 'rejected'));
  const { items } = await world.local['members.list']({ query: { role: 'owner' } });
  assert(items.length >= 1, JSON.stringify(outcomes));
});

test('a member who is removed while signed in loses the workspace with the next request, tokens and invitations too', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const admin = await world.person('admin');
  const { token } = await admin.client['my_tokens.create']({ body: { name: 'mine', workspace: 'main' } });
  const by_token = world.bearer(token);
  await by_token['members.list']();
  const invited = await admin.client['invitations.create']({
    body: { email: 'friend@example.com', role: 'admin' },
  });
  await owner.client['members.delete']({ params: { id: admin.id } });
  await refused(admin.client['members.list'](), 'object.not_found');
  await refused(by_token['members.list'](), 'auth.invalid');
  await refused(by_token['me.show'](), 'auth.invalid');
  await refused(
    world.browser().client['links.show']({ body: { token: tokenIn(invited.url) } }),
    'link.invalid',
  );
  // Still somebody, without a workspace.
  assert.deepEqual((await admin.client['me.show']()).memberships, []);
  // Coming back does not bring the token back.
  const again = await owner.client['invitations.create']({ body: { email: admin.email, role: 'viewer' } });
  await admin.client['links.use']({ body: { token: tokenIn(again.url) } });
  assert.equal((await admin.client['workspace.show']()).slug, 'main');
  await refused(by_token['members.list'](), 'auth.invalid');
});

test('a demotion counts from the next request on', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const admin = await world.person('admin');
  await admin.client['audit.list']();
  await setRole(owner, admin.id, 'viewer');
  await refused(admin.client['audit.list'](), 'auth.forbidden');
});

test('a disabled account is out at once, with its sessions and tokens, and comes back without the sessions', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const bob = await world.person('editor');
  const { token } = await bob.client['my_tokens.create']({ body: { name: 'mine', workspace: 'main' } });
  const { version } = await disable(world, bob.id);
  await refused(bob.client['me.show'](), 'auth.invalid');
  await refused(world.bearer(token)['me.show'](), 'auth.invalid');
  await refused(world.local['users.link']({ body: { email: bob.email } }), 'users.disabled');
  await world.local['users.edit']({ params: { id: bob.id }, body: { disabled: false }, version });
  await refused(bob.client['me.show'](), 'auth.invalid');
  await world.bearer(token)['me.show']();
});

test('a change needs the version that was seen', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const bob = await world.person('viewer');
  const { version } = await show(owner, bob.id);
  const edit = (role: Role) =>
    owner.client['members.edit']({ params: { id: bob.id }, body: { role }, version });
  const outcomes = await Promise.allSettled([edit('editor'), edit('operator')]);
  assert.deepEqual(outcomes.map(one => one.status).sort(), ['fulfilled', 'rejected']);
  const { params } = await refused(edit('admin'), 'version.conflict');
  assert.deepEqual([params.expected, params.current], [version, version + 1]);
});

test('the list is walked by key, filtered by text and by role, whatever the names are', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const names = ['zoë', 'Ärger', 'مطحنة', 'A'.repeat(500), `${'A'.repeat(499)}B`, '50% off_\\', 'Zoë'];
  for (const name of names) await world.person('viewer', { name });
  const walk = async (query: object) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await owner.client['members.list']({ query: { ...query, limit: 2, cursor } });
      seen.push(...page.items.map(item => item.name));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    return seen;
  };
  const all = await walk({});
  assert.deepEqual(new Set(all), new Set([...names, 'First Admin']));
  assert.equal(all.length, names.length + 1);
  assert.deepEqual(await walk({ q: '50% off_\\' }), ['50% off_\\']);
  assert.deepEqual(await walk({ q: '%' }), ['50% off_\\']);
  assert.equal((await walk({ q: 'ZOË' })).length, 2);
  assert.deepEqual(await walk({ role: 'owner' }), ['First Admin']);
  await refused(owner.client['members.list']({ query: { cursor: 'nonsense' } }), 'request.invalid');
});

// ── Invitations ─────────────────────────────────────────────────────────────────────────────────────

test('an invitation makes an account of the invited address, and of no other', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const { url } = await owner.client['invitations.create']({
    body: { email: 'Bob@Example.com', role: 'editor' },
  });
  const bob = world.browser();
  const token = tokenIn(url);
  const shown = await bob.client['links.show']({ body: { token } });
  assert.deepEqual(
    [shown.kind, shown.email, shown.workspace_name, shown.role, shown.has_account],
    ['invitation', 'Bob@Example.com', 'Main', 'editor', false],
  );
  const me = await bob.client['links.use']({
    body: { token, name: 'Bob', password: PASSWORD, email: 'mallory@example.com' },
  });
  assert.equal(me.email, 'Bob@Example.com');
  assert.deepEqual(
    me.memberships.map(one => one.role),
    ['editor'],
  );
  assert.equal((await owner.client['invitations.list']()).items.length, 0);
  await refused(bob.client['links.use']({ body: { token } }), 'link.invalid');
});

test('who has an account signs in to accept, and only as the one who was invited', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const bob = await world.person('viewer');
  const eve = await world.person('viewer');
  await world.local['workspaces.create']({ body: { name: 'Sales', time_zone: 'Europe/Paris' } });
  const { url } = await world.local['invitations.create']({
    body: { email: bob.email.toUpperCase(), role: 'admin' },
    workspace: 'sales',
  });
  const token = tokenIn(url);
  const stranger = world.browser();
  assert.equal((await stranger.client['links.show']({ body: { token } })).has_account, true);
  const body = { token, name: 'Mallory', password: 'sieben Pflaumen im Glas' };
  await refused(stranger.client['links.use']({ body }), 'auth.required');
  const problem = await refused(eve.client['links.use']({ body: { token } }), 'link.other_account');
  assert.match(problem.detail, new RegExp(eve.email));
  const me = await bob.client['links.use']({ body: { token } });
  assert.deepEqual(me.memberships.map(one => [one.workspace.slug, one.role]).sort(), [
    ['main', 'viewer'],
    ['sales', 'admin'],
  ]);
  await refused(owner.client['invitations.list']({ workspace: 'sales' }), 'object.not_found');
});

test('the newest invitation to an address counts; withdrawn and old ones are dead; members need none', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const invite = (email: string, role: Role = 'viewer') =>
    owner.client['invitations.create']({ body: { email, role } });
  const [first, second] = [await invite('bob@example.com', 'admin'), await invite('BOB@example.com')];
  const { client } = world.browser();
  await refused(client['links.show']({ body: { token: tokenIn(first.url) } }), 'link.invalid');
  assert.equal((await client['links.show']({ body: { token: tokenIn(second.url) } })).role, 'viewer');
  assert.deepEqual(
    (await owner.client['invitations.list']()).items.map(item => [item.id, item.created_by]),
    [[second.id, 'First Admin']],
  );
  await owner.client['invitations.delete']({ params: { id: second.id } });
  await refused(client['links.show']({ body: { token: tokenIn(second.url) } }), 'link.invalid');
  await refused(owner.client['invitations.delete']({ params: { id: second.id } }), 'object.not_found');
  const third = await invite('bob@example.com');
  world.clock.advance(8 * DAY);
  await refused(client['links.show']({ body: { token: tokenIn(third.url) } }), 'link.invalid');
  const again = world.browser();
  await again.client['sign_in.password']({ body: { email: owner.email, password: PASSWORD } });
  await refused(
    again.client['invitations.create']({ body: { email: 'FIRST@example.com', role: 'viewer' } }),
    'members.already_member',
  );
});

test('of two people who use one invitation at the same time one gets in', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const { url } = await owner.client['invitations.create']({
    body: { email: 'bob@example.com', role: 'viewer' },
  });
  const outcomes = await Promise.allSettled(
    [1, 2, 3, 4].map(() =>
      world.browser().client['links.use']({ body: { token: tokenIn(url), name: 'Bob', password: PASSWORD } }),
    ),
  );
  assert.equal(outcomes.filter(one => one.status === 'fulfilled').length, 1);
});

test('a service account and the local command line are no people: they do not leave', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  await refused(world.local['members.leave']({ workspace: 'main' }), 'account.not_a_person');
});
