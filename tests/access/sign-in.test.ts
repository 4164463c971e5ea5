import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { refused } from './refused.ts';
import { openWorld, PASSWORD, type Person, tokenIn, type World } from './world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const signIn = (world: World, email: string, password = PASSWORD, ip = '192.0.2.1') =>
  world.browser({ ip }).client['sign_in.password']({ body: { email, password } });

test('the answer does not tell whether there is an account, whether it is disabled, or has no password', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const disabled = await world.person('viewer');
  const user = await world.local['users.show']({ params: { id: disabled.id } });
  await world.local['users.edit']({
    params: { id: disabled.id },
    body: { disabled: true },
    version: user.version,
  });
  const without = await world.person('viewer');
  await world.store.withInstance('test', tx =>
    tx.updateTable('users').set({ password_hash: null }).where('id', '=', without.id).execute(),
  );
  const said = [];
  for (const [email, password] of [
    ['first@example.com', 'wrong password'],
    ['nobody@example.com', PASSWORD],
    [disabled.email, PASSWORD],
    [without.email, PASSWORD],
    ["' or 1=1 --", PASSWORD],
  ] as const) {
    const problem = await refused(signIn(world, email, password), 'sign_in.refused');
    said.push({ ...problem, request_id: '' });
  }
  for (const one of said) assert.deepEqual(one, said[0]);
});

test('an address is the same in any case, and a session cookie is HttpOnly, SameSite and new each time', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const browser = world.browser();
  const body = { email: 'FIRST@example.com', password: PASSWORD };
  await browser.client['sign_in.password']({ body });
  const [name, first] = [...browser.cookies][0] ?? [];
  assert.equal(name, `moulin_${world.instance_id.slice(0, 8)}`);
  const raw = await browser.fetch('/api/v1/sign-in', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.match(raw.headers.get('set-cookie') ?? '', /HttpOnly; SameSite=Lax/);
  assert.notEqual(browser.cookies.get(name ?? ''), first);
  // The session that the browser came with is over: an attacker may have put it there.
  const thief = world.browser();
  thief.cookies.set(name ?? '', first ?? '');
  await refused(thief.client['me.show'](), 'auth.invalid');
});

test('signing out ends the session on the server, not only in the browser', async t => {
  const world = await openWorld(t);
  const ada = await world.firstAdmin();
  const cookies = new Map(ada.cookies);
  await ada.client.sign_out();
  assert.equal([...ada.cookies.keys()].filter(name => !name.endsWith('_device')).length, 0);
  const again = world.browser();
  for (const [name, value] of cookies) again.cookies.set(name, value);
  await refused(again.client['me.show'](), 'auth.invalid');
});

test('a session ends after eight hours without use, and after seven days in any case', async t => {
  const world = await openWorld(t);
  const ada = await world.firstAdmin();
  for (let hours = 0; hours < 7 * 24 - 7; hours += 7) {
    await ada.client['me.show']();
    world.clock.advance(7 * HOUR);
  }
  await ada.client['me.show']();
  world.clock.advance(7 * HOUR);
  await refused(ada.client['me.show'](), 'auth.invalid');

  const idle = world.browser();
  await idle.client['sign_in.password']({ body: { email: ada.email, password: PASSWORD } });
  world.clock.advance(8 * HOUR - 1000);
  await idle.client['me.show']();
  world.clock.advance(8 * HOUR + 1000);
  await refused(idle.client['me.show'](), 'auth.invalid');
});

test('when a session was used is written at most once a minute', async t => {
  const world = await openWorld(t);
  const ada = await world.firstAdmin();
  const seen = async () => {
    const row = await world.store.withInstance('test', tx =>
      tx.selectFrom('sessions').select('last_seen_at').executeTakeFirstOrThrow(),
    );
    return row.last_seen_at;
  };
  const at_first = await seen();
  world.clock.advance(50_000);
  await Promise.all([1, 2, 3].map(() => ada.client['me.show']()));
  assert.equal(await seen(), at_first);
  world.clock.advance(15_000);
  await ada.client['me.show']();
  assert.notEqual(await seen(), at_first);
});

