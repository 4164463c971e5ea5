import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { makeCertificate } from '../../../tests/support/certificate.ts';
import { openForwardProxy } from '../../../tests/support/forward-proxy.ts';
import { isFailure } from './errors.ts';
import { type OutboundOptions, openOutbound, proxiesOf } from './outbound.ts';

const PUBLIC = '93.184.216.34';

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = http.createServer(listener);
  t.after(() => server.closeAllConnections());
  return listen(t, server);
}

function open(t: TestContext, options: Partial<OutboundOptions> = {}) {
  const outbound = openOutbound({ allow: [], ...options });
  t.after(() => outbound.close());
  return outbound;
}

function isRefused(error: unknown): boolean {
  assert(isFailure(error, 'outbound.refused'), String(error));
  assert.match(error.message, /^The server does not call /);
  return true;
}

for (const host of [
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
  '127.1',
  '①②⑦.⓪.⓪.①',
  '0',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '127.0.0.1.',
])
  test(`the loopback address written as ${host} is refused`, async t => {
    let called = false;
    const port = await serve(t, (_, response) => {
      called = true;
      response.end();
    });
    await assert.rejects(open(t).fetch(`http://${host}:${port}/`), isRefused);
    assert.equal(called, false);
  });

for (const address of [
  ...[
    '10.0.0.1',
    '172.16.5.4',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.1.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
  ],
  ...['::', 'fc00::1', 'fe80::1', 'ff02::1', '::10.0.0.1', '2001:db8::1'],
])
  test(`a name that leads to ${address} is refused, and the refusal names the setting`, async t => {
    const outbound = open(t, { resolve: async () => [PUBLIC, address] });
    await assert.rejects(outbound.fetch('http://inside.example/'), error => {
      assert(isFailure(error, 'outbound.refused'), String(error));
      assert(error.message.includes(address), error.message);
      assert.equal(error.params.host, 'inside.example');
      return true;
    });
  });

test('the hint says which setting would allow the address', async t => {
  const { toProblem } = await import('./errors.ts');
  await assert.rejects(open(t).fetch('http://10.1.2.3/'), error => {
    assert(isFailure(error));
    assert.match(toProblem(error, 'r').hint, /outbound\.allow: \[10\.1\.2\.3\]/);
    return true;
  });
});

test('a name server that answers differently the second time is not asked a second time', async t => {
  const port = await serve(t, (_, response) => response.end('inside'));
  const answers = [['127.0.0.2'], ['127.0.0.1']];
  let asked = 0;
  const outbound = open(t, {
    allow: ['127.0.0.2'],
    resolve: async () => answers[Math.min(asked++, 1)] ?? [],
  });
  // What was checked is what gets connected to: there, nobody listens on this port.
  await assert.rejects(outbound.fetch(`http://rebind.example:${port}/`), error =>
    isFailure(error, 'outbound.failed'),
  );
  assert.equal(asked, 1);
  await assert.rejects(outbound.fetch(`http://rebind.example:${port}/`), isRefused);
});

test('a redirect to the metadata service is refused even where redirects are followed', async t => {
  const port = await serve(t, (_, response) => {
    response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
  });
  const outbound = open(t, { allow: ['127.0.0.1'] });
  await assert.rejects(outbound.fetch(`http://127.0.0.1:${port}/`, { redirect: 'follow' }), isRefused);
});

test('no setting opens the metadata addresses', async t => {
  const outbound = open(t, {
    allow: ['169.254.0.0/16', 'fd00::/8', 'metadata.example'],
    resolve: async () => ['169.254.169.254'],
  });
  for (const host of ['169.254.169.254', '[fd00:ec2::254]', 'metadata.example'])
    await assert.rejects(outbound.fetch(`http://${host}/`), isRefused);
});

test('redirects are off unless asked for, at most three, and lose credentials on another host', async t => {
  const seen: (string | undefined)[] = [];
  const port = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    const at = Number(new URL(request.url ?? '', 'http://x').searchParams.get('n'));
    const next = `http://${at % 2 ? 'one' : 'two'}.example:${port}/?n=${at + 1}`;
    response.writeHead(302, { location: next }).end();
  });
  const outbound = open(t, { allow: ['one.example', 'two.example'], resolve: async () => ['127.0.0.1'] });
  const url = `http://one.example:${port}/?n=0`;
  assert.equal((await outbound.fetch(url)).status, 302);
  seen.length = 0;
  const last = await outbound.fetch(url, { redirect: 'follow', headers: { Authorization: 'Bearer x' } });
  assert.equal(last.status, 302);
  assert.deepEqual(seen, ['Bearer x', undefined, undefined, undefined]);
});

for (const allow of ['127.0.0.1', '127.0.0.0/8', 'inside.example'])
  test(`outbound.allow: [${allow}] allows what it names and nothing else`, async t => {
    const port = await serve(t, (_, response) => response.end('hello'));
    const outbound = open(t, { allow: [allow], resolve: async () => ['127.0.0.1'] });
    const host = allow.includes('example') ? 'INSIDE.example.' : '127.0.0.1';
    assert.equal(await (await outbound.fetch(`http://${host}:${port}/`)).text(), 'hello');
    await assert.rejects(outbound.fetch('http://10.0.0.1/'), isRefused);
  });

for (const url of [
  'file:///etc/passwd',
  'ftp://93.184.216.34/',
  'gopher://x/',
  'http://user:pw@93.184.216.34/',
  'nonsense',
])
  test(`${url} is refused`, async t => {
    await assert.rejects(open(t).fetch(url), isRefused);
  });

