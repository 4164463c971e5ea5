import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/kit/clock.ts';
import { openLog } from '../../src/base/kit/log.ts';
import { diagnostic } from '../../src/domains/runs/diagnostic.ts';
import { openPool, type PoolOptions } from '../../src/domains/runs/runner/pool.ts';
import type { FromTask, RawLine, StartTask } from '../../src/domains/runs/runner/protocol.ts';
import type { Hear, Pool, Runner } from '../../src/domains/runs/runner/runner.ts';
import { defer } from './defer.ts';
import { scratchFolder } from './scratch.ts';

/** The real program. */
export const SPAWN_ARGS = [fileURLToPath(new URL('../../bin/main.mjs', import.meta.url)), '--runner-process'];

export interface TestPool {
  pool: Pool;
  folder: string;
}

export function testPool(t: TestContext, options: Partial<PoolOptions> = {}): TestPool {
  const folder = scratchFolder(t);
  const { log } = openLog({ level: 'silent', format: 'json', clock: systemClock, redact: text => text });
  const pool = openPool({ folder, spawn_args: SPAWN_ARGS, size: 4, clock: systemClock, log, ...options });
  defer(t, () => pool.close());
  return { pool, folder };
}

export function diagnosticTask(steps: readonly object[], given: Partial<StartTask> = {}): StartTask {
  return {
    kind: 'diagnostic',
    workspace_id: 'workspace',
    run_id: 'run',
    task_id: 'task',
    attempt: 1,
    input: diagnostic.input.parse({ steps }),
    secrets: {},
    given: null,
    parameters: {},
    window: null,
    from: { stage: 0, state: null },
    ...given,
  };
}

type End = Extract<FromTask, { type: 'result' | 'failed' }>;

export interface Performed {
  heard: FromTask[];
  lines: RawLine[];
  /** Rejects when the process ends without an answer. */
  answer: Promise<End>;
}

/** Starts a task and commits its stages at once. */
export function perform(runner: Runner, task: StartTask, also?: Hear): Performed {
  const heard: FromTask[] = [];
  const lines: RawLine[] = [];
  const answer = Promise.withResolvers<End>();
  runner.start(task, message => {
    if (message.type === 'log') lines.push(...message.lines);
    else heard.push(message);
    if (message.type === 'stage') runner.tell({ type: 'committed', n: message.n });
    if (message.type === 'result' || message.type === 'failed') answer.resolve(message);
    return also?.(message);
  });
  void runner.ended.then(end => answer.reject(new Error(`it ended without an answer: ${end.error.message}`)));
  answer.promise.catch(() => {});
  return { heard, lines, answer: answer.promise };
}
