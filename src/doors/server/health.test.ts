import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFixture, TOKEN } from '../../../tests/support/door.ts';
import { migrationsCheck, storeCheck } from './health.ts';
import type { HealthCheck } from './index.ts';

const fine: HealthCheck = {
  name: 'store',
  check: async () => ({ state: 'ok', detail: '', facts: { size_bytes: 7 } }),
};
const poor: HealthCheck = {
  name: 'disk',
  check: async () => ({ state: 'degraded', detail: 'Little room.', facts: {} }),
};
const gone: HealthCheck = {
  name: 'store',
  check: async () => {
    throw new Error('connect ECONNREFUSED 10.0.0.5:5432');
  },
};
const FROM_AFAR = { remoteAddress: '10.0.0.9' };

test('liveness asks nobody', async t => {
  const never: HealthCheck = { name: 'store', check: () => new Promise(() => {}) };
  const { app } = await openFixture(t, { parts: { checks: [never] } });
  const answer = await app.inject({ url: '/health/live', ...FROM_AFAR });
  assert.deepEqual([answer.statusCode, answer.json()], [200, { live: true }]);
});

test('readiness shows each part, and is not hindered by one that is merely poor', async t => {
  const { app } = await openFixture(t, { parts: { checks: [fine, poor] } });
  const answer = await app.inject({ url: '/health/ready' });
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(answer.json(), {
    ready: true,
    parts: [
      { name: 'store', state: 'ok', detail: '', facts: { size_bytes: 7 } },
      { name: 'disk', state: 'degraded', detail: 'Little room.', facts: {} },
      { name: 'events', state: 'ok', detail: '', facts: { position: '0' } },
    ],
  });
});

test('a part that is down makes it 503, and says why to those inside only', async t => {
  const { app } = await openFixture(t, { parts: { checks: [gone] } });
  const near = await app.inject({ url: '/health/ready' });
  assert.equal(near.statusCode, 503);
  assert.match(near.body, /ECONNREFUSED 10\.0\.0\.5/);
  for (const headers of [{}, { authorization: 'Bearer nope' }, { authorization: 'Bearer token-of-viewer' }]) {
    const far = await app.inject({ url: '/health/ready', ...FROM_AFAR, headers });
    assert.deepEqual(
      [far.statusCode, far.json().parts[0]],
      [503, { name: 'store', state: 'down', detail: '', facts: {} }],
    );
  }
  assert.match(
    (await app.inject({ url: '/health/ready', ...FROM_AFAR, headers: TOKEN })).body,
    /ECONNREFUSED/,
  );
});

test('a proxy on this machine forwards the world: what it forwards is not from inside', async t => {
  const { app } = await openFixture(t, { parts: { checks: [gone] } });
  for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
    const answer = await app.inject({ url: '/health/ready', headers: { [name]: '9.9.9.9' } });
    assert(!answer.body.includes('ECONNREFUSED'), name);
    assert.equal((await app.inject({ url: '/metrics', headers: { [name]: '9.9.9.9' } })).statusCode, 403);
  }
});

test('many probes at once ask the parts once', async t => {
  let asked = 0;
  const counted: HealthCheck = {
    name: 'store',
    check: async () => {
      asked += 1;
      return { state: 'ok', detail: '', facts: {} };
    },
  };
  const { app } = await openFixture(t, { parts: { checks: [counted] } });
  await Promise.all(Array.from({ length: 50 }, () => app.inject({ url: '/health/ready' })));
  assert.equal(asked, 1);
});

test('metrics are for this machine, or a token with the right', async t => {
  const { app } = await openFixture(t);
  await app.inject({ url: '/api/v1/sign-in' });
  const text = (await app.inject({ url: '/metrics' })).body;
  assert.match(
    text,
    /moulin_http_request_duration_seconds_count\{route="sign_in\.options",method="GET",status="500"\} 1/,
  );
  for (const name of [
    'nodejs_eventloop_lag_p99_seconds',
    'process_resident_memory_bytes',
    'moulin_event_streams',
  ])
    assert(text.includes(`\n${name} `), name);
  const far = await app.inject({ url: '/metrics', ...FROM_AFAR });
  assert.deepEqual([far.statusCode, far.json().code], [403, 'auth.forbidden']);
  assert.equal((await app.inject({ url: '/metrics', ...FROM_AFAR, headers: TOKEN })).statusCode, 200);
});

test('numbers that others keep are read at each scrape; a store that is away takes only them', async t => {
  let is_away = false;
  const metrics = async () => {
    if (is_away) throw new Error('away');
    return [{ name: 'queue_depth', help: 'x', type: 'gauge' as const, samples: [{ value: 7 }] }];
  };
  const { app } = await openFixture(t, { parts: { metrics } });
  const read = async () => (await app.inject({ url: '/metrics' })).body;
  const all = await read();
  assert(all.includes('\nqueue_depth 7\n') && all.includes('\nmoulin_queue_is_read 1\n'));
  is_away = true;
  const rest = await read();
  assert(!rest.includes('queue_depth') && rest.includes('\nmoulin_queue_is_read 0\n'));
  assert(rest.includes('\nmoulin_event_streams '));
});

test('a store of another schema is said, and does not stop what works', async () => {
  const health = {
    state: 'ok',
    detail: '',
    postgres_version: '18.4',
    schema_version: 3,
    size_bytes: 1,
  } as const;
  const check = (expected: number) => migrationsCheck({ health: async () => health }, expected).check();
  assert.equal((await check(3)).state, 'ok');
  const other = await check(2);
  assert.equal(other.state, 'degraded');
  assert.match(other.detail, /schema 3, this server knows 2/);
  const { facts } = await storeCheck({ health: async () => health }).check();
  assert.deepEqual(facts, { postgres_version: '18.4', schema_version: 3, size_bytes: 1 });
});
