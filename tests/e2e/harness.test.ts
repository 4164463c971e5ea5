import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { axeFindings } from './support/axe.ts';
import { watchFaults } from './support/faults.ts';
import { readFrench } from './support/foreign-words.ts';
import { sharedBrowser, skip } from './support/run.ts';

// What all other tests rely on without looking: that the faults they must not have would be seen.

const BAD_PAGE = `<!doctype html><title>Bad</title>
<img src="http://example.com/far.png"><script>document.title = 'inline'</script>
<script src="/throws.js"></script><p style="color: #ccc; background: #ddd">pale</p>`;

test('a page that misbehaves is found out', { skip }, async t => {
  const url = await serve(t);
  const context = await (await sharedBrowser()).newContext();
  const faults = watchFaults(context, url);
  faults.expect(/never to be heard/);
  const page = await context.newPage();
  await page.goto(url);
  const found = faults.list().join('\n');
  assert.match(found, /a request to another machine: GET http:\/\/example\.com\/far\.png/);
  assert.match(found, /the console says: Executing inline script violates/);
  assert.match(found, /an exception: Error: on purpose/);
  assert.match(found, /expected, and did not happen: \/never to be heard\//);
  assert((await axeFindings(page)).some(finding => finding.startsWith('color-contrast')));
  await context.close();
});

test('English on a French page is found out, and what people typed is not', { skip }, async () => {
  const context = await (await sharedBrowser()).newContext();
  const page = await context.newPage();
  await page.setContent(`<title>Membres · Moulin</title><h1>Membres</h1><button title="Save">Inviter quelqu’un</button>
    <p>Nobody</p><p>Ada Lemaire</p><p>21 nov. 2026</p><code>members:edit</code><p>Role of Zoé</p><p>Rôle de Zoé</p>`);
  const french = readFrench();
  french.learn({ items: [{ name: 'Ada Lemaire' }] });
  assert.deepEqual(await french.findEnglish(page), ['Nobody', 'Role of Zoé', 'Save']);
  await context.close();
});

test('no name but this machine is resolved', { skip }, async () => {
  const context = await (await sharedBrowser()).newContext();
  const page = await context.newPage();
  await assert.rejects(page.goto('http://example.com/'), /ERR_NAME_NOT_RESOLVED/);
  await context.close();
});

async function serve(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/throws.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.setHeader('content-security-policy', "script-src 'self'");
    response.end(isScript ? "throw new Error('on purpose')" : BAD_PAGE);
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
