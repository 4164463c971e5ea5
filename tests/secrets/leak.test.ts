import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { readPieces } from '../../src/base/db/backup/read.ts';
import { withClient } from '../../src/base/db/connection.ts';
import { spellings } from '../../src/base/kit/redact.ts';
import { openReceiver } from '../alerts/receiver.ts';
import { newInstallation } from '../cli/installation.ts';
import { until } from '../support/until.ts';
import { type Browser, browser } from './browser.ts';
import { databaseOfSomebody } from './external.ts';

// Known secrets are given wherever one can be given, rightly and wrongly; then everything that came out is searched for
// them, in every spelling: consoles, logs, answers, audit, events, metrics, error texts, support bundle, database.

/** What was planted, by a name that says what it is. */
const planted = new Map<string, string>();
/** What came out, by where. */
const produced: { place: string; text: string }[] = [];
/** Answers that exist to show a secret once: the secret, and the only place it may stand. */
const shownOnce: { secret: string; place: string }[] = [];

const plant = (name: string, value: string | undefined) => {
  assert(value, `there is no ${name}`);
  planted.set(name, value);
  return value;
};
const random = () => randomBytes(12).toString('base64url');
const keep = (place: string, text: string) => void produced.push({ place, text });

const kek = plant('key-encryption key', randomBytes(32).toString('base64'));
const oidcSecret = plant('OIDC client secret', `oidc/${random()}+é&"x`);
const databasePassword = plant('database password', `Db/${random()}+é%`);
const appPassword = plant('application database password', `App:${random()}@#`);
const password = plant("Ada's password", `Ada "${random()}" \\ñ?&`);
const newPassword = plant("Ada's new password", `Ada-2 ${random()}`);
const resetPassword = plant("Ada's reset password", `Ada-3 ${random()}`);
const wrongPassword = plant('wrong password', `wrong ${random()}`);
const bobsPassword = plant("Bob's password", `bob ${random()}`);
const secretValue = plant('stored secret', `line one ${random()}\nline "two" ${random()}`);
const refusedValue = plant('refused secret', `refused ${random()}`);

const webhookPath = plant('address of the webhook', `hook-${random()}`);
const signingSecret = plant('signing secret', `sign ${random()}${random()}`);

const here = await newInstallation({ after });
const receiver = await openReceiver({ after });
const database = await databaseOfSomebody({ after }, { owner: databasePassword, app: appPassword });

Object.assign(here.env, {
  MOULIN_KEY: kek,
  MOULIN_DATABASE_URL: database.url,
  MOULIN_DATABASE_APP_URL: database.app_url,
  MOULIN_OIDC_ISSUER: 'http://127.0.0.1:9/realm',
  MOULIN_OIDC_CLIENT_ID: 'moulin',
  MOULIN_OIDC_CLIENT_SECRET: oidcSecret,
  MOULIN_OUTBOUND_ALLOW: '127.0.0.1',
  MOULIN_LOG_LEVEL: 'trace',
});

async function command(name: string, words: string[], options: Parameters<typeof here.moulin>[1] = {}) {
  const { stdout, stderr, code } = await here.moulin(words, options);
  keep(`moulin ${name}`, stdout + stderr);
  return { stdout, stderr, code };
}

test('starts that fail do not say what they were given', async () => {
  const failing: Record<string, Record<string, string>> = {
    'unreachable database': { MOULIN_DATABASE_URL: withHost(database.url, '127.0.0.1:9') },
    'wrong database password': {
      MOULIN_DATABASE_URL: withPassword(database.url, plant('wrong database password', `No/${random()}`)),
    },
    'no address': { MOULIN_DATABASE_URL: `mysql://me:${encodeURIComponent(databasePassword)}@db/x` },
    'weak key': { MOULIN_KEY: plant('weak key', `not a key ${random()}`) },
    'both forms': { MOULIN_OIDC_CLIENT_SECRET_FILE: '/nowhere' },
  };
  for (const [name, env] of Object.entries(failing)) {
    // In the background, because in the foreground it waits for a database that does not answer.
    const words = ['start', '--detach', '--no-open', '--port', '0'];
    const { code } = await command(`start: ${name}`, words, { env });
    assert.notEqual(code, 0, name);
  }
});

