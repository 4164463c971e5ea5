import { readFileSync } from 'node:fs';
import { entryOf, type ResolvedConfig } from '../../base/kit/config.ts';
import { fail } from '../../base/kit/errors.ts';
import { createRedactor, type Redactor } from '../../base/kit/redact.ts';
import { type KeyProvider, openKeyProvider } from '../../domains/access/index.ts';
import type { Context } from './command.ts';
import { isDataFolder, readInstanceFile } from './process/data-folder.ts';
import { loadConfig, ownFolder } from './settings.ts';

/** The key of an installation on this machine, which no server ever tells: read where the server itself would read it. */
export async function readLocalKey(context: Context, data: string | undefined) {
  const { terminal, host } = context;
  const flags = data === undefined ? {} : { data };
  const resolved = loadConfig(flags, { ...terminal, package_folder: host.package_folder });
  const provider = localKeyProvider(resolved, ownFolder(terminal.env), createRedactor());
  const ids = await provider.ids();
  if (ids.length === 0) throw fail('cli.not_found', { kind: 'key', name: provider.place });
  const text =
    resolved.config.key === null ? readFileSync(provider.place, 'utf8') : `${resolved.config.key}\n`;
  return { text, ids, place: provider.place, resolved };
}

export function localKeyProvider(resolved: ResolvedConfig, folder: string, redactor: Redactor): KeyProvider {
  const { data, key } = resolved.config;
  const { id: instance_id } = readInstanceFile(data);
  if (key === null && (instance_id === undefined || !isDataFolder(data)))
    throw fail('cli.no_instance', { data });
  const place = entryOf(resolved, 'key')?.source ?? 'MOULIN_KEY';
  const given = key === null ? null : { text: key, place };
  return openKeyProvider({ given, folder, instance_id: instance_id ?? '', redactor });
}
