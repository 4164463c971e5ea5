import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openPrepared } from '../../src/base/db/index.ts';
import { isApiError } from '../../src/contract/client.ts';
import { openWorld, type Person, type World } from '../access/world.ts';
import { testDatabase } from '../support/database.ts';
import { defer } from '../support/defer.ts';
import { type Message, type Opened, openEventSource, untilType } from '../support/event-source.ts';
import { openWire } from '../support/proxy.ts';
import { until } from '../support/until.ts';

// The real door, access and store, while the world around them fails.

async function openFragileWorld(t: TestContext) {
  const database = await testDatabase(t);
  const wire = await openWire(t, database.app);
  const store = await openPrepared(wire.address, database.instance_id);
  defer(t, () => store.close());
  const world = await openWorld(t, { database: { ...database, store } });
  await world.server.listen({ port: 0 });
  return { world, wire };
}

function streamOf(t: TestContext, { server }: World, { cookies }: Person) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return openEventSource(t, server, { cookie, 'moulin-workspace': 'main' });
}

const rename = ({ local }: World, version: number, name: string) =>
  local['workspace.edit']({ workspace: 'main', version, body: { name } });

/** The last word is why, and then there is nothing more. */
async function untilEnd(stream: Opened): Promise<void> {
  let last: Message | undefined;
  for (let next = await stream.next(); next; next = await stream.next()) last = next;
  assert.deepEqual(last, { event: 'end', data: '{"code":"auth.invalid"}' });
}

test('a store that is lost makes requests 503 in words, and everything goes on when it is back', async t => {
  const { world, wire } = await openFragileWorld(t);
  const admin = await world.firstAdmin();
  const stream = await streamOf(t, world, admin);
  assert.equal((await stream.next())?.event, 'hello');

  wire.cut();
  await assert.rejects(admin.client['me.show'](), error => {
    assert(isApiError(error, 'server.unavailable'), String(error));
    assert.equal(error.retry_after, 1);
    return true;
  });
  // Whoever cannot be recognised is not let in, and not told that their session is bad either.
  await assert.rejects(world.local['workspace.show'](), error => isApiError(error, 'server.unavailable'));
  await assert.rejects(admin.client['sign_in.password']({ body: { email: 'a@b.c', password: 'x' } }), error =>
    isApiError(error, 'server.unavailable'),
  );
  assert.equal((await world.server.inject('/health/live')).statusCode, 200);

  wire.mend();
  await until('requests are answered again', () =>
    admin.client['me.show']().then(
      () => true,
      () => false,
    ),
  );
  const { version } = await world.local['workspace.show']();
  await rename(world, version, 'After the storm');
  await untilType(stream, 'workspace.changed');
});

test('a store that hangs holds up nobody for ever', async t => {
  const { world, wire } = await openFragileWorld(t);
  const admin = await world.firstAdmin();
  wire.freeze();
  const asked = admin.client['me.show']().catch((error: unknown) => error);
  assert.equal((await world.server.inject('/health/live')).statusCode, 200);
  wire.cut();
  assert(isApiError(await asked, 'server.unavailable'), String(await asked));
  wire.mend();
  await until('requests are answered again', () =>
    admin.client['me.show']().then(
      () => true,
      () => false,
    ),
  );
});

test('an hour of sleep ends no stream, and a session that idled out ends its own', async t => {
  const { world } = await openFragileWorld(t);
  const admin = await world.firstAdmin();
  const stream = await streamOf(t, world, admin);
  assert.equal((await stream.next())?.event, 'hello');
  world.clock.advance(3_600_000);
  const { version } = await world.local['workspace.show']();
  await rename(world, version, 'Awake');
  await untilType(stream, 'workspace.changed');
  // Asking whether one may still listen is no activity: else a forgotten tab would keep its session for ever.
  world.clock.advance(8 * 3_600_000);
  await rename(world, version + 1, 'Later');
  await untilEnd(stream);
});

test('a member who is removed hears nothing more, at once, and their pages are told to sign in', async t => {
  const { world } = await openFragileWorld(t);
  await world.firstAdmin();
  const member = await world.person('viewer');
  const stream = await streamOf(t, world, member);
  assert.equal((await stream.next())?.event, 'hello');
  await world.local['members.delete']({ workspace: 'main', params: { id: member.id } });
  await untilEnd(stream);
  assert.equal((await streamOf(t, world, member)).status, 404);
});

test('two servers on one store: what one changes, the streams of the other tell', async t => {
  const database = await testDatabase(t);
  const one = await openWorld(t, { database });
  const other = await openWorld(t, { database: { ...database, store: await database.openAnother() } });
  await one.server.listen({ port: 0 });
  const admin = await one.firstAdmin();
  const stream = await streamOf(t, one, admin);
  assert.equal((await stream.next())?.event, 'hello');
  await rename(other, 1, 'From next door');
  await untilType(stream, 'workspace.changed');
});

test('the same key, many times at once and once more later, makes one token and shows it to its maker', async t => {
  const database = await testDatabase(t);
  const one = await openWorld(t, { database });
  const admin = await one.firstAdmin();
  const create = () =>
    admin.client['my_tokens.create']({ body: { name: 'ci', workspace: 'main' }, idempotency_key: 'k1' }).then(
      token => token.token,
      (error: unknown) =>
        isApiError(error, 'idempotency.in_progress') ? 'told to wait' : Promise.reject(error),
    );
  const secrets = await Promise.all([create(), create(), create()]);
  const made = new Set(secrets.filter(secret => secret !== 'told to wait'));
  assert.equal(made.size, 1);
  // The secret is shown only once, to the caller; whoever repeats the call is that caller.
  assert.deepEqual(made, new Set([await create()]));
  assert.equal((await admin.client['my_tokens.list']()).items.length, 1);
});
