import type { Store } from '../../../base/db/index.ts';
import type { Clock } from '../../../base/kit/clock.ts';
import type { Log } from '../../../base/kit/log.ts';
import type { LogLevel } from '../../../contract/runs.ts';
import type { RawLine } from './line.ts';

export interface AttemptRef {
  workspace_id: string;
  run_id: string;
  task_id: string;
  attempt: number;
}

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
  attempt(ref: AttemptRef, redact: (text: string) => string): AttemptLog;
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
}

/** See `LogWriter`; the implementation follows in this file. */
export declare function openLogWriter(parts: LogWriterParts): LogWriter;
