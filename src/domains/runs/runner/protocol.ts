import { z } from 'zod';
import { LOG_LEVELS } from '../../../contract/runs.ts';
import { RESOURCE_CLASSES } from '../task.ts';

// What a worker and a runner say to each other, one JSON message each. The worker checks every message that it hears: whoever
// sent it may have run foreign code. A runner hears only the worker that started it, from the same build, and loads no zod
// for it (10 MB and 60 ms); its messages are typed from the same schemas.

const json = z.json();
const count = z.number().int().min(0);

// ── To the runner ───────────────────────────────────────────────────────────────────────────────────

export const startSchema = z.object({
  type: z.literal('start'),
  /** A key of the table of modules in `main.ts`. */
  kind: z.string(),
  workspace_id: z.string(),
  run_id: z.string(),
  task_id: z.string(),
  attempt: z.number().int(),
  input: json,
  secrets: z.record(z.string(), z.string()),
  parameters: z.record(z.string(), json),
  window: z.object({ start: z.string(), end: z.string() }).nullable(),
  from: z.object({ stage: count, state: json }),
});
/** What the worker gives; the pool adds the folder and the mark. */
export type StartTask = Omit<z.infer<typeof startSchema>, 'type'>;

const toRunnerSchema = z.discriminatedUnion('type', [
  startSchema.extend({
    folder: z.string(),
    /** Ends this task's part of each output: what comes before it is the task's, however late it is read. */
    mark: z.string(),
  }),
  z.object({ type: z.literal('committed'), n: count }),
  z.object({ type: z.literal('rerun'), n: count }),
  z.object({ type: z.literal('cancel'), reason: z.string() }),
  z.object({ type: z.literal('drain') }),
  z.object({ type: z.literal('end') }),
]);
export type ToRunner = z.infer<typeof toRunnerSchema>;
/** What a worker may say to a task that runs; how it starts and ends is the pool's. */
export type ToTask = Extract<ToRunner, { type: 'committed' | 'rerun' | 'cancel' | 'drain' }>;

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

export const rawLineSchema = z.object({
  /** Milliseconds since 1970. */
  at: z.number(),
  level: z.enum(LOG_LEVELS),
  stream: z.enum(['log', 'stdout', 'stderr', 'moulin']),
  text: z.string(),
  fields: z.record(z.string(), json).optional(),
});
export type RawLine = z.infer<typeof rawLineSchema>;

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
  /** The task is over, and whether the process may have another: nothing of it may go on working. */
  z.object({ type: z.literal('over'), rss_bytes: z.number(), clean: z.boolean() }),
]);
export type FromRunner = z.infer<typeof fromRunnerSchema>;

/** What the worker hears of a task; lines of the log come in batches, through pipes of their own. */
export type Heard = z.infer<typeof fromTaskSchema> | { type: 'log'; lines: RawLine[] };

export const resourceClassSchema = z.enum(RESOURCE_CLASSES);
