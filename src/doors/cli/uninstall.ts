import { globSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { keyFile, storeSecretFile } from '../../base/kit/folders.ts';
import type { Config } from '../../contract/config.ts';
import { type AnswerOptions, addAnswer, alone, type Context, confirm } from './command.ts';
import { shortSize } from './present.ts';
import { readInstanceFile } from './process/data-folder.ts';
import {
  type Belonging,
  belonging,
  dataBelongings,
  isThere,
  remove,
  removeIfEmpty,
} from './process/removal.ts';
import { findService, managerCommands, removeService, runCommands } from './process/services.ts';
import { findRunning, stopRunning } from './process/stopping.ts';
import { loadConfig, ownFolder } from './settings.ts';

type Options = AnswerOptions & { data?: string; yes?: boolean };

export function register(program: Command, context: Context): void {
  addAnswer(program, 'uninstall', 'Say what Moulin keeps on this machine for a data folder, and remove it')
    .option('--data <folder>', 'data folder (default: the one that npm start uses)')
    .option('--yes', 'remove without asking')
    .action(
      alone<Options>(context, async ({ options, answer }) => {
        const { terminal, host } = context;
        const flags = options.data === undefined ? {} : { data: options.data };
        const { config } = loadConfig(flags, { ...terminal, package_folder: host.package_folder });
        const found = await belongingsOf(config, context);
        if (found.length === 0) return answer.text(`Nothing of Moulin's is left for ${config.data}.`);
        await answer.list(found, [
          ['what', ({ what }) => what],
          ['size', ({ bytes }) => shortSize(bytes)],
          ['path', ({ path }) => path],
        ]);
        await answer.remark(remarks(config, host.package_folder).join('\n'));
        await confirm(
          context,
          options.yes,
          'Remove all of this? Without a backup it cannot be brought back.',
        );
        await removeAll(config, found, context);
        const left = removeIfEmpty(config.data);
        await answer.remark(
          left.length === 0
            ? 'Removed.'
            : `Removed. Not ours, so still in ${config.data}: ${left.join(', ')}`,
        );
      }),
    );
}

/** In the order in which they go: the key last, so that what is interrupted can still be read. */
async function belongingsOf({ data }: Config, { terminal, host }: Context): Promise<Belonging[]> {
  const { binaryCache, storeOutposts } = await import('../../base/db/index.ts');
  const service = findService(data, terminal.env);
  const { id } = readInstanceFile(data);
  const caches = new Set([host.cache_folder, ...copiedPrograms(binaryCache(), host.cache_folder)]);
  return [
    ...(service ? [belonging('service', service.file)] : []),
    ...dataBelongings(data),
    ...storeOutposts(join(data, 'store')).map(path => belonging('store', path)),
    ...(id
      ? [storeSecretFile, keyFile].map(place => belonging('key', place(ownFolder(terminal.env), id)))
      : []),
    ...[...caches].map(path => belonging('cache', path)),
  ].filter(isThere);
}

/** As root PostgreSQL may have been copied to where another account can read it; stores of other folders lie there too. */
function copiedPrograms(folder: string, cache_folder: string): string[] {
  return folder === cache_folder
    ? []
    : globSync('postgres-*', { cwd: folder }).map(name => join(folder, name));
}

function remarks({ data, database }: Config, package_folder: string): string[] {
  return [
    ...(findRunning(data) ? ['It runs now and will be stopped first.'] : []),
    'The cache (Node 24, compiled code) is shared by all Moulin folders of this account and comes back when one starts.',
    ...(database.url ? ['The database in MOULIN_DATABASE_URL is yours and stays as it is.'] : []),
    `The program itself is the folder ${package_folder}: delete it when nothing needs it any more.`,
  ];
}

async function removeAll(
  { data }: Config,
  found: readonly Belonging[],
  { terminal }: Context,
): Promise<void> {
  const service = findService(data, terminal.env);
  // Stopped by its manager first, or that would start it again.
  if (service) runCommands(managerCommands(service, 'stop'));
  await stopRunning(data);
  if (service) {
    removeService(service);
    runCommands(managerCommands(service, 'forget'));
  }
  for (const one of found) remove(one);
}
