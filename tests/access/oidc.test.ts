import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Config } from '../../src/contract/config.ts';
import { newKey, type ProviderPerson, startProvider, type TestProvider } from '../support/oidc.ts';
import { refused } from './refused.ts';
import { type Browser, openWorld, PASSWORD, tokenIn, URL_HERE, type World } from './world.ts';

const CALLBACK = '/api/v1/sign-in/oidc/callback';
const MINUTE = 60_000;

const ADA: ProviderPerson = { sub: 'ada-1', email: 'ada@example.com', email_verified: true, name: 'Ada' };

interface Setting extends World {
  provider: TestProvider;
}

async function setUp(t: TestContext, oidc: Partial<Config['oidc']> = {}): Promise<Setting> {
  const provider = await startProvider(t, { redirect_uri: URL_HERE + CALLBACK });
  provider.person = ADA;
  const { issuer, client_id, client_secret } = provider;
  const world = await openWorld(t, {
    outbound_allow: ['127.0.0.1'],
    oidc: { issuer, client_id, client_secret, ...oidc },
  });
  return { ...world, provider };
}

/** Presses the button, goes to the provider, and brings its answer back; where the browser then stands. */
async function signIn({ provider }: Setting, browser: Browser, next?: string): Promise<string> {
  return bringBack(browser, await provider.visit(await depart(browser, next)));
}

async function depart(browser: Browser, next?: string): Promise<string> {
  const query = next === undefined ? '' : `?next=${encodeURIComponent(next)}`;
  return locationOf(await browser.fetch(`/api/v1/sign-in/oidc${query}`));
}

async function bringBack(browser: Browser, { pathname, search }: URL): Promise<string> {
  return locationOf(await browser.fetch(pathname + search));
}

async function locationOf(answer: Response): Promise<string> {
  assert.equal(answer.status, 302, await answer.text());
  return answer.headers.get('location') ?? '';
}

async function reason(world: World): Promise<unknown> {
  const { items } = await world.local['instance_audit.list']();
  return items.find(item => item.action.startsWith('sign_in.oidc_'))?.changes.reason?.after;
}

/** The sign-in page says by a code what happened, and the request's id leads to the reason. */
function sentBack(where: string, code: 'oidc.refused' | 'oidc.unreachable', about?: string): void {
  assert.match(where, new RegExp(`^/sign-in\\?problem=${code}&request_id=[\\w-]{36}$`), about);
}

test('a person comes in through the provider, and is the same one the next time', async t => {
  const world = await setUp(t);
  const browser = world.browser();
  const options = await browser.client['sign_in.options']();
  assert.deepEqual(options.oidc, { name: 'Single sign-on', start_url: '/api/v1/sign-in/oidc' });
  assert.equal(await signIn(world, browser, '/w/main/settings?tab=members'), '/w/main/settings?tab=members');
  const me = await browser.client['me.show']();
  assert.deepEqual([me.email, me.name, me.has_password, me.has_identity], [ADA.email, 'Ada', false, true]);
  assert.deepEqual(me.memberships, []);

  // Another browser, another address at the provider: who it is is the subject's matter.
  world.provider.person = { ...ADA, email: 'ada.lovelace@example.com' };
  const other = world.browser();
  assert.equal(await signIn(world, other), '/');
  assert.equal((await other.client['me.show']()).id, me.id);
});

test('the request holds PKCE, state, nonce and the exact redirect address, each new', async t => {
  const world = await setUp(t);
  const [first, second] = [new URL(await depart(world.browser())), new URL(await depart(world.browser()))];
  const { searchParams: asked } = first;
  assert.equal(asked.get('redirect_uri'), URL_HERE + CALLBACK);
  assert.equal(asked.get('code_challenge_method'), 'S256');
  assert.equal(asked.get('response_type'), 'code');
  for (const name of ['state', 'nonce', 'code_challenge']) {
    assert((asked.get(name)?.length ?? 0) >= 43, name);
    assert.notEqual(asked.get(name), second.searchParams.get(name), name);
  }
});

test('the way back leads to a page of ours only', async t => {
  const world = await setUp(t);
  for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', '/api/v1/me'])
    assert.equal(await signIn(world, world.browser(), next), '/', next);
});

