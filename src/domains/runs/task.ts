import type { z } from 'zod';
import type { Tx } from '../../base/db/index.ts';
import type { WorkspacePermission } from '../../contract/permissions.ts';
import type { LogLevel, NewTask, Retry, Timeouts } from '../../contract/runs.ts';

// What a kind of task is (foundations §5). It has two halves that never meet in one process: `run` works, in a runner that
// cannot reach the store; `prepare` and `commit` make what it staged true, in the worker. Between them goes plain data only.

/** Decides which pool of runners takes it, and how much memory and how much of the machine it may have. */
export const RESOURCE_CLASSES = ['light', 'standard', 'heavy'] as const;
export type ResourceClass = (typeof RESOURCE_CLASSES)[number];

export interface TaskKind<Input = unknown, Result = unknown, Staged = unknown, Prepared = unknown> {
  id: string;
  /** Who may start one. Checked when the run is made, and again, for whom it runs as, when it starts. */
  permission: WorkspacePermission;
  input: z.ZodType<Input>;
  result: z.ZodType<Result>;
  /** What a stage carries; absent: the kind has no stages and answers a result only. */
  staged?: z.ZodType<Staged>;
  resource: ResourceClass;
  /** Memory that one task may have; the class's share otherwise. */
  memory_mb?: number;
  retry?: Partial<Retry>;
  timeouts?: Timeouts;
  /** It never ends by itself: draining it means commit and hand over. */
  endless?: true;
  /** What it is limited by beside the keys that were given: `connection:<id>`. */
  limitKeys?(input: Input): readonly string[];
  /** Names of secrets that its runner is given, by the name under which it finds them. */
  secrets?(input: Input): Readonly<Record<string, SecretName>>;
  /**
   * In the worker, before each attempt: what its runner is to know beside the input (where things are, how they are now), and
   * what has to be true before its first byte.
   */
  begin?(input: Input, context: BeginContext): Promise<Begun>;
  /** In the worker, outside any transaction: may read and write files, and is repeated after `rebase`. */
  prepare?(stage: StageOf<Staged>, context: PrepareContext): Promise<Prepared>;
  /** In the worker's transaction: SQL only, and it may run more than once. */
  commit?(tx: Tx, prepared: Prepared, context: CommitContext): Promise<Commit>;
}

/** A named secret of the workspace, or of one of its objects. */
export interface SecretName {
  object_kind: string;
  object_id: string;
  field: string;
}

export interface StageOf<Staged> {
  /** 1, 2, 3 …: unique across attempts. */
  n: number;
  staged: Staged;
  /** What the next attempt goes on from. */
  state: unknown;
}

export interface BeginContext {
  workspace_id: string;
  run_id: string;
  task_id: string;
  attempt: number;
  from: { stage: number; state: unknown };
}

export interface Begun {
  /** As JSON; the runner finds it as `given`. */
  given: unknown;
  /** More of what is covered wherever it shows. */
  secrets?: Readonly<Record<string, string>>;
}

/** For whom it runs. */
export interface RunsFor {
  kind: 'person' | 'service' | 'local';
  id: string;
  name: string;
}

export interface PrepareContext {
  workspace_id: string;
  run_id: string;
  task_id: string;
  attempt: number;
  run_as: RunsFor;
  signal: AbortSignal;
}

export interface CommitContext {
  workspace_id: string;
  run_id: string;
  task_id: string;
  attempt: number;
  run_as: RunsFor;
  n: number;
}

/**
 * `rebase`: what it was prepared on has moved; prepare again. `rerun`: it cannot be saved; the attempt fails and the next one
 * starts from the last committed stage. `tasks`: the run gets more tasks, in the same transaction.
 */
export type Commit =
  | 'committed'
  | 'rebase'
  | 'rerun'
  | { committed: true; tasks?: readonly NewTask[]; facts?: readonly Fact[] };

/** A dataset that a stage read or wrote, in OpenLineage's names. */
export interface Fact {
  role: 'read' | 'written';
  namespace: string;
  name: string;
  rows?: number;
  bytes?: number;
  snapshot?: string;
  schema?: unknown;
  columns?: unknown;
}

// ── In the runner ───────────────────────────────────────────────────────────────────────────────────

export type LogFields = Readonly<Record<string, unknown>>;
export type TaskLog = Record<LogLevel, (text: string, fields?: LogFields) => void>;

export interface StageData {
  staged: unknown;
  state?: unknown;
  facts?: readonly Fact[];
}

export interface RunContext<Input = unknown> {
  input: Input;
  secrets: Readonly<Record<string, string>>;
  /** What the kind's `begin` answered in the worker; null where it has none. */
  given: unknown;
  workspace_id: string;
  run_id: string;
  task_id: string;
  attempt: number;
  /** Runs of a schedule, a backfill: what stretch of time they are about. */
  window: { start: string; end: string } | null;
  parameters: Readonly<Record<string, unknown>>;
  /** Where an attempt before this one came to: the number and state of the last committed stage; 0 and null at first. */
  from: { stage: number; state: unknown };
  log: TaskLog;
  /** A counter of the attempt, added up. */
  metric(name: string, value: number): void;
  progress(now: { done: number; total?: number; unit?: string; message?: string }): void;
  /** Hands a stage to the worker; answers when it is committed, and only then the source may be told. */
  stage(stage: StageData): Promise<void>;
  /** Bytes to the worker, through a pipe of their own; waits while the worker is behind. */
  send(bytes: Uint8Array): Promise<void>;
  /** Aborted when the task is cancelled or out of time: end soon, or be ended. */
  signal: AbortSignal;
  /** Aborted when an endless task is to commit what it has and hand over. */
  draining: AbortSignal;
  /** Its own folder; gone afterwards. */
  folder: string;
}

/** `partial`: done, with something left out that is said in `reason`. */
export type RunAnswer<Result> = Result | Partially<Result>;
export interface Partially<Result> {
  partial: true;
  result: Result;
  reason: string;
}

/** What a kind's module in the runner exports as `run`. */
export type RunTask<Input = unknown, Result = unknown> = (
  context: RunContext<Input>,
) => Promise<RunAnswer<Result>>;

/** A kind, with its types inferred from its schemas. */
export function defineTask<Input, Result, Staged = never, Prepared = never>(
  kind: TaskKind<Input, Result, Staged, Prepared>,
): TaskKind<Input, Result, Staged, Prepared> {
  return kind;
}
