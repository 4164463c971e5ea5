import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { testDatabase } from '../../../tests/support/database.ts';
import { idempotencyStore } from './store.ts';

const entry = { scope: 's', key: 'k', request_hash: Buffer.from('hash') };

test('a key is claimed once, by one of many at the same time', async t => {
  const { store } = await testDatabase(t);
  const keys = idempotencyStore(store, 24);
  const found = await Promise.all(Array.from({ length: 10 }, () => keys.claim(entry)));
  assert.equal(found.filter(row => row === undefined).length, 1);
  const [other] = found.filter(row => row !== undefined);
  assert.deepEqual(other, {
    request_hash: entry.request_hash,
    status: null,
    sealed: null,
    interrupted: false,
  });
});

test('what was completed is found, what was released is free, what was interrupted says so', async t => {
  const { store } = await testDatabase(t);
  const keys = idempotencyStore(store, 24);
  await keys.claim(entry);
  await keys.complete({ ...entry, status: 201, sealed: 'abc' });
  assert.deepEqual(await keys.claim(entry), {
    request_hash: entry.request_hash,
    status: 201,
    sealed: 'abc',
    interrupted: false,
  });
  await keys.release(entry);
  assert.equal(await keys.claim(entry), undefined);
  await keys.interrupt(entry);
  assert.equal((await keys.claim(entry))?.interrupted, true);
});

test('a key that was begun two minutes ago and has no answer counts as interrupted', async t => {
  const { store } = await testDatabase(t);
  const keys = idempotencyStore(store, 24);
  await keys.claim(entry);
  await store.withInstance('age', tx =>
    sql`update idempotency_keys set created_at = now() - interval '121 seconds'`.execute(tx),
  );
  assert.equal((await keys.claim(entry))?.interrupted, true);
});

test('an expired key is free at once, and swept later', async t => {
  const { store } = await testDatabase(t);
  const keys = idempotencyStore(store, 0.5);
  await keys.claim(entry);
  await keys.claim({ ...entry, key: 'young' });
  await keys.complete({ ...entry, status: 201, sealed: 'abc' });
  await store.withInstance('age', tx =>
    sql`update idempotency_keys set created_at = now() - interval '31 minutes' where key = 'k'`.execute(tx),
  );
  assert.equal(await keys.sweep(), 1);
  await keys.claim(entry);
  await store.withInstance('age', tx =>
    sql`update idempotency_keys set created_at = now() - interval '31 minutes' where key = 'k'`.execute(tx),
  );
  assert.equal(await keys.claim(entry), undefined);
  assert.deepEqual((await keys.claim(entry))?.status, null);
});
