import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import ts from 'typescript';
import { codeSample, type SampleRequest } from './code-samples.ts';

const run = promisify(execFile);
const nasty = JSON.stringify({ name: `l'été "$HOME" \\ true`, disabled: true, locale: null }, null, 2);

test('a read needs no method and no body', () => {
  const request = { method: 'GET', url: 'http://127.0.0.1:4610/api/v1/me', headers: {}, body: undefined };
  assert.equal(
    codeSample('curl', request),
    `curl 'http://127.0.0.1:4610/api/v1/me' \\\n  -H "authorization: Bearer $MOULIN_TOKEN"`,
  );
});

test('the token is read from the environment, never written out', () => {
  for (const language of ['curl', 'typescript', 'python'] as const)
    assert.match(codeSample(language, requestTo('http://x')), /MOULIN_TOKEN/);
});

const shell =
  process.platform === 'win32'
    ? false
    : await run('curl', ['--version']).then(
        () => true,
        () => false,
      );

test('what curl sends is what the page would send', { skip: !shell && 'curl is not installed' }, async t => {
  const { url, received } = await echo(t);
  await run('sh', ['-c', codeSample('curl', requestTo(url))], {
    env: { ...process.env, MOULIN_TOKEN: 'secret' },
  });
  assert.deepEqual(await received, expected);
});

test('what the TypeScript sends is what the page would send', async t => {
  const { url, received } = await echo(t);
  const code = ts.transpile(codeSample('typescript', requestTo(url)), {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ESNext,
  });
  await run(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, MOULIN_TOKEN: 'secret' },
  });
  assert.deepEqual(await received, expected);
});

test('the words of JSON become those of Python, and texts stay as they are', () => {
  const code = codeSample('python', requestTo('http://x'));
  assert.match(code, /"disabled": True/);
  assert.match(code, /"locale": None/);
  assert.match(code, /\\\\ true"/);
});

const expected = { method: 'PATCH', authorization: 'Bearer secret', version: '"3"', body: JSON.parse(nasty) };

function requestTo(url: string): SampleRequest {
  return {
    method: 'PATCH',
    url,
    headers: { 'content-type': 'application/json', 'if-match': '"3"' },
    body: nasty,
  };
}

async function echo(t: { after(work: () => void): void }) {
  const { promise: received, resolve } = Promise.withResolvers<unknown>();
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    const { authorization, 'if-match': version } = request.headers;
    resolve({
      method: request.method,
      authorization,
      version,
      body: JSON.parse(Buffer.concat(chunks).toString()),
    });
    response.end('{}');
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/it's`, received };
}
