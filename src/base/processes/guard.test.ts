import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { allProcesses, isAlive, NO_PROC, type Process } from '../../../tests/support/process-tree.ts';
import { until } from '../../../tests/support/until.ts';

const GUARD = new URL('./guard.ts', import.meta.url).href;

// Each test starts an owner: a process of its own with a guard, which is then killed. It starts a group of two that ignores
// SIGTERM, one that notes it and ends, one that leaves the group, one that it forgets again.
const OWNER = `
const { startGuard } = await import(${JSON.stringify(GUARD)});
const { spawn } = await import('node:child_process');
const mark = 'MOULIN_TEST_MARK=' + process.pid + '-';
const guard = startGuard({ mark, kind: process.argv[1] });
const start = (script, env = {}) => spawn('sh', ['-c', script], { detached: true, stdio: 'ignore', env: { PATH: process.env.PATH, ...env } }).pid;
const stubborn = start('trap "" TERM; sleep 600 & sleep 600; sleep 600');
const gentle = start('sleep 600');
const stubborn_gentle = start('trap "" TERM; while :; do sleep 600; done');
const marked = start('sleep 600', { MOULIN_TEST_MARK: process.pid + '-1' });
const forgotten = start('sleep 600');
guard.watch(stubborn);
guard.watch(gentle, 'gentle');
guard.watch(stubborn_gentle, 'gentle');
guard.watch(forgotten);
guard.forget(forgotten);
console.log(JSON.stringify({ stubborn, gentle, stubborn_gentle, marked, forgotten }));
process.stdin.on('data', () => { guard.close(); process.exit(); });
`;

interface Started {
  owner: ChildProcess;
  find: (name: string) => Process;
  guard: Process;
  groups: Record<string, number>;
}

async function startOwner(t: TestContext, kind: 'shell' | 'node'): Promise<Started> {
  const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER, kind], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: owner.stdout }), 'line');
  const groups: Record<string, number> = JSON.parse(line);
  t.after(() => {
    owner.kill('SIGKILL');
    for (const group of Object.values(groups))
      try {
        process.kill(-group, 'SIGKILL');
      } catch {}
  });
  const all = allProcesses();
  const find = (name: string) => {
    const found = all.find(one => one.pid === groups[name]);
    assert(found, `${name} runs`);
    return found;
  };
  const guard = await theGuardOf(owner);
  return { owner, find, guard, groups };
}

const isGuard = (one: Process) => /moulin-guard|watched = new Map/.test(one.command);

async function theGuardOf(owner: ChildProcess, but?: Process): Promise<Process> {
  let found: Process | undefined;
  await until('there is a guard', () => {
    found = allProcesses().find(one => one.ppid === owner.pid && isGuard(one) && one.pid !== but?.pid);
    return found !== undefined;
  });
  assert(found);
  return found;
}

const members = (group: number | undefined) =>
  allProcesses().filter(one => one.pid === group || one.ppid === group);

for (const kind of ['shell', 'node'] as const)
  test(`the ${kind} guard of a killed process ends its groups, and nothing that it forgot`, {
    skip: NO_PROC,
  }, async t => {
    const { owner, find, groups, guard } = await startOwner(t, kind);
    await until('the group has all its processes', () => members(groups.stubborn).length >= 3);
    const stubborn = members(groups.stubborn);
    owner.kill('SIGKILL');
    await until('the stubborn group is gone', () => !stubborn.some(isAlive));
    await until('the gentle one is gone', () => !isAlive(find('gentle')));
    const second = find('stubborn_gentle');
    await until('the one that would not listen is gone', () => !isAlive(second));
    await until('the guard is gone', () => !isAlive(guard));
    assert(isAlive(find('forgotten')), 'what was forgotten goes on');
    assert.equal(isAlive(find('marked')), kind === 'node', 'who left its group is found by its mark');
  });

test('a guard that is killed is replaced, and its successor knows everything', { skip: NO_PROC }, async t => {
  const { owner, find, guard } = await startOwner(t, 'shell');
  process.kill(guard.pid, 'SIGKILL');
  const second = await theGuardOf(owner, guard);
  owner.kill('SIGKILL');
  const stubborn = find('stubborn');
  await until('the group is gone', () => !isAlive(stubborn));
  await until('the second guard is gone', () => !isAlive(second));
  assert(isAlive(find('forgotten')));
});

test('a guard that is closed ends nothing', { skip: NO_PROC }, async t => {
  const { owner, find, guard } = await startOwner(t, 'shell');
  owner.stdin?.write('close');
  await until('the guard is gone', () => !isAlive(guard));
  assert(isAlive(find('gentle')) && isAlive(find('stubborn')) && isAlive(find('marked')));
});
