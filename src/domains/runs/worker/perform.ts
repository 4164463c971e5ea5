import { type Clock, toTimestamp } from '../../../base/kit/clock.ts';
import type { Log } from '../../../base/kit/log.ts';
import type { TaskError } from '../../../contract/runs.ts';
import { describeProblems } from '../kinds.ts';
import type { AttemptLog, LogWriter } from '../logs/index.ts';
import type { Claimed, Lease } from '../queue/index.ts';
import type { Heard } from '../runner/protocol.ts';
import type { Pool, Runner, RunnerEnd } from '../runner/runner.ts';
import type { TaskKind } from '../task.ts';
import { fromThrown, taskError, toTaskError } from '../task-error.ts';
import {
  type Answer,
  type AttemptEvent,
  type AttemptState,
  advance,
  beginAttempt,
  type Effect,
  type Outcome,
} from './attempt.ts';
import type { Batch } from './batch.ts';
import { report } from './ending.ts';
import { type Masks, openMasks } from './masks.ts';
import type { ProgressBoard } from './progress-board.ts';
import { makeTrue, type StageMessage, type StageParts } from './stages.ts';
import { prepareStart, type StartParts } from './start.ts';
import { watchRun, watchStart } from './time-outs.ts';
import { openTimers } from './timers.ts';
import type { Word } from './words.ts';

export interface PerformParts extends StageParts, StartParts {
  pool: Pool;
  logs: LogWriter;
  words: Batch<Word, boolean>;
  progress: ProgressBoard;
  clock: Clock;
  log: Log;
  redact(text: string, workspace_id: string): string;
  /** Something was refused; the store knows why. */
  askStore(): void;
  /** Between asking it to end, SIGTERM and SIGKILL. */
  grace_ms: { asked: number; terminated: number };
}

const MAX_METRICS = 200;
/** Between an answer and the end of the bytes, which were sent before it. */
const SENT_MS = 5000;

/** One attempt at work: holds runner, timers and log around the decisions of attempt.ts. */
export class Performance {
  readonly task: Claimed;
  readonly lease: Lease;
  /** Its runner is free or gone: the slot may be given to another. */
  readonly settled: Promise<Outcome>;
  /** The store knows. */
  readonly over: Promise<void>;

  private state: AttemptState;
  private runner: Runner | undefined;
  private begun: Promise<unknown> = Promise.resolve();
  /** Fulfilled when the bytes of the task have come to their end, or have broken off. */
  private sent: Promise<TaskError | undefined> = Promise.resolve(undefined);
  private next_stage: number;
  private heard_at: number;
  private readonly parts: PerformParts;
  private readonly kind: TaskKind | undefined;
  private readonly attempt_log: AttemptLog;
  private readonly masks: Masks;
  private readonly timers = openTimers();
  /** Aborted as soon as it is to end: stops what is being prepared. */
  private readonly ending = new AbortController();
  private readonly metrics = new Map<string, number>();
  private readonly settle_now: (outcome: Outcome) => void;

  constructor(parts: PerformParts, task: Claimed) {
    const { task_id, attempt, fence, workspace_id, run_id } = task;
    this.parts = parts;
    this.task = task;
    this.lease = { task_id, attempt, fence };
    this.kind = parts.kinds.find(task.kind);
    this.state = beginAttempt(this.kind?.endless === true);
    this.masks = openMasks(text => parts.redact(text, workspace_id));
    this.attempt_log = parts.logs.attempt({ workspace_id, run_id, task_id, attempt }, this.masks.text);
    this.next_stage = task.stage + 1;
    this.heard_at = parts.clock.monotonic();
    const settled = Promise.withResolvers<Outcome>();
    this.settled = settled.promise;
    this.settle_now = settled.resolve;
    this.over = settled.promise.then(outcome => this.report(outcome));
    watchStart(this.watched());
    this.start().catch(error => this.happen({ type: 'gone', error: toTaskError(error) }));
  }

  get is_settled(): boolean {
    return this.state.phase === 'settled';
  }

  tell(event: Extract<AttemptEvent, { type: 'cancel' | 'drain' | 'hand_over' | 'lost' }>): void {
    this.happen(event);
  }

  // ── What happens, and what follows ──

  private happen(event: AttemptEvent): void {
    const { state, effects } = advance(this.state, event);
    this.state = state;
    for (const effect of effects) this.act(effect);
  }