test('where one is signed in can be seen and ended', async t => {
  const world = await openWorld(t);
  const ada = await world.firstAdmin();
  const other = world.browser({ ip: '192.0.2.9' });
  await other.client['sign_in.password']({ body: { email: ada.email, password: PASSWORD } });
  const bob = await world.person('viewer');
  const { items } = await ada.client['sessions.list']();
  assert.deepEqual(
    items.map(item => [item.ip, item.current]),
    [
      ['192.0.2.9', false],
      ['127.0.0.1', true],
    ],
  );
  const id = items[0]?.id ?? '';
  await refused(bob.client['sessions.delete']({ params: { id } }), 'object.not_found');
  await ada.client['sessions.delete']({ params: { id } });
  await refused(other.client['me.show'](), 'auth.invalid');
  await refused(ada.client['sessions.delete']({ params: { id } }), 'object.not_found');
  await other.client['sign_in.password']({ body: { email: ada.email, password: PASSWORD } });
  assert.deepEqual(await ada.client['sessions.delete_others'](), { ended: 1 });
  assert.equal((await ada.client['sessions.list']()).items.length, 1);
  await bob.client['me.show']();
});

// ── Throttling ──────────────────────────────────────────────────────────────────────────────────────

test('guessing slows down for the account from that address, and neither the right password nor a new one helps', async t => {
  const world = await openWorld(t);
  const { email } = await world.firstAdmin();
  for (let count = 0; count < 6; count += 1) await refused(signIn(world, email, 'wrong'), 'sign_in.refused');
  const { params } = await refused(signIn(world, email, 'wrong'), 'sign_in.throttled');
  assert.equal(params.seconds, 2);
  await refused(signIn(world, email), 'sign_in.throttled');
  // Another address is another matter.
  await signIn(world, email, PASSWORD, '192.0.2.2');
  world.clock.advance(2000);
  await refused(signIn(world, email, 'wrong'), 'sign_in.refused');
  const later = await refused(signIn(world, email), 'sign_in.throttled');
  assert.equal(later.params.seconds, 4);
  world.clock.advance(4000);
  await signIn(world, email);
  // Being right wipes the slate.
  for (let count = 0; count < 6; count += 1) await refused(signIn(world, email, 'wrong'), 'sign_in.refused');
});

test('an unknown account is slowed down like a known one', async t => {
  const world = await openWorld(t);
  const email = 'nobody@example.com';
  for (let count = 0; count < 6; count += 1) await refused(signIn(world, email, 'wrong'), 'sign_in.refused');
  await refused(signIn(world, email, 'wrong'), 'sign_in.throttled');
});

test('a hundred guesses at the same time are a hundred guesses', async t => {
  const world = await openWorld(t);
  const { email } = await world.firstAdmin();
  const codes = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const { error } = await signIn(world, email, 'wrong').then(
        () => ({ error: undefined }),
        error => ({ error }),
      );
      return error?.problem.code;
    }),
  );
  assert.equal(codes.filter(code => code === 'sign_in.refused').length, 6);
  assert.equal(codes.filter(code => code === 'sign_in.throttled').length, 34);
});

test('many accounts from one address slow that address down, for a while', async t => {
  const world = await openWorld(t);
  const { email } = await world.firstAdmin();
  for (let count = 0; count < 31; count += 1)
    await refused(signIn(world, `user${count}@example.com`, 'wrong'), 'sign_in.refused');
  await refused(signIn(world, 'another@example.com', 'wrong'), 'sign_in.throttled');
  await refused(signIn(world, email), 'sign_in.throttled');
  await signIn(world, email, PASSWORD, '192.0.2.2');
  world.clock.advance(HOUR);
  await signIn(world, email);
});

