import type { Command } from 'commander';
import { type AnswerOptions, addAnswer, alone, type Context } from './command.ts';
import { stopRunning } from './process/stopping.ts';
import { loadConfig } from './settings.ts';

type Options = AnswerOptions & { data?: string };

export function register(program: Command, context: Context): void {
  addAnswer(program, 'stop', 'Stop the Moulin of a data folder')
    .option('--data <folder>', 'data folder (default: the one that npm start uses)')
    .action(
      alone<Options>(context, async ({ options, answer }) => {
        const { config } = loadConfig(options.data === undefined ? {} : { data: options.data }, {
          ...context.terminal,
          package_folder: context.host.package_folder,
        });
        const stopped = await stopRunning(config.data);
        const result = { stopped: stopped !== undefined, pid: stopped?.pid ?? null, data: config.data };
        if (answer.format === 'json') await answer.object(result, []);
        else
          await answer.text(
            stopped ? `Stopped (process ${stopped.pid}).` : `Moulin does not run for ${config.data}.`,
          );
      }),
    );
}
