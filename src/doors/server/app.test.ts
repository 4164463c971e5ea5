import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InjectOptions } from 'fastify';
import {
  BROWSER,
  IN_MAIN,
  JSON_TYPE,
  openFixture,
  TOKEN,
  WORKSPACE_ID,
} from '../../../tests/support/door.ts';
import { fail } from '../../base/kit/errors.ts';
import { createRedactor } from '../../base/kit/redact.ts';
import { problemSchema } from '../../contract/errors.ts';

const workspace = {
  id: WORKSPACE_ID,
  slug: 'main',
  name: 'Main',
  time_zone: 'UTC',
  version: 3,
  created_at: '2026-11-21T12:00:00.000000Z',
  updated_at: '2026-11-21T12:00:00.000000Z',
};

test('a handler gets what was validated, and its answer is filtered by the schema', async t => {
  const calls: unknown[] = [];
  const { app } = await openFixture(t, {
    handlers: {
      'members.list': async (call: { query: unknown; workspace_id: string }) => {
        calls.push(call.query, call.workspace_id);
        return { items: [], next_cursor: null, secret: 'not declared' };
      },
    },
  });
  const answer = await app.inject({
    url: '/api/v1/members?limit=7&stray=1',
    headers: { ...BROWSER, ...IN_MAIN },
  });
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(answer.json(), { items: [], next_cursor: null });
  assert.deepEqual(calls, [{ limit: 7 }, WORKSPACE_ID]);
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('an answer that does not fit its schema is our error, logged with its id and shown without its text', async t => {
  const { app, lines } = await openFixture(t, {
    handlers: { 'workspace.show': async () => ({ ...workspace, version: 'three', slug: 'hunter2' }) },
  });
  const answer = await app.inject({ url: '/api/v1/workspace', headers: { ...TOKEN, ...IN_MAIN } });
  const problem = problemSchema.parse(answer.json());
  assert.equal(problem.code, 'internal.unexpected');
  assert.equal(answer.headers['x-request-id'], problem.request_id);
  const logged = lines.find(
    line => line.request_id === problem.request_id && line.message === 'Unexpected error',
  );
  assert.match(JSON.stringify(logged), /workspace\.show.*version/);
});

test('every problem of every part is told at once', async t => {
  const { app } = await openFixture(t);
  const answer = await app.inject({
    method: 'PATCH',
    url: '/api/v1/members/nobody',
    headers: { ...TOKEN, ...IN_MAIN, ...JSON_TYPE, 'if-match': 'three' },
    payload: { role: 'king' },
  });
  assert.equal(answer.statusCode, 400);
  const problem = problemSchema.parse(answer.json());
  assert.equal(problem.code, 'request.invalid');
  assert.deepEqual(problem.errors.map(error => error.path).sort(), [
    'body.role',
    'headers.if-match',
    'params.id',
  ]);
});

test('a list of fifty thousand wrong items does not make an answer of that size', async t => {
  const { app } = await openFixture(t);
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/me/tokens',
    headers: { ...TOKEN, ...JSON_TYPE },
    payload: { name: 'x', workspace: 'main', scopes: Array.from({ length: 50_000 }, () => 'nonsense') },
  });
  assert.equal(answer.statusCode, 400);
  assert(answer.body.length < 50_000, `${answer.body.length} characters`);
});

test('text that PostgreSQL cannot store is refused with its path', async t => {
  const { app } = await openFixture(t);
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/sign-in',
    headers: JSON_TYPE,
    payload: '{"email":"a\\u0000@b.c","password":"x"}',
  });
  assert.deepEqual(
    problemSchema.parse(answer.json()).errors.map(error => error.path),
    ['body.email'],
  );
});

test('an unexpected error shows a number, not its text', async t => {
  const { app, lines } = await openFixture(t, {
    handlers: {
      'workspace.show': async () => {
        throw new Error('connect to 10.1.2.3 with hunter2 failed');
      },
    },
  });
  const answer = await app.inject({ url: '/api/v1/workspace', headers: { ...TOKEN, ...IN_MAIN } });
  assert.equal(answer.statusCode, 500);
  assert(!answer.body.includes('hunter2'));
  assert(lines.some(line => JSON.stringify(line).includes('hunter2')));
});

