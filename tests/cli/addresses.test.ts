import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPidFile } from '../../src/doors/cli/process/pid-file.ts';
import { makeCertificate } from '../support/certificate.ts';
import { openForwardProxy } from '../support/forward-proxy.ts';
import { newInstallation } from './installation.ts';

test('local commands reach a server that shows a certificate for another name', async t => {
  const here = await newInstallation(t);
  const { cert, key } = makeCertificate(['moulin.example.com']);
  const [certFile, keyFile] = [join(here.home, 'cert.pem'), join(here.home, 'key.pem')];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  const server = await here.start('--tls-cert', certFile, '--tls-key', keyFile);
  assert.match(server.url, /^https:/);
  // The command is not told of the certificate: the server left word.
  assert.equal((await here.json<{ slug: string }>('workspace', 'show')).slug, 'main');
  // By address nobody vouches for it.
  const stranger = { MOULIN_URL: server.url, MOULIN_TOKEN: 'moulin_x' };
  assert.equal((await here.moulin(['workspace', 'show'], { env: stranger })).code, 5);
});

test('a renewed certificate does not part local commands from the server that still shows the former one', async t => {
  const here = await newInstallation(t);
  const { cert, key } = makeCertificate(['moulin.example.com']);
  const [certFile, keyFile] = [join(here.home, 'cert.pem'), join(here.home, 'key.pem')];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  await here.start('--tls-cert', certFile, '--tls-key', keyFile);
  await writeFile(certFile, makeCertificate(['moulin.example.com']).cert);
  assert.equal((await here.json<{ slug: string }>('workspace', 'show')).slug, 'main');
});

test('commands reach a far server through the proxy of the company, with its own authority', async t => {
  const here = await newInstallation(t);
  const { cert, key } = makeCertificate(['moulin.example.com']);
  const [certFile, keyFile] = [join(here.home, 'cert.pem'), join(here.home, 'key.pem')];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  const MOULIN_URL = 'https://moulin.example.com';
  await here.start('--tls-cert', certFile, '--tls-key', keyFile, '--public-url', MOULIN_URL);
  const words = ['token', 'add', '--role', 'admin', '--name', 'ci'];
  const { token } = await here.json<{ token: string }>(...words);
  const proxy = await openForwardProxy(t, readPidFile(here.data)?.port ?? 0);
  const env = { MOULIN_URL, MOULIN_TOKEN: token, HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: certFile };

  const through = await here.moulin(['workspace', 'show', '--json'], { env });
  assert.equal(through.code, 0, through.stderr);
  assert.equal(JSON.parse(through.stdout).slug, 'main');
  assert.deepEqual(new Set(proxy.asked), new Set(['moulin.example.com:443']));

  proxy.asked.length = 0;
  const past = await here.moulin(['workspace', 'show'], { env: { ...env, NO_PROXY: '.example.com' } });
  assert.equal(past.code, 5, 'the name leads nowhere from here');
  assert.deepEqual(proxy.asked, []);
});

test('local commands talk to the process itself, not to the public address', async t => {
  const here = await newInstallation(t);
  const server = await here.start(
    '--public-url',
    'https://moulin.example.com',
    '--trusted-proxies',
    '127.0.0.1',
  );
  assert.equal(server.url, 'https://moulin.example.com');
  assert.equal((await here.json<{ slug: string }>('workspace', 'show')).slug, 'main');
  const link = await here.json<{ url: string }>('user', 'link', 'ada@example.com');
  assert.match(link.url, /^https:\/\/moulin\.example\.com\/link#/);
});
