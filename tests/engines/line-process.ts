import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

// An engine in a process of its own, asked line by line: what it does to itself (a crash, a deadlock) is seen, and ends nothing
// else.

export interface LineProcess {
  ask(question: object): Promise<unknown>;
  close(): Promise<void>;
}

export interface LineOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** One that has not answered by then is ended. */
  answer_ms?: number;
}

export function openLineProcess(
  program: string,
  args: readonly string[],
  { env = {}, cwd, answer_ms = 120_000 }: LineOptions = {},
): LineProcess {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    said = (said + text).slice(-4000);
  });
  // A process that is gone is noticed by its answer that does not come.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let before: Promise<unknown> = Promise.resolve();

  const askNow = async (question: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const late = setTimeout(() => child.kill('SIGKILL'), answer_ms);
    const line = await lines.next();
    clearTimeout(late);
    if (line.done) throw new Error(`${program} is gone: ${said}`);
    const answer: { value?: unknown; error?: string } = JSON.parse(line.value);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value;
  };
  return {
    ask(question) {
      const asked = before.then(() => askNow(question));
      before = asked.catch(() => {});
      return asked;
    },
    close: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdin?.end();
  const late = setTimeout(() => child.kill('SIGKILL'), 5000);
  await once(child, 'exit');
  clearTimeout(late);
}
