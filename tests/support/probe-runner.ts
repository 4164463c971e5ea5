import { once } from 'node:events';
import { runnerProcess } from '../../src/domains/runs/runner/child.ts';
import type { RunContext, RunTask } from '../../src/domains/runs/task.ts';
import type { ProbeInput } from './probe-kinds.ts';

// A runner's process that knows the probe: started by the pool of a test as Moulin's own are.

type Steps = ProbeInput['steps'];

const run: RunTask<ProbeInput> = async context => {
  let stages = 0;
  for (const step of context.input.steps) {
    if (step.do === 'stage') stages += 1;
    // Those were committed by an attempt before this one.
    if (step.do === 'stage' && stages <= context.from.stage) continue;
    await take(step, context, stages);
  }
  const { answer, partial } = context.input;
  return partial === undefined ? answer : { partial: true, result: answer, reason: partial };
};

async function take(step: Steps[number], context: RunContext<ProbeInput>, n: number): Promise<void> {
  switch (step.do) {
    case 'log':
      return context.log.info(step.text);
    case 'stage':
      return context.stage({ staged: { mark: step.mark, add: step.add }, state: { came_to: n } });
    case 'crash':
      if (context.attempt <= step.attempts) await crash();
      return;
    case 'fail':
      throw Object.assign(new Error(step.message), { retry: step.retry });
    case 'hang':
      return step.deaf ? beDeaf() : untilAborted(context.signal);
    case 'exit':
      process.exit(0);
      break;
    case 'tell_secret':
      console.log(`the password is ${context.secrets.password}`);
      context.log.info('it is', { password: context.secrets.password ?? null });
      context.metric(`rows of ${context.secrets.password}`, 1);
      await context.stage({
        staged: { mark: 'told', add: [] },
        facts: [{ role: 'read', namespace: `https://${context.secrets.password}@shop`, name: 'orders' }],
      });
      throw new Error(`${'x'.repeat(step.behind)}refused ${context.secrets.password}`);
    case 'progress':
      return context.progress({ done: step.done, total: step.total, unit: 'rows' });
    case 'flow':
      for (let mark = context.from.stage + 1; !context.draining.aborted; mark += 1)
        await context.stage({ staged: { mark: `flow ${mark}`, add: [] }, state: { came_to: mark } });
      return;
    default:
      step satisfies never;
  }
}

async function crash(): Promise<never> {
  process.kill(process.pid, 'SIGSEGV');
  return new Promise(() => {});
}

async function beDeaf(): Promise<never> {
  process.on('SIGTERM', () => {});
  return new Promise(() => setInterval(() => {}, 1000));
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) {
    const alive = setInterval(() => {}, 1000);
    await once(signal, 'abort');
    clearInterval(alive);
  }
  throw new Error('it was asked to end');
}

await runnerProcess({ probe: async () => ({ run: run as RunTask }) });
