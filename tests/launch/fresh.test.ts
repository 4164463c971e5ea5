import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { NO_PROC, processesAbout } from '../support/process-tree.ts';
import { type Account, makeAccount, NO_ACCOUNT } from './support/account.ts';
import { cloneInto, makeHome, oddFolder } from './support/clone.ts';
import {
  allGone,
  personsEnvironment,
  type Running,
  type RunOptions,
  runToEnd,
  startAndWait,
} from './support/running.ts';

// A fresh clone, nothing installed, packages' install scripts off: what a newcomer's `npm start` does, as an ordinary user when
// root runs the tests (all other tests then show how it is as root). The tests stand in the order of that person's first day.

const undo: (() => void)[] = [];
const later = (one: () => void) => void undo.unshift(one);
const account: Account | undefined = NO_ACCOUNT ? undefined : makeAccount(later);
const root = NO_PROC ? '' : oddFolder(later);
const clone = join(root, 'moulin');
const home = join(root, 'home');
let env: NodeJS.ProcessEnv = {};

after(() => {
  for (const one of undo) one();
});
afterEach(() => {
  if (!NO_PROC) for (const { pid } of processesAbout(root)) process.kill(pid, 'SIGKILL');
});

function settle(): void {
  mkdirSync(clone);
  makeHome(home, account);
  // Where packages come from on this machine; the cache of whoever runs the tests is not this account's.
  const settings = join(homedir(), '.npmrc');
  if (existsSync(settings)) copyFileSync(settings, join(home, '.npmrc'));
  if (account && existsSync(join(home, '.npmrc'))) chownSync(join(home, '.npmrc'), account.uid, account.gid);
  const { npm_config_cache, npm_config_userconfig, ...rest } = personsEnvironment(home, {
    npm_config_ignore_scripts: 'true',
  });
  env = account ? rest : { ...rest, npm_config_cache };
  cloneInto(clone, account);
}

const options = (more: NodeJS.ProcessEnv = {}): RunOptions => ({
  cwd: clone,
  env: { ...env, ...more },
  account,
});
const npmStart = (more?: NodeJS.ProcessEnv): Promise<Running> =>
  startAndWait(['npm', 'start', '--', '--no-open'], options(more));

/** Nothing can be fetched from here. */
const OFFLINE = {
  npm_config_registry: 'http://127.0.0.1:9/',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  HTTP_PROXY: 'http://127.0.0.1:9',
};
const STEPS = /Installing|Building/;

/** The page, and the scripts that it names. */
async function hasPages(url: string): Promise<boolean> {
  const text = await (await fetch(url)).text();
  const scripts = [...text.matchAll(/src="(\/assets\/[^"]+\.js)"/g)].map(([, path]) => fetch(url + path));
  return scripts.length > 0 && (await Promise.all(scripts)).every(answer => answer.ok);
}

test('a fresh clone becomes a running product with one command', { skip: NO_PROC }, async () => {
  settle();
  const running = await npmStart();
  assert.match(running.output(), /✔ Installing packages \(\d+ s\)/);
  assert.match(running.output(), /✔ Building the web pages/);
  assert.match(running.output(), /\/link#/);
  assert.equal(await hasPages(running.url), true);
  running.child.kill('SIGTERM');
  assert.equal(await running.ended(), 0);
  await allGone(root);
});

test('later starts need no network, install nothing and build nothing', { skip: NO_PROC }, async () => {
  const running = await npmStart(OFFLINE);
  assert.doesNotMatch(running.output(), STEPS);
  running.child.kill('SIGINT');
  assert.equal(await running.ended(), 0);
});

test('new sources of the pages are built, and nothing is installed for them', { skip: NO_PROC }, async () => {
  appendFileSync(join(clone, 'web', 'index.html'), '<!-- changed -->\n');
  const running = await npmStart(OFFLINE);
  assert.match(running.output(), /Building the web pages/);
  assert.doesNotMatch(running.output(), /Installing/);
  assert.equal(await hasPages(running.url), true);
  running.child.kill('SIGTERM');
  await running.ended();
});

test('an upgrade waits until the older one, which needs its files, has been stopped', {
  skip: NO_PROC,
}, async () => {
  const running = await npmStart(OFFLINE);
  appendFileSync(join(clone, 'web', 'index.html'), '<!-- newer -->\n');
  const refused = await runToEnd(['npm', 'start', '--', '--no-open'], options(OFFLINE));
  assert.notEqual(refused.code, 0);
  assert.ok(refused.output.includes(`An older Moulin of this folder runs at ${running.url}`), refused.output);
  assert.equal(await hasPages(running.url), true);
  // Every other command goes on working with the running one.
  assert.equal((await runToEnd(['bin/moulin', 'stop'], options(OFFLINE))).code, 0);
  await running.ended();
  const upgraded = await npmStart(OFFLINE);
  assert.match(upgraded.output(), /Building the web pages/);
  upgraded.child.kill('SIGTERM');
  await upgraded.ended();
});

test('everything it made belongs to the account that started it', { skip: NO_PROC || NO_ACCOUNT }, () => {
  const data = join(clone, '.moulin');
  for (const path of [
    data,
    ...readdirSync(data).map(name => join(data, name)),
    join(home, '.config', 'moulin', 'keys'),
  ])
    assert.equal(lstatSync(path).uid, account?.uid, path);
  assert.equal(lstatSync(join(home, '.config', 'moulin', 'keys')).mode & 0o777, 0o700);
});

test('a data folder that this account may not write is refused in words', {
  skip: NO_PROC || NO_ACCOUNT,
}, async () => {
  const data = join(root, 'of-root');
  mkdirSync(data, { mode: 0o755 });
  const refused = await runToEnd(['npm', 'start', '--', '--no-open', '--data', data], options());
  assert.notEqual(refused.code, 0);
  assert.match(refused.output, /data folder .*of-root cannot be used: this account may not write there/);
  assert.doesNotMatch(refused.output, /\n\s+at /, 'no stack');
});

// A copy that was made read-only; one that `sudo npm start` once took over, wholly or in part.
const TAKEN: [what: string, how: string[], said: RegExp][] = [
  ['read-only', ['chmod', '-R', 'a-w', '.'], /cannot be used: this account may not write there \(run\)/],
  ['of root’s', ['chown', '-R', 'root', '.'], /cannot be used: this account may not write there/],
  ['one with a store of root’s', ['chown', '-R', 'root', 'store'], /cannot be used for the store: EPERM/],
  ['one with logs of root’s', ['chown', '-R', 'root', 'logs'], /may not write there \(logs\)/],
  ['one with a log of root’s', ['chown', 'root', 'logs/moulin.log'], /\(logs\/moulin\.log\)/],
];
for (const [what, [program = '', ...words], said] of TAKEN)
  test(`a data folder that has been used, and is now ${what}, is refused in words and left as it is`, {
    skip: NO_PROC || NO_ACCOUNT,
  }, async () => {
    const data = join(root, what);
    execFileSync('cp', ['-a', join(clone, '.moulin'), data]);
    execFileSync(program, words, { cwd: data });
    const before = listOf(data);
    const refused = await runToEnd(['bin/moulin', 'start', '--no-open', '--data', data], options(OFFLINE));
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, said);
    assert.doesNotMatch(refused.output, /\n\s+at |is ready/);
    assert.deepEqual(listOf(data), before);
    await allGone(root);
  });

/** Every path with its size and owner. */
function listOf(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return paths.map(path => {
    const { size, uid, mode } = lstatSync(join(folder, path));
    return `${path} ${size} ${uid} ${mode.toString(8)}`;
  });
}