test('a day in the life of an installation', async () => {
  const server = await here.start();
  const first = plant('first admin link', linkIn(server.output()));
  shownOnce.push({ secret: 'first admin link', place: 'console' });
  const local = plant('local secret', (await readFile(join(here.data, 'run', 'local.token'), 'utf8')).trim());
  const ada = browser(server.url, keep);
  const stranger = browser(server.url, keep);

  // The first admin: refused in several ways, then let in.
  await ada.post('/links/show', { token: first });
  await ada.post('/links/use', {
    token: first,
    name: 'Ada',
    email: 'ada@example.com',
    password: refusedValue.slice(0, 7),
  });
  await ada.post('/links/use', { token: first, name: 'Ada', email: password, password });
  await ada.post('/links/use', { token: first, name: 'Ada', email: 'ada@example.com', password });
  await stranger.post('/links/use', {
    token: first,
    name: 'Eve',
    email: 'eve@example.com',
    password: wrongPassword,
  });
  plant('session cookie of Ada', ada.session());

  // Signing in, by people who mistype, paste into the wrong field, and send garbage.
  await stranger.post('/sign-in', { email: 'ada@example.com', password: wrongPassword });
  await stranger.post('/sign-in', { email: password, password: 'ada@example.com' });
  await stranger.post('/sign-in', { email: 'ada@example.com', passwort: password });
  await stranger.raw('POST', '/sign-in', `{"email":"ada@example.com","password":"${password}`);
  await stranger.raw('POST', '/sign-in', password);
  await stranger.raw('POST', '/sign-in', `email=ada&password=${encodeURIComponent(password)}`, {
    'content-type': 'application/x-www-form-urlencoded',
  });
  await stranger.get('/sign-in/oidc');
  await stranger.get(`/sign-in/oidc/callback?state=${random()}&code=${plant('OIDC code', random())}`);
  const phone = browser(server.url, keep);
  assert.equal((await phone.post('/sign-in', { email: 'ada@example.com', password })).status, 200);
  plant("session cookie of Ada's phone", phone.session());

  // Passwords change; tokens are made, used rightly and wrongly, and revoked.
  await ada.post('/me/password', { current_password: wrongPassword, new_password: newPassword });
  assert.equal(
    (await ada.post('/me/password', { current_password: password, new_password: newPassword })).status,
    204,
  );
  const mine = await ada.post(
    '/me/tokens',
    { name: 'laptop', workspace: 'main' },
    { 'idempotency-key': 'once' },
  );
  const token = plant('API token', mine.body.token);
  shownOnce.push({ secret: 'API token', place: 'POST /me/tokens' });
  await ada.post('/me/tokens', { name: 'laptop', workspace: 'main' }, { 'idempotency-key': 'once' });
  await stranger.get('/members', { authorization: `Bearer ${token}` });
  await stranger.get('/members', { authorization: `Bearer ${token}x` });
  await stranger.get('/members', {
    authorization: `Basic ${Buffer.from(`ada:${token}`).toString('base64')}`,
  });
  await stranger.get(`/members?access_token=${token}`);
  await stranger.get(`/members/${token}`, { authorization: `Bearer ${token}` });
  await stranger.get('/members', { cookie: `${ada.cookie()}x` });
  await stranger.get(`/nothing/${token}`);
  await stranger.get('/members', { 'moulin-workspace': token, authorization: `Bearer ${token}` });

  // Links for Ada, who forgot, and for Bob, who is invited.
  const reset = await ada.post('/instance/users/link', { email: 'ada@example.com' });
  const resetLink = plant('reset link', linkIn(reset.body.url));
  shownOnce.push({ secret: 'reset link', place: 'POST /instance/users/link' });
  assert.equal(
    (await stranger.post('/links/use', { token: resetLink, password: resetPassword })).status,
    200,
  );
  plant('session cookie after the reset', stranger.session());
  const invited = await stranger.post(
    '/invitations',
    { email: 'bob@example.com', role: 'editor' },
    { 'moulin-workspace': 'main' },
  );
  const invitation = plant('invitation link', linkIn(invited.body.url));
  shownOnce.push({ secret: 'invitation link', place: 'POST /invitations' });
  const bob = browser(server.url, keep);
  assert.equal(
    (
      await bob.post('/links/use', {
        token: invitation,
        name: 'Bob',
        email: 'bob@example.com',
        password: bobsPassword,
      })
    ).status,
    200,
  );
  plant('session cookie of Bob', bob.session());

  // Stored secrets: set, refused, listed.
  const main = { 'moulin-workspace': 'main' };
  assert.equal((await stranger.put('/secrets/SHOP', { value: secretValue }, main)).status, 200);
  await stranger.put('/secrets/SHOP', { value: { nested: refusedValue } }, main);
  await stranger.put('/secrets/SHOP', { value: refusedValue.repeat(5000) }, main);
  await stranger.put(`/secrets/${encodeURIComponent(secretValue)}`, { value: 'x' }, main);
  await stranger.raw('PUT', '/secrets/SHOP', `{"value": "${refusedValue}", }`, main);

  await tasksThatSayIt(stranger, main);

  // Everything that tells what happened.
  for (const path of [
    '/secrets',
    '/members',
    '/tokens',
    '/audit?limit=500',
    '/audit/export',
    '/events/list?limit=500',
  ])
    assert.equal((await stranger.get(path, main)).status, 200, path);
  for (const path of [
    '/me',
    '/me/sessions',
    '/me/tokens',
    '/instance/audit?limit=500',
    '/instance/audit/export?format=ndjson',
    '/instance/system',
    '/instance/keys',
    '/openapi.json',
  ])
    assert.equal((await stranger.get(path)).status, 200, path);
  for (const path of ['/metrics', '/health/ready', '/sign-in', `/link?token=${first}`])
    await stranger.page(path);

  // And the command line, through the local secret.
  const bundle = join(here.home, 'bundle.json');
  const made = await command('token add', ['token', 'add', '--role', 'admin', '--name', 'ci', '--json']);
  plant('token of a service account', JSON.parse(made.stdout).token);
  shownOnce.push({ secret: 'token of a service account', place: 'moulin token add' });
  await command('secret add', ['secret', 'add', 'PIPED'], {
    input: plant('piped secret', `piped ${random()}`),
  });
  await command('doctor', ['doctor', '--bundle', bundle]);
  keep('support bundle', await readFile(bundle, 'utf8'));
  await command('backup', ['backup', join(here.home, 'all.backup')]);
  await command('config', ['config', '--json']);
  await command('config, not valid', ['config'], {
    env: { MOULIN_PORT: 'x', MOULIN_DATABSE_URL: database.url },
  });
  for (const words of [
    ['keys', 'show'],
    ['keys', 'rotate'],
    ['keys', 'verify'],
    ['token', 'list'],
    ['audit', 'list', '--json'],
    ['secret', 'list'],
  ])
    await command(words.join(' '), words);
  await command('with a bad token', ['member', 'list'], {
    env: { MOULIN_URL: server.url, MOULIN_TOKEN: `${token}x`, MOULIN_DATA: '' },
  });
  const login = { MOULIN_DATA: '' };
  await command('login', ['login', server.url], { input: token, env: login });
  await command('login refused', ['login', server.url], { input: `${local}x`, env: login });

  await server.stop();
  keep('console', server.output());

  // A new process, which has never seen the token that somebody now puts into an address.
  const again = await here.start();
  const later = browser(again.url, keep);
  await later.get(`/nothing/${token}`);
  await later.get('/members', { 'moulin-workspace': token });
  await again.stop();
  keep('console', again.output());
});

