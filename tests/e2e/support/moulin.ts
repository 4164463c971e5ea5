import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '../../../src/contract/client.ts';
import { waitFor } from './wait.ts';

/** A whole Moulin as `npm start` would run it, on a free port, in a folder of its own. */
export interface Moulin {
  url: string;
  /** Everything it has printed so far. */
  output(): string;
  /** The API with the rights of whoever can read the data folder. */
  local: Client;
  /** As Ctrl-C does; the folder stays. */
  stop(): Promise<void>;
  /** Again, in the same folder and on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../../..');
const START_SECONDS = 60;

export async function openMoulin(): Promise<Moulin> {
  const folder = await mkdtemp(join(tmpdir(), 'moulin-e2e-'));
  const data = join(folder, 'data');
  let running = await startIn(folder, '0');
  return {
    get url() {
      return running.url;
    },
    output: () => running.output(),
    local: createClient({
      fetch: (path, init) => fetch(`${running.url}${path}`, init),
      headers: () => ({ authorization: `Bearer ${running.secret}` }),
    }),
    stop: () => running.stop(),
    start: async () => {
      running = await startIn(folder, new URL(running.url).port);
    },
    close: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };

  async function startIn(home: string, port: string): Promise<Running> {
    const child = spawn(
      process.execPath,
      ['bin/main.mjs', 'start', '--data', data, '--port', port, '--no-demo', '--no-open'],
      { cwd: ROOT, env: ownEnvironment(home), stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const output = collect(child);
    const ready = await waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(`Moulin ended at once:\n${output()}`);
        return readJson(join(data, 'run/moulin.pid.json'), child.pid);
      },
      { seconds: START_SECONDS, what: () => `Moulin to start; it says:\n${output()}` },
    );
    const secret = (await readFile(join(data, 'run/local.token'), 'utf8')).trim();
    return { url: ready.url, secret, output, stop: () => stop(child) };
  }
}

interface Running {
  url: string;
  secret: string;
  output(): string;
  stop(): Promise<void>;
}

/** Nothing of the person who runs the tests: no settings, no keys, no proxy. */
function ownEnvironment(home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(MOULIN_|XDG_|.*_proxy$)/i.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    USERPROFILE: home,
    XDG_CONFIG_HOME: join(home, 'config'),
  };
}

function collect(child: ChildProcess): () => string {
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  return () => chunks.join('');
}

async function readJson(file: string, pid: number | undefined): Promise<{ url: string } | undefined> {
  try {
    const found: { url: string; pid: number } = JSON.parse(await readFile(file, 'utf8'));
    return found.pid === pid ? found : undefined;
  } catch {
    return undefined;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