// ── Every failure has one shape ─────────────────────────────────────────────────────────────────────

const failures = [
  ['an unknown address', { url: '/api/v1/nothing' }, 404, 'route.not_found'],
  ['an unknown address outside the API', { url: '/nothing.php' }, 404, 'route.not_found'],
  [
    'a literal pattern',
    { url: '/api/v1/members/:id', headers: { ...TOKEN, ...IN_MAIN } },
    400,
    'request.invalid',
  ],
  [
    'a method that the address does not take',
    { method: 'PUT', url: '/api/v1/me' },
    405,
    'request.method_not_allowed',
  ],
  ['OPTIONS', { method: 'OPTIONS', url: '/api/v1/members/x' }, 405, 'request.method_not_allowed'],
  ['HEAD of a stream', { method: 'HEAD', url: '/api/v1/events' }, 405, undefined],
  ['an address that cannot be decoded', { url: '/api/v1/members/%zz' }, 400, 'request.malformed'],
  ['nobody', { url: '/api/v1/me' }, 401, 'auth.required'],
  ['a bad token', { url: '/api/v1/me', headers: { authorization: 'Bearer nope' } }, 401, 'auth.invalid'],
  ['another scheme', { url: '/api/v1/me', headers: { authorization: 'Basic YTpi' } }, 401, 'auth.invalid'],
  ['a bad session', { url: '/api/v1/me', headers: { cookie: 'moulin_01987b2c=nope' } }, 401, 'auth.invalid'],
  ['no workspace', { url: '/api/v1/members', headers: TOKEN }, 400, 'workspace.required'],
  [
    'a foreign workspace',
    { url: '/api/v1/members', headers: { ...TOKEN, 'moulin-workspace': 'x' } },
    404,
    'object.not_found',
  ],
  [
    'too small a role',
    { url: '/api/v1/audit', headers: { ...IN_MAIN, authorization: 'Bearer token-of-viewer' } },
    403,
    'auth.forbidden',
  ],
  [
    'a form',
    { ...signIn(), headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'email=a' },
    415,
    'request.unsupported_media_type',
  ],
  [
    'text',
    { ...signIn(), headers: { 'content-type': 'text/plain' }, payload: '{}' },
    415,
    'request.unsupported_media_type',
  ],
  [
    'files',
    { ...signIn(), headers: { 'content-type': 'multipart/form-data; boundary=x' }, payload: '--x--' },
    415,
    'request.unsupported_media_type',
  ],
  [
    'a form, with a token',
    { method: 'PATCH', url: '/api/v1/me', headers: { ...TOKEN, 'content-type': 'text/plain' }, payload: 'x' },
    415,
    'request.unsupported_media_type',
  ],
  ['no JSON', { ...signIn(), payload: '{"email":' }, 400, 'request.malformed'],
  [
    'JSON that poisons prototypes',
    { ...signIn(), payload: '{"__proto__":{"a":1}}' },
    400,
    'request.malformed',
  ],
  [
    'JSON that poisons constructors',
    { ...signIn(), payload: '{"constructor":{"prototype":{}}}' },
    400,
    'request.malformed',
  ],
  [
    'deep JSON',
    { ...signIn(), payload: `${'['.repeat(10_000)}${']'.repeat(10_000)}` },
    400,
    'request.malformed',
  ],
  ['a huge body', { ...signIn(), payload: JSON.stringify('x'.repeat(2_000_000)) }, 413, 'request.too_large'],
  ['an empty body', { ...signIn(), payload: '' }, 400, 'request.invalid'],
  ['a body that is no object', { ...signIn(), payload: '7' }, 400, 'request.invalid'],
  [
    'no version',
    { method: 'PATCH', url: '/api/v1/me', headers: { ...TOKEN, ...JSON_TYPE }, payload: '{}' },
    428,
    'version.required',
  ],
  [
    'a foreign host',
    { url: '/api/v1/sign-in', headers: { host: 'evil.example' } },
    421,
    'request.unknown_host',
  ],
] as const;