test('who presses cancel is told, and not signed in', async t => {
  const world = await setUp(t);
  world.provider.person = undefined;
  const browser = world.browser();
  sentBack(await signIn(world, browser), 'oidc.refused');
  assert.equal(await reason(world), 'access_denied: the person pressed cancel');
  await refused(browser.client['me.show'](), 'auth.required');
});

test('an answer counts once, in the browser that asked, with the state it was given', async t => {
  const world = await setUp(t);
  const browser = world.browser();
  const answer = await world.provider.visit(await depart(browser));
  // Somebody who was sent another one's answer (login CSRF) has no trip to compare it with.
  sentBack(await bringBack(world.browser(), answer), 'oidc.refused');
  const kept = new Map(browser.cookies);
  const wrong = new URL(answer);
  wrong.searchParams.set('state', 'x'.repeat(43));
  sentBack(await bringBack(browser, wrong), 'oidc.refused');
  sentBack(await bringBack(browser, answer), 'oidc.refused', 'the trip was over');
  await refused(browser.client['me.show'](), 'auth.required');

  // With the cookie kept by hand the code still works once only.
  const replay = async () => {
    for (const [name, value] of kept) browser.cookies.set(name, value);
    return bringBack(browser, answer);
  };
  assert.equal(await replay(), '/');
  await browser.client.sign_out();
  sentBack(await replay(), 'oidc.refused');
});

test('a token for another nonce, audience, issuer or time is refused, and so is one that was changed', async t => {
  const world = await setUp(t);
  const seconds = () => Math.floor(Date.now() / 1000);
  const tampers: [string, (claims: Record<string, unknown>) => Record<string, unknown>][] = [
    ['nonce', claims => ({ ...claims, nonce: 'another' })],
    ['audience', claims => ({ ...claims, aud: 'another-client' })],
    ['audiences', claims => ({ ...claims, aud: ['moulin', 'another'], azp: 'another' })],
    ['issuer', claims => ({ ...claims, iss: 'https://evil.example' })],
    ['expiry', claims => ({ ...claims, exp: seconds() - 120 })],
    ['not yet', claims => ({ ...claims, nbf: seconds() + 120 })],
    ['subject', claims => ({ ...claims, sub: undefined })],
  ];
  for (const [what, tamper] of tampers) {
    world.provider.tamper = tamper;
    const browser = world.browser();
    sentBack(await signIn(world, browser), 'oidc.refused', what);
    await refused(browser.client['me.show'](), 'auth.required');
  }
  world.provider.tamper = claims => claims;
  assert.equal(await signIn(world, world.browser()), '/');
  assert.deepEqual(
    (await world.local['users.list']()).items.map(item => item.email),
    [ADA.email],
  );
  // All claims are right, but it is not the provider that says so.
  world.provider.key = newKey();
  sentBack(await signIn(world, world.browser()), 'oidc.refused');
});

test('a token is good until it expires, give or take the minute by which clocks may differ', async t => {
  for (const [moved, outcome] of [
    [60 * MINUTE + 40_000, '/'],
    [-10 * MINUTE, '/'],
    [62 * MINUTE, 'refused'],
  ] as const) {
    const world = await setUp(t);
    world.clock.advance(moved);
    const where = await signIn(world, world.browser());
    if (outcome === '/') assert.equal(where, '/', String(moved));
    else sentBack(where, 'oidc.refused', String(moved));
  }
});

test('a provider that is down is told in words, at the start and on the way back, and comes back by itself', async t => {
  const world = await setUp(t);
  const browser = world.browser();
  const answer = await world.provider.visit(await depart(browser));
  await world.provider.stop();
  sentBack(await bringBack(browser, answer), 'oidc.unreachable');
  assert.match(String(await reason(world)), /does not answer/);
  const nowhere = await openWorld(t, {
    outbound_allow: ['127.0.0.1'],
    oidc: { issuer: world.provider.issuer, client_id: 'x', client_secret: 'y' },
  });
  sentBack(await depart(nowhere.browser()), 'oidc.unreachable');
  const admin = await nowhere.firstAdmin();
  await refused(admin.client['my_identity.link'](), 'oidc.unreachable');
  await world.provider.start();
  assert(await depart(nowhere.browser()).then(url => url.startsWith(world.provider.issuer)));
  assert.equal(await signIn(world, world.browser()), '/');
});