  private act(effect: Effect): void {
    switch (effect.do) {
      case 'say_begun':
        this.sayBegun();
        break;
      case 'ask_to_end':
        this.ending.abort();
        this.runner?.tell({ type: 'cancel', reason: effect.reason });
        this.waitGrace(this.parts.grace_ms.asked);
        break;
      case 'ask_to_drain':
        this.runner?.tell({ type: 'drain' });
        break;
      case 'terminate':
        this.runner?.terminate();
        this.waitGrace(this.parts.grace_ms.terminated);
        break;
      case 'kill':
        this.ending.abort();
        void this.runner?.kill();
        break;
      case 'settle':
        this.settle(effect.outcome);
        break;
      default:
        effect satisfies never;
    }
  }

  private waitGrace(ms: number): void {
    this.timers.after('grace', ms, () => this.happen({ type: 'grace_over' }));
  }

  // ── Its beginning ──

  private async start(): Promise<void> {
    const { kind, start } = await prepareStart(this.parts, this.task, this.ending.signal);
    // Cancelled, lost or out of time meanwhile.
    if (this.is_settled) return;
    this.masks.cover(Object.values(start.secrets));
    const runner = await this.parts.pool.take(kind.resource, kind.memory_mb);
    if (this.is_settled) return runner.release();
    this.runner = runner;
    this.happen({ type: 'taken' });
    whenEnded(runner, end => this.lose(end));
    if (this.state.draining) runner.tell({ type: 'drain' });
    this.heard_at = this.parts.clock.monotonic();
    runner.start(start, message => this.hear(message));
    this.sent = this.takeBytes(runner);
  }

  /** No kind takes bytes yet: they are counted, so that a task that sends some need not wait for ever. */
  private async takeBytes(runner: Runner): Promise<TaskError | undefined> {
    try {
      for await (const bytes of runner.bulk()) {
        this.heard_at = this.parts.clock.monotonic();
        this.addMetric('sent_bytes', bytes.length);
      }
      return undefined;
    } catch (error) {
      return taskError('task.crashed', { how: error instanceof Error ? error.message : String(error) });
    }
  }

  private sayBegun(): void {
    watchRun(this.watched());
    const said = this.parts.words.add({ say: 'begin', lease: this.lease });
    // Refused: cancelled meanwhile, or not ours any more.
    this.begun = said.then(
      accepted => accepted || this.parts.askStore(),
      () => {},
    );
  }

  private watched() {
    const { timers, parts } = this;
    return {
      timers,
      timeouts: this.task.timeouts,
      silentMs: () => (this.state.stages > 0 ? 0 : parts.clock.monotonic() - this.heard_at),
      fire: (error: ReturnType<typeof taskError>) => this.happen({ type: 'timed_out', error }),
    };
  }

  // ── What its runner says ──

  private hear(message: Heard): Promise<void> | void {
    if (this.state.runner !== 'working') return;
    this.heard_at = this.parts.clock.monotonic();
    switch (message.type) {
      case 'log':
        return this.attempt_log.write(message.lines.map(toLine)) ? undefined : this.attempt_log.ready();
      case 'began':
        return this.happen({ type: 'began' });
      case 'progress':
        return this.parts.progress.note(this.task, this.masks.value(message));
      case 'metric':
        return this.addMetric(message.name, message.value);
      case 'stage':
        return void this.commit(message);
      case 'result':
        return void this.answer(readAnswer(this.task, this.kind, message));
      case 'failed':
        return void this.answer(this.readFailure(message.error));
      default:
        return message satisfies never;
    }
  }

  /** Only with all that it has sent: a stream that broke makes no success. */
  private async answer(answer: Answer): Promise<void> {
    this.timers.after('sent', SENT_MS, () => {
      const error = taskError('task.crashed', { how: 'its bytes did not come to their end' });
      this.happen({ type: 'broke', error });
    });
    const broken = await this.sent;
    this.timers.clear('sent');
    if (broken && answer.state !== 'failed') this.happen({ type: 'broke', error: broken });
    else this.happen({ type: 'answered', answer });
  }

  private readFailure(thrown: Extract<Heard, { type: 'failed' }>['error']): Answer {
    this.attempt_log.notice(thrown.stack ?? thrown.message, 'error');
    // Covered before it is cut: of half a secret no mask knows anything.
    return { state: 'failed', error: fromThrown(this.masks.value(thrown)) };
  }

