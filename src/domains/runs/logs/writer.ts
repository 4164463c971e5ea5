import { codeOf, type Store } from '../../../base/db/index.ts';
import type { Clock } from '../../../base/kit/clock.ts';
import type { Log } from '../../../base/kit/log.ts';
import type { LogLevel } from '../../../contract/runs.ts';
import type { Line, RawLine } from './line.ts';
import { maskLine, type Redact } from './mask.ts';
import { encodePiece, rawBytes } from './piece.ts';
import { type AttemptRef, addPieces, type NewPiece } from './store.ts';

export type { AttemptRef } from './store.ts';

// Lines of all attempts of a worker, on their way to the store: masked and numbered at once, compressed piece by piece, and
// written together at least every quarter of a second, one statement for all. What waits is bounded three times: whoever
// writes is told to wait; when they do not, or the store is away, lines are dropped with a notice in their place.

export interface LogTotals {
  lines: number;
  bytes: number;
  dropped: number;
}

/** The log of one attempt, being written. */
export interface AttemptLog {
  /**
   * Takes lines in order; masks, numbers and keeps them, and never throws. `false`: more waits for the store than should;
   * stop reading from the runner until `ready()`. Whoever writes on all the same loses lines, with a notice.
   */
  write(lines: readonly RawLine[]): boolean;
  /** Resolves once `write` would answer true. */
  ready(): Promise<void>;
  /** A line of Moulin's own, which no cap drops: why the attempt was ended, what was left out. */
  notice(text: string, level?: LogLevel): void;
  /** For `endTasks`: read it after `close`. */
  totals(): LogTotals;
  /** Resolves when everything is durable (or the writer was closed and gave up). Call it before the attempt is ended. */
  close(): Promise<void>;
}

export interface LogWriter {
  /** One per attempt. `redact` masks what must not be stored; it sees each text and each string of the fields. */
  attempt(ref: AttemptRef, redact: Redact): AttemptLog;
  /** Writes what there is now. Resolves also when the store is away: then it stays in memory and is tried again. */
  flush(): Promise<void>;
  /** Flushes, and gives up after `give_up_ms` if the store is away. */
  close(): Promise<void>;
  /** Bytes that wait for the store, lines dropped because too many did. */
  stats(): { waiting_bytes: number; dropped: number; failing: boolean };
}

export interface LogWriterParts {
  store: Pick<Store, 'withInstance'>;
  clock: Clock;
  log: Log;
  limits?: Partial<LogLimits>;
}

export interface LogLimits {
  /** Of one attempt; what comes after is counted, not kept. */
  attempt_bytes: number;
  attempt_lines: number;
  flush_ms: number;
  give_up_ms: number;
  /** A statement that takes longer counts as a store that is away: nobody is made to wait for it. */
  stuck_ms: number;
  /** Bytes that wait for the store (sealed pieces count compressed), of one attempt: stop writing; lines are dropped. */
  high_bytes: number;
  full_bytes: number;
  /** The same for all attempts together. */
  all_high_bytes: number;
  all_full_bytes: number;
}

export const LOG_LIMITS: LogLimits = {
  attempt_bytes: 200 * 1024 * 1024,
  attempt_lines: 2_000_000,
  flush_ms: 250,
  give_up_ms: 5000,
  stuck_ms: 5000,
  high_bytes: 1024 * 1024,
  full_bytes: 8 * 1024 * 1024,
  all_high_bytes: 16 * 1024 * 1024,
  all_full_bytes: 64 * 1024 * 1024,
};

const PIECE_BYTES = 256 * 1024;
/** Of one statement. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_PIECES = 500;
/** Tasks end when their log is kept: what hangs in a network that swallows is written again on another connection. */
const STATEMENT_SECONDS = 15;
const RETRY_MS = [250, 500, 1000, 2000] as const;
/** Moulin's own lines are few; a mistake must not make them many. */
const MAX_NOTICES = 200;

interface Writing {
  ref: AttemptRef;
  redact: Redact;
  /** Lines of the piece that is being filled, and their raw bytes. */
  lines: Line[];
  bytes: number;
  /** Sealed and not yet durable. */
  sealed_bytes: number;
  sealed: number;
  next_line: number;
  total_bytes: number;
  dropped: number;
  /** Dropped since the last line that was taken: told before the next one. */
  missing: number;
  /** Dropped because the log had grown to its cap. */
  capped: number;
  notices: number;
  closed: boolean;
  /** Called when something became durable, or nobody waits for the store any more. */
  waiting: Set<() => void>;
}

interface Queued extends NewPiece {
  writing: Writing;
}

