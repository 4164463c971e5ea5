import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { BROWSER, JSON_TYPE, openFixture, sendRaw, TOKEN } from '../../../tests/support/door.ts';
import type { Me } from '../../contract/access.ts';
import type { ServerConfig } from './parts.ts';

const me: Me = {
  kind: 'person',
  id: 'ada',
  name: 'Ada',
  email: null,
  locale: null,
  theme: null,
  has_password: true,
  has_identity: false,
  version: 1,
  instance_rights: [],
  memberships: [],
  token: null,
};

// ── Where a request comes from ──────────────────────────────────────────────────────────────────────

const edit = { method: 'PATCH', url: '/api/v1/me', payload: '{}' } as const;
const cookie = { cookie: BROWSER.cookie, 'if-match': '"1"' };

const browserRequests: [string, Record<string, string>, number][] = [
  ['our own page', { 'sec-fetch-site': 'same-origin', ...JSON_TYPE }, 200],
  [
    'our own page through a forwarded port',
    { host: 'localhost:9999', origin: 'http://localhost:9999', ...JSON_TYPE },
    200,
  ],
  ['our own page on IPv6', { host: '[::1]:4610', origin: 'http://[::1]:4610', ...JSON_TYPE }, 200],
  ['a program with a cookie', JSON_TYPE, 200],
  ['another site', { 'sec-fetch-site': 'cross-site', ...JSON_TYPE }, 403],
  ['a neighbour domain', { 'sec-fetch-site': 'same-site', ...JSON_TYPE }, 403],
  ['another site, old browser', { origin: 'https://evil.example', ...JSON_TYPE }, 403],
  [
    'another port of this machine',
    { host: 'localhost:4610', origin: 'http://localhost:8080', ...JSON_TYPE },
    403,
  ],
  ['a sandboxed frame', { origin: 'null', ...JSON_TYPE }, 403],
  ['a form', { 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain' }, 415],
  ['a request without a type', { 'sec-fetch-site': 'same-origin' }, 415],
  [
    'a type that only begins like JSON',
    { 'sec-fetch-site': 'same-origin', 'content-type': 'application/jsonp' },
    415,
  ],
];
for (const [what, headers, status] of browserRequests)
  test(`a change with a cookie by ${what} answers ${status}`, async t => {
    const { app } = await openFixture(t, { handlers: { 'me.edit': async () => me } });
    const answer = await app.inject({ ...edit, headers: { host: 'localhost:4610', ...cookie, ...headers } });
    assert.equal(answer.statusCode, status, answer.body);
  });

test('signing in is guarded like a change: another site must not sign its visitor in', async t => {
  const { app } = await openFixture(t);
  const headers = { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' };
  const payload = { email: 'a@b.c', password: 'x' };
  const answer = await app.inject({ method: 'POST', url: '/api/v1/sign-in', headers, payload });
  assert.equal(answer.json().code, 'request.foreign_origin');
});

test('a bearer token needs no browser checks, and the cookie beside it is not looked at', async t => {
  const { app } = await openFixture(t, { handlers: { 'me.edit': async () => me } });
  const headers = { ...JSON_TYPE, ...cookie, 'sec-fetch-site': 'cross-site' };
  assert.equal((await app.inject({ ...edit, headers: { ...headers, ...TOKEN } })).statusCode, 200);
  const bad = await app.inject({ ...edit, headers: { ...headers, authorization: 'Bearer nope' } });
  assert.equal(bad.json().code, 'auth.invalid');
});

test('the public address may be the one that a browser names', async t => {
  const { app } = await openFixture(t, {
    handlers: { 'me.edit': async () => me },
    parts: { config: { ...plain, public_url: 'https://moulin.example.com' } },
  });
  const cookieName = '__Host-moulin_01987b2c=session-of-ada';
  const headers = { ...cookie, ...JSON_TYPE, cookie: cookieName, host: 'moulin.example.com' };
  const origin = 'https://moulin.example.com';
  assert.equal((await app.inject({ ...edit, headers: { ...headers, origin } })).statusCode, 200);
});

const plain: ServerConfig = {
  host: '127.0.0.1',
  public_url: null,
  tls: { cert: null, key: null },
  trusted_proxies: [],
  insecure_http: false,
};

const hosts: [string, boolean][] = [
  ['localhost', true],
  ['localhost:1', true],
  ['127.0.0.1:4610', true],
  ['127.1.2.3', true],
  ['[::1]:4610', true],
  ['moulin.example.com', true],
  ['MOULIN.example.com:8443', true],
  ['192.168.1.5:4610', true],
  ['evil.example', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.nip.io', false],
  ['evil.example@localhost', false],
  ['localhost/evil', false],
];
for (const [host, known] of hosts)
  test(`the host "${host}" is ${known ? 'ours' : 'not ours'}`, async t => {
    const { app } = await openFixture(t, {
      parts: { config: { ...plain, public_url: 'https://moulin.example.com' } },
    });
    const answer = await app.inject({ url: '/api/v1/me', headers: { host } });
    assert.equal(answer.json().code, known ? 'auth.required' : 'request.unknown_host');
  });

test('probes may come by any name', async t => {
  const { app } = await openFixture(t);
  const answer = await app.inject({ url: '/health/live', headers: { host: 'moulin.default.svc' } });
  assert.deepEqual(answer.json(), { live: true });
});

// ── Cookies ─────────────────────────────────────────────────────────────────────────────────────────

async function signIn(t: TestContext, headers: Record<string, string>, config = plain): Promise<string> {
  const { app } = await openFixture(t, {
    parts: { config },
    handlers: {
      'sign_in.password': async (call: { session: { start(token: string, until: string): void } }) => {
        call.session.start('secret', '2030-01-01T00:00:00.000000Z');
        return me;
      },
    },
  });
  const payload = { email: 'a@b.c', password: 'x' };
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/sign-in',
    headers: { ...JSON_TYPE, ...headers },
    payload,
  });
  return String(answer.headers['set-cookie']);
}

test('on plain loopback the session cookie is HttpOnly, SameSite, ours by name, and not Secure', async t => {
  for (const host of ['localhost:4610', '127.0.0.1:9', '[::1]:4610'])
    assert.equal(
      await signIn(t, { host }),
      'moulin_01987b2c=secret; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; HttpOnly; SameSite=Lax',
    );
});

test('behind TLS it is a __Host- cookie, and Secure', async t => {
  const public_url = 'https://moulin.example.com';
  const cases: [Record<string, string>, ServerConfig][] = [
    [{ host: 'moulin.example.com' }, { ...plain, public_url }],
    [{ 'x-forwarded-proto': 'https' }, { ...plain, trusted_proxies: ['127.0.0.1'] }],
  ];
  for (const [headers, config] of cases) {
    const set = await signIn(t, headers, config);
    assert.match(set, /^__Host-moulin_01987b2c=secret; Path=\/; .*HttpOnly; Secure; SameSite=Lax/);
  }
});

test('forwarded headers of a stranger are not believed', async t => {
  const set = await signIn(t, { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' });
  assert.match(set, /^moulin_01987b2c=/);
});

test('a cookie planted over plain http does not count over TLS', async t => {
  const { app } = await openFixture(t, { parts: { config: { ...plain, trusted_proxies: ['127.0.0.1'] } } });
  const headers = { cookie: BROWSER.cookie, 'x-forwarded-proto': 'https' };
  assert.equal((await app.inject({ url: '/api/v1/me', headers })).json().code, 'auth.required');
});

test('what a browser is to remember between two requests comes back, and can be forgotten', async t => {
  type Browser = {
    recall(name: string): string | undefined;
    keep(name: string, value: string, seconds: number): void;
    forget(name: string): void;
  };
  const seen: (string | undefined)[] = [];
  const { app } = await openFixture(t, {
    handlers: {
      'sign_in.oidc_start': async (call: { browser: Browser; redirect(to: string): void }) => {
        call.browser.keep('oidc', 'state', 600);
        call.redirect('https://idp.example/authorize?x=1');
      },
      'sign_in.oidc_callback': async (call: { browser: Browser; redirect(to: string): void }) => {
        seen.push(call.browser.recall('oidc'));
        call.browser.forget('oidc');
        call.redirect('/');
      },
    },
  });
  const start = await app.inject({ url: '/api/v1/sign-in/oidc' });
  assert.deepEqual([start.statusCode, start.headers.location], [302, 'https://idp.example/authorize?x=1']);
  assert.equal(
    start.headers['set-cookie'],
    'moulin_01987b2c_oidc=state; Max-Age=600; Path=/; HttpOnly; SameSite=Lax',
  );
  const back = await app.inject({
    url: '/api/v1/sign-in/oidc/callback',
    headers: { cookie: 'moulin_01987b2c_oidc=state' },
  });
  assert.deepEqual(seen, ['state']);
  assert.match(String(back.headers['set-cookie']), /^moulin_01987b2c_oidc=; .*Expires=Thu, 01 Jan 1970/);
});

test('malformed cookies and tokens are nobody', async t => {
  const { app } = await openFixture(t);
  for (const value of [
    '=',
    ';;;',
    'moulin_01987b2c',
    'moulin_01987b2c=%zz',
    `moulin_01987b2c=${'x'.repeat(5000)}`,
    '__proto__=x',
  ]) {
    const answer = await app.inject({ url: '/api/v1/me', headers: { cookie: value } });
    assert.equal(answer.statusCode, 401, value);
  }
  for (const value of [
    'Bearer',
    'Bearer ',
    'Bearer a b',
    `Bearer ${'x'.repeat(2000)}`,
    'bearer\tx',
    'Bearer é',
  ]) {
    const answer = await app.inject({ url: '/api/v1/me', headers: { authorization: value } });
    assert.equal(answer.json().code, 'auth.invalid', value);
  }
});

test('TLS brings HSTS, and every answer its headers', async t => {
  const { app } = await openFixture(t, { parts: { config: { ...plain, trusted_proxies: ['127.0.0.1'] } } });
  const answer = await app.inject({ url: '/health/live', headers: { 'x-forwarded-proto': 'https' } });
  assert.equal(answer.headers['strict-transport-security'], 'max-age=31536000');
  assert.equal(answer.headers['referrer-policy'], 'no-referrer');
  assert.equal(answer.headers['cross-origin-opener-policy'], 'same-origin');
  assert.equal((await app.inject({ url: '/health/live' })).headers['strict-transport-security'], undefined);
});

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────

const SCRIPT = 'console.log("moulin")'.repeat(20);

function webFolder(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'moulin-web-'));
  t.after(() => rmSync(root, { recursive: true }));
  const dist = join(root, 'dist');
  mkdirSync(join(dist, 'assets'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret of the parent');
  writeFileSync(join(dist, 'index.html'), '<!doctype html><title>Moulin</title>');
  writeFileSync(join(dist, 'icon.svg'), '<svg/>');
  writeFileSync(join(dist, 'assets', 'main-abc123.js'), SCRIPT);
  writeFileSync(join(dist, 'assets', 'main-abc123.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(dist, 'assets', 'main-abc123.js.gz'), gzipSync(SCRIPT));
  writeFileSync(join(dist, 'assets', 'main-abc123.js.map'), '{}');
  return dist;
}

test('hashed files are kept for ever, compressed as the browser likes, and the page is asked for again', async t => {
  const { app } = await openFixture(t, { parts: { web_folder: webFolder(t) } });
  const file = await app.inject({
    url: '/assets/main-abc123.js',
    headers: { 'accept-encoding': 'gzip, br' },
  });
  assert.equal(file.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(file.headers['content-encoding'], 'br');
  assert.match(String(file.headers['content-type']), /javascript/);
  assert.match(String(file.headers.vary), /accept-encoding/i);
  const bare = await app.inject({ url: '/assets/main-abc123.js' });
  assert.equal(bare.body, SCRIPT);
  const page = await app.inject({ url: '/' });
  assert.equal(page.headers['cache-control'], 'no-cache');
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /script-src 'self';/);
  assert.doesNotMatch(policy.replace(/style-src[^;]*/, ''), /unsafe/);
  const again = await app.inject({ url: '/', headers: { 'if-none-match': String(page.headers.etag) } });
  assert.equal(again.statusCode, 304);
});

test('addresses of pages are answered by the page, others are not', async t => {
  const { app } = await openFixture(t, { parts: { web_folder: webFolder(t) } });
  const open = (url: string) => app.inject({ url, headers: { accept: 'text/html,*/*' } });
  for (const url of [
    '/sign-in',
    '/link',
    '/w/main',
    '/w/main/settings/members?q=a',
    '/account/tokens',
    '/design',
    '/w/main/',
  ]) {
    const answer = await open(url);
    assert.deepEqual([answer.statusCode, answer.body.includes('<title>Moulin')], [200, true], url);
  }
  const unknown = await open('/nothing-like-this');
  assert.deepEqual([unknown.statusCode, unknown.body.includes('<title>Moulin')], [404, true]);
  for (const url of [
    '/api/v1/nothing',
    '/api',
    '/health',
    '/metrics/x',
    '/assets/gone.js',
    '/wp-login.php',
    '/assets/main-abc123.js.map',
    '/.env',
  ])
    assert.equal((await open(url)).json().code, 'route.not_found', url);
  assert.equal(
    (await app.inject({ url: '/w/main', headers: { accept: 'application/json' } })).statusCode,
    404,
  );
});

test('without a built UI, a person reads what to do', async t => {
  const { app } = await openFixture(t);
  const answer = await app.inject({ url: '/w/main', headers: { accept: 'text/html' } });
  assert.equal(answer.statusCode, 503);
  assert.match(answer.body, /its pages are not built.*npm start/s);
});

const up = [
  '../',
  '..%2f',
  '..%5c',
  '%2e%2e/',
  '%2e%2e%2f',
  '.%2e/',
  '%2e./',
  '..;/',
  '..%00/',
  '..%c0%af',
  '%c0%ae%c0%ae/',
  '%252e%252e%252f',
  '..%252f',
  '..\\',
  '....//',
  '..%u2215',
  '%uff0e%uff0e/',
  '..%0d/',
  '.../',
  '%2e%2e%5c',
  '..%ef%bc%8f',
  './/../',
  '..//',
  '/..;x/',
  '%2e%2e;x/',
];
const tricks = [
  ...up.flatMap(step => [
    `/${step}secret.txt`,
    `/assets/${step.repeat(2)}secret.txt`,
    `/assets/${step.repeat(8)}etc/passwd`,
  ]),
  ...[
    '//secret.txt',
    '/./index.html',
    '/assets/./main-abc123.js',
    '//assets/main-abc123.js',
    '/assets//main-abc123.js',
    '/ASSETS/main-abc123.js',
    '/assets/main-abc123.js/',
    '/assets/main-abc123.js%00',
    '/assets/main-abc123.js%20',
    '/assets/main-abc123.js.',
    '/assets/main-abc123.js::$DATA',
    '/assets;x/main-abc123.js',
    '/assets/main-abc123.js;x',
    '/assets%5cmain-abc123.js',
    '/index.html%3f',
    '/index.html%23',
    '/\0',
    '/%00',
    '/C:%5cwindows',
    '/file:///etc/passwd',
    'http://evil.example/secret.txt',
  ],
];
test(`${tricks.length} tricks with paths reach no file`, async t => {
  const { app } = await openFixture(t, { parts: { web_folder: webFolder(t) } });
  await app.listen({ port: 0 });
  assert(tricks.length >= 40);
  for (const url of tricks) {
    const { status, text } = await get(app, url);
    assert([400, 404].includes(status), `${url}: ${text}`);
    assert(!/secret of|root:|console\.log|<title>/.test(text), url);
    assert.match(text, /content-type: application\/problem\+json/i, url);
  }
});

const secured = ['/api/v1/me', '/api/v1/members', '/api/v1/instance/users', '/api/v1/audit/export'];
const disguises = [
  ';x',
  ';v1/sign-in',
  '%2f',
  '/',
  '//',
  '/.',
  '/./',
  '.',
  '%00',
  '%20',
  '%09',
  '?',
  '%3f',
  '#',
  '%23',
  '/..;/sign-in',
  '/../me',
  '.json',
  '.css',
  '/%2e%2e/me',
  '\\',
  '%5c',
  '?x=/api/v1/sign-in',
  '/sign-in',
  '%0a',
  '/*',
  '~',
  '%ff',
  '..',
  '%2e',
];
test(`${secured.length * (disguises.length + 7)} disguises of protected routes let nobody in`, async t => {
  const { app } = await openFixture(t);
  await app.listen({ port: 0 });
  for (const path of secured) {
    const inside = [
      '//api/v1/me',
      '/api//v1/me',
      '/./api/v1/me',
      '/api/v1/./me',
      '/API/v1/me',
      '/api/V1/me',
      '/api/v1/ME',
      '/api;x/v1/me',
      '/%61pi/v1/me',
      '/api/v1/sign-in/../me',
    ].map(form => form.replace('/me', path.slice('/api/v1'.length)));
    for (const url of [...disguises.map(end => path + end), ...inside]) {
      const { status } = await get(app, url);
      assert([400, 401, 404, 405].includes(status), `${url}: ${status}`);
    }
  }
});

/** Byte by byte as an attacker sends it: every HTTP client would tidy the path up first. */
function get(app: FastifyInstance, path: string) {
  return sendRaw(
    app,
    `GET ${path} HTTP/1.1\r\nhost: localhost\r\nmoulin-workspace: main\r\nconnection: close\r\n\r\n`,
  );
}