  private addMetric(name: string, value: number): void {
    const { metrics } = this;
    if (metrics.has(name) || metrics.size < MAX_METRICS) metrics.set(name, (metrics.get(name) ?? 0) + value);
  }

  private lose(end: RunnerEnd): void {
    if (this.is_settled) return;
    this.happen({ type: 'gone', error: end.error });
  }

  private async commit(message: StageMessage): Promise<void> {
    if (this.state.phase !== 'running') return;
    const { n } = message;
    if (n !== this.next_stage || this.state.stages > 0) {
      const message = `It handed over stage ${n} while stage ${this.next_stage} was due`;
      return this.happen({ type: 'broke', error: taskError('task.failed', { message }) });
    }
    this.happen({ type: 'stage' });
    // The store takes a stage only of a task that it knows to be running.
    await this.begun;
    // Facts are shown; what it staged, and the state it goes on from, are its own business.
    const told = { ...message, facts: this.masks.value(message.facts) };
    const answer = await makeTrue(this.parts, this.task, told, this.ending.signal);
    this.heard_at = this.parts.clock.monotonic();
    if (answer === 'committed') {
      this.next_stage += 1;
      if (this.state.runner === 'working') this.runner?.tell({ type: 'committed', n });
      return this.happen({ type: 'stage_committed' });
    }
    if (this.state.runner === 'working') this.runner?.tell({ type: 'rerun', n });
    this.happen({ type: 'stage_undone', outcome: answer.undone });
  }

  // ── Its end ──

  private settle(outcome: Outcome): void {
    this.timers.stop();
    this.ending.abort();
    if (this.runner) this.metrics.set('max_rss_bytes', this.runner.peakBytes());
    if (this.state.runner === 'answered') this.runner?.release();
    this.parts.progress.forget(this.lease.task_id);
    this.settle_now(outcome);
  }

  private async report(outcome: Outcome): Promise<void> {
    const { lease, attempt_log, metrics, parts } = this;
    const masked = this.masks.value(outcome);
    const said = describe(masked);
    if (said) attempt_log.notice(said.text, said.level);
    await report(parts.words, parts.log, {
      lease,
      outcome: masked,
      metrics: this.masks.value(Object.fromEntries(metrics)),
      attempt_log,
    });
  }
}

function toLine(line: Extract<Heard, { type: 'log' }>['lines'][number]) {
  return { ...line, at: toTimestamp(line.at) };
}

function readAnswer(
  task: Claimed,
  kind: TaskKind | undefined,
  { result, partial }: Extract<Heard, { type: 'result' }>,
): Answer {
  const read = kind?.result.safeParse(result);
  if (!read?.success) {
    const problems = read?.error ? describeProblems(read.error) : 'the kind is not known';
    return { state: 'failed', error: taskError('task.result', { kind: task.kind, problems }) };
  }
  return partial === undefined
    ? { state: 'succeeded', result: read.data }
    : { state: 'partial', result: read.data, reason: partial };
}

/** The last line of the log, where the end needs one. */
function describe(outcome: Outcome): { text: string; level: 'info' | 'warn' | 'error' } | undefined {
  switch (outcome.state) {
    case 'succeeded':
      return undefined;
    case 'partial':
      return { text: outcome.reason, level: 'warn' };
    case 'failed':
      return { text: `${outcome.error.code}: ${outcome.error.message}`, level: 'error' };
    case 'cancelled':
      return { text: taskError('task.cancelled', { reason: '' }).message, level: 'warn' };
    case 'released':
      return { text: 'The worker hands the task over; another goes on from the last stage.', level: 'info' };
    case 'lost':
      return {
        text: 'The lease of this attempt was lost; what it had not committed is undone.',
        level: 'warn',
      };
    default:
      return outcome satisfies never;
  }
}

const listeners = new WeakMap<Runner, (end: RunnerEnd) => void>();

/** One listener for each process, not one for each task that it ever had: those would all be kept until it ends. */
function whenEnded(runner: Runner, heard: (end: RunnerEnd) => void): void {
  if (!listeners.has(runner)) void runner.ended.then(end => listeners.get(runner)?.(end));
  listeners.set(runner, heard);
}
