import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { defer } from '../../../../tests/support/defer.ts';
import { allProcesses, isAlive, NO_PROC } from '../../../../tests/support/process-tree.ts';
import { diagnosticTask, perform, testPool } from '../../../../tests/support/runner-pool.ts';
import { scratchFolder } from '../../../../tests/support/scratch.ts';
import { until } from '../../../../tests/support/until.ts';
import { isFailure } from '../../../base/kit/errors.ts';
import { poolKey } from './folders.ts';

test('a task says what it does, in order, and its process takes the next one', async t => {
  const { pool } = testPool(t);
  const runner = await pool.take('standard');
  const steps = [
    { do: 'log', text: 'hello', level: 'warn', fields: { rows: 3 } },
    { do: 'print', to: 'stderr', bytes: 5 },
    { do: 'metric', name: 'rows', value: 2 },
    { do: 'metric', name: 'rows', value: 3 },
    { do: 'progress', total: 50, each_ms: 0, unit: 'files' },
    { do: 'stages', count: 2, mark: 'a' },
    { do: 'partial', reason: 'two files could not be read' },
  ];
  const { answer, heard, lines } = perform(runner, diagnosticTask(steps));
  assert.deepEqual(await answer, {
    type: 'result',
    result: { attempt: 1, stages: 2, sent_bytes: 0 },
    partial: 'two files could not be read',
  });
  assert.equal(heard[0]?.type, 'began');
  assert.equal(heard.at(-1)?.type, 'result');
  const stages = heard.filter(message => message.type === 'stage');
  assert.deepEqual(
    stages.map(({ n, state }) => [n, state]),
    [
      [1, { step: 5, stages: 1 }],
      [2, { step: 5, stages: 2 }],
    ],
  );
  const rows = heard.filter(message => message.type === 'metric').reduce((sum, { value }) => sum + value, 0);
  assert.equal(rows, 5);
  const progress = heard.filter(message => message.type === 'progress');
  assert.deepEqual(progress.at(-1), { type: 'progress', done: 50, total: 50, unit: 'files' });
  assert(progress.length < 50, 'not each one of them: the last one of a while');
  const shown = lines.map(({ level, stream, text, fields }) => ({ level, stream, text, fields }));
  assert.deepEqual(
    shown.sort((a, b) => a.stream.localeCompare(b.stream)),
    [
      { level: 'warn', stream: 'log', text: 'hello 1', fields: { rows: 3 } },
      { level: 'warn', stream: 'stderr', text: 'abcde', fields: undefined },
    ],
  );
  runner.release();
  const next = await pool.take('standard');
  assert.equal(next.pid, runner.pid);
  const resumed = perform(
    next,
    diagnosticTask(steps, { attempt: 2, from: { stage: 1, state: stages[0]?.state } }),
  );
  assert.equal((await resumed.answer).type, 'result');
  assert.deepEqual(
    resumed.heard.flatMap(message => (message.type === 'stage' ? [message.n] : [])),
    [2],
  );
});

test('errors keep their words, their code and whether trying again may help', async t => {
  const { pool } = testPool(t);
  const failure = async (task: ReturnType<typeof diagnosticTask>) => {
    const runner = await pool.take('light');
    const answer = await perform(runner, task).answer;
    runner.release();
    assert(answer.type === 'failed');
    return answer.error;
  };
  const told = await failure(diagnosticTask([{ do: 'fail', retry: 'terminal', message: 'no such table' }]));
  assert.deepEqual([told.message, told.retry, told.code], ['no such table', 'terminal', undefined]);
  assert.match(told.stack ?? '', /diagnostic-run/);
  const unknown = await failure(diagnosticTask([], { kind: 'nothing' }));
  assert.equal(unknown.code, 'task.unknown_kind');
  assert.equal(unknown.params?.kind, 'nothing');
  assert.match(String(unknown.params?.known), /^diagnostic, /);
});

