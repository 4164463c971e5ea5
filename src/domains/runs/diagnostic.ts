import { z } from 'zod';
import { newId } from '../../base/kit/ids.ts';
import { newTaskSchema } from '../../contract/runs.ts';
import { defineTask, type Fact } from './task.ts';

// The built-in kind that proves everything else: it does what it is told, well and badly, step by step. Its runner half is
// diagnostic-run.ts.

const whole = (least: number, most: number) => z.number().int().min(least).max(most);
const ms = whole(0, 86_400_000);
const per_second = whole(0, 1_000_000).default(0).describe('0: as fast as it can');
const line_count = whole(1, 10_000_000).default(1);

/** Only on these attempts; on the others the step is left out. */
const on = z.strictObject({ from: whole(1, 1000).default(1), to: whole(1, 1000).default(1000) }).optional();

const stage = {
  /** What its rows in `diagnostic_marks` say. */
  mark: z.string().max(200).default(''),
  rows: whole(1, 1000).default(1),
  /** So many times its commit answers `rebase` first. */
  rebase: whole(0, 100).default(0),
  /** Up to this attempt its commit answers `rerun`. */
  rerun: whole(0, 100).default(0),
  prepare_ms: ms.default(0),
  /** Added to the run by its commit. */
  tasks: z.array(newTaskSchema).max(1000).default([]),
};

const step = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('sleep'), on, ms }),
  z.strictObject({ do: z.literal('spin'), on, ms }).describe('Without letting anything else run'),
  z.strictObject({
    do: z.literal('log'),
    on,
    lines: line_count,
    per_second,
    level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
    text: z.string().max(10_000).default('line'),
    fields: z.record(z.string(), z.json()).optional(),
  }),
  z.strictObject({
    do: z.literal('print'),
    on,
    to: z.enum(['stdout', 'stderr']).default('stdout'),
    what: z.enum(['text', 'ansi', 'invalid_utf8']).default('text'),
    lines: line_count,
    /** Of each line. */
    bytes: whole(1, 64 * 1024 * 1024).default(20),
    per_second,
  }),
  z
    .strictObject({
      do: z.literal('say_secrets'),
      on,
      to: z.enum(['log', 'stderr', 'error', 'crash']).default('log'),
    })
    .describe('Into the log, its error, or the last words of its process: where they are covered'),
  z.strictObject({
    do: z.literal('progress'),
    on,
    total: whole(1, 1_000_000),
    each_ms: ms.default(10),
    unit: z.string().max(50).default('rows'),
  }),
  z.strictObject({ do: z.literal('metric'), on, name: z.string().max(100), value: z.number() }),
  z.strictObject({
    do: z.literal('stages'),
    on,
    count: whole(1, 10_000).default(1),
    each_ms: ms.default(0),
    ...stage,
  }),
  z.strictObject({ do: z.literal('endless'), on, each_ms: ms.default(100), ...stage }),
  z.strictObject({ do: z.literal('send'), on, bytes: whole(0, 1024 ** 4) }),
  z.strictObject({
    do: z.literal('fail'),
    on,
    retry: z.enum(['terminal', 'transient']).default('transient'),
    message: z.string().max(1000).default('failed as told'),
  }),
  z.strictObject({ do: z.literal('partial'), on, reason: z.string().max(500).default('partial as told') }),
  z.strictObject({ do: z.literal('answer'), on, result: z.json() }).describe('Whatever the kind promises'),
  z.strictObject({
    do: z.literal('allocate'),
    on,
    mb: whole(1, 65_536),
    what: z.enum(['buffers', 'heap']).default('buffers'),
  }),
  z.strictObject({ do: z.literal('ignore_signals'), on }).describe('From here on, and cancelling too'),
  z.strictObject({
    do: z.literal('fork'),
    on,
    children: whole(1, 100).default(1),
    seconds: whole(1, 86_400).default(3600),
    leave_group: z.boolean().default(false),
  }),
  z.strictObject({ do: z.literal('fill_disk'), on, mb: whole(1, 1_048_576) }),
  z
    .strictObject({ do: z.literal('full_disk'), on })
    .describe('The error of a full disk, without one (Linux)'),
  z.strictObject({
    do: z.literal('crash'),
    on,
    how: z.enum(['abort', 'segv', 'kill', 'throw', 'exit_0', 'exit_1']),
  }),
  z.strictObject({
    do: z.literal('break'),
    on,
    how: z.enum(['wrong_shape', 'result_twice', 'close_channel', 'bulk', 'leave_timer']),
  }),
]);
export type DiagnosticStep = z.infer<typeof step>;

const inputSchema = z.strictObject({
  steps: z.array(step).max(1000).default([]),
  /** Named secrets that it is given. */
  secrets: z
    .record(
      z.string().max(50),
      z.strictObject({ object_kind: z.string(), object_id: z.string(), field: z.string() }),
    )
    .default({}),
});
export type DiagnosticInput = z.infer<typeof inputSchema>;

const resultSchema = z.strictObject({
  attempt: z.number().int(),
  /** Stages of all attempts. */
  stages: z.number().int(),
  sent_bytes: z.number().int(),
});
export type DiagnosticResult = z.infer<typeof resultSchema>;

const stagedSchema = z.strictObject(stage);
export type DiagnosticStaged = z.infer<typeof stagedSchema>;

interface Prepared extends DiagnosticStaged {
  /** How often it has been prepared on this attempt. */
  round: number;
}

export const diagnostic = openDiagnostic();

function openDiagnostic() {
  /** Stages whose commit answered `rebase`: what they were prepared on has not moved, so they are counted. */
  const rounds = new Map<string, number>();
  return defineTask<DiagnosticInput, DiagnosticResult, DiagnosticStaged, Prepared>({
    id: 'diagnostic',
    permission: 'runs:diagnose',
    input: inputSchema,
    result: resultSchema,
    staged: stagedSchema,
    resource: 'light',
    secrets: input => input.secrets,

    async prepare({ n, staged }, { task_id, attempt, signal }) {
      const key = `${task_id} ${attempt} ${n}`;
      const round = (rounds.get(key) ?? 0) + 1;
      if (round > staged.rebase) rounds.delete(key);
      else rounds.set(key, round);
      await pause(staged.prepare_ms, signal);
      return { ...staged, round };
    },

    async commit(tx, { mark, rows, round, rebase, rerun, tasks }, { workspace_id, task_id, attempt, n }) {
      if (attempt <= rerun) return 'rerun';
      if (round <= rebase) return 'rebase';
      const row = { workspace_id, task_id, stage: n, attempt, mark };
      const marks = Array.from({ length: rows }, () => ({ id: newId(), ...row }));
      await tx.insertInto('diagnostic_marks').values(marks).execute();
      const facts: Fact[] =
        mark === '' ? [] : [{ role: 'written', namespace: 'diagnostic', name: mark, rows }];
      return { committed: true, tasks, facts };
    },
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const give_up = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', give_up);
      resolve();
    }, ms);
    if (signal.aborted) give_up();
    else signal.addEventListener('abort', give_up, { once: true });
  });
}
