import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fixture, JSON_TYPE, openFixture, TOKEN } from '../../../tests/support/door.ts';
import { fail } from '../../base/kit/errors.ts';
import type { ServerParts } from './parts.ts';

const workspace = {
  id: '01987b2c-0000-7000-8000-000000000009',
  slug: 'new',
  name: 'New',
  time_zone: 'UTC',
  version: 1,
  created_at: '2026-11-21T12:00:00.000000Z',
  updated_at: '2026-11-21T12:00:00.000000Z',
};

function create({ app }: Fixture, key: string, name = 'New', headers: Record<string, string> = TOKEN) {
  return app.inject({
    method: 'POST',
    url: '/api/v1/instance/workspaces',
    headers: { ...JSON_TYPE, ...headers, 'idempotency-key': key },
    payload: { name },
  });
}

function counting(work: () => Promise<unknown> = async () => workspace) {
  const seen = { calls: 0 };
  const handlers = {
    'workspaces.create': async () => {
      seen.calls += 1;
      return work();
    },
  };
  return { seen, handlers };
}

test('a repetition answers what the first call answered, and does nothing', async t => {
  const { seen, handlers } = counting();
  const fixture = await openFixture(t, { handlers });
  const first = await create(fixture, 'k1');
  const second = await create(fixture, 'k1');
  assert.deepEqual([first.statusCode, second.statusCode, seen.calls], [201, 201, 1]);
  assert.deepEqual(second.json(), first.json());
  assert.equal(first.headers['idempotency-replayed'], undefined);
  assert.equal(second.headers['idempotency-replayed'], 'true');
  await create(fixture, 'k2');
  assert.equal(seen.calls, 2);
});

test('the same key for another request is refused', async t => {
  const { handlers } = counting();
  const fixture = await openFixture(t, { handlers });
  await create(fixture, 'k1');
  const other = await create(fixture, 'k1', 'Other');
  assert.deepEqual([other.statusCode, other.json().code], [409, 'idempotency.conflict']);
});

test("another caller's equal key is another key", async t => {
  const { seen, handlers } = counting();
  const fixture = await openFixture(t, { handlers });
  await create(fixture, 'k1');
  await create(fixture, 'k1', 'New', { cookie: 'moulin_01987b2c=session-of-ada' });
  assert.equal(seen.calls, 2);
});

test('of two at the same time one is done, and the other told to wait', async t => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const { seen, handlers } = counting(() => promise as Promise<unknown>);
  const fixture = await openFixture(t, { handlers });
  const calls = [create(fixture, 'k1'), create(fixture, 'k1')];
  const early = await Promise.race(calls);
  assert.deepEqual([early.statusCode, early.json().code], [409, 'idempotency.in_progress']);
  resolve(workspace);
  const statuses = (await Promise.all(calls)).map(answer => answer.statusCode).sort();
  assert.deepEqual([statuses, seen.calls], [[201, 409], 1]);
});

test('a refusal did nothing: the key is free again', async t => {
  let taken = true;
  const { seen, handlers } = counting(async () => {
    if (taken) throw fail('workspace.slug_taken', { slug: 'new' });
    return workspace;
  });
  const fixture = await openFixture(t, { handlers });
  assert.equal((await create(fixture, 'k1')).statusCode, 409);
  taken = false;
  assert.equal((await create(fixture, 'k1')).statusCode, 201);
  assert.equal(seen.calls, 2);
});

test('after an unexpected end nobody knows, and the repetition is told so instead of doing it twice', async t => {
  const { seen, handlers } = counting(async () => {
    throw new Error('the connection broke at COMMIT');
  });
  const fixture = await openFixture(t, { handlers });
  assert.equal((await create(fixture, 'k1')).statusCode, 500);
  const second = await create(fixture, 'k1');
  assert.deepEqual([second.statusCode, second.json().code, seen.calls], [409, 'idempotency.interrupted', 1]);
});

test('an answer that cannot be kept is still given', async t => {
  const { handlers } = counting();
  const lost = async () => {
    throw fail('server.unavailable', { part: 'The metadata store' });
  };
  const idempotency: ServerParts['idempotency'] = {
    claim: async () => undefined,
    complete: lost,
    release: lost,
    interrupt: lost,
    sweep: lost,
  };
  const fixture = await openFixture(t, { handlers, parts: { idempotency } });
  assert.equal((await create(fixture, 'k1')).statusCode, 201);
  assert(fixture.lines.some(line => line.message === 'An idempotent answer could not be kept'));
});

test('keys that are no visible text are refused', async t => {
  const { handlers } = counting();
  const fixture = await openFixture(t, { handlers });
  for (const key of ['', 'a b', 'x'.repeat(201)]) {
    const answer = await create(fixture, key);
    assert.deepEqual([answer.statusCode, answer.json().errors[0].path], [400, 'headers.idempotency-key']);
  }
});

test('what is kept holds no secret in clear: neither the answer nor a guessable hash of the request', async t => {
  const kept: unknown[] = [];
  const { handlers } = counting(async () => ({ ...workspace, name: 'moulin_pat_secret' }));
  const idempotency: ServerParts['idempotency'] = {
    claim: async entry => void kept.push(entry),
    complete: async entry => void kept.push(entry),
    release: async () => {},
    interrupt: async () => {},
    sweep: async () => 0,
  };
  const fixture = await openFixture(t, { handlers, parts: { idempotency } });
  await create(fixture, 'k1');
  assert.equal(kept.length, 2);
  const text = JSON.stringify(kept);
  const readable =
    text + Buffer.from(/"sealed":"([^"]+)"/.exec(text)?.[1] ?? '', 'base64').toString('latin1');
  assert(!/moulin_pat_secret|token-of-ada/.test(readable));
});