/** Tasks say a secret in every way that they have, and the webhook of the workspace is told of their ends. */
async function tasksThatSayIt(who: Browser, main: Record<string, string>): Promise<void> {
  const url = `${receiver.origin}/${webhookPath}`;
  const webhook = { url, signing_secret: signingSecret, format: 'json' };
  assert.equal((await who.put('/webhook', webhook, main)).status, 200);
  await who.post('/webhook/test', {}, main);
  const shop = { object_kind: 'secret', object_id: 'SHOP', field: 'value' };
  const ends = ['log', 'stderr', 'error', 'crash'];
  for (const to of ends) {
    const steps = [
      { do: 'say_secrets', to },
      { do: 'fail', retry: 'terminal' },
    ];
    const input = { steps, secrets: { shop } };
    const task = { name: to, kind: 'diagnostic', input, retry: { max_attempts: 1 } };
    const made = await who.post('/runs', { title: `says it: ${to}`, tasks: [task] }, main);
    const id = made.body.id ?? assert.fail(JSON.stringify(made));
    await until(`the end of ${to}`, async () => (await who.get(`/runs/${id}`, main)).body.state === 'failed');
    await who.get(`/runs/${id}/tasks`, main);
    const run = produced.findLast(({ place }) => place.startsWith(`GET /runs/${id.slice(0, 8)}`))?.text ?? '';
    const task_id = /"items":\[\{"id":"([0-9a-f-]{36})"/.exec(run)?.[1] ?? assert.fail(run);
    for (const path of ['', '/log', '/log/download']) await who.get(`/tasks/${task_id}${path}`, main);
    await command(`runs logs of ${to}`, ['runs', 'logs', id, '--workspace', 'main']);
    await command(`runs show of ${to}`, ['runs', 'show', id, '--workspace', 'main', '--json']);
  }
  await until('the webhook is told of each', () => receiver.received.length > ends.length);
  for (const { headers, body } of receiver.received) keep('webhook', JSON.stringify(headers) + body);
  for (const path of ['/webhook', '/webhook/deliveries', '/incidents', '/runs'])
    assert.equal((await who.get(path, main)).status, 200, path);
  const said = produced.filter(({ text }) => text.includes('shop is •••'));
  assert.deepEqual(
    ['GET /tasks', 'moulin runs logs', 'webhook'].filter(
      one => !said.some(({ place }) => place.startsWith(one)),
    ),
    [],
    'it was said in each of these, covered',
  );
}

test('what is on disk and in the database', async () => {
  const logs = join(here.data, 'logs');
  for (const name of await readdir(logs)) keep(`log ${name}`, await readFile(join(logs, name), 'utf8'));
  assert(
    produced.some(({ place, text }) => place === 'log moulin.log' && text.length > 1000),
    'there is a log',
  );
  const backup = join(here.home, 'all.backup');
  keep('backup, as it is', (await readFile(backup)).toString('latin1'));
  const tables = new Map<string, string>();
  for await (const { table, body } of readPieces(backup))
    tables.set(table, (tables.get(table) ?? '') + zstdDecompressSync(body).toString());
  for (const [table, text] of tables) keep(`backup, table ${table}`, text);
  assert((tables.get('secrets') ?? '').length > 100, 'the backup holds the secrets, closed');
  await withClient(database.admin, 'leak test', async client => {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) "name" from pg_tables where schemaname = 'public'`,
    );
    assert(tables.length > 15);
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select t::text "row" from ${name} t`);
      keep(`table ${name}`, rows.map(({ row }) => row).join('\n'));
    }
  });
});

