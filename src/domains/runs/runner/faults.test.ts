import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { NO_PROC } from '../../../../tests/support/process-tree.ts';
import { diagnosticTask, perform, testPool } from '../../../../tests/support/runner-pool.ts';
import { until } from '../../../../tests/support/until.ts';
import { processesMarked, readProcess } from '../../../base/processes/index.ts';
import { MAX_LINE_BYTES } from './pipes.ts';
import type { Runner, RunnerEnd } from './runner.ts';

// What tasks do to their processes, with real ones: each case ends its process or does not, and nothing is ever left of it.

interface Fault {
  steps: object[];
  reason: RunnerEnd['reason'];
  says: RegExp;
  signal?: string;
  exit_code?: number;
}

const CRASHES: Record<string, Fault> = {
  'aborts natively': {
    steps: [{ do: 'crash', how: 'abort' }],
    reason: 'exit',
    says: /signal SIGABRT/,
    signal: 'SIGABRT',
  },
  'touches memory that is not there': {
    steps: [{ do: 'crash', how: 'segv' }],
    reason: 'exit',
    says: /signal SIGSEGV/,
    signal: 'SIGSEGV',
  },
  'is killed by somebody else': {
    steps: [{ do: 'crash', how: 'kill' }],
    reason: 'exit',
    says: /signal SIGKILL/,
    signal: 'SIGKILL',
  },
  'throws where nobody catches': {
    steps: [{ do: 'crash', how: 'throw' }],
    reason: 'exit',
    says: /exit code 1/,
    exit_code: 1,
  },
  'exits as if all were well': {
    steps: [{ do: 'crash', how: 'exit_0' }],
    reason: 'exit',
    says: /without a result \(exit code 0\)/,
    exit_code: 0,
  },
  'forks and exits': {
    steps: [
      { do: 'fork', children: 2 },
      { do: 'fork', leave_group: true },
      { do: 'crash', how: 'exit_0' },
    ],
    reason: 'exit',
    says: /exit code 0/,
    exit_code: 0,
  },
  'says what no runner says': {
    steps: [
      { do: 'break', how: 'wrong_shape' },
      { do: 'sleep', ms: 3_600_000 },
    ],
    reason: 'protocol',
    says: /it said something that no runner says/,
  },
  'closes its channel': {
    steps: [
      { do: 'fork', leave_group: true },
      { do: 'break', how: 'close_channel' },
      { do: 'sleep', ms: 3_600_000 },
    ],
    reason: 'protocol',
    says: /it closed its channel/,
  },
};

for (const [what, { steps, reason, says, signal, exit_code }] of Object.entries(CRASHES))
  test(`a task that ${what} costs its process and nothing else`, async t => {
    const { pool, folder } = testPool(t);
    const runner = await pool.take('light');
    const { answer, lines } = perform(
      runner,
      diagnosticTask([{ do: 'log', text: 'the last words' }, ...steps]),
    );
    const end = await runner.ended;
    await assert.rejects(answer);
    assert.equal(end.error.code, 'task.crashed');
    assert.match(end.error.message, says);
    assert.equal(end.reason, reason);
    assert.equal(end.error.retry, 'transient');
    if (signal) assert.equal(end.error.signal, signal);
    if (exit_code !== undefined) assert.equal(end.error.exit_code, exit_code);
    assert(
      lines.some(line => line.text === 'the last words 1'),
      'what it had logged is not lost',
    );
    await nothingIsLeft(runner, folder);
    const next = await pool.take('light');
    assert.notEqual(next.pid, runner.pid);
    assert.equal((await perform(next, diagnosticTask([])).answer).type, 'result');
  });

async function nothingIsLeft(runner: Runner, folder: string): Promise<void> {
  assert.deepEqual(processesMarked(`MOULIN_RUNNER=${runner.id}.`), []);
  const [own = ''] = readdirSync(folder);
  assert(!existsSync(`${folder}/${own}/${runner.id.split('.').at(-1)}`), 'its folder is gone');
}

test('a result that is said twice counts once, and its process is not used again', async t => {
  const { pool } = testPool(t);
  const runner = await pool.take('light');
  const { heard } = perform(runner, diagnosticTask([{ do: 'break', how: 'result_twice' }]));
  const end = await runner.ended;
  assert.equal(end.reason, 'protocol');
  assert.deepEqual(
    heard.map(({ type }) => type),
    ['began', 'result'],
  );
  runner.release();
  assert.notEqual((await pool.take('light')).pid, runner.pid);
});

