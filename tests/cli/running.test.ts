import assert from 'node:assert/strict';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { AuditEntry, Member, Workspace } from '../../src/contract/access.ts';
import { type Client, createClient } from '../../src/contract/client.ts';
import type { Problem } from '../../src/contract/errors.ts';
import type { KeyStatus, Secret } from '../../src/contract/secrets.ts';
import { newInstallation } from './installation.ts';

// Every command group through the real program, against an installation that runs. The tests stand in the order in which a
// person would come to them, and share what they make.

const here = await newInstallation({ after });
const server = await here.start();

/** Ada, who administers the installation, through a token of hers. */
let ada: { env: Record<string, string>; client: Client };

const problemOf = async (words: readonly string[], options = {}) => {
  const { code, stderr, stdout } = await here.moulin([...words, '--json'], options);
  assert.notEqual(code, 0, stdout);
  return { code, problem: JSON.parse(stderr) as Problem };
};

test('a token for a machine: made with one command, used by address', async () => {
  const { token } = await here.json<{ token: string }>('token', 'create', '--role', 'admin', '--name', 'ci');
  const env = { MOULIN_URL: server.url, MOULIN_TOKEN: token };
  const { code, stdout } = await here.moulin(['service-account', 'list', '--json'], { env });
  assert.equal(code, 0);
  const [account] = JSON.parse(stdout);
  assert.deepEqual([account.name, account.role, account.instance_rights], ['ci', 'admin', []]);
  // The role gives no rights over the installation.
  assert.equal((await here.moulin(['keys', 'show'], { env })).code, 4);
  const again = await here.json<{ token: string }>('token', 'add', '--role', 'admin', '--name', 'ci');
  assert.notEqual(again.token, token);
  const { code: refused, problem } = await problemOf(['token', 'add', '--role', 'owner', '--name', 'ci']);
  assert.deepEqual([refused, problem.code], [6, 'cli.role_differs']);
});

test('--instance gives the rights over the installation too', async () => {
  const words = ['token', 'add', '--role', 'viewer', '--name', 'operator', '--instance'];
  const { token } = await here.json<{ token: string }>(...words);
  const env = { MOULIN_URL: server.url, MOULIN_TOKEN: token };
  assert.equal((await here.moulin(['keys', 'show'], { env })).code, 0);
  assert.equal((await problemOf(['token', 'add', '--name', 'x', '--instance'])).problem.code, 'cli.usage');
  assert.match((await problemOf(['token', 'add', '--name', 'x'])).problem.detail, /needs --role/);
});

test('the first admin comes in by a link, and then has a token of their own', async () => {
  const { url } = await here.json<{ url: string }>('user', 'link', 'ada@example.com');
  const token = new URL(url).hash.slice(1);
  const cookies: string[] = [];
  const fetchWithCookies = async (address: string, init: RequestInit) => {
    const headers = {
      ...(init.headers as Record<string, string>),
      cookie: cookies.join('; '),
      origin: server.url,
    };
    const response = await fetch(address, { ...init, headers });
    cookies.push(...response.headers.getSetCookie().map(cookie => cookie.split(';')[0] ?? ''));
    return response;
  };
  const browser = createClient({ base_url: server.url, fetch: fetchWithCookies });
  const me = await browser['links.use']({
    body: { token, name: 'Ada', email: 'ada@example.com', password: 'correct horse battery staple' },
  });
  assert.equal(me.name, 'Ada');
  const own = await browser['my_tokens.create']({ body: { name: 'laptop', workspace: 'main' } });
  ada = {
    env: { MOULIN_URL: server.url, MOULIN_TOKEN: own.token },
    client: createClient({
      base_url: server.url,
      headers: () => ({ authorization: `Bearer ${own.token}` }),
    }),
  };
  assert.equal((await ada.client['me.show']()).email, 'ada@example.com');
});

test('user: list, show, edit', async () => {
  const users = await here.json<{ email: string }[]>('users', 'list');
  assert.deepEqual(
    users.map(user => user.email),
    ['ada@example.com'],
  );
  const { code, stdout } = await here.moulin(['user', 'show', 'ADA@example.com']);
  assert.equal(code, 0);
  assert.match(stdout, /^email +ada@example\.com$/m);
  const last = await problemOf(['user', 'edit', 'ada@example.com', '--revoke', 'instance:users']);
  assert.deepEqual([last.code, last.problem.code], [6, 'users.last_admin']);
  assert.deepEqual((await problemOf(['user', 'show', 'nobody@example.com'])).problem.code, 'cli.not_found');
  assert.equal((await problemOf(['user', 'edit', 'ada@example.com'])).problem.code, 'cli.usage');
  assert.equal((await here.moulin(['user', 'edit', 'ada@example.com', '--enable', '--disable'])).code, 2);
});