test('a browser that the owner has used before gets in while strangers and neighbours guess', async t => {
  const world = await openWorld(t);
  const known = world.browser({ ip: '192.0.2.1' });
  const link = await world.access.createFirstAdminLink();
  const email = 'ada@example.com';
  await known.client['links.use']({
    body: { token: tokenIn(link?.url), name: 'Ada', email, password: PASSWORD },
  });
  await known.client.sign_out();
  for (let count = 0; count < 6; count += 1) await refused(signIn(world, email, 'wrong'), 'sign_in.refused');
  for (let count = 0; count < 31; count += 1)
    await signIn(world, `user${count}@example.com`, 'wrong').catch(() => {});
  await refused(signIn(world, email), 'sign_in.throttled');
  await known.client['sign_in.password']({ body: { email, password: PASSWORD } });
  // It is known for this account only, and not for ever.
  const bob = await world.person('viewer');
  await known.client.sign_out();
  await refused(
    known.client['sign_in.password']({ body: { email: bob.email, password: PASSWORD } }),
    'sign_in.throttled',
  );
});

test('guessing links is throttled too, and a good link is not in the way', async t => {
  const world = await openWorld(t);
  const token = 'x'.repeat(43);
  const guess = () => world.browser().client['links.show']({ body: { token } });
  for (let count = 0; count < 21; count += 1) await refused(guess(), 'link.invalid');
  await refused(guess(), 'sign_in.throttled');
  const link = await world.access.createFirstAdminLink();
  await world.browser({ ip: '192.0.2.2' }).client['links.show']({ body: { token: tokenIn(link?.url) } });
});

test('a browser that knew only the former password is a stranger again', async t => {
  const world = await openWorld(t);
  const ada = await world.firstAdmin();
  const thief = world.browser({ ip: '192.0.2.1' });
  await thief.client['sign_in.password']({ body: { email: ada.email, password: PASSWORD } });
  const { url } = await world.local['users.link']({ body: { email: ada.email } });
  await ada.client['links.use']({ body: { token: tokenIn(url), password: 'sieben Pflaumen im Glas' } });
  const guess = () => thief.client['sign_in.password']({ body: { email: ada.email, password: PASSWORD } });
  for (let count = 0; count < 6; count += 1) await refused(guess(), 'sign_in.refused');
  await refused(guess(), 'sign_in.throttled');
});

// ── Passwords ───────────────────────────────────────────────────────────────────────────────────────

test('a new password ends every other session and renews this one', async t => {
  const world = await openWorld(t);
  const ada = await world.firstAdmin();
  const other = world.browser();
  await other.client['sign_in.password']({ body: { email: ada.email, password: PASSWORD } });
  const before = new Map(ada.cookies);
  const new_password = 'sieben Pflaumen im Glas';
  await refused(
    ada.client['me.password']({ body: { current_password: 'wrong', new_password } }),
    'password.wrong',
  );
  await refused(ada.client['me.password']({ body: { new_password } }), 'password.wrong');
  await refused(
    ada.client['me.password']({ body: { current_password: PASSWORD, new_password: 'First Admin' } }),
    'password.too_common',
  );
  await ada.client['me.password']({ body: { current_password: PASSWORD, new_password } });
  await ada.client['me.show']();
  await refused(other.client['me.show'](), 'auth.invalid');
  assert.notDeepEqual(new Map(ada.cookies), before);
  await refused(signIn(world, ada.email), 'sign_in.refused');
  await signIn(world, ada.email, new_password);
});

test('guessing the current password of a browser left open is throttled', async t => {
  const world = await openWorld(t);
  const ada = await world.firstAdmin();
  const guess = () =>
    ada.client['me.password']({ body: { current_password: 'wrong', new_password: 'sieben Pflaumen' } });
  for (let count = 0; count < 11; count += 1) await refused(guess(), 'password.wrong');
  await refused(guess(), 'sign_in.throttled');
});

