import { z } from 'zod';
import { id, instant, name, pageOf, pageQuery, timestamp, version } from './page.ts';
import { defineRoutes } from './route.ts';
import { CONDITIONS, LOG_LEVELS, OVERLAPS, RUN_STATES, TRIGGERS } from './run-words.ts';
import { TASK_STATES } from './task-states.ts';

export { CONDITIONS, LOG_LEVELS, type LogLevel, OVERLAPS, RUN_STATES, TRIGGERS } from './run-words.ts';

export const runStateSchema = z.enum(RUN_STATES);
export type RunState = z.infer<typeof runStateSchema>;
export const taskStateSchema = z.enum(TASK_STATES);

const byId = z.object({ id });
const seconds = z.number().min(0).max(31_622_400);
const json = z.json();

// ── What to run ─────────────────────────────────────────────────────────────────────────────────────

export const taskName = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} _.:/-]{0,199}$/u,
    'must begin with a letter or digit, at most 200 characters',
  );

/** After a failure that may pass: the n-th new attempt waits delay × factor^(n-1), at most max_delay, ± jitter. */
export const retrySchema = z.strictObject({
  max_attempts: z.number().int().min(1).max(100).default(1),
  delay_seconds: seconds.default(5),
  factor: z.number().min(1).max(10).default(2),
  max_delay_seconds: seconds.default(3600),
  /** Share of the delay that chance may take away or add. */
  jitter: z.number().min(0).max(1).default(0.2),
});
export type Retry = z.infer<typeof retrySchema>;
const { max_attempts, delay_seconds, factor, max_delay_seconds, jitter } = retrySchema.shape;
/** What one task says of it. Without the defaults: what it does not say is its kind's to say. */
const retryChoice = z
  .strictObject({
    max_attempts: max_attempts.unwrap(),
    delay_seconds: delay_seconds.unwrap(),
    factor: factor.unwrap(),
    max_delay_seconds: max_delay_seconds.unwrap(),
    jitter: jitter.unwrap(),
  })
  .partial();

/** Seconds, each counted on its own; absent: none. */
export const timeoutsSchema = z.strictObject({
  /** Ready, and nobody took it. */
  queue: seconds.optional(),
  /** Taken, and its runner did not begin. */
  start: seconds.optional(),
  /** One attempt. */
  run: seconds.optional(),
  /** Nothing heard from it: no line, no progress, no stage. */
  silence: seconds.optional(),
});
export type Timeouts = z.infer<typeof timeoutsSchema>;

/** `connection:<id>` and `key:<given>`; the workspace itself is limited under `workspace`. */
export const limitKey = z
  .string()
  .regex(/^(workspace|(connection|key):[^\p{Cc}]{1,200})$/u)
  .meta({ example: 'workspace' });

export const newTaskSchema = z.strictObject({
  name: taskName,
  kind: z.string().max(100),
  input: json.default({}),
  /** Names of tasks of the same run that end before it begins. */
  after: z.array(taskName).max(10_000).default([]),
  condition: z.enum(CONDITIONS).default('all_succeeded'),
  priority: z.number().int().min(-100).max(100).optional(),
  /** Only workers that carry all of them take it. */
  tags: z
    .array(z.string().regex(/^[A-Za-z0-9_.-]{1,50}$/))
    .max(20)
    .default([]),
  /** Given keys under which it counts against a limit. */
  keys: z.array(z.string().min(1).max(200)).max(10).default([]),
  connection_id: id.optional(),
  not_before: instant.optional(),
  delay_seconds: seconds.optional(),
  retry: retryChoice.optional(),
  timeouts: timeoutsSchema.optional(),
});
export type NewTask = z.infer<typeof newTaskSchema>;

export const runDefinitionSchema = z.strictObject({
  title: name,
  tasks: z.array(newTaskSchema).min(1).max(10_000),
  parameters: z.record(z.string(), json).default({}),
});
export type RunDefinition = z.infer<typeof runDefinitionSchema>;

export const newRunSchema = runDefinitionSchema.extend({
  priority: z.number().int().min(-100).max(100).default(0),
  window: z.strictObject({ start: instant, end: instant }).optional(),
  /** A second run with the same key is not made: the first one is the answer. */
  dedupe_key: z.string().min(1).max(200).optional(),
  /** Runs with the same key do not overlap. */
  overlap_key: z.string().min(1).max(200).optional(),
  overlap: z.enum(OVERLAPS).default('queue'),
  /** Late when it has not ended this long after it was made. */
  late_after_seconds: seconds.optional(),
});
export type NewRun = z.infer<typeof newRunSchema>;

