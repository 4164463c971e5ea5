import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../bin/main.mjs', import.meta.url));
const COMPILED = join(tmpdir(), 'moulin-test-compiled');

/** A test, or a file of tests: where one says what is to be undone at the end. */
export interface Undoing {
  after(undo: () => Promise<void>): void;
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A home and a data folder of the test's own, and the real program to use them with. */
export interface Installation {
  home: string;
  data: string;
  env: NodeJS.ProcessEnv;
  /** `moulin` with these words and, unless they name another place, this data folder. */
  moulin(words: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same, for commands that must work; answers the JSON they print. */
  json<T>(...words: string[]): Promise<T>;
  start(...words: string[]): Promise<Started>;
  /** `moulin server` or `moulin worker`, with these variables besides. */
  half(words: readonly string[], env?: Record<string, string>): Starting;
  /** As `start`, for who wants to see what it says meanwhile. */
  startSlowly(...words: string[]): Starting;
}

export interface Starting {
  ready: Promise<Started>;
  output(): string;
}

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
}

export interface Started {
  url: string;
  pid: number;
  /** All that it has written so far. */
  output(): string;
  stop(): Promise<void>;
}

export async function newInstallation(t: Undoing): Promise<Installation> {
  const home = await mkdtemp(join(tmpdir(), 'moulin maison '));
  // As root the store runs as somebody else, who must get through here.
  await chmod(home, 0o755);
  t.after(() => rm(home, { recursive: true, force: true }));
  const data = join(home, 'data');
  const env = { PATH: process.env.PATH, HOME: home, NODE_COMPILE_CACHE: COMPILED, MOULIN_DATA: data };
  const moulin = (words: readonly string[], options: RunOptions = {}) => run(words, home, env, options);
  return {
    home,
    data,
    env,
    moulin,
    async json(...words) {
      const { code, stdout, stderr } = await moulin([...words, '--json']);
      if (code !== 0) throw new Error(`moulin ${words.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    half: (words, more = {}) => launch(t, words, home, { ...env, ...more }),
    start: (...words) => launch(t, [...START, ...words], home, env).ready,
    startSlowly: (...words) => launch(t, [...START, ...words], home, env),
  };
}

function run(
  words: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  options: RunOptions,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...words], { cwd, env: { ...env, ...options.env } });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', text => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      output.stderr += text;
    });
    child.on('error', reject);
    child.on('close', code => resolve({ code: code ?? -1, ...output }));
    // A command that reads nothing may have ended before.
    child.stdin.on('error', () => {}).end(options.input ?? '');
  });
}

const START = ['start', '--port', '0', '--no-open', '--no-demo'];
/** The address of what has one; a worker says only that it is there. */
const READY = /is ready: (http\S+)|takes up to \d+ tasks/;

function launch(t: Undoing, words: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Starting {
  const child = spawn(process.execPath, [MAIN, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>(resolve => child.on('close', () => resolve()));
  let output = '';
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  t.after(stop);
  const ready = new Promise<Started>((resolve, reject) => {
    const listen = (text: string) => {
      output += text;
      const found = READY.exec(output);
      if (found) resolve({ url: found[1] ?? '', pid: child.pid ?? 0, output: () => output, stop });
    };
    child.stdout.setEncoding('utf8').on('data', listen);
    child.stderr.setEncoding('utf8').on('data', listen);
    child.on('close', code => reject(new Error(`moulin ${words[0]} ended with ${code}: ${output}`)));
  });
  return { ready, output: () => output };
}