test('an issuer that the server may not call is refused by the guard', async t => {
  const world = await openWorld(t, {
    oidc: { issuer: 'http://127.0.0.1:9', client_id: 'x', client_secret: 'y' },
  });
  sentBack(await depart(world.browser()), 'oidc.unreachable');
  assert.match(String(await reason(world)), /private address/);
});

test('without a provider the routes say that there is none', async t => {
  const world = await openWorld(t);
  const admin = await world.firstAdmin();
  assert.equal((await admin.client['sign_in.options']()).oidc, null);
  for (const path of ['/api/v1/sign-in/oidc', CALLBACK])
    assert.match(await (await admin.fetch(path)).text(), /"code":"oidc\.not_configured"/);
  await refused(admin.client['my_identity.link'](), 'oidc.not_configured');
});

// ── Who it is ───────────────────────────────────────────────────────────────────────────────────────

test('an equal e-mail address opens no account; linking needs both sign-ins', async t => {
  const world = await setUp(t);
  const admin = await world.firstAdmin();
  world.provider.person = { ...ADA, email: 'FIRST@example.com' };
  sentBack(await signIn(world, world.browser()), 'oidc.refused');
  assert.match(String(await reason(world)), /there is an account FIRST@example.com here/);

  const { url } = await admin.client['my_identity.link']();
  assert.equal(await bringBack(admin, await world.provider.visit(url)), '/account/password');
  assert.equal((await admin.client['me.show']()).has_identity, true);
  const other = world.browser();
  assert.equal(await signIn(world, other), '/');
  assert.equal((await other.client['me.show']()).id, admin.id);

  await admin.client['my_identity.delete']();
  assert.equal((await admin.client['me.show']()).has_identity, false);
  sentBack(await signIn(world, world.browser()), 'oidc.refused');
});

test('an identity belongs to one account, and a link begun by one person is not finished by another', async t => {
  const world = await setUp(t);
  const admin = await world.firstAdmin();
  const bob = await world.person('viewer');
  await signIn(world, world.browser());
  const taken = await admin.client['my_identity.link']();
  sentBack(await bringBack(admin, await world.provider.visit(taken.url)), 'oidc.refused');
  assert.match(String(await reason(world)), /linked with another account/);

  world.provider.person = { ...ADA, sub: 'new', email: 'new@example.com' };
  const { url } = await bob.client['my_identity.link']();
  await bob.client.sign_out();
  sentBack(await bringBack(bob, await world.provider.visit(url)), 'oidc.refused');
});

test('whoever came through the provider only keeps that way in', async t => {
  const world = await setUp(t);
  const browser = world.browser();
  await signIn(world, browser);
  await refused(browser.client['my_identity.delete'](), 'account.last_way_in');
});

test('the first admin link makes no second account of an address', async t => {
  const world = await setUp(t);
  await signIn(world, world.browser());
  const link = await world.access.createFirstAdminLink();
  const body = { token: tokenIn(link?.url), name: 'Ada', email: 'ADA@example.com', password: PASSWORD };
  await refused(world.browser().client['links.use']({ body }), 'users.email_taken');
  const { items } = await world.local['users.list']();
  assert.equal(items.length, 1);
});

test('what the provider must say of a person, and does not, is said', async t => {
  const world = await setUp(t);
  for (const [person, words] of [
    [{ sub: 'x' }, /no e-mail address/],
    [{ ...ADA, email_verified: false }, /not verified/],
  ] as [ProviderPerson, RegExp][]) {
    world.provider.person = person;
    sentBack(await signIn(world, world.browser()), 'oidc.refused');
    assert.match(String(await reason(world)), words);
  }
});

test('a disabled account is not opened by the provider', async t => {
  const world = await setUp(t);
  const browser = world.browser();
  await signIn(world, browser);
  const { items } = await world.local['users.list']();
  const { id = '', version = 0 } = items[0] ?? {};
  await world.local['users.edit']({ params: { id }, body: { disabled: true }, version });
  sentBack(await signIn(world, world.browser()), 'oidc.refused');
});