// ── What is known of it ─────────────────────────────────────────────────────────────────────────────

/** The same words as the API's own errors, kept with the attempt. */
export const taskErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  retry: z.enum(['terminal', 'transient']),
  exit_code: z.number().int().nullish(),
  signal: z.string().nullish(),
  /** The end of what the process wrote to stderr before it went down. */
  stderr: z.string().nullish(),
});
export type TaskError = z.infer<typeof taskErrorSchema>;

export const progressSchema = z.object({
  done: z.number(),
  total: z.number().nullable(),
  unit: z.string(),
  /** Units a second, over the last seconds. */
  rate: z.number().nullable(),
  seconds_left: z.number().nullable(),
  message: z.string().nullable(),
  at: timestamp,
});
export type Progress = z.infer<typeof progressSchema>;

/** Why it does not run: in words, and for programs. */
export const waitsForSchema = z.object({
  what: z.enum(['tasks', 'time', 'run', 'limit', 'workspace_limit', 'workers', 'tags', 'drain']),
  /** The tasks, the key, the tags … */
  names: z.array(z.string()),
  /** "2 of 2 running": of a limit. */
  running: z.number().int().nullable(),
  slots: z.number().int().nullable(),
  until: timestamp.nullable(),
});
export type WaitsFor = z.infer<typeof waitsForSchema>;

const counts = z.object({
  total: z.number().int(),
  open: z.number().int(),
  active: z.number().int(),
  succeeded: z.number().int(),
  partial: z.number().int(),
  failed: z.number().int(),
  lost: z.number().int(),
  cancelled: z.number().int(),
  skipped: z.number().int(),
});

export const runSchema = z.object({
  id,
  title: z.string(),
  kind: z.string(),
  state: runStateSchema,
  trigger: z.enum(TRIGGERS),
  cause: z.string().nullable(),
  schedule: z.object({ id, name: z.string() }).nullable(),
  fire_time: timestamp.nullable(),
  definition_id: id.nullable(),
  definition_version: z.number().int().nullable(),
  parent_id: id.nullable(),
  run_as: z.object({ kind: z.enum(['person', 'service', 'local']), id: z.string(), name: z.string() }),
  priority: z.number().int(),
  tasks: counts,
  late: z.boolean(),
  /** Of the first task that failed. */
  error: taskErrorSchema.extend({ task_id: id, task_name: z.string() }).nullable(),
  reason: z.string().nullable(),
  version,
  created_at: timestamp,
  started_at: timestamp.nullable(),
  ended_at: timestamp.nullable(),
});
export type Run = z.infer<typeof runSchema>;

export const runDetailSchema = runSchema.extend({
  parameters: z.record(z.string(), json),
  window: z.object({ start: timestamp, end: timestamp }).nullable(),
  dedupe_key: z.string().nullable(),
  overlap_key: z.string().nullable(),
  overlap: z.enum(OVERLAPS),
  held_back: z.boolean(),
  late_at: timestamp.nullable(),
});

export const taskSchema = z.object({
  id,
  run_id: id,
  name: z.string(),
  kind: z.string(),
  state: taskStateSchema,
  condition: z.enum(CONDITIONS),
  /** Tasks before it that have not ended. */
  open_before: z.number().int(),
  attempt: z.number().int(),
  max_attempts: z.number().int(),
  stage: z.number().int(),
  waits_for: waitsForSchema.nullable(),
  not_before: timestamp.nullable(),
  progress: progressSchema.nullable(),
  error: taskErrorSchema.nullable(),
  marked_by: z.string().nullable(),
  created_at: timestamp,
  started_at: timestamp.nullable(),
  ended_at: timestamp.nullable(),
});
export type Task = z.infer<typeof taskSchema>;

export const attemptSchema = z.object({
  number: z.number().int(),
  state: z.enum(['starting', 'running', 'succeeded', 'partial', 'failed', 'cancelled', 'lost', 'released']),
  worker: z.object({ id: id.nullable(), name: z.string() }),
  from_stage: z.number().int(),
  claimed_at: timestamp,
  started_at: timestamp.nullable(),
  ended_at: timestamp.nullable(),
  error: taskErrorSchema.nullable(),
  metrics: z.record(z.string(), z.number()),
  log: z.object({ lines: z.number().int(), bytes: z.number().int(), dropped: z.number().int() }),
});
export type Attempt = z.infer<typeof attemptSchema>;