test('workspace: list, show, edit, and delete only when it is confirmed', async () => {
  const shown = await here.json<Workspace>('workspace', 'show');
  assert.equal(shown.slug, 'main');
  const edited = await here.json<Workspace>(
    'workspace',
    'edit',
    '--name',
    'Été à la ferme',
    '--time-zone',
    'Europe/Paris',
  );
  assert.deepEqual([edited.name, edited.time_zone], ['Été à la ferme', 'Europe/Paris']);
  const { code, stdout } = await here.moulin(['workspace', 'list', '-o', 'csv']);
  assert.equal(code, 0);
  assert.match(stdout, /^slug,name,time zone,created,id\r\nmain,Été à la ferme,Europe\/Paris,/);
  assert.equal((await problemOf(['workspace', 'delete', 'main'])).problem.code, 'cli.not_confirmed');
  assert.equal(
    (await problemOf(['workspace', 'delete', 'main', '--yes'])).problem.code,
    'workspace.last_one',
  );
  assert.equal((await problemOf(['workspace', 'show', 'none'])).code, 3);
  assert.equal((await here.moulin(['member', 'list', '--workspace', 'none'])).code, 3);
});

test('member: list, show, edit, delete; invitation: add, list, delete', async () => {
  const members = await here.json<Member[]>('member', 'list', '--search', 'ada', '--role', 'owner');
  assert.deepEqual(
    members.map(member => member.email),
    ['ada@example.com'],
  );
  assert.equal((await here.json<Member>('member', 'show', 'ada@example.com')).role, 'owner');
  const last = await problemOf(['member', 'edit', 'ada@example.com', '--role', 'viewer']);
  assert.deepEqual([last.code, last.problem.code], [6, 'members.last_owner']);
  assert.equal(
    (await problemOf(['member', 'delete', 'ada@example.com', '--yes'])).problem.code,
    'members.last_owner',
  );
  const invited = await here.json<{ url: string }>(
    'invitation',
    'add',
    'bob@example.com',
    '--role',
    'editor',
  );
  assert.match(invited.url, /\/link#/);
  const waiting = await here.json<{ email: string; role: string }[]>('invitations', 'list');
  assert.deepEqual(
    waiting.map(({ email, role }) => [email, role]),
    [['bob@example.com', 'editor']],
  );
  assert.equal((await here.moulin(['invitation', 'delete', 'bob@example.com', '--yes'])).code, 0);
  assert.deepEqual(await here.json('invitation', 'list'), []);
});

test('service-account: add, show, edit, delete; token: list, delete', async () => {
  await here.json('service-account', 'add', 'loader', '--role', 'editor');
  assert.equal((await here.json<{ role: string }>('service-account', 'show', 'loader')).role, 'editor');
  const edited = await here.json<{ name: string }>(
    'service-account',
    'edit',
    'loader',
    '--name',
    'loader-2',
    '--role',
    'viewer',
  );
  assert.equal(edited.name, 'loader-2');
  const { token, id } = await here.json<{ token: string; id: string }>(
    'token',
    'add',
    '--role',
    'viewer',
    '--name',
    'loader-2',
    '--days',
    '3',
  );
  const env = { MOULIN_URL: server.url, MOULIN_TOKEN: token };
  assert.equal((await here.moulin(['workspace', 'show'], { env })).code, 0);
  const listed = await here.json<{ id: string }[]>('token', 'list');
  assert(listed.some(one => one.id === id) && !JSON.stringify(listed).includes(token));
  assert.equal((await here.moulin(['token', 'delete', id, '--yes'])).code, 0);
  assert.equal((await here.moulin(['workspace', 'show'], { env })).code, 4);
  assert.equal((await here.moulin(['service-account', 'delete', 'loader-2', '--yes'])).code, 0);
  assert.equal((await problemOf(['service-account', 'show', 'loader-2'])).code, 3);
  assert.equal((await here.moulin(['service-account', 'add', 'x'])).code, 2);
});

test('session: those of the person who gives their password; a token may not ask', async () => {
  const words = ['session', 'list', '--email', 'ada@example.com', '--json'];
  const input = 'correct horse battery staple\n';
  const ways: Record<string, string>[] = [{}, { MOULIN_URL: server.url }];
  for (const env of ways) {
    const { code, stdout, stderr } = await here.moulin(words, { input, env });
    assert.equal(code, 0, stderr);
    const sessions = JSON.parse(stdout) as { id: string; current: boolean; user_agent: string }[];
    // The browser of before, and the command itself; the one of the round before has ended.
    assert.deepEqual(sessions.map(session => session.current).sort(), [false, true]);
    assert.equal(sessions.find(session => session.current)?.user_agent, 'moulin-cli');
  }
  assert.equal(
    (await problemOf(words.slice(0, -1), { input: 'wrong password' })).problem.code,
    'sign_in.refused',
  );
  const end = ['session', 'delete', '--email', 'ada@example.com'];
  assert.equal((await problemOf(end, { input })).problem.code, 'cli.usage');
  const { stdout } = await here.moulin([...end, '--all', '--yes', '--json'], { input });
  assert.deepEqual(JSON.parse(stdout), { ended: 1 });
});

test('secret: set from standard input, listed, replaced, deleted, and never shown', async () => {
  const set = await here.moulin(['secret', 'add', 'SHOP_PASSWORD', '--json'], { input: 'tr0ub4dor&3\n' });
  assert.equal(set.code, 0, set.stderr);
  assert.equal((JSON.parse(set.stdout) as Secret).version, 1);
  await here.moulin(['secret', 'edit', 'SHOP_PASSWORD'], { input: 'another value' });
  const listed = await here.json<Secret[]>('secret', 'list');
  assert.deepEqual(
    listed.map(({ name, version }) => [name, version]),
    [['SHOP_PASSWORD', 2]],
  );
  assert.doesNotMatch(JSON.stringify(listed), /tr0ub4dor|another value/);
  assert.equal((await here.moulin(['secret', 'add', 'EMPTY'], { input: '' })).code, 2);
  assert.equal((await here.moulin(['secret', 'add', '../x'], { input: 'v' })).code, 2);
  assert.equal((await here.moulin(['secret', 'delete', 'SHOP_PASSWORD', '--yes'])).code, 0);
  assert.equal((await here.moulin(['secret', 'delete', 'SHOP_PASSWORD', '--yes'])).code, 3);
});

test('audit: of the workspace, of the installation, filtered, and as a file', async () => {
  const entries = await here.json<AuditEntry[]>('audit', 'list', '--action', 'secret.created');
  assert.deepEqual(
    entries.map(entry => entry.object_name),
    ['SHOP_PASSWORD'],
  );
  assert.equal((await here.json<AuditEntry[]>('audit', 'list', '--limit', '3')).length, 3);
  assert((await here.json<AuditEntry[]>('audit', 'list', '--instance')).length > 0);
  const file = join(here.home, 'audit.csv');
  assert.equal((await here.moulin(['audit', 'export', '--output', file])).code, 0);
  const text = await readFile(file, 'utf8');
  assert(text.includes('secret.created') && text.split('\r\n').length > 10);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const lines = await here.moulin(['audit', 'export', '--as', 'ndjson']);
  for (const line of lines.stdout.trim().split('\n')) JSON.parse(line);
  const cut = await here.moulin(['audit', 'list', '--limit', '2']);
  assert.match(cut.stderr, /There are more than these 2/);
});

test('keys: show, verify, rotate, rewrap, export', async () => {
  await here.moulin(['secret', 'add', 'KEPT'], { input: 'kept value' });
  const before = await here.json<KeyStatus>('keys', 'show');
  assert.equal(before.secrets, 1);
  assert.match((await here.moulin(['keys', 'verify'])).stdout, /All 1 secrets and 1 data keys can be opened/);
  assert.equal((await here.json<{ waiting: number }>('keys', 'rotate')).waiting, 0);
  const done = await here.json<{ key_id: string; former_key_id: string }>('keys', 'rewrap', '--yes');
  assert.equal(done.former_key_id, before.key_id);
  assert.equal((await here.json<KeyStatus>('keys', 'show')).key_id, done.key_id);
  assert.equal((await here.moulin(['keys', 'verify'])).code, 0);
  const copy = join(here.home, 'copy.key');
  const exported = await here.json<{ key_ids: string[] }>('keys', 'export', copy);
  assert.deepEqual(exported.key_ids, [done.key_id, before.key_id]);
  assert.equal((await stat(copy)).mode & 0o777, 0o600);
  assert.equal(await readFile(copy, 'utf8'), await readFile(before.place, 'utf8'));
  assert.equal((await problemOf(['keys', 'export', copy])).problem.code, 'cli.output_failed');
});

test('login keeps a sign-in that works; later commands use it; logout forgets it', async () => {
  // Without MOULIN_DATA, which would name the local installation.
  const elsewhere = { MOULIN_DATA: '', HOME: join(here.home, 'other') };
  const { MOULIN_TOKEN: token = '' } = ada.env;
  const refused = await here.moulin(['login', server.url], { input: 'moulin_wrong', env: elsewhere });
  assert.equal(refused.code, 4, refused.stderr);
  const login = await here.moulin(['login', server.url], { input: `${token}\n`, env: elsewhere });
  assert.equal(login.code, 0, login.stderr);
  assert(!login.stdout.includes(token));
  const mine = await here.moulin(['token', 'list', '--mine', '--json'], { env: elsewhere });
  assert.deepEqual(
    JSON.parse(mine.stdout).map((one: { name: string }) => one.name),
    ['laptop'],
  );
  assert.equal((await here.moulin(['token', 'list', '--profile', 'none'], { env: elsewhere })).code, 3);
  assert.equal((await here.moulin(['logout'], { env: elsewhere })).code, 0);
  assert.equal((await problemOf(['logout'], { env: elsewhere })).problem.code, 'cli.no_profile');
});

test('doctor finds nothing wrong, and its bundle holds no secret', async () => {
  const bundle = join(here.home, 'bundle.json');
  const { code, stdout } = await here.moulin(['doctor', '--json', '--bundle', bundle], {
    env: { MOULIN_TOKEN: ada.env.MOULIN_TOKEN ?? '' },
  });
  const findings = JSON.parse(stdout) as { check: string; state: string }[];
  assert.equal(code, 0, stdout);
  assert.deepEqual(
    findings.filter(({ state }) => state === 'problem'),
    [],
  );
  for (const check of [
    'node',
    'data folder',
    'disk',
    'ports',
    'store',
    'keys',
    'storage',
    'clock',
    'runner',
    'workers',
  ])
    assert(
      findings.some(finding => finding.check === check),
      check,
    );
  const text = await readFile(bundle, 'utf8');
  const local = (await readFile(join(here.data, 'run', 'local.token'), 'utf8')).trim();
  assert(text.length > 1000 && !text.includes(local) && !text.includes(ada.env.MOULIN_TOKEN ?? '-'));
  assert.equal(
    (await problemOf(['doctor', '--bundle', join(here.home, 'none', 'x')])).problem.code,
    'cli.output_failed',
  );
});

test('who cannot be reached, does not know us, or is not told a token', async () => {
  const unreachable = { MOULIN_URL: 'http://127.0.0.1:1', MOULIN_TOKEN: 'moulin_x' };
  assert.equal((await problemOf(['token', 'list'], { env: unreachable })).code, 5);
  const stranger = { MOULIN_URL: server.url, MOULIN_TOKEN: 'moulin_x' };
  assert.equal((await problemOf(['token', 'list'], { env: stranger })).code, 4);
  const silent = await problemOf(['token', 'list'], { env: { MOULIN_URL: server.url } });
  assert.deepEqual([silent.code, silent.problem.code], [4, 'cli.not_signed_in']);
  assert.equal(
    (await problemOf(['token', 'list'], { env: { MOULIN_URL: 'ftp://x', MOULIN_TOKEN: 'x' } })).code,
    2,
  );
});

test('an answer goes to a file, or says why it cannot', async () => {
  const file = join(here.home, 'members.json');
  assert.equal((await here.moulin(['member', 'list', '--json', '--output', file])).stdout, '');
  assert.equal(JSON.parse(await readFile(file, 'utf8')).length, 1);
  const { problem } = await problemOf(['member', 'list', '--output', join(here.home, 'none', 'x')]);
  assert.equal(problem.code, 'cli.output_failed');
});

test('a refusal names the fields, the next action and the request', async () => {
  const { code, stderr } = await here.moulin(['workspace', 'edit', '--slug', 'No Slug!']);
  assert.equal(code, 2);
  assert.match(stderr, /^✖ .*\n {2}body\.slug: .*\n {2}.+\n {2}Request \S+\n$/);
  assert.doesNotMatch(stderr, /\bat .*\.ts:\d+/);
});

test('who may not read the local secret is told what to do', async () => {
  const secret = join(here.data, 'run', 'local.token');
  await rename(secret, `${secret}.away`);
  const { code, problem } = await problemOf(['token', 'list']);
  await rename(`${secret}.away`, secret);
  assert.deepEqual([code, problem.code], [4, 'cli.no_local_secret']);
});

test('a damaged file of sign-ins is named', async () => {
  const home = join(here.home, 'third');
  await here.moulin(['login', server.url], { input: ada.env.MOULIN_TOKEN ?? '', env: { HOME: home } });
  await writeFile(join(home, '.config', 'moulin', 'profiles.json'), '{');
  const { problem } = await problemOf(['token', 'list'], { env: { HOME: home, MOULIN_DATA: '' } });
  assert.equal(problem.code, 'cli.profiles_unreadable');
});