test('where there are no passwords the first admin comes through the provider and opens the link then', async t => {
  const world = await setUp(t, { password_login: false });
  const link = await world.access.createFirstAdminLink();
  const token = tokenIn(link?.url);
  const browser = world.browser();
  const body = { token, name: 'x', email: 'x@example.com', password: PASSWORD };
  await refused(browser.client['links.use']({ body }), 'auth.required');
  await signIn(world, browser, '/link');
  const me = await browser.client['links.use']({ body: { token } });
  assert.deepEqual([me.memberships[0]?.role, me.email], ['owner', ADA.email]);
});

// ── Groups ──────────────────────────────────────────────────────────────────────────────────────────

const MAPPED: Partial<Config['oidc']> = {
  scopes: ['openid', 'email', 'profile', 'groups'],
  group_roles: [
    { group: 'data', workspace: 'main', role: 'viewer' },
    { group: 'admins', workspace: 'main', role: 'admin' },
    { group: 'data', workspace: 'sales', role: 'editor' },
    { group: 'data', workspace: 'unknown', role: 'owner' },
  ],
};

test('roles follow the groups at each sign-in: given, raised, lowered, taken, with the tokens of that workspace', async t => {
  const world = await setUp(t, MAPPED);
  await world.local['workspaces.create']({ body: { name: 'Sales' } });
  const roles = async (groups: string[] | undefined) => {
    world.provider.person = { ...ADA, groups };
    const browser = world.browser();
    assert.equal(await signIn(world, browser), '/');
    const me = await browser.client['me.show']();
    return { browser, roles: me.memberships.map(one => [one.workspace.slug, one.role]) };
  };
  const first = await roles(['data', 'admins']);
  assert.deepEqual(first.roles, [
    ['main', 'admin'],
    ['sales', 'editor'],
  ]);
  const { token } = await first.browser.client['my_tokens.create']({
    body: { name: 'x', workspace: 'sales' },
  });
  assert.deepEqual((await roles(['data'])).roles, [
    ['main', 'viewer'],
    ['sales', 'editor'],
  ]);
  await world.bearer(token)['workspace.show']();
  assert.deepEqual((await roles([])).roles, []);
  await refused(world.bearer(token)['workspace.show'](), 'auth.invalid');
  assert.deepEqual((await roles(undefined)).roles, []);
  const { items } = await world.local['audit.list']({ query: { object_kind: 'member' }, workspace: 'main' });
  assert.deepEqual(
    items.map(item => item.action),
    ['member.removed', 'member.role_changed', 'member.added'],
  );
});

test('a role given by hand stays, whatever the groups say', async t => {
  const world = await setUp(t, MAPPED);
  const owner = await world.firstAdmin();
  world.provider.person = { ...ADA, groups: ['data'] };
  await signIn(world, world.browser());
  const { items } = await owner.client['members.list']({ query: { q: 'ada@' } });
  const [ada] = items;
  assert.deepEqual([ada?.role, ada?.source], ['viewer', 'group']);
  await owner.client['members.edit']({
    params: { id: ada?.user_id ?? '' },
    body: { role: 'operator' },
    version: ada?.version ?? 0,
  });
  for (const groups of [['admins'], []]) {
    world.provider.person = { ...ADA, groups };
    const browser = world.browser();
    await signIn(world, browser);
    assert.deepEqual(
      (await browser.client['me.show']()).memberships.map(one => one.role),
      ['operator'],
    );
  }
});

test('the start warns of a workspace in oidc.group_roles that does not exist', async t => {
  const world = await setUp(t, MAPPED);
  assert(world.lines.some(line => line.includes('oidc.group_roles') && line.includes('unknown')));
});

test('neither codes nor tokens nor the client secret are logged', async t => {
  const world = await setUp(t);
  const browser = world.browser();
  const answer = await world.provider.visit(await depart(browser));
  await bringBack(browser, answer);
  const code = answer.searchParams.get('code') ?? '';
  assert(code.length > 20);
  for (const line of world.lines)
    for (const secret of [code, world.provider.client_secret, ...browser.cookies.values()])
      assert(!line.includes(secret), line);
});