test('a task hears that it is cancelled, that it is to drain, and that its stage cannot be saved', async t => {
  const { pool } = testPool(t);
  const runner = await pool.take('light');
  const cancelled = perform(runner, diagnosticTask([{ do: 'sleep', ms: 3_600_000 }]));
  await until('it began', () => cancelled.heard.length > 0);
  runner.tell({ type: 'cancel', reason: 'nobody wants it' });
  assert.equal((await cancelled.answer).type, 'failed');
  runner.release();

  const endless = await pool.take('light');
  const drained = perform(endless, diagnosticTask([{ do: 'endless', each_ms: 1 }, { do: 'fail' }]));
  await until('it works', () => drained.heard.filter(({ type }) => type === 'stage').length > 2);
  endless.tell({ type: 'drain' });
  const answer = await drained.answer;
  assert.equal(answer.type, 'result');
  endless.release();

  const third = await pool.take('light');
  const heard: string[] = [];
  const failed = Promise.withResolvers<string>();
  third.start(diagnosticTask([{ do: 'stages' }]), message => {
    heard.push(message.type);
    if (message.type === 'stage') third.tell({ type: 'rerun', n: message.n });
    if (message.type === 'failed') failed.resolve(message.error.message);
  });
  assert.match(await failed.promise, /stage 1 could not be saved/);
});

test('it grows with what is asked for, never beyond its size, and shrinks again', async t => {
  const { pool } = testPool(t, { size: 3, keep: { idle_ms: 100 } });
  const three = await Promise.all([1, 2, 3].map(() => pool.take('light')));
  assert.equal(new Set(three.map(({ pid }) => pid)).size, 3);
  let fourth: number | undefined;
  void pool.take('light').then(({ pid }) => {
    fourth = pid;
  });
  await turn();
  assert.deepEqual([pool.stats().runners, pool.stats().busy, fourth], [3, 3, undefined]);
  three[1]?.release();
  await until('the fourth has one', () => fourth !== undefined);
  assert.equal(fourth, three[1]?.pid);
  for (const one of three) one.release();
  await until('only the warm one is left', () => pool.stats().runners === 1);
});

test('whoever needs more than the idle ones may have gets another, in the place of one that does nothing', async t => {
  const { pool } = testPool(t, { size: 1 });
  const small = await pool.take('light');
  small.release();
  const large = await pool.take('heavy');
  assert.notEqual(large.pid, small.pid);
  assert.equal((await small.ended).reason, 'retired');
  large.release();
  assert.equal((await pool.take('light')).pid, large.pid, 'the large one will do for little');
});

test('a process is let go after so many tasks, when it is old, and when it has grown', async t => {
  for (const keep of [{ tasks: 1 }, { age_ms: 0 }, { rss_bytes: 1 }]) {
    const { pool } = testPool(t, { keep });
    const first = await pool.take('light');
    assert.equal((await perform(first, diagnosticTask([])).answer).type, 'result');
    first.release();
    assert.equal((await first.ended).reason, 'retired');
    assert.notEqual((await pool.take('light')).pid, first.pid);
  }
});

test('whoever waits hears that no runner can be started, and why', async t => {
  const { pool } = testPool(t, { spawn_args: ['-e', 'process.exit(3)'], warm: 0 });
  await assert.rejects(pool.take('light'), error => {
    assert(isFailure(error, 'task.crashed'));
    assert.match(error.message, /exit code 3, at its start/);
    return true;
  });
});

test('without room for its folder no runner starts, and whoever waits hears it', async t => {
  const { pool, folder } = testPool(t, { warm: 0 });
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'in the way');
  await assert.rejects(pool.take('light'), /it could not be started: (EEXIST|ENOTDIR)/);
});

test('a pool that closes ends all, and gives out nothing any more', async t => {
  const { pool, folder } = testPool(t);
  const runner = await pool.take('light');
  perform(runner, diagnosticTask([{ do: 'spin', ms: 3_600_000 }]));
  const waits = assert.rejects(Promise.all([1, 2, 3, 4].map(() => pool.take('heavy'))));
  await pool.close();
  await waits;
  assert.equal((await runner.ended).reason, 'retired');
  await assert.rejects(pool.take('light'));
  assert.deepEqual(readdirSync(folder), []);
});

