import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeCertificate } from '../../../tests/support/certificate.ts';
import {
  type Fixture,
  type FixtureOptions,
  JSON_TYPE,
  openFixture,
  sendRaw,
  TOKEN,
  textOf,
} from '../../../tests/support/door.ts';
import { isFailure } from '../../base/kit/errors.ts';
import { problemSchema } from '../../contract/errors.ts';
import { checkBinding, listen } from './listen.ts';
import type { ServerConfig } from './parts.ts';

const config: ServerConfig = {
  host: '127.0.0.1',
  public_url: null,
  tls: { cert: null, key: null },
  trusted_proxies: [],
  insecure_http: false,
};

async function listening(t: TestContext, options: FixtureOptions = {}): Promise<Fixture & { port: number }> {
  const fixture = await openFixture(t, options);
  const port = await listen(fixture.app, options.parts?.config ?? config, 0);
  return { ...fixture, port };
}

// ── Binding ─────────────────────────────────────────────────────────────────────────────────────────

test('beyond this machine there must be TLS, a trusted proxy, or a word that the risk is known', () => {
  const isRefused = (error: unknown) =>
    isFailure(error, 'server.insecure_binding') && error.message.includes('0.0.0.0');
  assert.throws(() => checkBinding({ ...config, host: '0.0.0.0' }), isRefused);
  for (const host of ['127.0.0.1', 'localhost', '::1', '127.0.0.2']) checkBinding({ ...config, host });
  for (const host of ['::', '192.168.1.5', 'moulin.example.com'])
    assert.throws(
      () => checkBinding({ ...config, host }),
      error => isFailure(error, 'server.insecure_binding'),
    );
  checkBinding({ ...config, host: '0.0.0.0', insecure_http: true });
  checkBinding({ ...config, host: '0.0.0.0', trusted_proxies: ['10.0.0.1'] });
  checkBinding({ ...config, host: '0.0.0.0', tls: { cert: 'c', key: 'k' } });
});

test('a certificate and its key make it HTTPS, with a Secure session cookie and HSTS', async t => {
  const { cert, key } = makeCertificate();
  const folder = mkdtempSync(join(tmpdir(), 'moulin-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(tls.cert, cert);
  writeFileSync(tls.key, key);
  const { port } = await listening(t, { parts: { config: { ...config, tls } } });
  const request = https.get({ port, host: 'localhost', path: '/health/live', ca: cert, agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  assert.equal(response.statusCode, 200);
  assert.match(String(response.headers['strict-transport-security']), /max-age/);
  response.resume();
});

test('a certificate that cannot be used stops the start and says why', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'moulin-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const one = makeCertificate();
  writeFileSync(join(folder, 'cert.pem'), one.cert);
  writeFileSync(join(folder, 'other.pem'), makeCertificate().key);
  const cases: [ServerConfig['tls'], RegExp][] = [
    [{ cert: join(folder, 'gone.pem'), key: join(folder, 'gone.pem') }, /ENOENT/],
    [{ cert: join(folder, 'cert.pem'), key: null }, /one of the two is not set/],
    [{ cert: join(folder, 'cert.pem'), key: join(folder, 'other.pem') }, /key values mismatch/],
    [{ cert: join(folder, 'other.pem'), key: join(folder, 'other.pem') }, /cannot be used/],
  ];
  for (const [tls, reason] of cases)
    await assert.rejects(openFixture(t, { parts: { config: { ...config, tls } } }), error => {
      assert(isFailure(error, 'server.tls_unreadable'), String(error));
      assert.match(error.message, reason);
      return true;
    });
});

test('a taken port is EADDRINUSE, for the caller to explain', async t => {
  const { port } = await listening(t);
  const second = await openFixture(t);
  await assert.rejects(listen(second.app, config, port), { code: 'EADDRINUSE' });
});

// ── What is hardly HTTP ─────────────────────────────────────────────────────────────────────────────

function problemIn(text: string) {
  return problemSchema.strict().parse(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)));
}

const broken: [string, string, number, string][] = [
  ['nonsense', 'hello\r\n\r\n', 400, 'request.malformed'],
  ['a header without a name', 'GET / HTTP/1.1\r\nhost: localhost\r\n: x\r\n\r\n', 400, 'request.malformed'],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
    400,
    'request.malformed',
  ],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    400,
    'request.malformed',
  ],
  [
    'huge headers',
    `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'request.headers_too_large',
  ],
  [
    'many headers',
    `GET / HTTP/1.1\r\nhost: localhost\r\n${'x: y\r\n'.repeat(5000)}\r\n`,
    431,
    'request.headers_too_large',
  ],
  [
    'a huge address',
    `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    431,
    'request.headers_too_large',
  ],
];
for (const [what, bytes, status, code] of broken)
  test(`${what} answers ${status} in the one shape`, async t => {
    const { app } = await listening(t);
    const answer = await sendRaw(app, bytes);
    assert.equal(answer.status, status, answer.text.slice(0, 200));
    assert.equal(problemIn(answer.text).code, code);
  });

test('HTTP/1.0 without a host is answered for nobody', async t => {
  const { app } = await listening(t);
  const answer = await sendRaw(app, 'GET /api/v1/me HTTP/1.0\r\n\r\n');
  assert.deepEqual([answer.status, problemIn(answer.text).code], [421, 'request.unknown_host']);
});