export function openLogWriter({ store, clock, log, limits: given }: LogWriterParts): LogWriter {
  const limits: LogLimits = { ...LOG_LIMITS, ...given };
  /** Those with lines that are not sealed yet. */
  const filling = new Set<Writing>();
  let queue: Queued[] = [];
  let waiting_bytes = 0;
  let dropped = 0;
  let failures = 0;
  let stuck = false;
  let gave_up = false;
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;
  /** Attempts in which somebody waits. */
  const waiters = new Set<Writing>();

  const isFailing = () => failures > 0 || stuck;

  // ── Taking lines ──

  const held = (writing: Writing) => writing.bytes + writing.sealed_bytes;
  const isFull = (writing: Writing, size: number) =>
    gave_up || held(writing) + size > limits.full_bytes || waiting_bytes + size > limits.all_full_bytes;
  // While the store is away nobody is made to wait: a task that works must not stand still because its log cannot be kept.
  const mayWrite = (writing: Writing) =>
    isFailing() ||
    writing.closed ||
    (held(writing) <= limits.high_bytes && waiting_bytes <= limits.all_high_bytes);

  function drop(writing: Writing): void {
    writing.dropped += 1;
    dropped += 1;
  }

  function take(writing: Writing, raw: RawLine): void {
    if (writing.capped > 0) {
      writing.capped += 1;
      drop(writing);
      return;
    }
    const line = maskLine(raw, writing.redact, clock.now() * 1000);
    const size = rawBytes(line);
    if (writing.next_line >= limits.attempt_lines || writing.total_bytes + size > limits.attempt_bytes) {
      writing.capped = 1;
      drop(writing);
      addOwn(writing, capNotice(limits), 'warn');
    } else if (isFull(writing, size)) {
      writing.missing += 1;
      drop(writing);
    } else {
      tellMissing(writing);
      add(writing, line, size);
    }
  }

  function tellMissing(writing: Writing): void {
    if (writing.missing === 0) return;
    const count = writing.missing;
    writing.missing = 0;
    addOwn(
      writing,
      `${count} lines are missing here: they came faster than the store could take them.`,
      'warn',
    );
  }

  function addOwn(writing: Writing, text: string, level: LogLevel): void {
    writing.notices += 1;
    if (writing.notices > MAX_NOTICES) return;
    const line = maskLine({ text, level, stream: 'moulin' }, writing.redact, clock.now() * 1000);
    add(writing, line, rawBytes(line));
  }

  function add(writing: Writing, line: Line, size: number): void {
    if (writing.lines.length > 0 && writing.bytes + size > PIECE_BYTES) seal(writing);
    writing.lines.push(line);
    writing.bytes += size;
    writing.next_line += 1;
    writing.total_bytes += size;
    waiting_bytes += size;
    filling.add(writing);
    timer ??= setTimeout(() => void flush(), limits.flush_ms).unref();
  }

  /** Compressed here and not when it is written: while the store is away, memory holds a tenth. */
  function seal(writing: Writing): void {
    const [first, ...rest] = writing.lines;
    filling.delete(writing);
    if (first === undefined) return;
    const piece = encodePiece([first, ...rest]);
    waiting_bytes += piece.data.length - writing.bytes;
    queue.push({ ...piece, ref: writing.ref, first_line: writing.next_line - piece.lines, writing });
    writing.sealed_bytes += piece.data.length;
    writing.sealed += 1;
    writing.lines = [];
    writing.bytes = 0;
  }

  // ── Writing them ──

  function flushSoon(): void {
    // The ends of many attempts in one turn of the event loop share a statement.
    soon ??= setImmediate(() => void flush());
  }

  const flush = oneAtATime(async () => {
    clearTimeout(timer);
    clearImmediate(soon);
    timer = undefined;
    soon = undefined;
    for (const writing of [...filling]) seal(writing);
    while (queue.length > 0 && !gave_up) {
      const batch = nextBatch(queue);
      const answer = await writeBatch(batch);
      if (answer === 'away') return retryLater();
      failures = 0;
      queue = queue.slice(batch.length);
      settle(batch, answer);
    }
  });

  function retryLater(): void {
    const pause = RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? limits.flush_ms;
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), pause).unref();
    wake();
  }

  /** `refused`: pieces that the store will never take, such as those of a workspace that was deleted. */
  async function writeBatch(batch: readonly Queued[]): Promise<'away' | ReadonlySet<Queued>> {
    try {
      await withDeadline(() =>
        store.withInstance('write logs', tx => addPieces(tx, batch), {
          statement_seconds: STATEMENT_SECONDS,
        }),
      );
      return new Set();
    } catch (error) {
      if (!isRefusal(error)) return away(error);
      const [only, ...others] = batch;
      if (only !== undefined && others.length === 0) {
        log.warn({ error, task_id: only.ref.task_id }, 'Lines of a log could not be kept');
        return new Set(batch);
      }
      return writeOneByOne(batch);
    }
  }

  async function writeOneByOne(batch: readonly Queued[]): Promise<'away' | ReadonlySet<Queued>> {
    const refused = new Set<Queued>();
    for (const piece of batch) {
      const answer = await writeBatch([piece]);
      // Those before it are written; writing them again changes nothing.
      if (answer === 'away') return answer;
      for (const one of answer) refused.add(one);
    }
    return refused;
  }

  function away(error: unknown): 'away' {
    failures += 1;
    if (failures === 1) log.warn({ error }, 'Logs of tasks cannot be written; trying again');
    return 'away';
  }

  async function withDeadline(work: () => Promise<void>): Promise<void> {
    const alarm = setTimeout(() => {
      stuck = true;
      wake();
    }, limits.stuck_ms).unref();
    try {
      await work();
    } finally {
      clearTimeout(alarm);
      stuck = false;
    }
  }

  function settle(batch: readonly Queued[], refused: ReadonlySet<Queued>): void {
    for (const piece of batch) {
      const { writing } = piece;
      waiting_bytes -= piece.data.length;
      writing.sealed_bytes -= piece.data.length;
      writing.sealed -= 1;
      if (!refused.has(piece)) continue;
      writing.dropped += piece.lines;
      dropped += piece.lines;
    }
    wake();
  }

  // ── Waiting ──

  function wake(): void {
    for (const writing of waiters) for (const look of [...writing.waiting]) look();
  }

  function waitUntil(writing: Writing, isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise(resolve => {
      const look = () => {
        if (!isSo()) return;
        writing.waiting.delete(look);
        if (writing.waiting.size === 0) waiters.delete(writing);
        resolve();
      };
      writing.waiting.add(look);
      waiters.add(writing);
    });
  }

  function openAttempt(ref: AttemptRef, redact: Redact): AttemptLog {
    const writing: Writing = {
      ref,
      redact,
      lines: [],
      bytes: 0,
      sealed_bytes: 0,
      sealed: 0,
      next_line: 0,
      total_bytes: 0,
      dropped: 0,
      missing: 0,
      capped: 0,
      notices: 0,
      closed: false,
      waiting: new Set(),
    };
    return {
      write(lines) {
        if (!writing.closed) for (const line of lines) take(writing, line);
        const may = mayWrite(writing);
        if (!may) flushSoon();
        return may;
      },
      ready: () => waitUntil(writing, () => mayWrite(writing)),
      notice(text, level = 'info') {
        if (!writing.closed) addOwn(writing, text, level);
      },
      totals: () => ({ lines: writing.next_line, bytes: writing.total_bytes, dropped: writing.dropped }),
      async close() {
        if (!writing.closed) {
          tellMissing(writing);
          if (writing.capped > 1)
            addOwn(writing, `${writing.capped} lines in all were not kept: the log was full.`, 'warn');
          writing.closed = true;
          if (writing.lines.length > 0) flushSoon();
        }
        await waitUntil(writing, () => gave_up || (writing.lines.length === 0 && writing.sealed === 0));
      },
    };
  }

  return {
    attempt: openAttempt,
    flush,
    async close() {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const alarm = setTimeout(resolve, limits.give_up_ms);
      const all = async () => {
        while (filling.size > 0 || queue.length > 0) {
          await flush();
          if (isFailing()) await pause(RETRY_MS[0]);
        }
      };
      await Promise.race([all(), late]);
      clearTimeout(alarm);
      clearTimeout(timer);
      clearImmediate(soon);
      gave_up = true;
      dropped += queue.reduce((sum, { lines }) => sum + lines, 0);
      queue = [];
      filling.clear();
      wake();
    },
    stats: () => ({ waiting_bytes, dropped, failing: isFailing() }),
  };
}

function capNotice({ attempt_bytes, attempt_lines }: LogLimits): string {
  const size = `${Math.round(attempt_bytes / 1024 ** 2)} MB or ${attempt_lines} lines`;
  return `The log is full (${size}): what the task says from here on is counted, not kept.`;
}

function nextBatch(queue: readonly Queued[]): readonly Queued[] {
  let bytes = 0;
  const end = queue.findIndex(({ data }, place) => {
    bytes += data.length;
    return place > 0 && (bytes > BATCH_BYTES || place >= BATCH_PIECES);
  });
  return end < 0 ? queue : queue.slice(0, end);
}

/** A value or a reference that will be as wrong the next time; everything else may pass. */
function isRefusal(error: unknown): boolean {
  return /^(22|23)...$/.test(codeOf(error));
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

/** A call while one runs asks for exactly one more. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let again = false;
  const run = async (): Promise<void> => {
    try {
      do {
        again = false;
        await work();
      } while (again);
    } finally {
      running = undefined;
    }
  };
  return () => {
    again = running !== undefined;
    running ??= run();
    return running;
  };
}
