import { sql } from 'kysely';
import { z } from 'zod';
import type { Tx } from '../../src/base/db/index.ts';
import { newId } from '../../src/base/kit/ids.ts';
import type { Commit, CommitContext, StageOf, TaskKind } from '../../src/domains/runs/task.ts';
import { defineTask } from '../../src/domains/runs/task.ts';

// Kinds whose tasks do step by step what a test tells them; `probe-runner.ts` is their half in the runner.

const step = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('log'), text: z.string() }),
  z.strictObject({ do: z.literal('stage'), mark: z.string(), add: z.array(z.string()).default([]) }),
  /** SIGSEGV, in the first attempts. */
  z.strictObject({ do: z.literal('crash'), attempts: z.number().default(1) }),
  z.strictObject({ do: z.literal('fail'), message: z.string(), retry: z.enum(['terminal', 'transient']) }),
  /** Until it is asked to end; `deaf` hears nothing, SIGTERM included. */
  z.strictObject({ do: z.literal('hang'), deaf: z.boolean().default(false) }),
  z.strictObject({ do: z.literal('exit') }),
  /** In its log, in the name of a metric, in a fact, and in its error, so far behind its beginning. */
  z.strictObject({ do: z.literal('tell_secret'), behind: z.number().default(0) }),
  z.strictObject({ do: z.literal('progress'), done: z.number(), total: z.number() }),
  /** Stages until it is drained. */
  z.strictObject({ do: z.literal('flow') }),
]);
export type Step = z.input<typeof step>;

export const probeInput = z.strictObject({
  steps: z.array(step).default([]),
  answer: z.json().default({ ok: true }),
  partial: z.string().optional(),
});
export type ProbeInput = z.infer<typeof probeInput>;

const staged = z.object({ mark: z.string(), add: z.array(z.string()) });
type Staged = z.infer<typeof staged>;

/** Where a test looks in, or has a say. */
export interface ProbeHooks {
  prepare?(stage: StageOf<Staged>, signal: AbortSignal): Promise<void>;
  /** Before the mark is written. */
  commit?(tx: Tx, context: CommitContext): Promise<Commit | undefined>;
}

export function probeKind(hooks: ProbeHooks = {}, more: Partial<TaskKind<ProbeInput>> = {}): TaskKind {
  return {
    ...defineTask<ProbeInput, unknown, Staged, Staged>({
      id: 'probe',
      permission: 'runs:diagnose',
      input: probeInput,
      result: z.object({ ok: z.literal(true) }).loose(),
      staged,
      resource: 'light',
      retry: { delay_seconds: 0 },
      async prepare(stage, { signal }) {
        await hooks.prepare?.(stage, signal);
        return stage.staged;
      },
      async commit(tx, { mark, add }, context) {
        const answer = await hooks.commit?.(tx, context);
        if (answer !== undefined) return answer;
        await writeMark(tx, context, mark);
        const tasks = add.map(name => ({
          name,
          kind: 'probe',
          input: {},
          after: [],
          condition: 'all_succeeded' as const,
          tags: [],
          keys: [],
        }));
        return { committed: true, tasks, facts: [{ role: 'written', namespace: 'test', name: mark }] };
      },
    }),
    ...more,
  } as TaskKind;
}

async function writeMark(tx: Tx, context: CommitContext, mark: string): Promise<void> {
  const { workspace_id, task_id, n, attempt } = context;
  await sql`
    insert into diagnostic_marks (id, workspace_id, task_id, stage, attempt, mark)
    values (${newId()}, ${workspace_id}, ${task_id}, ${n}, ${attempt}, ${mark})`.execute(tx);
}
