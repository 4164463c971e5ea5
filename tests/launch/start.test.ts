import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { NO_PROC } from '../support/process-tree.ts';
import { waitFor } from '../support/wait-for.ts';
import { installedClone, makeHome, oddFolder } from './support/clone.ts';
import { allGone, personsEnvironment, type Running, runToEnd, startAndWait } from './support/running.ts';

// `npm start` as a person types it, in a folder whose name breaks careless scripts, with packages and pages in place. The tests
// stand in the order of a day, and share two folders.

const undo: (() => void)[] = [];
after(() => {
  for (const one of undo.reverse()) one();
});
const later = (one: () => void) => void undo.push(one);

// A test that failed in its middle leaves its folders to the next one.
const left_running = new Set<Running>();
afterEach(async () => {
  for (const running of left_running) running.child.kill('SIGTERM');
  await Promise.all([...left_running].map(running => running.ended()));
  left_running.clear();
});

const root = NO_PROC ? '' : oddFolder(later);
const home = NO_PROC ? '' : makeHome(join(root, 'maison'));
const env = personsEnvironment(home);
const options = { skip: NO_PROC };
const clones = new Map<string, string>();

function clone(name: string): string {
  const known = clones.get(name);
  if (known) return known;
  const made = installedClone(join(root, name));
  clones.set(name, made);
  return made;
}

const npmStart = async (name: string, ...words: string[]): Promise<Running> => {
  const running = await startAndWait(['npm', 'start', '--', '--no-open', ...words], {
    cwd: clone(name),
    env,
  });
  left_running.add(running);
  return running;
};
const moulin = (name: string, ...words: string[]) =>
  runToEnd([process.execPath, 'bin/moulin', ...words], { cwd: clone(name), env });

async function answers(url: string): Promise<boolean> {
  const page = await fetch(url);
  return page.ok && (page.headers.get('content-type') ?? '').startsWith('text/html');
}

