import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { type Process, processesAbout, treeOf } from '../../support/process-tree.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { Account } from './account.ts';

const START_SECONDS = 240;
/** Moulin's own promise is ten; a busy machine starts and ends more slowly. */
export const END_SECONDS = 20;

export interface Running {
  child: ChildProcess;
  pid: number;
  /** Everything it has printed so far. */
  output(): string;
  /** The address it printed. */
  url: string;
  /** The first admin's link, when it printed one. */
  link: string | undefined;
  /** It and everything below it, now. */
  tree(): Process[];
  /** Its exit code, when it has ended. */
  ended(): Promise<number | null>;
}

export interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  account?: Account | undefined;
}

/** What a person's terminal has, and nothing of this test run: no settings, no npm of ours, no Node of ours. */
export function personsEnvironment(home: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) =>
    /^(LANG|LC_\w+|TMPDIR|NODE_EXTRA_CA_CERTS|.*_proxy)$/i.test(name),
  );
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter(folder => !/node_modules|\/moulin\/node-/.test(folder));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), HOME: home, ...npmSettings(), ...more };
}

/** Where packages come from on this machine; the account that tests has no configuration of its own. */
function npmSettings(): NodeJS.ProcessEnv {
  const known = ['registry', 'cafile', 'cache', 'strict_ssl', 'proxy', 'https_proxy', 'userconfig'];
  const names = known.map(name => `npm_config_${name}`);
  return Object.fromEntries(names.map(name => [name, process.env[name]]).filter(([, value]) => value));
}

/** Resolves when it is ready; fails with all it said when it ends before. */
export async function startAndWait(command: readonly string[], options: RunOptions): Promise<Running> {
  const started = start(command, options);
  const url = await waitFor(
    () => {
      const found = /is ready: (http\S+)/.exec(started.output())?.[1];
      if (!found && started.child.exitCode !== null)
        throw new Error(`it ended with ${started.child.exitCode}:\n${started.output()}`);
      return found;
    },
    { seconds: START_SECONDS, what: () => `${command.join(' ')} to be ready; it said:\n${started.output()}` },
  );
  const link = /http\S+\/link#\S+/.exec(started.output())?.[0];
  return { ...started, url, link };
}

/** Runs to its end. */
export async function runToEnd(
  command: readonly string[],
  options: RunOptions,
): Promise<{ code: number | null; output: string; stdout: string }> {
  const { ended, output, stdout } = start(command, options);
  return { code: await ended(), output: output(), stdout: stdout() };
}

export function start([program = '', ...args]: readonly string[], { cwd, env, account }: RunOptions) {
  const child = spawn(program, args, {
    cwd,
    env,
    ...(account && { uid: account.uid, gid: account.gid }),
    // A group of its own, as at a terminal: a signal to the group is a Ctrl-C.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: { stream: 'stdout' | 'stderr'; text: string }[] = [];
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => chunks.push({ stream, text }));
  const said = (which = chunks) => which.map(({ text }) => text).join('');
  // Not `exit`: what it said last may still be on its way.
  const closed = once(child, 'close');
  const pid = child.pid ?? 0;
  return {
    child,
    pid,
    output: () => said(),
    stdout: () => said(chunks.filter(({ stream }) => stream === 'stdout')),
    tree: () => treeOf(pid),
    async ended() {
      const [code] = await closed;
      return code as number | null;
    },
  };
}

/** Nothing is left of what was started for this folder. */
export async function allGone(folder: string): Promise<void> {
  const left = () => processesAbout(folder).map(({ pid, command }) => `${pid} ${command.slice(0, 150)}`);
  await waitFor(() => left().length === 0, {
    seconds: END_SECONDS,
    what: () => `these to end:\n${left().join('\n')}`,
  });
}
