import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, afterEach, before, test } from 'node:test';
import { installedClone, makeHome, oddFolder } from '../launch/support/clone.ts';
import { allGone, personsEnvironment, type Running, startAndWait } from '../launch/support/running.ts';
import { NO_PROC, type Process, processesAbout } from '../support/process-tree.ts';
import { waitFor } from '../support/wait-for.ts';

// `kill -9` of every process of a running Moulin: alone, and all of them in every order. Afterwards nothing is left, the next
// start needs no help, and what was acknowledged is there.

const undo: (() => void)[] = [];
const root = NO_PROC ? '' : oddFolder(one => void undo.push(one));
const clone = `${root}/moulin`;
const env = NO_PROC ? {} : personsEnvironment(makeHome(`${root}/home`));
let token = '';

const PARTS = ['npm', 'main', 'guard', 'postgres'] as const;
type Part = (typeof PARTS)[number];

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
  if (!NO_PROC) for (const one of processesAbout(root)) kill(one);
});
after(() => {
  for (const one of undo) one();
});

async function npmStart(): Promise<Running> {
  const running = await startAndWait(['npm', 'start', '--', '--no-open'], { cwd: clone, env });
  undo.unshift(() => void running.child.kill('SIGKILL'));
  return running;
}

function partsOf(running: Running): Record<Part, Process> {
  const parts = findParts(running);
  assert.ok(
    parts,
    running
      .tree()
      .map(({ command }) => command)
      .join('\n'),
  );
  return parts;
}

function findParts(running: Running): Record<Part, Process> | undefined {
  const tree = running.tree();
  const [npm] = tree;
  const main = tree.find(({ command }) => command.includes('bin/main.mjs'));
  const below = tree.filter(({ ppid }) => ppid === main?.pid);
  const guard = below.find(({ command }) => command.startsWith('sh '));
  const postgres = below.find(({ command }) => command.includes('/postgres '));
  return npm && main && guard && postgres && { npm, main, guard, postgres };
}

const kill = ({ pid }: Process) => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The end of another one has ended it already.
  }
};

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

for (const part of ['npm', 'main'] as const)
  test(`kill -9 of ${part} ends the whole tree`, options, async () => {
    const running = await startAgain();
    kill(partsOf(running)[part]);
    await allGone(root);
  });

test('kill -9 of the guard brings another one, which does its work', options, async () => {
  const running = await startAgain();
  const first = partsOf(running);
  kill(first.guard);
  const another = () => {
    const parts = findParts(running);
    return parts?.guard.pid === first.guard.pid ? undefined : parts;
  };
  const second = await waitFor(another, { seconds: 10, what: () => 'a new guard' });
  assert.equal(await isIntact(running), true);
  kill(second.main);
  await allGone(root);
});

test('kill -9 of PostgreSQL, or of one of its own processes: it comes back by itself', options, async () => {
  const running = await startAgain();
  const { postgres, main } = partsOf(running);
  const checkpointer = running.tree().find(({ command }) => command.includes('checkpointer'));
  assert.ok(checkpointer);
  kill(checkpointer);
  await intact(running);
  kill(postgres);
  await intact(running);
  assert.equal(partsOf(running).main.pid, main.pid);
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
  kill(launcher);
  await allGone(root);
});

test('kill -9 of all of them, in every order, and start again', options, async () => {
  for (const order of permutations(PARTS)) {
    const running = await startAgain();
    const parts = partsOf(running);
    for (const part of order) kill(parts[part]);
    await running.ended();
  }
  // A server that lost its guard and Moulin in the same moment is found and ended by the next start, so that the last one
  // leaves nothing either.
  const running = await startAgain();
  running.child.kill('SIGTERM');
  assert.equal(await running.ended(), 0);
  await allGone(root);
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map(rest => [item, ...rest]));
}
