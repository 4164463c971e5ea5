import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from '../support/certificate.ts';
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
