import { z } from 'zod';
import type { LogLevel, LogLine } from '../../../contract/runs.ts';

// What a worker and a runner say to each other, one JSON message each. The worker checks every message that it hears: whoever
// sent it may have run foreign code. A runner hears only the worker that started it, from the same build, and loads no zod
// for it (10 MB and 60 ms).

// What came through a channel of JSON is JSON; to walk through all of it again would cost more than to read it.
const json = z.unknown();
const count = z.number().int().min(0);

// ── To the runner ───────────────────────────────────────────────────────────────────────────────────

/** One attempt, as the worker gives it. */
export interface StartTask {
  /** A key of the table of modules in `main.ts`. */
  kind: string;
  workspace_id: string;
  run_id: string;
  task_id: string;
  attempt: number;
  /** As its kind reads it; it is not read again. */
  input: unknown;
  secrets: Readonly<Record<string, string>>;
  given: unknown;
  parameters: Readonly<Record<string, unknown>>;
  window: { start: string; end: string } | null;
  from: { stage: number; state: unknown };
}

/** What a worker may say to a task that runs. */
export type ToTask =
  | { type: 'committed'; n: number }
  /** The stage could not be saved: the attempt is over, the next one starts from the last committed stage. */
  | { type: 'rerun'; n: number }
  | { type: 'cancel'; reason: string }
  | { type: 'drain' };

export type ToRunner =
  | ToTask
  | {
      type: 'start';
      task: StartTask;
      folder: string;
      /** Ends this task's part of each output: what comes before it is the task's, however late it is read. */
      mark: string;
    };

// ── From the runner ─────────────────────────────────────────────────────────────────────────────────

export const factSchema = z.object({
  role: z.enum(['read', 'written']),
  namespace: z.string(),
  name: z.string(),
  rows: z.number().optional(),
  bytes: z.number().optional(),
  snapshot: z.string().optional(),
  schema: json.optional(),
  columns: json.optional(),
});

/** What was thrown, as data. The worker makes the error of it: the catalogue stays out of the runner. */
export const thrownSchema = z.object({
  message: z.string(),
  /** Of a `Failure`, with what fills its words. */
  code: z.string().optional(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  hint: z.string().optional(),
  retry: z.enum(['terminal', 'transient']).optional(),
  stack: z.string().optional(),
});
export type Thrown = z.infer<typeof thrownSchema>;

/** Not masked, not numbered. */
export interface RawLine {
  /** Milliseconds since 1970. */
  at: number;
  level: LogLevel;
  stream: LogLine['stream'];
  text: string;
  fields?: Readonly<Record<string, unknown>>;
}

const progress = z.object({
  type: z.literal('progress'),
  done: z.number(),
  total: z.number().optional(),
  unit: z.string().max(50).optional(),
  message: z.string().max(500).optional(),
});

/** What a task says; all of it goes to its worker. */
export const fromTaskSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('began') }),
  progress,
  /** Added up by the worker. */
  z.object({ type: z.literal('metric'), name: z.string().max(100), value: z.number() }),
  z.object({
    type: z.literal('stage'),
    n: count.min(1),
    staged: json,
    state: json,
    facts: z.array(factSchema).max(10_000),
  }),
  z.object({ type: z.literal('result'), result: json, partial: z.string().optional() }),
  z.object({ type: z.literal('failed'), error: thrownSchema }),
]);
/** What a process says about itself; the pool keeps it. */
export const fromRunnerSchema = z.discriminatedUnion('type', [
  ...fromTaskSchema.options,
  z.object({ type: z.literal('ready') }),
  /** Where nobody else can look at it. */
  z.object({ type: z.literal('memory'), rss_bytes: z.number() }),
  /** The task is over. `clean`: nothing of it goes on working, so that the process may have another. */
  z.object({ type: z.literal('over'), rss_bytes: z.number(), clean: z.boolean() }),
]);
export type FromRunner = z.infer<typeof fromRunnerSchema>;

/** What the worker hears of a task; lines of the log come in batches, through pipes of their own. */
export type FromTask = z.infer<typeof fromTaskSchema>;
export type Heard = FromTask | { type: 'log'; lines: RawLine[] };
