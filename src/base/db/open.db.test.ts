import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { testDatabase } from '../../../tests/support/database.ts';
import { defer } from '../../../tests/support/defer.ts';
import { scratchFolder } from '../../../tests/support/scratch.ts';
import { isFailure } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { startEmbedded } from './embedded.ts';
import { openPrepared, openStore, type Store } from './open.ts';

/** Asks until it is so, with a deadline. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) assert.fail('it did not come true in time');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function ping(store: Store): Promise<unknown> {
  return store.withInstance('test', tx => sql`select 1`.execute(tx));
}

// ── Hints ───────────────────────────────────────────────────────────────────────────────────────────

test('a ring is heard by every process that listens, and by nobody who stopped', async t => {
  const db = await testDatabase(t);
  const other = await db.openAnother();
  const heard: string[] = [];
  db.store.listen('news', () => heard.push('here'));
  const stop = other.listen('news', () => heard.push('there'));
  await until(() => {
    db.store.notify('news');
    return heard.includes('here') && heard.includes('there');
  });
  stop();
  heard.length = 0;
  await until(() => {
    other.notify('news');
    return heard.includes('here');
  });
  assert(!heard.includes('there'));
});

test('many rings in one turn are one', async t => {
  const db = await testDatabase(t);
  let heard = 0;
  db.store.listen('news', () => {
    heard += 1;
  });
  for (let count = 0; count < 100; count += 1) db.store.notify('news');
  let last = false;
  db.store.listen('last', () => {
    last = true;
  });
  await until(() => {
    db.store.notify('last');
    return last;
  });
  assert.equal(heard, 1);
});

test('after a reconnect whoever listens is told that it may have missed something, and hears again', async t => {
  const db = await testDatabase(t);
  const heard: string[] = [];
  db.store.listen('news', payload => heard.push(payload));
  await db.cutSessions();
  await until(() => heard.length > 0);
  assert.deepEqual(heard, ['']);
  await until(() => {
    db.store.notify('news');
    return heard.length > 1;
  });
});

// ── Locks ───────────────────────────────────────────────────────────────────────────────────────────

test('a lock has one holder in all processes, and another one when it is released', async t => {
  const db = await testDatabase(t);
  const other = await db.openAnother();
  const lock = await db.store.tryLock('leader');
  assert(lock);
  assert.equal(await other.tryLock('leader'), undefined);
  assert.equal(await db.store.tryLock('leader'), undefined, 'not twice in the same process either');
  assert(await other.tryLock('something else'));
  await lock.release();
  assert(await other.tryLock('leader'));
});

test('of many that try at the same moment one gets the lock', async t => {
  const db = await testDatabase(t);
  const stores = [db.store, await db.openAnother()];
  const tries = Array.from({ length: 20 }, (_, index) => stores[index % 2]?.tryLock('leader'));
  assert.equal((await Promise.all(tries)).filter(lock => lock !== undefined).length, 1);
});

test('a holder whose connection is lost is told, and may try again', async t => {
  const db = await testDatabase(t);
  const lock = await db.store.tryLock('leader');
  assert(lock);
  await db.cutSessions();
  await until(() => lock.lost.aborted);
  await lock.release();
  await until(async () => (await db.store.tryLock('leader')) !== undefined);
});

// ── Connections ─────────────────────────────────────────────────────────────────────────────────────

test('a process uses at most ten connections, however much it has to do', async t => {
  const db = await testDatabase(t);
  let most = 0;
  const work = () =>
    db.store.withInstance('test', async tx => {
      const { rows } = await sql<{ count: number }>`
        select count(*)::int from pg_stat_activity where datname = current_database()`.execute(tx);
      most = Math.max(most, rows[0]?.count ?? 0);
    });
  await Promise.all(Array.from({ length: 100 }, work));
  assert(most <= 10, `${most} connections`);
  assert(most > 2, 'more than one at a time');
});

test('sessions that were cut while they lay idle are replaced without a failure', async t => {
  const db = await testDatabase(t);
  await Promise.all(Array.from({ length: 8 }, () => ping(db.store)));
  await db.cutSessions();
  await Promise.all(Array.from({ length: 20 }, () => ping(db.store)));
});

test('a session that is cut in the middle of a transaction fails it, in words, and nothing of it stays', async t => {
  const db = await testDatabase(t);
  await assert.rejects(
    db.store.withInstance('test', async tx => {
      await tx.insertInto('users').values({ id: newId(), email: 'a@example.com', name: 'a' }).execute();
      await db.cutSessions();
      await sql`select 1`.execute(tx);
    }),
    error => isFailure(error, 'server.unavailable'),
  );
  const users = await db.store.withInstance('test', tx => tx.selectFrom('users').select('id').execute());
  assert.deepEqual(users, []);
});

// ── The whole server goes and comes back ────────────────────────────────────────────────────────────

async function ownStore(t: TestContext) {
  const folder = scratchFolder(t);
  const options = { folder: join(folder, 'store'), log_file: join(folder, 'log') };
  const store = await openStore({ embedded: options });
  return { folder, options, store };
}

test('a store that is closed leaves nothing running and can be opened again', async t => {
  const { options, store } = await ownStore(t);
  assert.equal((await store.health()).state, 'ok');
  await store.close();
  const again = await openStore({ embedded: options });
  defer(t, () => again.close());
  assert.equal(again.instance_id, store.instance_id);
});

test('the store lost and back: requests fail in words meanwhile, then all works again by itself', async t => {
  const folder = scratchFolder(t);
  const options = { folder: join(folder, 'store'), log_file: join(folder, 'log') };
  const prepared = await openStore({ embedded: options });
  await prepared.close();
  const server = await startEmbedded(options);
  const store = await openPrepared(server.app, prepared.instance_id);
  defer(t, () => store.close());
  const heard: string[] = [];
  store.listen('news', payload => heard.push(payload));
  const lock = await store.tryLock('leader');
  await ping(store);

  await server.close();
  await assert.rejects(ping(store), error => isFailure(error, 'server.unavailable'));
  assert.equal((await store.health()).state, 'down');
  await until(() => lock?.lost.aborted === true);

  const again = await startEmbedded(options);
  defer(t, () => again.close());
  await until(async () => (await store.health()).state === 'ok');
  await ping(store);
  await until(() => heard.length > 0);
  await until(async () => (await store.tryLock('leader')) !== undefined);
});