function signIn() {
  return { method: 'POST', url: '/api/v1/sign-in', headers: JSON_TYPE } as const;
}

for (const [what, request, status, code] of failures)
  test(`${what} answers ${status}${code ? ` ${code}` : ''} in the one shape`, async t => {
    const { app } = await openFixture(t);
    const answer = await app.inject(request as InjectOptions);
    assert.equal(answer.statusCode, status, answer.body);
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/);
    if (code === undefined) return;
    const problem = problemSchema.strict().parse(answer.json());
    assert.deepEqual([problem.code, problem.status], [code, status]);
    assert.equal(problem.request_id, answer.headers['x-request-id']);
  });

test('405 names the methods, 401 the scheme', async t => {
  const { app } = await openFixture(t);
  assert.equal((await app.inject({ method: 'PUT', url: '/api/v1/me' })).headers.allow, 'GET, PATCH');
  assert.equal((await app.inject({ url: '/api/v1/me' })).headers['www-authenticate'], 'Bearer');
});

test('a denial of somebody known is recorded, a stranger is not', async t => {
  const { app, denials } = await openFixture(t);
  await app.inject({ url: '/api/v1/audit', headers: IN_MAIN });
  await app.inject({
    url: '/api/v1/audit',
    headers: { ...IN_MAIN, authorization: 'Bearer token-of-viewer' },
  });
  assert.deepEqual(denials, ['audit.list']);
});

test('what another system said is shown without our secrets', async t => {
  const redactor = createRedactor();
  redactor.add('hunter2-of-the-client');
  const reason = 'invalid_client: hunter2-of-the-client is not right';
  const { app } = await openFixture(t, {
    parts: { redactor },
    handlers: {
      'sign_in.oidc_callback': async () => {
        throw fail('oidc.refused', { issuer: 'https://idp.example', reason });
      },
    },
  });
  const answer = await app.inject('/api/v1/sign-in/oidc/callback');
  assert.equal(answer.json().params.reason, 'invalid_client: ••• is not right');
  assert(!answer.body.includes('hunter2'));
});

test('nobody learns a secret by guessing: what the caller sent comes back as it was sent', async t => {
  const redactor = createRedactor();
  for (const secret of ['hunter2-of-the-client', 'detail', 'route.not_found', 'params']) redactor.add(secret);
  const { app } = await openFixture(t, { parts: { redactor } });
  const answer = await app.inject('/api/v1/hunter2-of-the-client');
  const problem = problemSchema.strict().parse(answer.json());
  assert.deepEqual([problem.code, problem.params.path], ['route.not_found', '/api/v1/hunter2-of-the-client']);
});

test('a token of ours in the wrong place is covered by its form', async t => {
  const { app } = await openFixture(t);
  const token = `moulin_Y6cjAy1k08C4_${'XQLr3fbte4zGryJhpQrM3PjfpPztwBVh'}`;
  const answers = [
    await app.inject(`/api/v1/nothing/${token}`),
    await app.inject({ url: '/api/v1/members', headers: { ...TOKEN, 'moulin-workspace': token } }),
  ];
  for (const { body } of answers) assert.match(body, /moulin_Y6cjAy1k08C4_•••[^X]*$/s);
});

test('a throttled caller is told when to come back', async t => {
  const { app } = await openFixture(t, {
    handlers: {
      'sign_in.password': async () => {
        throw fail('sign_in.throttled', { seconds: 12.3 });
      },
    },
  });
  const answer = await app.inject({ ...signIn(), payload: { email: 'a@b.c', password: 'x' } });
  assert.equal(answer.statusCode, 429);
  assert.equal(answer.headers['retry-after'], '13');
});

