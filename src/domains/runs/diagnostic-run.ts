import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DiagnosticInput, DiagnosticResult, DiagnosticStaged, DiagnosticStep } from './diagnostic.ts';
import { BULK_FD } from './runner/pipes.ts';
import type { RunAnswer, RunContext } from './task.ts';

// The runner half of the diagnostic kind. It touches the world on purpose, and mostly in ways in which nobody should.

type Told = RunContext<DiagnosticInput>;
type Step<Name extends DiagnosticStep['do']> = Extract<DiagnosticStep, { do: Name }>;

/** What it has come to. */
interface Work {
  step: number;
  /** Committed ones of the step it is at, and of all. */
  stages_here: number;
  stages: number;
  sent_bytes: number;
  ignores: boolean;
  partial: string | undefined;
  /** What must not be collected. */
  held: unknown[];
}

export async function run(context: Told): Promise<unknown> {
  const { steps } = context.input;
  const work = beginWork(context);
  for (; work.step < steps.length; work.step += 1, work.stages_here = 0) {
    const step = steps[work.step];
    if (step && isOn(step, context.attempt)) {
      if (step.do === 'answer') return step.result;
      await doStep(step, context, work);
    }
    if (!work.ignores) context.signal.throwIfAborted();
    if (context.draining.aborted && step?.do === 'endless') break;
  }
  const result: DiagnosticResult = {
    attempt: context.attempt,
    stages: work.stages,
    sent_bytes: work.sent_bytes,
  };
  const { partial: reason } = work;
  const answer: RunAnswer<DiagnosticResult> =
    reason === undefined ? result : { partial: true, result, reason };
  return answer;
}

/** From the last stage that an attempt before this one committed. */
function beginWork({ from }: Told): Work {
  const [step, stages_here] = isState(from.state) ? [from.state.step, from.state.stages] : [0, 0];
  return {
    step,
    stages_here,
    stages: from.stage,
    sent_bytes: 0,
    ignores: false,
    partial: undefined,
    held: [],
  };
}

function isState(state: unknown): state is { step: number; stages: number } {
  return typeof state === 'object' && state !== null && 'step' in state && 'stages' in state;
}

function isOn({ on }: DiagnosticStep, attempt: number): boolean {
  return on === undefined || (attempt >= on.from && attempt <= on.to);
}

async function doStep(
  step: Exclude<DiagnosticStep, { do: 'answer' }>,
  context: Told,
  work: Work,
): Promise<void> {
  const wait = (ms: number) => pause(ms, work.ignores ? undefined : context.signal);
  switch (step.do) {
    case 'sleep':
      return wait(step.ms);
    case 'spin':
      return spin(step.ms);
    case 'log':
      return paced(step, wait, n => context.log[step.level](`${step.text} ${n}`, step.fields));
    case 'print':
      return print(step, wait);
    case 'say_secrets':
      return saySecrets(step.to, context);
    case 'progress':
      for (let done = 0; done <= step.total; done += 1) {
        context.progress({ done, total: step.total, unit: step.unit });
        await wait(step.each_ms);
      }
      return;
    case 'metric':
      return context.metric(step.name, step.value);
    case 'stages':
      while (work.stages_here < step.count) await commitStage(step, context, work, wait);
      return;
    case 'endless':
      while (!context.draining.aborted && !context.signal.aborted)
        await commitStage(step, context, work, wait);
      return;
    case 'send':
      return send(step.bytes, context, work);
    case 'fail':
      throw Object.assign(new Error(step.message), { retry: step.retry });
    case 'partial':
      work.partial = step.reason;
      return;
    case 'allocate':
      return allocate(step, work, wait);
    case 'ignore_signals':
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
      work.ignores = true;
      return;
    case 'fork':
      return fork(step);
    case 'fill_disk':
      return fillDisk(join(context.folder, 'filled'), step.mb);
    case 'full_disk':
      return fillDisk('/dev/full', 1);
    case 'crash':
      return crash(step.how);
    case 'break':
      return breakProtocol(step.how, context);
    default:
      return step satisfies never;
  }
}

type Wait = (ms: number) => Promise<void>;

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, { signal });
}

function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

const BURST = 1000;

/** So many a second, and in between others may run. */
function saySecrets(to: Extract<DiagnosticStep, { do: 'say_secrets' }>['to'], { secrets, log }: Told): void {
  const all = Object.entries(secrets);
  const said = all.map(([name, value]) => `${name} is ${value}`).join(', ');
  if (to === 'log') for (const [name, value] of all) log.info(`${name} is ${value}`, { [name]: value });
  else if (to === 'error') throw new Error(said);
  else console.error(said);
  if (to === 'crash') process.abort();
}