export const taskDetailSchema = taskSchema.extend({
  input: json,
  result: json,
  tags: z.array(z.string()),
  limit_keys: z.array(z.string()),
  priority: z.number().int(),
  resource_class: z.string(),
  retry: retrySchema,
  timeouts: timeoutsSchema,
  before: z.array(z.object({ id, name: z.string(), state: taskStateSchema })),
  attempts: z.array(attemptSchema),
  stages: z.array(
    z.object({ n: z.number().int(), attempt: z.number().int(), facts: json, committed_at: timestamp }),
  ),
});
export type TaskDetail = z.infer<typeof taskDetailSchema>;

/** Everything that draws a run of thousands of tasks, in one compact answer: arrays, not objects with repeated names. */
export const runGraphSchema = z.object({
  /** id, name, kind, state, attempt, created, started, ended (milliseconds since the run was made; null = not yet). */
  tasks: z.array(
    z.tuple([
      id,
      z.string(),
      z.string(),
      taskStateSchema,
      z.number().int(),
      z.number(),
      z.number().nullable(),
      z.number().nullable(),
    ]),
  ),
  /** Places in `tasks`: [before, after]. */
  edges: z.array(z.tuple([z.number().int(), z.number().int()])),
  at: timestamp,
});
export type RunGraph = z.infer<typeof runGraphSchema>;

export const logLineSchema = z.object({
  n: z.number().int(),
  at: timestamp,
  level: z.enum(LOG_LEVELS),
  text: z.string(),
  /** Which output it came from, when it was not the task's own log. */
  stream: z.enum(['log', 'stdout', 'stderr', 'moulin']),
  fields: z.record(z.string(), json).nullable(),
  /** Only the beginning is here; the rest comes with `full`. */
  cut: z.boolean(),
});
export type LogLine = z.infer<typeof logLineSchema>;

const logPlace = {
  params: byId,
  attempt: z.coerce.number().int().min(1).max(100_000).optional().describe('The last one unless said'),
};

function statesOf(all: readonly string[]) {
  const one = `(${all.join('|')})`;
  return z
    .string()
    .max(200)
    .regex(new RegExp(`^${one}(,${one})*$`), `must be states with commas between them: ${all.join(', ')}`)
    .describe('Comma-separated states');
}

export const runFilter = z.object({
  state: statesOf(RUN_STATES).optional(),
  kind: z.string().max(100).optional(),
  trigger: z.enum(TRIGGERS).optional(),
  schedule_id: id.optional(),
  text: z.string().max(200).optional().describe('Part of the title, of the reason or of the error'),
  since: instant.optional(),
  until: instant.optional(),
  late: z.stringbool().optional(),
});
const bulk = z.strictObject({ ids: z.array(id).min(1).max(1000) });
const bulkDone = z.object({ done: z.array(id), left: z.array(z.object({ id, reason: z.string() })) });

