import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type Certificate, makeCertificate } from '../../../tests/support/certificate.ts';
import { openForwardProxy } from '../../../tests/support/forward-proxy.ts';
import { reachPinned, reachRemote } from './reach.ts';

async function listen(t: TestContext, server: http.Server | https.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return ((server as Server).address() as AddressInfo).port;
}

async function openServer(t: TestContext, certificate: Certificate) {
  const asked: (string | undefined)[] = [];
  const server = https.createServer({ ...certificate }, (request, response) => {
    asked.push(request.url);
    response.end('hello');
  });
  return { asked, url: `https://127.0.0.1:${await listen(t, server)}` };
}

const fingerprintOf = ({ cert }: Certificate) => new X509Certificate(cert).fingerprint256;

test('a pinned server is reached whatever its certificate says, again and again', async t => {
  const certificate = makeCertificate(['moulin.example.com']);
  const { asked, url } = await openServer(t, certificate);
  const { fetch, close } = await reachPinned(fingerprintOf(certificate));
  t.after(close);
  for (const path of ['/a', '/b']) {
    const answer = await fetch(`${url}${path}`, { headers: { connection: 'close' } });
    assert.equal(await answer.text(), 'hello');
  }
  assert.deepEqual(asked, ['/a', '/b']);
});

test('another server gets nothing, though its certificate has the same names', async t => {
  const { asked, url } = await openServer(t, makeCertificate(['moulin.example.com']));
  const { fetch, close } = await reachPinned(fingerprintOf(makeCertificate(['moulin.example.com'])));
  t.after(close);
  await assert.rejects(fetch(`${url}/secret`, {}), (error: Error) =>
    /another certificate/.test(String(error.cause)),
  );
  const plain = http.createServer((request, response) => response.end(String(asked.push(request.url))));
  await assert.rejects(fetch(`http://127.0.0.1:${await listen(t, plain)}/secret`, {}));
  assert.deepEqual(asked, []);
});

test('what NO_PROXY lists, and this machine itself, is reached directly', async t => {
  const port = await listen(
    t,
    http.createServer((_, response) => response.end('direct')),
  );
  const proxy = await openForwardProxy(t, 1);
  const { fetch, close } = await reachRemote({ http_proxy: proxy.url, NO_PROXY: 'inside.example' });
  t.after(close);
  const read = async (url: string) => (await fetch(url, {})).text();
  assert.equal(await read('http://moulin.example.com/a'), 'through the proxy');
  assert.equal(await read(`http://localhost:${port}/`), 'direct');
  await assert.rejects(read('http://inside.example/'), (error: Error) => /inside/.test(String(error.cause)));
  assert.deepEqual(proxy.asked, ['http://moulin.example.com/a']);
});