test('a runner knows nothing of us, stands back, and keeps what it writes to itself', {
  skip: NO_PROC,
}, async t => {
  const { pool, folder } = testPool(t);
  const runner = await pool.take('heavy');
  const { heard } = perform(
    runner,
    diagnosticTask([{ do: 'fill_disk', mb: 1 }, { do: 'fork' }, { do: 'sleep', ms: 3_600_000 }]),
  );
  await until('it began', () => heard.length > 0);
  const of = (name: string) => readFileSync(`/proc/${runner.pid}/${name}`, 'utf8');
  const names = of('environ')
    .split('\0')
    .map(line => line.split('=')[0]);
  const allowed =
    /^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|NODE_.*|SSL_CERT_.*|.*_proxy|.*_PROXY|MOULIN_RUNNER|MOULIN_RUNNER_NICE|)$/;
  assert.deepEqual(
    names.filter(name => !allowed.test(name ?? '')),
    [],
  );
  assert.match(of('environ'), /\0TZ=UTC\0/);
  assert.equal(of('oom_score_adj').trim(), '500');
  const nices = readdirSync(`/proc/${runner.pid}/task`).map(thread => {
    const stat = of(`task/${thread}/stat`);
    return stat.slice(stat.lastIndexOf(')')).split(' ')[17];
  });
  assert.deepEqual([...new Set(nices)], ['10'], 'all of its threads');
  let filled = '';
  await until('it has written', () => {
    filled =
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(path => path.endsWith('filled')) ?? '';
    return filled !== '';
  });
  assert.equal(statSync(join(folder, filled)).mode & 0o077, 0);
});

const POOL = new URL('./pool.ts', import.meta.url).href;
const SUPPORT = new URL('../../../../tests/support/runner-pool.ts', import.meta.url).href;

/** A worker of its own, which is then killed: its runner lets nothing else run, ignores signals, and has children everywhere. */
const OWNER = `
const { openPool } = await import(${JSON.stringify(POOL)});
const { diagnosticTask, SPAWN_ARGS } = await import(${JSON.stringify(SUPPORT)});
const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const log = { warn() {}, debug() {} };
const pool = openPool({ folder: process.argv[1], spawn_args: SPAWN_ARGS, size: 2, clock, log });
const runner = await pool.take('light');
const steps = [{ do: 'ignore_signals' }, { do: 'fork', children: 2 }, { do: 'fork', leave_group: true }, { do: 'metric', name: 'forked', value: 1 }, { do: 'fill_disk', mb: 1 }, { do: 'spin', ms: 3600000 }];
runner.start(diagnosticTask(steps), message => { if (message.type === 'metric') console.log(runner.id, runner.pid); });
setInterval(() => {}, 1000);
`;

test('a worker that is killed leaves no process, and the next one removes its folders', {
  skip: NO_PROC,
}, async t => {
  const folder = scratchFolder(t);
  const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  defer(t, () => owner.kill('SIGKILL'));
  const [line] = await once(createInterface({ input: owner.stdout }), 'line');
  const [id, pid] = line.split(' ');
  const marked = () =>
    allProcesses().filter(
      one => one.command.startsWith('sleep 3600') && environment(one.pid).includes(`MOULIN_RUNNER=${id}.`),
    );
  await until('its children run', () => marked().length === 3);
  const left = [
    ...marked(),
    ...allProcesses().filter(one => one.pid === Number(pid) || one.ppid === owner.pid),
  ];
  assert(left.length >= 5, 'children, runner, guard');
  owner.kill('SIGKILL');
  await until('nothing of it is left', () => !left.some(isAlive));
  assert.equal(readdirSync(folder).length, 1, 'a killed one cannot remove its folder');

  const host = poolKey().split('.')[0];
  mkdirSync(join(folder, `${host}.${process.pid}.1.abcd`));
  mkdirSync(join(folder, 'somebodys own'));
  const second = testPool(t, { folder });
  const [kept = '', ...more] = readdirSync(folder).filter(name => name !== 'somebodys own');
  assert(kept.startsWith(`${host}.${process.pid}.`) && !kept.endsWith('.abcd'), kept);
  assert.deepEqual(more, [], 'a number that another process has now keeps nobody’s folder');
  assert(existsSync(join(folder, 'somebodys own')));
  await second.pool.close();
});

test('what left its group and outlived its worker is ended by the next one', { skip: NO_PROC }, async t => {
  const folder = scratchFolder(t);
  const dead = `${poolKey().split('.')[0]}.${2 ** 22 + 1}.7.abcd`;
  mkdirSync(join(folder, dead, '1'), { recursive: true });
  writeFileSync(join(folder, dead, '1', 'half a file'), '');
  const lost = spawn('sleep', ['600'], {
    env: { ...process.env, MOULIN_RUNNER: `${dead}.1.` },
    stdio: 'ignore',
  });
  const ended = once(lost, 'exit');
  testPool(t, { folder });
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  assert(!existsSync(join(folder, dead)));
});

function environment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
