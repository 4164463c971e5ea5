import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, afterEach, before, test } from 'node:test';
import { installedClone, makeHome, oddFolder } from '../launch/support/clone.ts';
import { allGone, personsEnvironment, type Running, startAndWait } from '../launch/support/running.ts';
import { killHard, type MoulinTree, moulinTree } from '../support/moulin-tree.ts';
import { NO_PROC, type Process, processesAbout } from '../support/process-tree.ts';
import { waitFor } from '../support/wait-for.ts';

// `kill -9` of every process of a running `npm start`: all of them in every order. Afterwards nothing is left, the next start
// needs no help, and what was acknowledged is there. What one part alone is to the others: `tree.test.ts`.

const undo: (() => void)[] = [];
const root = NO_PROC ? '' : oddFolder(one => void undo.push(one));
const clone = `${root}/moulin`;
const env = NO_PROC ? {} : personsEnvironment(makeHome(`${root}/home`));
let token = '';

before(async () => {
  if (NO_PROC) return;
  installedClone(clone);
  const running = await npmStart();
  const words = ['bin/main.mjs', 'token', 'add', '--role', 'owner', '--name', 'ci', '--instance', '--json'];
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: clone, env, encoding: 'utf8' });
  assert.equal(stderr, '');
  token = JSON.parse(stdout).token;
  running.child.kill('SIGTERM');
  await running.ended();
});
// One that failed leaves the next ones a clean field.
afterEach(() => {
  if (!NO_PROC) for (const one of processesAbout(root)) killHard(one);
});
after(() => {
  for (const one of undo) one();
});

async function npmStart(): Promise<Running> {
  const running = await startAndWait(['npm', 'start', '--', '--no-open'], { cwd: clone, env });
  undo.unshift(() => void running.child.kill('SIGKILL'));
  return running;
}

function treeOf(running: Running): MoulinTree & { npm: Process } {
  const found = moulinTree(running.pid);
  const all = running.tree();
  const [npm] = all;
  assert.ok(found && npm, all.map(({ command }) => command).join('\n'));
  return { ...found, npm };
}

/** What was acknowledged is there: the token is still known. */
async function isIntact({ url }: Running): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/api/v1/me`, { headers }).catch(() => undefined);
  return answer?.status === 200;
}

const intact = (running: Running) =>
  waitFor(() => isIntact(running), { seconds: 30, what: () => `an answer; it said:\n${running.output()}` });

async function startAgain(): Promise<Running> {
  const running = await npmStart();
  await intact(running);
  return running;
}

const options = { skip: NO_PROC };

for (const part of ['npm', 'supervisor'] as const)
  test(`kill -9 of ${part} ends the whole tree`, options, async () => {
    const running = await startAgain();
    killHard(treeOf(running)[part]);
    await allGone(root);
  });

test('kill -9 of a process of PostgreSQL, and of PostgreSQL: it comes back by itself', options, async () => {
  const running = await startAgain();
  const { postgres, supervisor } = treeOf(running);
  const checkpointer = running.tree().find(({ command }) => command.includes('checkpointer'));
  assert.ok(checkpointer);
  killHard(checkpointer);
  await intact(running);
  killHard(postgres);
  await intact(running);
  assert.equal(treeOf(running).supervisor.pid, supervisor.pid);
  running.child.kill('SIGTERM');
  assert.equal(await running.ended(), 0);
  await allGone(root);
});

test('kill -9 of a launcher that waits for Moulin ends Moulin', options, async t => {
  const { stdout: version } = spawnSync('node', ['--version'], { env, encoding: 'utf8' });
  if (Number.parseInt(version.slice(1), 10) >= 22)
    return t.skip(`Node ${version.trim()} needs no launcher that waits`);
  const running = await startAndWait(['node', 'bin/moulin', 'start', '--no-open'], { cwd: clone, env });
  undo.unshift(() => void running.child.kill('SIGKILL'));
  const [launcher, main] = running.tree();
  assert.match(main?.command ?? '', /main\.mjs/);
  assert.ok(launcher);
  killHard(launcher);
  await allGone(root);
});

// Those that start or hold others stand in every order; with each order the rest come in at other places.
const HOLDERS = ['supervisor', 'server', 'worker', 'postgres'] as const;
const REST = ['npm', 'store_guard', 'part_guard', 'runner_guard', 'runners'] as const;

test('kill -9 of all of them, in every order, and start again', options, async () => {
  for (const [at, holders] of permutations(HOLDERS).entries()) {
    const running = await startAgain();
    const tree = treeOf(running);
    for (const part of strewInto<Part>(holders, REST, at))
      for (const one of [tree[part]].flat()) killHard(one);
    await running.ended();
  }
  // A store that lost its guard and the supervisor in the same moment is found and ended by the next start, so that the last
  // one leaves nothing either.
  const running = await startAgain();
  running.child.kill('SIGTERM');
  assert.equal(await running.ended(), 0);
  await allGone(root);
});

type Part = (typeof HOLDERS | typeof REST)[number];

/** Another mixture for each number: over 24 of them, everyone comes before and after everyone. */
function strewInto<T>(items: readonly T[], more: readonly T[], number: number): T[] {
  return more.reduce<T[]>(
    (all, one, at) => all.toSpliced((number * (at + 2) + at) % (all.length + 1), 0, one),
    [...items],
  );
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map(rest => [item, ...rest]));
}