test('the end of what it wrote to stderr is kept: 8 KiB of valid text, in whole lines', async t => {
  const { pool } = testPool(t);
  const runner = await pool.take('light');
  perform(
    runner,
    diagnosticTask([
      { do: 'print', to: 'stderr', lines: 50, bytes: 1000 },
      { do: 'print', to: 'stderr', what: 'invalid_utf8', bytes: 100 },
      { do: 'crash', how: 'abort' },
    ]),
  );
  const { stderr, error } = await runner.ended;
  assert.equal(error.stderr, stderr);
  // A line whose beginning is gone may hold the end of a secret that nobody would know again.
  assert.match(stderr, /^([a-j ]{999,1000}\n){6,8}(a\ufffd\ufffd\(){25}\n/);
  assert(Buffer.byteLength(stderr.replaceAll('\ufffd', '?')) <= 8192);
});

test('whoever ignores signals and its own children are killed', { skip: NO_PROC }, async t => {
  const { pool, folder } = testPool(t);
  const runner = await pool.take('light');
  const { heard } = perform(
    runner,
    diagnosticTask([
      { do: 'ignore_signals' },
      { do: 'fork', children: 3 },
      { do: 'fork', leave_group: true },
      { do: 'metric', name: 'forked', value: 1 },
      { do: 'sleep', ms: 3_600_000 },
    ]),
  );
  await until('it has its children', () => heard.some(({ type }) => type === 'metric'));
  await until('they run', () => processesMarked(`MOULIN_RUNNER=${runner.id}.`).length === 5);
  runner.tell({ type: 'cancel', reason: 'nobody wants it' });
  runner.terminate();
  await until('its children have heard it', () => processesMarked(`MOULIN_RUNNER=${runner.id}.`).length <= 2);
  assert(readProcess(runner.pid), 'it goes on');
  await runner.kill();
  const { reason, signal } = await runner.ended;
  assert.deepEqual([reason, signal], ['killed', 'SIGKILL']);
  await nothingIsLeft(runner, folder);
});

test('SIGTERM alone ends one that does not ignore it', async t => {
  const { pool } = testPool(t);
  const runner = await pool.take('light');
  const { heard } = perform(runner, diagnosticTask([{ do: 'spin', ms: 3_600_000 }]));
  await until('it works', () => heard.length > 0);
  runner.terminate();
  assert.equal((await runner.ended).signal, 'SIGTERM');
});

const MEMORY: Record<string, object> = {
  'in buffers': { do: 'allocate', mb: 2000, what: 'buffers' },
  'in the heap of JavaScript': { do: 'allocate', mb: 2000, what: 'heap' },
};
for (const [where, step] of Object.entries(MEMORY))
  test(`memory beyond what it may have, ${where}, ends it, and is said`, { skip: NO_PROC }, async t => {
    const { pool } = testPool(t);
    const runner = await pool.take('light', 200);
    perform(runner, diagnosticTask([step, { do: 'sleep', ms: 3_600_000 }]));
    const { error } = await runner.ended;
    assert.equal(error.code, 'task.no_memory');
    assert.equal(error.retry, 'terminal');
    assert.match(error.message, /The task used \d+ MB of memory; \d+ MB are allowed/);
  });

test('memory of its children counts, too', { skip: NO_PROC }, async t => {
  const { pool } = testPool(t);
  const runner = await pool.take('light', 256);
  perform(
    runner,
    diagnosticTask([
      { do: 'fork', children: 100 },
      { do: 'sleep', ms: 3_600_000 },
    ]),
  );
  await until('it was looked at', () => runner.peakBytes() > 0);
  const own = readProcess(runner.pid)?.rss_bytes ?? 0;
  await until('they are counted', () => runner.peakBytes() > own + 20 * 1024 * 1024);
});

test('a line of ten megabytes is cut, with a notice, and what follows is whole', async t => {
  const { pool } = testPool(t);
  const runner = await pool.take('light');
  const { answer, lines } = perform(
    runner,
    diagnosticTask([
      { do: 'print', bytes: 10_000_000 },
      { do: 'print', what: 'ansi', bytes: 8 },
      { do: 'print', what: 'invalid_utf8', bytes: 4 },
    ]),
  );
  assert.equal((await answer).type, 'result');
  const shown = lines.map(({ text, stream }) => [stream, text.length, text.slice(0, 8)]);
  assert.deepEqual(shown.slice(0, 1), [['stdout', MAX_LINE_BYTES, 'abcdefgh']]);
  assert.match(lines[1]?.text ?? '', /its other 8,951,424 bytes are left out/);
  assert.deepEqual(
    lines.slice(1).map(({ stream }) => stream),
    ['moulin', 'stdout', 'stdout'],
  );
  assert.equal(lines[2]?.text, '\u001b[31mred');
  assert.equal(lines[3]?.text, 'a\ufffd\ufffd(');
});

for (const [what, step] of Object.entries({
  'its log': { do: 'log', lines: 200_000 },
  stdout: { do: 'print', lines: 200_000, bytes: 60 },
}))
  test(`a flood of lines to ${what} arrives whole and in order before the result, and control goes past it`, async t => {
    const { pool } = testPool(t);
    const runner = await pool.take('light');
    let most = 0;
    const { answer, lines, heard } = perform(
      runner,
      diagnosticTask([{ do: 'metric', name: 'begins', value: 1 }, step]),
      async message => {
        if (message.type === 'log') most = Math.max(most, message.lines.length);
        // Whoever keeps the lines needs its time.
        await turn();
      },
    );
    await until('control comes while lines do', () => heard.some(({ type }) => type === 'metric'));
    assert.equal((await answer).type, 'result');
    assert.equal(lines.length, 200_000);
    assert(lines.every(({ text }, n) => !text.startsWith('line') || text === `line ${n + 1}`));
    assert(most < 20_000, `never more at once than a pipe holds: ${most}`);
  });

test('while nobody takes its lines, the one who writes them waits and does not grow', {
  skip: NO_PROC,
}, async (t: TestContext) => {
  const { pool } = testPool(t);
  const runner = await pool.take('light');
  const opened = Promise.withResolvers<void>();
  const { answer, lines } = perform(runner, diagnosticTask([{ do: 'log', lines: 500_000 }]), message =>
    message.type === 'log' ? opened.promise : undefined,
  );
  await until(
    'it waits',
    () => readFileSync(`/proc/${runner.pid}/stat`, 'utf8').includes(') S ') && lines.length > 0,
  );
  const held = lines.length;
  assert(held < 20_000);
  assert((readProcess(runner.pid)?.rss_bytes ?? 0) < 150 * 1024 * 1024);
  opened.resolve();
  assert.equal((await answer).type, 'result');
  assert.equal(lines.length, 500_000);
});

test('the end of a task is heard after all of its lines, however slowly they are taken', async t => {
  const { pool } = testPool(t);
  const runner = await pool.take('light');
  const { answer, heard, lines } = perform(
    runner,
    diagnosticTask([
      { do: 'log' },
      { do: 'print', lines: 3, per_second: 20 },
      { do: 'print', to: 'stderr' },
      { do: 'metric', name: 'said all', value: 1 },
    ]),
    async message => {
      // Until long after the task has ended, as far as it is concerned.
      if (message.type === 'log') await until('its messages are here', () => heard.length >= 2);
      for (let n = 0; n < 50; n += 1) await turn();
    },
  );
  await answer;
  assert.deepEqual(lines.map(({ stream }) => stream).sort(), ['log', 'stderr', 'stdout', 'stdout', 'stdout']);
});

test('a full disk is said as one, and what was written is gone with its folder', {
  skip: NO_PROC,
}, async t => {
  const { pool, folder } = testPool(t);
  const runner = await pool.take('light');
  const { answer } = perform(runner, diagnosticTask([{ do: 'fill_disk', mb: 5 }, { do: 'full_disk' }]));
  const failed = await answer;
  assert(failed.type === 'failed');
  assert.equal(failed.error.code, 'task.disk_full');
  runner.release();
  await until('the folder of the task is gone', () =>
    readdirSync(folder, { recursive: true }).every(path => !String(path).endsWith('filled')),
  );
  assert.equal((await pool.take('light')).pid, runner.pid, 'the process is as good as before');
});

for (const [what, steps] of Object.entries({
  children: [{ do: 'fork', leave_group: true }],
  'a timer': [{ do: 'break', how: 'leave_timer' }],
}))
  test(`a task that leaves ${what} behind has its result, and its process is not used again`, async t => {
    const { pool, folder } = testPool(t);
    const runner = await pool.take('light');
    assert.equal((await perform(runner, diagnosticTask(steps)).answer).type, 'result');
    runner.release();
    assert.equal((await runner.ended).reason, 'retired');
    await nothingIsLeft(runner, folder);
  });

test('bytes come whole; whoever does not read makes the task wait; a stream that breaks is an error', async t => {
  const { pool } = testPool(t);
  const runner = await pool.take('light');
  const size = 5_000_000;
  const whole = perform(runner, diagnosticTask([{ do: 'send', bytes: size }]));
  await until('it began', () => whole.heard.length > 0);
  assert.deepEqual(
    whole.heard.map(({ type }) => type),
    ['began'],
  );
  let read = 0;
  for await (const piece of runner.bulk()) read += piece.length;
  assert.equal(read, size);
  assert.equal((await whole.answer).type, 'result');
  runner.release();

  const half = await pool.take('light');
  assert.equal(half.pid, runner.pid);
  const failing = perform(half, diagnosticTask([{ do: 'send', bytes: 1000 }, { do: 'fail' }]));
  await assert.rejects(readAll(half.bulk()), /before it had sent all/);
  assert.equal((await failing.answer).type, 'failed');
  half.release();

  const unread = await pool.take('light');
  assert.equal(unread.pid, runner.pid);
  assert.equal((await perform(unread, diagnosticTask([{ do: 'send', bytes: 100 }])).answer).type, 'result');
  unread.release();

  const wild = await pool.take('light');
  assert.equal(wild.pid, runner.pid, 'what nobody read stood in nobody’s way');
  perform(wild, diagnosticTask([{ do: 'break', how: 'bulk' }]));
  await assert.rejects(readAll(wild.bulk()), /a frame of 0 bytes/);
  await wild.kill();

  const killed = await pool.take('light');
  perform(killed, diagnosticTask([{ do: 'send', bytes: 1024 ** 3 }]));
  const reading = assert.rejects(readAll(killed.bulk()), /the stream broke/);
  await killed.kill();
  await reading;
});

async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of bytes);
}
