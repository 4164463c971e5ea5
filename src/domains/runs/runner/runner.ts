import type { TaskError } from '../../../contract/runs.ts';
import type { ResourceClass } from '../task.ts';
import type { Heard, StartTask, ToTask } from './protocol.ts';

// What a worker sees of its runners.

/** Why a process is no more. */
export type EndReason =
  /** By itself, whatever its exit code: it had not been asked to. */
  | 'exit'
  /** It said something that no runner says, said an end twice, or closed its channel. */
  | 'protocol'
  /** Its group used more memory than it may have. */
  | 'memory'
  /** The worker killed it. */
  | 'killed'
  /** The pool let it go: idle, old, or closing. */
  | 'retired';

export interface RunnerEnd {
  exit_code: number | null;
  signal: string | null;
  /** The last 8 KiB of what the process and its children wrote to stderr. */
  stderr: string;
  reason: EndReason;
  /** The error of the attempt that it took with it. */
  error: TaskError;
}

/**
 * Messages of one task, in order. A promise that it answers holds back the log (and only the log) until it is fulfilled:
 * whoever cannot keep up with the lines slows down the one who writes them.
 */
export type Hear = (message: Heard) => Promise<void> | void;

/** One process, taken for one task at a time. */
export interface Runner {
  /** In the environment of the process and of all that it starts: MOULIN_RUNNER. */
  readonly id: string;
  readonly pid: number;
  /** One task. After `result` or `failed` nothing more is heard, all its lines have been heard before. */
  start(task: StartTask, hear: Hear): void;
  tell(message: ToTask): void;
  /** The bytes that the task of now sends: ends with the task, throws where the stream breaks or the task fails. */
  bulk(): AsyncIterable<Uint8Array>;
  /** Never rejects. */
  readonly ended: Promise<RunnerEnd>;
  /** Back to the pool, after `result` or `failed`; before them it is the same as `kill`. */
  release(): void;
  /** The process, its group and whoever left it: SIGKILL. Fulfilled when nothing of it is left. */
  kill(): Promise<void>;
  /** SIGTERM to the whole group, for what does not listen to `cancel`. */
  terminate(): void;
  /** Highest memory of the whole group during this task, as far as it was looked at. */
  peakBytes(): number;
}

export interface PoolStats {
  runners: number;
  busy: number;
  idle: number;
  starting: number;
  rss_bytes: number;
}

export interface Pool {
  /** A runner that is ready: at once when one is idle, else when it has started. */
  take(resource: ResourceClass, memory_mb?: number): Promise<Runner>;
  stats(): PoolStats;
  /** Kills all of it. */
  close(): Promise<void>;
}