test('nothing that was planted came out anywhere', () => {
  assert(planted.size >= 20 && produced.length > 60, `${planted.size} secrets, ${produced.length} texts`);
  const leaks = [...planted].flatMap(([secret, value]) => leaksOf(secret, value));
  assert.deepEqual(leaks, []);
});

test('what is to be shown once is found by the same search, so the search works', () => {
  for (const { secret, place } of shownOnce) {
    const value = planted.get(secret) ?? assert.fail(secret);
    const found = produced.filter(
      one => one.place.startsWith(place) && spellings(value).some(form => one.text.includes(form)),
    );
    assert(found.length > 0, `${secret} in ${place}`);
  }
});

function leaksOf(secret: string, value: string): string[] {
  const forms = spellings(value);
  const allowed = shownOnce.filter(one => one.secret === secret).map(one => one.place);
  return produced
    .filter(({ place }) => !allowed.some(one => place.startsWith(one)))
    .filter(({ text }) => forms.some(form => text.includes(form)))
    .map(({ place }) => `${secret} in ${place}`);
}

function linkIn(text: string | undefined): string {
  return /\/link#([A-Za-z0-9_-]+)/.exec(text ?? '')?.[1] ?? assert.fail(`no link in ${text?.slice(0, 500)}`);
}

function withPassword(address: string, value: string): string {
  const url = new URL(address);
  url.password = encodeURIComponent(value);
  return url.href;
}

function withHost(address: string, host: string): string {
  const url = new URL(address);
  url.host = host;
  url.searchParams.delete('host');
  return url.href;
}
