import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTANCE_RIGHTS } from '../../src/contract/permissions.ts';
import { routeEntries } from '../../src/contract/routes.ts';
import { refused } from './refused.ts';
import { openWorld, PASSWORD, tokenIn, URL_HERE } from './world.ts';

const body = { name: 'Ada', email: 'ada@example.com', password: PASSWORD };

test('the console link makes the first admin: owner of main, with all instance rights, signed in', async t => {
  const world = await openWorld(t);
  const { client } = world.browser();
  assert.equal((await client['sign_in.options']()).needs_first_admin, true);
  const link = await world.access.createFirstAdminLink();
  assert.match(link?.url ?? '', new RegExp(`^${URL_HERE}/link#[\\w-]{43}$`));
  const token = tokenIn(link?.url);
  assert.equal((await client['links.show']({ body: { token } })).kind, 'first_admin');

  const me = await client['links.use']({ body: { token, ...body } });
  assert.equal(me.email, 'ada@example.com');
  assert.deepEqual(new Set(me.instance_rights), new Set(INSTANCE_RIGHTS));
  assert.deepEqual(
    me.memberships.map(one => [one.workspace.slug, one.role]),
    [['main', 'owner']],
  );
  assert.equal((await client['me.show']()).id, me.id);
  assert.equal((await client['sign_in.options']()).needs_first_admin, false);
});

test('once there is an admin there is no first admin link any more, and those that were made are dead', async t => {
  const world = await openWorld(t);
  const left_over = tokenIn((await world.access.createFirstAdminLink())?.url);
  await world.firstAdmin();
  assert.equal(await world.access.createFirstAdminLink(), undefined);
  const { client } = world.browser();
  await refused(client['links.show']({ body: { token: left_over } }), 'link.invalid');
  await refused(client['links.use']({ body: { token: left_over, ...body } }), 'link.invalid');
});

test('it works for an hour', async t => {
  const world = await openWorld(t);
  const token = tokenIn((await world.access.createFirstAdminLink())?.url);
  world.clock.advance(59 * 60_000);
  const { client } = world.browser();
  await client['links.show']({ body: { token } });
  world.clock.advance(2 * 60_000);
  await refused(client['links.use']({ body: { token, ...body } }), 'link.invalid');
});

test('of racing uses one wins, whether of one link or of several', async t => {
  const world = await openWorld(t);
  const links = await Promise.all([1, 2, 3].map(() => world.access.createFirstAdminLink()));
  const tokens = [...links, ...links].map(link => tokenIn(link?.url));
  const outcomes = await Promise.allSettled(
    tokens.map((token, at) =>
      world.browser().client['links.use']({ body: { token, ...body, email: `a${at}@example.com` } }),
    ),
  );
  assert.equal(outcomes.filter(one => one.status === 'fulfilled').length, 1);
  const { items } = await world.local['users.list']();
  assert.equal(items.length, 1);
});

test('what the link needs and does not get is said all at once, and the link stays good', async t => {
  const world = await openWorld(t);
  const token = tokenIn((await world.access.createFirstAdminLink())?.url);
  const { client } = world.browser();
  const problem = await refused(client['links.use']({ body: { token } }), 'request.invalid');
  assert.deepEqual(
    problem.errors.map(error => error.path),
    ['body.name', 'body.email', 'body.password'],
  );
  await refused(
    client['links.use']({ body: { token, ...body, password: 'password1' } }),
    'password.too_common',
  );
  await client['links.use']({ body: { token, ...body } });
});

test('no public route shows a link, a token or a secret', async t => {
  const world = await openWorld(t);
  const link = await world.access.createFirstAdminLink();
  const secrets = [tokenIn(link?.url), world.access.createLocalSecret()];
  const open = routeEntries.filter(([, route]) => route.permission === 'public');
  assert(open.length > 4);
  for (const [name, route] of open) {
    const answer = await world.server.inject({
      method: route.method,
      url: `/api/v1${route.path}`,
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
      payload: route.body === undefined ? undefined : {},
    });
    const said = answer.payload + JSON.stringify(answer.headers);
    for (const secret of secrets) assert(!said.includes(secret), name);
  }
  for (const line of world.lines) for (const secret of secrets) assert(!line.includes(secret), line);
});

test('a lost link is made again on the server: for the first admin, later for a new password', async t => {
  const world = await openWorld(t);
  const email = 'Ada@Example.com';
  const first = await world.access.createLink(email);
  const ada = world.browser();
  const shown = await ada.client['links.show']({ body: { token: tokenIn(first.url) } });
  assert.deepEqual([shown.kind, shown.email], ['first_admin', email]);
  await ada.client['links.use']({ body: { token: tokenIn(first.url), name: 'Ada', password: PASSWORD } });

  const reset = await world.local['users.link']({ body: { email: 'ada@example.com' } });
  const other = world.browser();
  const token = tokenIn(reset.url);
  assert.equal((await other.client['links.show']({ body: { token } })).kind, 'reset');
  await other.client['links.use']({ body: { token, password: 'sieben Pflaumen im Glas' } });
  await refused(ada.client['me.show'](), 'auth.invalid');
  await refused(world.local['users.link']({ body: { email: 'nobody@example.com' } }), 'object.not_found');
});

test('two servers that start together make one workspace', async t => {
  const world = await openWorld(t);
  await Promise.all([1, 2, 3].map(() => world.access.prepare()));
  const { items } = await world.local['workspaces.list']();
  assert.deepEqual(
    items.map(item => item.slug),
    ['main'],
  );
});