test('a stranger is refused before the body is read', async t => {
  const { app } = await openFixture(t);
  const answer = await app.inject({ method: 'PATCH', url: '/api/v1/me', headers: JSON_TYPE, payload: '{' });
  assert.equal(answer.statusCode, 401);
});

test('a handler that never ends is given up', async t => {
  const { app } = await openFixture(t, {
    limits: { handler_ms: 30 },
    handlers: { 'me.show': () => new Promise(() => {}) },
  });
  const answer = await app.inject({ url: '/api/v1/me', headers: TOKEN });
  assert.deepEqual([answer.statusCode, answer.json().code], [503, 'server.too_slow']);
});

test("a handler's signal lives as long as its request", async t => {
  const signals: AbortSignal[] = [];
  const { app } = await openFixture(t, {
    handlers: {
      'me.password': async (call: { signal: AbortSignal }) => {
        signals.push(call.signal);
        await new Promise(resolve => setImmediate(resolve));
        assert.equal(call.signal.aborted, false);
      },
    },
  });
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/me/password',
    headers: { ...TOKEN, ...JSON_TYPE },
    payload: { new_password: 'correct horse' },
  });
  assert.equal(answer.statusCode, 204);
  assert.equal(signals.length, 1);
});

test('the API describes itself to everybody, and again only when it has changed', async t => {
  const { app } = await openFixture(t);
  const first = await app.inject('/api/v1/openapi.json');
  assert.deepEqual([first.statusCode, first.json().openapi], [200, '3.1.0']);
  const headers = { 'if-none-match': String(first.headers.etag) };
  assert.equal((await app.inject({ url: '/api/v1/openapi.json', headers })).statusCode, 304);
});

// ── Versions ────────────────────────────────────────────────────────────────────────────────────────

test('what is read carries an ETag, and 304 answers who has it', async t => {
  let name = 'Main';
  const { app } = await openFixture(t, {
    handlers: { 'workspace.show': async () => ({ ...workspace, name }) },
  });
  const read = (etag?: string) =>
    app.inject({
      url: '/api/v1/workspace',
      headers: { ...TOKEN, ...IN_MAIN, ...(etag && { 'if-none-match': etag }) },
    });
  const etag = String((await read()).headers.etag);
  assert.match(etag, /^"3-[\w-]{8}"$/);
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const answer = await read(tag);
    assert.deepEqual([answer.statusCode, answer.body, answer.headers.etag], [304, '', etag]);
  }
  // The same version that shows something else (memberships in "me") is another representation.
  name = 'Changed';
  assert.equal((await read(etag)).statusCode, 200);
});

test('If-Match brings the version to the handler, as sent, weakened by a proxy, or bare', async t => {
  const versions: number[] = [];
  const { app } = await openFixture(t, {
    handlers: {
      'workspace.edit': async (call: { version: number }) => {
        versions.push(call.version);
        throw fail('version.conflict', { expected: call.version, current: 9 });
      },
    },
  });
  for (const tag of ['"3"', '"3-abcdefgh"', 'W/"3-abcdefgh"']) {
    const answer = await app.inject({
      method: 'PATCH',
      url: '/api/v1/workspace',
      headers: { ...TOKEN, ...IN_MAIN, ...JSON_TYPE, 'if-match': tag },
      payload: {},
    });
    assert.deepEqual([answer.statusCode, answer.headers.etag], [412, '"9"']);
    assert.deepEqual(answer.json().params, { expected: 3, current: 9 });
  }
  assert.deepEqual(versions, [3, 3, 3]);
  for (const tag of ['3', '*', '"99999999999"', '"-1"', 'W/"x"']) {
    const headers = { ...TOKEN, ...IN_MAIN, ...JSON_TYPE, 'if-match': tag };
    const answer = await app.inject({ method: 'PATCH', url: '/api/v1/workspace', headers, payload: {} });
    assert.deepEqual([answer.statusCode, answer.json().errors[0].path], [400, 'headers.if-match']);
  }
});