async function paced(
  { lines, per_second }: { lines: number; per_second: number },
  wait: Wait,
  act: (n: number) => void,
): Promise<void> {
  const begun = performance.now();
  for (let n = 1; n <= lines; n += 1) {
    act(n);
    const early = per_second > 0 ? begun + (n * 1000) / per_second - performance.now() : 0;
    if (early > 1 || n % BURST === 0) await wait(Math.max(0, early));
  }
}

const NEWLINE = Buffer.from('\n');

function print(step: Step<'print'>, wait: Wait): Promise<void> {
  const fd = step.to === 'stdout' ? 1 : 2;
  const line = Buffer.concat([fill(step.what, step.bytes), NEWLINE]);
  return paced(step, wait, () => writeWhole(fd, line));
}

function fill(what: Step<'print'>['what'], bytes: number): Buffer {
  if (what === 'invalid_utf8') return Buffer.alloc(bytes, Buffer.from([0x61, 0xff, 0xc3, 0x28]));
  return Buffer.alloc(bytes, what === 'ansi' ? '\u001b[31mred\u001b[0m ' : 'abcdefghi ');
}

function writeWhole(fd: number, bytes: Buffer): void {
  for (let from = 0; from < bytes.length; ) from += writeSync(fd, bytes, from);
}

async function commitStage(
  step: Step<'stages' | 'endless'>,
  context: Told,
  work: Work,
  wait: Wait,
): Promise<void> {
  await wait(step.each_ms);
  const { mark, rows, rebase, rerun, prepare_ms, tasks } = step;
  const staged: DiagnosticStaged = { mark, rows, rebase, rerun, prepare_ms, tasks };
  work.stages_here += 1;
  work.stages += 1;
  await context.stage({ staged, state: { step: work.step, stages: work.stages_here } });
}

const PIECE_BYTES = 256 * 1024;

async function send(bytes: number, context: Told, work: Work): Promise<void> {
  const piece = Buffer.alloc(Math.min(bytes, PIECE_BYTES), 'moulin ');
  for (let left = bytes; left > 0; left -= piece.length) {
    const part = piece.subarray(0, left);
    await context.send(part);
    work.sent_bytes += part.length;
    context.signal.throwIfAborted();
  }
}

const MB = 1024 * 1024;
const HEAP_WORDS = MB / 8;

async function allocate({ mb, what }: Step<'allocate'>, { held }: Work, wait: Wait): Promise<void> {
  for (let n = 0; n < mb; n += 1) {
    held.push(
      what === 'heap' ? Array.from({ length: HEAP_WORDS }, (_, at) => at + 0.5) : Buffer.alloc(MB, 1),
    );
    if (n % 16 === 0) await wait(1);
  }
}

function fork({ children, seconds, leave_group }: Step<'fork'>): void {
  for (let n = 0; n < children; n += 1)
    spawn('sleep', [String(seconds)], { detached: leave_group, stdio: 'inherit' }).unref();
}

async function fillDisk(path: string, mb: number): Promise<void> {
  await using file = await open(path, 'a');
  const piece = Buffer.alloc(MB, 1);
  for (let n = 0; n < mb; n += 1) await file.write(piece);
}

/** None of them comes back; whoever called waits. */
function crash(how: Step<'crash'>['how']): Promise<never> {
  if (how === 'abort') process.abort();
  if (how === 'exit_0') process.exit(0);
  if (how === 'exit_1') process.exit(1);
  if (how === 'segv') process.kill(process.pid, 'SIGSEGV');
  if (how === 'kill') process.kill(process.pid, 'SIGKILL');
  if (how === 'throw')
    setImmediate(() => {
      throw new Error('thrown where nobody catches it');
    });
  return new Promise<never>(() => {});
}

async function breakProtocol(how: Step<'break'>['how'], context: Told): Promise<void> {
  if (how === 'wrong_shape') process.send?.({ type: 'result', and: 'much else', partial: 7 });
  if (how === 'close_channel') process.disconnect?.();
  if (how === 'leave_timer') setInterval(() => {}, 1000);
  if (how === 'result_twice')
    process.send?.({ type: 'result', result: { attempt: context.attempt, stages: 0, sent_bytes: 0 } });
  if (how === 'bulk') writeSync(BULK_FD, Buffer.alloc(16));
}
