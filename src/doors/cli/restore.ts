import { resolve } from 'node:path';
import type { Command } from 'commander';
import { keyFile } from '../../base/kit/folders.ts';
import { configKeys } from '../../contract/config.ts';
import { factsOf } from './backup.ts';
import { type AnswerOptions, addAnswer, alone, type Context } from './command.ts';
import { flagsOf, withConfigOptions } from './config-options.ts';
import { loadConfig, ownFolder } from './settings.ts';

export function register(program: Command, context: Context): void {
  const command = addAnswer(
    program,
    'restore <file>',
    'Bring a backup back into a new data folder, or an empty database',
  );
  withConfigOptions(command, configKeys).action(
    alone<AnswerOptions, [string]>(context, async ({ options, answer }, file) => {
      const { host, terminal } = context;
      const resolved = loadConfig(flagsOf(options, configKeys), {
        ...terminal,
        package_folder: host.package_folder,
      });
      const backup = await host.restoreInstance(resolved, resolve(terminal.cwd, file));
      const { data, key } = resolved.config;
      const { instance_id, key_id } = backup.manifest;
      const place = key === null ? keyFile(ownFolder(terminal.env), instance_id) : 'MOULIN_KEY';
      const key_found = key_id === null || (await holdsKey(context, data, key_id));
      const restored = { file, data, ...factsOf(backup), key_place: place, key_found };
      await answer.object(restored, [
        ['restored', one => one.file],
        ['into', one => one.data],
        ['rows', one => one.rows],
        ['taken', one => one.created_at],
        ['key', one => one.key_id],
        ['key is here', one => one.key_found],
      ]);
      const missing = `Before the start, put the saved copy of key ${key_id} into ${place}, or name it with MOULIN_KEY_FILE.`;
      await answer.remark(key_found ? 'Start it with: moulin start.' : missing);
    }),
  );
}

async function holdsKey(context: Context, data: string, key_id: string): Promise<boolean> {
  const { readLocalKey } = await import('./local-key.ts');
  try {
    return (await readLocalKey(context, data)).ids.includes(key_id);
  } catch {
    // No key, or one that cannot be read: both are told with the place where it belongs.
    return false;
  }
}