test('the first start shows the address, a page and a link for the first admin', options, async () => {
  const one = await npmStart('un');
  assert.equal(await answers(one.url), true);
  assert.match(one.link ?? '', new RegExp(`^${one.url}/link#[\\w-]{20,}$`));
  // Nothing scrolls by: what npm says, what took long, and what a person needs.
  assert.doesNotMatch(one.output(), /warning|deprecated|experimental|\{"level"/i);
  one.child.kill('SIGTERM');
  assert.equal(await one.ended(), 0);
  assert.match(one.output(), /Stopping \(SIGTERM\)[\s\S]*Stopped\./);
  assert.equal(existsSync(join(clone('un'), '.moulin', 'run', 'local.token')), false);
});

test(
  'the start script leaves neither shell nor launcher behind: npm, Moulin, its store',
  options,
  async () => {
    const one = await npmStart('un');
    const [npm, main] = one.tree();
    assert.equal(main?.ppid, npm?.pid);
    assert.match(main?.command ?? '', /bin\/main\.mjs start/);
    // Ctrl-C at a terminal goes to the whole group, and npm passes it on as well.
    process.kill(-one.pid, 'SIGINT');
    assert.equal(await one.ended(), 0);
  },
);

test('a second start says that it runs already, and where, and is no failure', options, async () => {
  const one = await npmStart('un');
  const second = await runToEnd(['npm', 'start', '--', '--no-open'], { cwd: clone('un'), env });
  assert.equal(second.code, 0);
  assert.match(second.output, new RegExp(`already runs for .*\\.moulin: ${one.url} \\(process \\d+\\)`));
  assert.equal(await answers(one.url), true);

  const status = JSON.parse((await moulin('un', 'status', '--json')).output);
  assert.deepEqual([status.running, status.ready, status.url], [true, true, one.url]);

  const stopped = await moulin('un', 'stop');
  assert.deepEqual([stopped.code, stopped.output], [0, `Stopped (process ${status.pid}).\n`]);
  assert.equal(await one.ended(), 0);
  assert.equal((await moulin('un', 'status')).code, 3);
  assert.match((await moulin('un', 'stop')).output, /does not run/);
});

test('of two starts at the same moment one runs, and the other says where', options, async () => {
  const words = ['npm', 'start', '--', '--no-open'];
  const where = { cwd: clone('un'), env };
  const [one, two] = await Promise.allSettled([startAndWait(words, where), startAndWait(words, where)]);
  const [running, ...more] = [one, two].flatMap(outcome =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  assert.ok(running && more.length === 0);
  const [refusal] = [one, two].flatMap(outcome =>
    outcome.status === 'rejected' ? [String(outcome.reason)] : [],
  );
  assert.match(refusal ?? '', new RegExp(`it ended with 0[\\s\\S]*already runs for .*: ${running.url}`));
  running.child.kill('SIGTERM');
  await running.ended();
});

test('two folders run at the same time, each on a pair of its own that it keeps', options, async () => {
  const [one, two] = await Promise.all([npmStart('un'), npmStart('deux — b')]);
  assert.notEqual(one.url, two.url);
  assert.deepEqual(await Promise.all([answers(one.url), answers(two.url)]), [true, true]);
  // 'un' has kept a pair since it first ran, and somebody else on this machine may have had the usual one at the time.
  assert.equal(/Port \d+ was taken/.test(two.output()), !two.url.endsWith(':4610'), 'whoever moves says so');
  for (const running of [one, two]) running.child.kill('SIGTERM');
  assert.deepEqual(await Promise.all([one.ended(), two.ended()]), [0, 0]);

  const again = await npmStart('deux — b');
  assert.equal(again.url, two.url);
  assert.doesNotMatch(again.output(), /was taken/);
  again.child.kill('SIGTERM');
  await again.ended();
});

test('an explicit port that is taken is an error that names its holder', options, async t => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const refused = await moulin('un', 'start', '--no-open', '--port', String(port));
  assert.equal(refused.code, 6);
  assert.match(
    refused.output,
    new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is taken by .+ \\(process ${process.pid}\\)`),
  );
  assert.doesNotMatch(refused.output, /\n\s+at /, 'no stack');
});

test(
  'in the background: it says when it is ready, outlives whoever started it, and stops when told',
  options,
  async () => {
    const { code, output } = await runToEnd(['npm', 'start', '--', '--detach'], { cwd: clone('un'), env });
    assert.equal(code, 0);
    const url = /is ready: (\S+)/.exec(output)?.[1] ?? '';
    assert.equal(await answers(url), true);
    const log = readFileSync(join(clone('un'), '.moulin', 'logs', 'console.log'), 'utf8');
    assert.doesNotMatch(log, /link#/, 'the one-time link is on the terminal only');
    assert.match((await moulin('un', 'start', '--detach')).output, /already runs/);
    assert.equal((await moulin('un', 'stop')).code, 0);
    await assert.rejects(fetch(url));
  },
);

test('in the background a failure is told in the foreground', options, async t => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, output } = await moulin('un', 'start', '--detach', '--port', String(port));
  assert.equal(code, 1);
  assert.match(output, new RegExp(`did not start in the background[\\s\\S]*Port ${port}`));
});

test('as a service: the file, and only the file, where no manager can be told', options, async () => {
  const installed = await moulin('un', 'service', 'install', '--no-start', '--port', '4790');
  assert.equal(installed.code, 0, installed.output);
  const file = /Wrote (.+)/.exec(installed.output)?.[1] ?? '';
  assert.ok(file.startsWith(home), file);
  const unit = readFileSync(file, 'utf8');
  assert.ok(
    unit.includes(`"--data" "${join(clone('un'), '.moulin').replaceAll('%', '%%')}" "--port" "4790"`),
    unit,
  );
  const foreign = await moulin('deux — b', 'service', 'install', '--no-start', '--json');
  assert.deepEqual([foreign.code, JSON.parse(foreign.output).code], [6, 'service.foreign']);
  const removed = await moulin('un', 'service', 'uninstall');
  assert.deepEqual([removed.code, existsSync(file)], [0, false]);
  const absent = await moulin('un', 'service', 'uninstall', '--json');
  assert.deepEqual([absent.code, JSON.parse(absent.output).code], [3, 'service.absent']);
});

test('Ctrl-C waits for a request that is on its way; a second one does not', options, async t => {
  const words = [process.execPath, 'bin/main.mjs', 'start', '--no-open'];
  const running = await startAndWait(words, { cwd: clone('un'), env });
  left_running.add(running);
  const slow = connect(Number(new URL(running.url).port), '127.0.0.1');
  t.after(() => slow.destroy());
  slow.on('error', () => {});
  slow.write(
    'POST /api/v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  );
  await once(slow, 'ready');
  // Answered after the slow one began: the server has seen it.
  await answers(running.url);
  running.child.kill('SIGINT');
  await waitFor(() => running.output().includes('Stopping'), {
    seconds: 10,
    what: () => 'the first Ctrl-C to be heard',
  });
  // Two presses, and not one that npm and the terminal both hand on: that is told apart by the time between them.
  await new Promise(resolve => setTimeout(resolve, 700));
  assert.equal(running.child.exitCode, null);
  running.child.kill('SIGINT');
  assert.equal(await running.ended(), 1);
  assert.doesNotMatch(running.output(), /Stopped/);
  await allGone(root);
});

test('what a person gets wrong is one message and a next step', options, async () => {
  const wrong = await moulin('un', 'start', '--no-open', '--port', 'eighty', '--log-level', 'loud');
  assert.equal(wrong.code, 2);
  assert.match(wrong.output, /log-level|port/);
  const file = await moulin('un', 'start', '--no-open', '--data', 'package.json');
  assert.equal(file.code, 1);
  assert.match(
    file.output,
    /data folder .*package\.json cannot be used: a part of its path is a file|there is a file of that name/,
  );
  assert.doesNotMatch(`${wrong.output}${file.output}`, /\n\s+at /, 'no stack');
});

test('uninstall says what it would remove, asks, and removes only its own', options, async () => {
  const data = join(clone('deux — b'), '.moulin');
  const key = join(
    home,
    '.config',
    'moulin',
    'keys',
    `${JSON.parse(readFileSync(join(data, 'instance.json'), 'utf8')).id}.key`,
  );
  assert.equal(existsSync(key), true);
  const asked = await moulin('deux — b', 'uninstall');
  assert.notEqual(asked.code, 0, 'nobody is there to answer');
  for (const path of [join(data, 'store'), key]) assert.ok(asked.output.includes(path), path);
  assert.equal(existsSync(join(data, 'store')), true);

  const running = await npmStart('deux — b');
  assert.equal((await moulin('deux — b', 'uninstall', '--yes')).code, 0);
  await running.ended();
  await allGone(root);
  assert.deepEqual([existsSync(data), existsSync(key)], [false, false]);
  // The other folder's data and key are there.
  const other = JSON.parse(readFileSync(join(clone('un'), '.moulin', 'instance.json'), 'utf8')).id;
  assert.equal(existsSync(join(home, '.config', 'moulin', 'keys', `${other}.key`)), true);
  assert.match((await moulin('deux — b', 'uninstall', '--yes')).output, /Nothing|cache/);
});
