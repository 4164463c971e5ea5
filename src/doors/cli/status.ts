import type { Command } from 'commander';
import type { PartState } from '../../contract/system.ts';
import { type AnswerOptions, addAnswer, alone, type Context } from './command.ts';
import { connect } from './connect.ts';
import type { PidFile } from './process/pid-file.ts';
import { findRunning } from './process/stopping.ts';
import { loadConfig } from './settings.ts';

type Options = AnswerOptions & { data?: string };

interface Status {
  running: boolean;
  ready: boolean;
  data: string;
  url: string | null;
  pid: number | null;
  version: string | null;
  started_at: string | null;
  /** Workers that are alive, here or elsewhere; null where the server does not say. */
  workers: number | null;
  /** What is not well, in words. */
  problems: string[];
}

export function register(program: Command, context: Context): void {
  addAnswer(program, 'status', 'Whether Moulin runs for a data folder, where, and how it is')
    .option('--data <folder>', 'data folder (default: the one that npm start uses)')
    .action(
      alone<Options>(context, async ({ options, answer }) => {
        const status = await statusOf(context, options);
        // Like systemctl: a script asks for the code, a person reads the lines.
        if (!status.running) context.exit('not_found');
        else if (!status.ready) context.exit('unavailable');
        await answer.object(status, [
          [
            'state',
            ({ running, ready }) => (running ? (ready ? 'running' : 'running, not ready') : 'not running'),
          ],
          ['address', ({ url }) => url],
          ['process', ({ pid }) => pid],
          ['version', ({ version }) => version],
          ['started', ({ started_at }) => started_at],
          ['workers', ({ workers }) => workers],
          ['data', ({ data }) => data],
          ['problems', ({ problems }) => problems],
        ]);
      }),
    );
}

async function statusOf(context: Context, options: Options): Promise<Status> {
  const flags = options.data === undefined ? {} : { data: options.data };
  const { config } = loadConfig(flags, { ...context.terminal, package_folder: context.host.package_folder });
  const running = findRunning(config.data);
  const none = {
    running: false,
    ready: false,
    data: config.data,
    url: null,
    pid: null,
    version: null,
    started_at: null,
    workers: null,
  };
  if (!running) return { ...none, problems: [] };
  return { ...none, ...facts(running), running: true, ...(await askHealth(context, config.data)) };
}

function facts({ url, pid, version, started_at }: PidFile) {
  return { url, pid, version, started_at };
}

/** It runs and does not answer: that is what the status is, not a failure of the command. */
async function askHealth(
  context: Context,
  data: string,
): Promise<Pick<Status, 'ready' | 'workers' | 'problems'>> {
  try {
    const connection = await connect(context.host, context.terminal, { data });
    const { parts } = await connection.client['system.show']({});
    const unwell = parts.filter(part => part.state !== 'ok');
    return {
      ready: unwell.every(part => part.state !== 'down'),
      workers: aliveWorkers(parts),
      problems: unwell.map(part => `${part.name}: ${part.detail}`),
    };
  } catch (error) {
    return {
      ready: false,
      workers: null,
      problems: [error instanceof Error ? error.message : String(error)],
    };
  }
}

function aliveWorkers(parts: readonly PartState[]): number | null {
  const { active, draining } = parts.find(({ name }) => name === 'workers')?.facts ?? {};
  return typeof active === 'number' ? active + Number(draining) : null;
}
