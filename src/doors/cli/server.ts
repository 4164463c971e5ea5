import type { Command } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import { configKeys } from '../../contract/config.ts';
import type { Context } from './command.ts';
import { flagsOf, withConfigOptions } from './config-options.ts';
import { serveUntilStopped } from './process/serving.ts';
import { loadConfig } from './settings.ts';
import { readyText } from './start.ts';
import { sayings, write } from './terminal.ts';

export function register(program: Command, context: Context): void {
  const command = program
    .command('server')
    .summary('Serve pages and API alone, on a PostgreSQL of your own')
    .description(
      'Serves the pages and the API without a worker, on the PostgreSQL of database.url. Several servers and workers may share one.',
    );
  withConfigOptions(command, configKeys).action(async (options: Record<string, unknown>) => {
    const { terminal, host } = context;
    const resolved = loadConfig(flagsOf(options, configKeys), {
      ...terminal,
      package_folder: host.package_folder,
    });
    if (resolved.config.database.url === null) throw fail('half.no_database', { command: 'server' });
    await serveUntilStopped(
      terminal,
      () => host.openInstance(resolved, sayings(terminal)),
      async instance => write(terminal.stdout, readyText(host.version, resolved, await instance.listen())),
    );
  });
}