test('an answer that never ends is cut off', async t => {
  const port = await serve(t, (_, response) => {
    const more = () => response.write(Buffer.alloc(64 * 1024)) && setImmediate(more);
    response.on('drain', more);
    more();
  });
  const outbound = open(t, { allow: ['127.0.0.1'] });
  await assert.rejects(outbound.fetch(`http://127.0.0.1:${port}/`, { max_bytes: 200_000 }), error =>
    isFailure(error, 'outbound.too_large'),
  );
});

test('a small answer that unpacks into a huge one is cut off', async t => {
  const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024));
  const port = await serve(t, (_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
  );
  const outbound = open(t, { allow: ['127.0.0.1'] });
  await assert.rejects(outbound.fetch(`http://127.0.0.1:${port}/`), error =>
    isFailure(error, 'outbound.too_large'),
  );
});

test('a server that never answers, and a name server that never answers, end at the deadline', async t => {
  const port = await serve(t, () => {});
  const outbound = open(t, { allow: ['127.0.0.1'] });
  const isLate = (error: unknown) => isFailure(error, 'outbound.failed') && /in time/.test(error.message);
  await assert.rejects(outbound.fetch(`http://127.0.0.1:${port}/`, { timeout_ms: 50 }), isLate);
  const silent = open(t, {
    resolve: () => new Promise(() => {}),
    proxies: { http: `http://127.0.0.1:${port}`, https: '', no_proxy: '' },
  });
  await assert.rejects(silent.fetch('http://slow.example/', { timeout_ms: 50 }), isLate);
});

test('a closed port is an answer in words', async t => {
  const server = http.createServer();
  const port = await listen(t, server);
  server.close();
  await assert.rejects(open(t, { allow: ['127.0.0.1'] }).fetch(`http://127.0.0.1:${port}/`), error => {
    assert(isFailure(error, 'outbound.failed'), String(error));
    assert.match(error.message, /ECONNREFUSED/);
    return true;
  });
});

// ── Proxies ─────────────────────────────────────────────────────────────────────────────────────────

async function proxyTo(t: TestContext, target_port: number) {
  const { asked, url } = await openForwardProxy(t, target_port);
  return { asked, proxies: { http: url, https: url, no_proxy: '' } };
}

test('a proxy is used, after the name was resolved and checked here', async t => {
  const proxy = await proxyTo(t, 1);
  const outbound = open(t, {
    proxies: proxy.proxies,
    resolve: async host => [host === 'inside.example' ? '10.0.0.1' : PUBLIC],
  });
  assert.equal(await (await outbound.fetch('http://outside.example/a')).text(), 'through the proxy');
  await assert.rejects(outbound.fetch('http://inside.example/'), isRefused);
  assert.deepEqual(proxy.asked, ['http://outside.example/a']);
});

test('behind a proxy, a name that cannot be resolved here is refused unless it is listed', async t => {
  const proxy = await proxyTo(t, 1);
  const resolve = async () => {
    throw new Error('ENOTFOUND');
  };
  const outbound = open(t, { proxies: proxy.proxies, resolve, allow: ['known.example'] });
  await assert.rejects(outbound.fetch('http://unknown.example/'), error => {
    assert(isFailure(error, 'outbound.refused'), String(error));
    assert.match(error.message, /cannot be resolved here/);
    return true;
  });
  assert.equal((await outbound.fetch('http://known.example/')).status, 200);
});

test('what NO_PROXY lists goes directly, guarded as ever', async t => {
  const port = await serve(t, (_, response) => response.end('direct'));
  const proxy = await proxyTo(t, 1);
  const outbound = open(t, {
    proxies: { ...proxy.proxies, no_proxy: 'direct.example, .corp' },
    allow: ['direct.example'],
    resolve: async () => ['127.0.0.1'],
  });
  assert.equal(await (await outbound.fetch(`http://direct.example:${port}/`)).text(), 'direct');
  await assert.rejects(outbound.fetch(`http://a.corp:${port}/`), isRefused);
  assert.deepEqual(proxy.asked, []);
});

test('proxy variables are read in both spellings', () => {
  assert.deepEqual(proxiesOf({ https_proxy: 'http://a', HTTP_PROXY: 'http://b', NO_PROXY: 'c' }), {
    https: 'http://a',
    http: 'http://b',
    no_proxy: 'c',
  });
  assert.deepEqual(proxiesOf({}), { http: '', https: '', no_proxy: '' });
});

test('certificates are checked, and NODE_EXTRA_CA_CERTS adds an authority, also through a proxy', async t => {
  const { cert, key } = makeCertificate(['inside.example']);
  const server = https.createServer({ cert, key }, (_, response) => response.end('over TLS'));
  t.after(() => server.closeAllConnections());
  const port = await listen(t, server);
  const proxy = await proxyTo(t, port);
  const url = `https://inside.example:${port}/`;
  const allow = ['inside.example'];
  const resolve = async () => ['127.0.0.1'];
  await assert.rejects(open(t, { allow, resolve }).fetch(url), error => isFailure(error, 'outbound.failed'));

  const folder = await mkdtemp(join(tmpdir(), 'moulin-ca-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'ca.pem'), cert);
  const module = new URL('./outbound.ts', import.meta.url).href;
  const script = `
    const { openOutbound } = await import(${JSON.stringify(module)});
    for (const proxies of [undefined, ${JSON.stringify(proxy.proxies)}]) {
      const outbound = openOutbound({ allow: ${JSON.stringify(allow)}, resolve: async () => ['127.0.0.1'], proxies });
      console.log(await (await outbound.fetch(${JSON.stringify(url)})).text());
      await outbound.close();
    }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
  });
  assert.equal(stdout, 'over TLS\nover TLS\n');
  assert.deepEqual(proxy.asked, [`inside.example:${port}`]);
});