export const runRoutes = defineRoutes({
  'runs.list': {
    method: 'GET',
    path: '/runs',
    summary: 'Runs of the workspace, newest first',
    tag: 'Runs',
    permission: 'runs:read',
    query: pageQuery.extend(runFilter.shape),
    output: pageOf(runSchema),
  },
  'runs.summary': {
    method: 'GET',
    path: '/runs/summary',
    summary: 'What runs, what failed, what is late and what comes next, for the first page',
    tag: 'Runs',
    permission: 'runs:read',
    output: z.object({
      running: z.array(runSchema),
      queued: z.number().int(),
      /** Failed or lost in the last 24 hours and not yet recovered. */
      failed: z.array(runSchema),
      late: z.array(runSchema),
      next: z.array(z.object({ schedule_id: id, name: z.string(), at: timestamp })),
      day: z.object({ succeeded: z.number().int(), failed: z.number().int() }),
      schedules: z.number().int(),
      /** What the bell counts: not well again, and new to the caller. */
      incidents: z.object({ open: z.number().int(), unseen: z.number().int() }),
    }),
  },
  'runs.create': {
    method: 'POST',
    path: '/runs',
    summary: 'Make a run of one task or of a graph of tasks',
    tag: 'Runs',
    permission: 'runs:start',
    body: newRunSchema,
    body_limit: 16 * 1024 * 1024,
    output: runSchema,
    status: 202,
    idempotent: true,
    errors: ['run.graph', 'task.unknown_kind', 'task.input'],
  },
  'runs.show': {
    method: 'GET',
    path: '/runs/{id}',
    summary: 'One run',
    tag: 'Runs',
    permission: 'runs:read',
    params: byId,
    output: runDetailSchema,
    etag: 'read',
    errors: ['object.not_found'],
  },
  'runs.graph': {
    method: 'GET',
    path: '/runs/{id}/graph',
    summary: 'All tasks of a run with their edges, states and times, compact',
    tag: 'Runs',
    permission: 'runs:read',
    params: byId,
    output: runGraphSchema,
    errors: ['object.not_found'],
  },
  'runs.tasks': {
    method: 'GET',
    path: '/runs/{id}/tasks',
    summary: 'Tasks of a run, in the order in which they were made',
    tag: 'Runs',
    permission: 'runs:read',
    params: byId,
    query: pageQuery.extend({
      state: statesOf(TASK_STATES).optional(),
      text: z.string().max(200).optional(),
    }),
    output: pageOf(taskSchema),
    errors: ['object.not_found'],
  },
  'runs.cancel': {
    method: 'POST',
    path: '/runs/{id}/cancel',
    summary: 'Cancel what has not ended of a run',
    tag: 'Runs',
    permission: 'runs:start',
    params: byId,
    body: z.strictObject({ reason: z.string().max(500).optional() }).default({}),
    output: runSchema,
    status: 202,
    idempotent: true,
    errors: ['object.not_found', 'run.ended'],
  },
  'runs.retry': {
    method: 'POST',
    path: '/runs/{id}/retry',
    summary: 'Run again what failed (`failed`), or all of it as a new run (`all`)',
    tag: 'Runs',
    permission: 'runs:start',
    params: byId,
    body: z.strictObject({ what: z.enum(['failed', 'all']).default('failed') }).default({ what: 'failed' }),
    output: runSchema,
    status: 202,
    idempotent: true,
    errors: ['object.not_found', 'run.nothing_to_retry', 'run.not_ended'],
  },
  'runs.cancel_each': {
    method: 'POST',
    path: '/runs/cancel',
    summary: 'Cancel many runs',
    tag: 'Runs',
    permission: 'runs:start',
    body: bulk,
    output: bulkDone,
    status: 202,
    idempotent: true,
  },
  'runs.retry_each': {
    method: 'POST',
    path: '/runs/retry',
    summary: 'Run again what failed of many runs',
    tag: 'Runs',
    permission: 'runs:start',
    body: bulk,
    output: bulkDone,
    status: 202,
    idempotent: true,
  },
  'tasks.show': {
    method: 'GET',
    path: '/tasks/{id}',
    summary: 'One task with its attempts, stages, input and result',
    tag: 'Runs',
    permission: 'runs:read',
    params: byId,
    output: taskDetailSchema,
    errors: ['object.not_found'],
  },
  'tasks.cancel': {
    method: 'POST',
    path: '/tasks/{id}/cancel',
    summary: 'Cancel one task; what depends on it is skipped',
    tag: 'Runs',
    permission: 'runs:start',
    params: byId,
    output: taskSchema,
    status: 202,
    idempotent: true,
    errors: ['object.not_found', 'task.ended'],
  },
  'tasks.retry': {
    method: 'POST',
    path: '/tasks/{id}/retry',
    summary: 'Run a task again, and what was skipped because of it',
    tag: 'Runs',
    permission: 'runs:start',
    params: byId,
    output: taskSchema,
    status: 202,
    idempotent: true,
    errors: ['object.not_found', 'task.not_ended'],
  },
  'tasks.mark': {
    method: 'POST',
    path: '/tasks/{id}/mark',
    summary: 'Say by hand how a task that has ended is to count',
    tag: 'Runs',
    permission: 'runs:mark',
    params: byId,
    body: z.strictObject({ as: z.enum(['succeeded', 'failed']), reason: z.string().min(1).max(500) }),
    output: taskSchema,
    errors: ['object.not_found', 'task.not_ended'],
  },
  'logs.page': {
    method: 'GET',
    path: '/tasks/{id}/log',
    summary: 'Log lines of an attempt by line number, filtered by level and searched by regular expression',
    tag: 'Runs',
    permission: 'runs:read',
    params: byId,
    query: z.object({
      attempt: logPlace.attempt,
      from: z.coerce
        .number()
        .int()
        .min(0)
        .default(0)
        .describe('First line; with `back`, the line after the last'),
      limit: z.coerce.number().int().min(1).max(2000).default(500),
      back: z.stringbool().default(false),
      level: z.enum(LOG_LEVELS).default('trace').describe('This level and worse'),
      search: z.string().max(500).optional().describe('A regular expression'),
      full: z.stringbool().default(false).describe('Long lines whole'),
    }),
    output: z.object({
      items: z.array(logLineSchema),
      /** Lines of the attempt so far, and whether more may come. */
      lines: z.number().int(),
      dropped: z.number().int(),
      open: z.boolean(),
      /** Where to go on; null at the end. A search that takes long stops in between and says here how far it came. */
      next: z.number().int().nullable(),
    }),
    errors: ['object.not_found', 'log.search', 'log.search_time', 'log.gone'],
  },
  'logs.tail': {
    method: 'GET',
    path: '/tasks/{id}/log/tail',
    summary:
      'Server-sent events: the lines of an attempt from a line on, as they come, until the attempt ends',
    tag: 'Runs',
    permission: 'runs:read',
    params: byId,
    query: z.object({
      attempt: logPlace.attempt,
      from: z.coerce.number().int().min(0).default(0),
      level: z.enum(LOG_LEVELS).default('trace'),
      workspace: z.string().max(100).optional().describe('For EventSource, which cannot send headers'),
    }),
    headers: z.object({ 'last-event-id': z.string().max(1000).optional() }),
    output: 'stream',
    errors: ['object.not_found', 'events.too_many_streams'],
  },
  'logs.download': {
    method: 'GET',
    path: '/tasks/{id}/log/download',
    summary: 'The whole log of an attempt as text or as NDJSON',
    tag: 'Runs',
    permission: 'runs:read',
    params: byId,
    query: z.object({
      attempt: logPlace.attempt,
      format: z.enum(['text', 'ndjson']).default('text'),
      times: z.stringbool().default(true),
      colours: z.stringbool().default(false).describe('Keep ANSI colours'),
      workspace: z.string().max(100).optional(),
    }),
    output: 'stream',
    errors: ['object.not_found', 'log.gone'],
  },
  'limits.list': {
    method: 'GET',
    path: '/runs/limits',
    summary: 'How many tasks may run at once, per workspace, connection and key, and how many do',
    tag: 'Runs',
    permission: 'runs:read',
    output: z.object({
      items: z.array(
        z.object({
          key: z.string(),
          slots: z.number().int().nullable(),
          running: z.number().int(),
          waiting: z.number().int(),
        }),
      ),
    }),
  },
  'limits.set': {
    method: 'PUT',
    path: '/runs/limits',
    summary: 'Limit a key, or free it (`slots: null`)',
    tag: 'Runs',
    permission: 'runs:configure',
    body: z.strictObject({ key: limitKey, slots: z.number().int().min(0).max(10_000).nullable() }),
    output: 'empty',
  },
});

