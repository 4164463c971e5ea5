import type {
  CONDITIONS,
  NewRun,
  NewTask,
  Progress,
  Retry,
  TaskError,
  Timeouts,
  TRIGGERS,
} from '../../../contract/runs.ts';
import type { KindTable } from '../kinds.ts';
import type { Fact } from '../task.ts';

/** For whom it runs. */
export interface RunAs {
  kind: 'person' | 'service' | 'local';
  id: string;
  name: string;
}

export type Condition = (typeof CONDITIONS)[number];
export type Trigger = (typeof TRIGGERS)[number];

export interface RunOrder {
  id?: string;
  workspace_id: string;
  run: NewRun;
  kinds: KindTable;
  run_as: RunAs;
  trigger: Trigger;
  cause?: string | null;
  schedule_id?: string | null;
  fire_time?: string | null;
  parent_id?: string | null;
  definition_id?: string | null;
  definition_version?: number | null;
  /** `person:0190…`, for the events. */
  actor?: string | null;
}

export interface MoreTasks {
  workspace_id: string;
  run_id: string;
  tasks: readonly NewTask[];
  kinds: KindTable;
}

/** The right to speak for a task: as long as nobody has claimed it since. */
export interface Lease {
  task_id: string;
  attempt: number;
  fence: string;
}

export interface Claimant {
  worker_id: string;
  worker_name: string;
  tags: readonly string[];
  /** Kinds that it knows. */
  kinds: readonly string[];
  limit: number;
}

export interface Claimed extends Lease {
  run_id: string;
  workspace_id: string;
  name: string;
  kind: string;
  input: unknown;
  max_attempts: number;
  /** The last committed stage and its state: where it goes on. */
  stage: number;
  stage_state: unknown;
  retry: Retry;
  timeouts: Timeouts;
  resource_class: string;
  run_as: RunAs;
  parameters: Record<string, unknown>;
  window: { start: string; end: string } | null;
  run_title: string;
}

export type Outcome =
  | { state: 'succeeded'; result: unknown }
  | { state: 'partial'; result: unknown; reason: string }
  /** Whether it is tried again is decided from the error's class and the attempts left. */
  | { state: 'failed'; error: TaskError }
  | { state: 'cancelled'; error: TaskError };

export interface Ending extends Lease {
  outcome: Outcome;
  metrics: Readonly<Record<string, number>>;
  log: { lines: number; bytes: number; dropped: number };
}

/** `refused`: the lease is not held any more, or somebody cancelled it first. Its result does not count. */
export type Answer = 'accepted' | 'refused';

export interface StageCommit extends Lease {
  workspace_id: string;
  n: number;
  state: unknown;
  facts: readonly Fact[];
}

export interface Beat {
  worker_id: string;
  leases: readonly Lease[];
  stats: Readonly<Record<string, number>>;
}

export interface BeatAnswer {
  /** Tasks somebody asked to cancel. */
  cancel: string[];
  /** Leases it has not (any more). One that it ended itself meanwhile is among them: compare with what it still holds. */
  lost: string[];
  drain: boolean;
  /** False: it was given up. It ends everything and registers anew. */
  known: boolean;
}

export interface NewWorker {
  id: string;
  name: string;
  host: string;
  pid: number;
  version: string;
  tags: readonly string[];
  concurrency: number;
}

/** By hand: of the workspace, by somebody. */
export interface ByHand {
  workspace_id: string;
  /** `person:0190…`: for the events. */
  actor: string;
}

export type TaskProgress = ReadonlyMap<string, Progress>;
