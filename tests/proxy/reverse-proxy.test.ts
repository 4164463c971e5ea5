import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../../src/base/db/embedded/port.ts';
import { isApiError } from '../../src/contract/client.ts';
import { type Installation, newInstallation, type Started } from '../cli/installation.ts';
import { absence } from '../support/required.ts';
import { waitFor } from '../support/wait-for.ts';
import { documentedSettings, type Front, startCaddy, startNginx } from './proxies.ts';
import { openVisitor, VISITORS_ADDRESS } from './visitor.ts';

// The whole program behind the proxies of docs/guide/reverse-proxy.md, with exactly what stands there.

const PROXIES = [
  { name: 'nginx', start: startNginx, hands_on: true },
  // It answers for the names it was given only, so Moulin never hears of others.
  { name: 'caddy', start: startCaddy, hands_on: false },
] as const;
// Only Linux has all of 127.0.0.0/8, from which a visitor can come who is not the proxy.
const no_addresses = process.platform !== 'linux' && 'a second loopback address is needed';

const LINK_USER = { name: 'Ada', email: 'ada@example.com', password: 'fünf Birnen im Korb' };

for (const { name, start, hands_on } of PROXIES)
  test(`behind ${name}, as the guide shows it`, {
    skip: absence(name) || no_addresses,
    timeout: 120_000,
  }, async t => {
    const moulin = await startMoulin(t);
    const proxy = await start(t, `127.0.0.1:${moulin.port}`);
    await t.test('a person signs in, with a cookie for this host and TLS only', () =>
      signIn(t, moulin, proxy),
    );
    await t.test('the address is the person’s, whatever they claim', () => isSeen(t, proxy));
    await t.test('events come at once, and a tab that is closed is closed here too', () =>
      hears(t, moulin, proxy),
    );
    await t.test('other names and other sites are refused', () => areRefused(t, proxy, hands_on));
  });

interface Moulin {
  here: Installation;
  started: Started;
  port: number;
}

async function startMoulin(t: TestContext): Promise<Moulin> {
  const here = await newInstallation(t);
  const settings = join(here.home, 'moulin.yaml');
  writeFileSync(settings, documentedSettings());
  const port = await freePort();
  const started = await here.start('--config', settings, '--port', String(port));
  assert.equal(started.url, 'https://moulin.example.com');
  return { here, started, port };
}

async function signIn(t: TestContext, { started }: Moulin, proxy: Front): Promise<void> {
  const visitor = openVisitor(t, proxy);
  const token = /https:\/\/moulin\.example\.com\/link#(\S+)/.exec(started.output())?.[1] ?? '';
  await visitor.client['links.use']({ body: { token, ...LINK_USER } });
  await visitor.client.sign_out();
  await visitor.client['sign_in.password']({ body: LINK_USER });
  const [session = ''] = visitor.set_cookies;
  assert.match(session, /^__Host-moulin_[0-9a-f]{8}=/);
  assert.match(session, /; Secure/);
  assert.equal((await visitor.client['me.show']()).email, LINK_USER.email);
}

async function isSeen(t: TestContext, proxy: Front): Promise<void> {
  const visitor = openVisitor(t, proxy, { claims: { 'x-forwarded-for': '203.0.113.9' } });
  await visitor.client['sign_in.password']({ body: LINK_USER });
  const { items } = await visitor.client['sessions.list']();
  assert.deepEqual(new Set(items.map(({ ip }) => ip)), new Set([VISITORS_ADDRESS]));
}

async function hears(t: TestContext, { here, port }: Moulin, proxy: Front): Promise<void> {
  const visitor = openVisitor(t, proxy);
  await visitor.client['sign_in.password']({ body: LINK_USER });
  const { messages, close } = await visitor.events();
  const next = async () => (await messages.next()).value;
  assert.equal((await next())?.event, 'hello');
  await here.json('workspace', 'edit', 'main', '--name', 'Behind the wall');
  for (let data = ''; !data.includes('workspace.changed'); data = (await next())?.data ?? '');

  const open = () => openStreams(port);
  assert.equal(await open(), 1);
  close();
  await waitFor(async () => (await open()) === 0, {
    seconds: 10,
    what: () => 'the stream to end where the visitor has gone',
  });
}

async function openStreams(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^moulin_event_streams (\d+)$/m.exec(text)?.[1]);
}

async function areRefused(t: TestContext, proxy: Front, hands_on: boolean): Promise<void> {
  const other_site = openVisitor(t, proxy, { claims: { origin: 'https://evil.example.com' } });
  await assert.rejects(other_site.client['sign_in.password']({ body: LINK_USER }), error =>
    isApiError(error, 'request.foreign_origin'),
  );
  const other_name = openVisitor(t, proxy, { host: 'evil.example.com' });
  const code = hands_on ? 'request.unknown_host' : undefined;
  await assert.rejects(other_name.client['sign_in.options'](), error => isApiError(error, code));
}