test('a reset link is good for a day and once, and setting a password kills the others', async t => {
  const world = await openWorld(t);
  const ada = await world.firstAdmin();
  const reset = async () => tokenIn((await world.local['users.link']({ body: { email: ada.email } })).url);
  const [first, second] = [await reset(), await reset()];
  const use = (token: string, password: string) =>
    world.browser().client['links.use']({ body: { token, password } });
  await use(second, 'sieben Pflaumen im Glas');
  await refused(use(second, 'acht Kirschen im Glas'), 'link.invalid');
  await refused(use(first, 'acht Kirschen im Glas'), 'link.invalid');
  const third = await reset();
  world.clock.advance(DAY + 1000);
  await refused(use(third, 'acht Kirschen im Glas'), 'link.invalid');
});

test('without password sign-in there is no way round the provider: no sign-in, no reset, no change', async t => {
  const world = await openWorld(t);
  const ada = await world.firstAdmin();
  const token = tokenIn((await world.local['users.link']({ body: { email: ada.email } })).url);
  const closed = await openWorld(t, { oidc: { password_login: false }, database: world });
  const { client } = closed.browser();
  const bring = closed.browser();
  for (const [name, value] of ada.cookies) bring.cookies.set(name, value);
  await refused(
    client['sign_in.password']({ body: { email: ada.email, password: PASSWORD } }),
    'sign_in.password_disabled',
  );
  await refused(
    client['links.use']({ body: { token, password: 'sieben Pflaumen' } }),
    'sign_in.password_disabled',
  );
  await refused(closed.local['users.link']({ body: { email: ada.email } }), 'sign_in.password_disabled');
  await refused(
    bring.client['me.password']({ body: { current_password: PASSWORD, new_password: 'sieben Pflaumen' } }),
    'sign_in.password_disabled',
  );
});

test('what time has made useless is deleted, and nothing else', async t => {
  const world = await openWorld(t);
  const ada = await world.firstAdmin();
  await refused(signIn(world, ada.email, 'wrong'), 'sign_in.refused');
  await ada.client['my_tokens.create']({ body: { name: 'short', workspace: 'main', expires_in_days: 1 } });
  await ada.client['my_tokens.create']({ body: { name: 'long', workspace: 'main', expires_in_days: null } });
  await ada.client['invitations.create']({ body: { email: 'x@example.com', role: 'viewer' } });
  const count = async () => {
    const { rows } = await world.store.withInstance('test', tx =>
      sql<Record<string, number>>`
        select (select count(*)::int from sessions) sessions, (select count(*)::int from known_devices) devices,
          (select count(*)::int from sign_in_throttle) throttle, (select count(*)::int from one_time_links) links,
          (select count(*)::int from api_tokens) tokens, (select count(*)::int from users) users`.execute(tx),
    );
    return rows[0];
  };
  await world.access.sweep();
  assert.deepEqual(await count(), { sessions: 1, devices: 1, throttle: 2, links: 2, tokens: 2, users: 1 });
  world.clock.advance(60 * DAY);
  await world.access.sweep();
  assert.deepEqual(await count(), { sessions: 0, devices: 1, throttle: 0, links: 0, tokens: 1, users: 1 });
  world.clock.advance(180 * DAY);
  await world.access.sweep();
  assert.equal((await count())?.devices, 0);
});

test('a profile follows its version, and a name may be of any script and 500 characters', async t => {
  const world = await openWorld(t);
  const ada: Person = await world.firstAdmin();
  let { version } = await ada.client['me.show']();
  for (const name of ['مطحنة الدقيق', '名'.repeat(500), '🌾 Ada', "Robert'); drop table users;--"]) {
    const me = await ada.client['me.edit']({ body: { name }, version });
    assert.equal(me.name, name);
    await refused(ada.client['me.edit']({ body: { name }, version }), 'version.conflict');
    version = me.version;
  }
  const member = await ada.client['members.show']({ params: { id: ada.id } });
  assert.equal(member.name, "Robert'); drop table users;--");
  const me = await ada.client['me.edit']({ body: { theme: 'dark', locale: 'fr' }, version });
  assert.deepEqual([me.theme, me.locale], ['dark', 'fr']);
});