test('a client that sends a byte now and then is answered 408 and cut off', async t => {
  const { app, port } = await listening(t, { limits: { request_ms: 200, headers_ms: 200, check_ms: 50 } });
  for (const beginning of [
    'GET /health/live HTTP/1.1\r\nhost: loc',
    'POST /api/v1/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
  ]) {
    const socket = connect(port, '127.0.0.1');
    const drip = setInterval(() => socket.write(' '), 20);
    t.after(() => clearInterval(drip));
    socket.write(beginning);
    const text = await textOf(socket);
    clearInterval(drip);
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.equal(problemIn(text).code, 'request.timeout');
  }
  assert.equal((await sendRaw(app, 'GET /health/live HTTP/1.0\r\nhost: localhost\r\n\r\n')).status, 200);
});

test('a client that goes away in the middle is nobody to answer, and no error', async t => {
  const { app, port, lines } = await listening(t);
  const socket = connect(port, '127.0.0.1');
  socket.write(
    'POST /api/v1/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a',
  );
  await once(socket, 'connect');
  socket.resetAndDestroy();
  await sendRaw(app, 'GET /health/live HTTP/1.0\r\nhost: localhost\r\n\r\n');
  assert.deepEqual(
    lines.filter(line => line.level === 'error'),
    [],
  );
});

test('a body larger than the limit is refused by its length, and by its bytes when it hides the length', async t => {
  const { app } = await listening(t, { limits: { body_bytes: 1000 } });
  const head = `POST /api/v1/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
  const body = JSON.stringify('x'.repeat(2000));
  const long = await sendRaw(app, `${head}content-length: ${body.length}\r\n\r\n${body}`);
  assert.deepEqual([long.status, problemIn(long.text).params], [413, { limit: 1000 }]);
  const chunked = await sendRaw(
    app,
    `${head}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
  assert.equal(chunked.status, 413);
});

test('connections beyond the limit are dropped, and room is made by those that end', async t => {
  const { port } = await listening(t, { limits: { connections: 2 } });
  const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  t.after(() => held.map(socket => socket.destroy()));
  await Promise.all(held.map(socket => once(socket, 'connect')));
  const third = connect(port, '127.0.0.1');
  third.on('error', () => {});
  await once(third, 'close');
  held[0]?.destroy();
  for (;;) {
    const status = await fetch(`http://127.0.0.1:${port}/health/live`).then(
      response => response.status,
      () => 0,
    );
    if (status === 200) break;
  }
});

// ── Stopping ────────────────────────────────────────────────────────────────────────────────────────

test('what runs may finish, what comes is sent away, then the server is gone', async t => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { app, port } = await listening(t, {
    handlers: {
      'sessions.delete_others': async () => {
        reach();
        await held;
        return { ended: 1 };
      },
    },
  });
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const running = ask(port, agent);
  await reached;
  const closing = app.close();
  await new Promise(resolve => setImmediate(resolve));
  release();
  const answer = await running;
  assert.deepEqual([answer.statusCode, answer.headers.connection], [200, 'close']);
  answer.resume();
  await closing;
  await assert.rejects(fetch(`http://127.0.0.1:${port}/health/live`));
});

test('a request that arrives while stopping, on a connection that was open already, is told so', async t => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { app, port } = await listening(t, {
    handlers: {
      'sessions.delete_others': async () => {
        reach();
        await held;
        return { ended: 1 };
      },
    },
  });
  const early = connect(port, '127.0.0.1');
  await once(early, 'connect');
  const running = ask(port, new http.Agent());
  await reached;
  const closing = app.close();
  await new Promise(resolve => setImmediate(resolve));
  early.write('GET /api/v1/sign-in HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const text = await textOf(early);
  assert.match(text, /^HTTP\/1\.1 503 /);
  assert.equal(problemIn(text).code, 'server.stopping');
  release();
  (await running).resume();
  await closing;
});

test('connections on which nothing was ever asked do not hold up the end', async t => {
  const { app, port } = await listening(t, { limits: { drain_ms: 3_600_000 } });
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const gone = once(socket.resume(), 'close');
  await fetch(`http://127.0.0.1:${port}/health/live`);
  await app.close();
  await gone;
});

test('a request that does not end is cut after the drain time', async t => {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { app, port } = await listening(t, {
    limits: { drain_ms: 50 },
    handlers: {
      'sessions.delete_others': () => {
        reach();
        return new Promise(() => {});
      },
    },
  });
  const agent = new http.Agent();
  const running = ask(port, agent);
  running.catch(() => {});
  await reached;
  await app.close();
  await assert.rejects(running, { code: 'ECONNRESET' });
});

async function ask(port: number, agent: http.Agent): Promise<http.IncomingMessage> {
  const request = http.request({
    port,
    method: 'POST',
    path: '/api/v1/me/sessions/end-others',
    agent,
    headers: { ...TOKEN, ...JSON_TYPE },
  });
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}

test('five thousand strangers leave nothing behind', async t => {
  const { app } = await listening(t);
  const knock = async () => {
    for (let n = 0; n < 250; n += 1)
      await app.inject({ url: '/api/v1/me', headers: { authorization: `Bearer x${n}` } });
  };
  const settled = async () => {
    for (let turn = 0; turn < 2; turn += 1) await new Promise(resolve => setImmediate(resolve));
  };
  await knock();
  await settled();
  const before = process.getActiveResourcesInfo().length;
  await Promise.all(Array.from({ length: 20 }, knock));
  await settled();
  assert(process.getActiveResourcesInfo().length <= before);
});