// ── Workers: of the installation ────────────────────────────────────────────────────────────────────

export const workerSchema = z.object({
  id,
  name: z.string(),
  host: z.string(),
  pid: z.number().int(),
  version: z.string(),
  /** Another version than the server's: it takes no tasks of kinds it does not know. */
  same_version: z.boolean(),
  tags: z.array(z.string()),
  concurrency: z.number().int(),
  state: z.enum(['active', 'draining', 'lost', 'gone']),
  started_at: timestamp,
  seen_at: timestamp,
  ended_at: timestamp.nullable(),
  stats: z.object({
    runners: z.number().int().default(0),
    idle: z.number().int().default(0),
    rss_bytes: z.number().default(0),
    done: z.number().int().default(0),
    failed: z.number().int().default(0),
  }),
  /** Of the caller's own workspaces. */
  tasks: z.array(
    z.object({
      id,
      name: z.string(),
      kind: z.string(),
      run_id: id,
      workspace: z.object({ slug: z.string(), name: z.string() }),
      started_at: timestamp.nullable(),
    }),
  ),
  /** How many more it has, of workspaces that the caller does not belong to. */
  tasks_elsewhere: z.number().int(),
});
export type Worker = z.infer<typeof workerSchema>;

export const workerRoutes = defineRoutes({
  'workers.list': {
    method: 'GET',
    path: '/instance/workers',
    summary: 'Workers: those alive, and those that ended in the last day',
    tag: 'Installation',
    permission: 'instance:workers',
    output: z.object({ items: z.array(workerSchema), server_version: z.string() }),
  },
  'workers.drain': {
    method: 'POST',
    path: '/instance/workers/{id}/drain',
    summary: 'Let a worker finish what it has and take no more',
    tag: 'Installation',
    permission: 'instance:workers',
    params: byId,
    body: z.strictObject({ drain: z.boolean().default(true) }).default({ drain: true }),
    output: 'empty',
    errors: ['object.not_found', 'worker.ended'],
  },
});
