import { readFileSync, statSync } from 'node:fs';
import { homedir, totalmem } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { type ConfigSources, type ResolvedConfig, resolveConfig } from '../../base/kit/config.ts';
import { MAX_FILE_BYTES, parseConfigFile } from '../../base/kit/config-file.ts';
import { fail } from '../../base/kit/errors.ts';
import { userConfigFolder } from '../../base/kit/folders.ts';
import { readInstanceFile } from './process/data-folder.ts';

// The edge around the pure resolver: it reads files and asks the machine.

export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  package_folder: string;
}

/** `flags` by key, as the command line gave them; `config` there names the file. */
export function loadConfig(flags: Record<string, unknown>, around: Surroundings): ResolvedConfig {
  const home = homeFolder(around);
  const { config: named = around.env.MOULIN_CONFIG || undefined, ...rest } = flags;
  const sources: ConfigSources = {
    flags: rest,
    env: around.env,
    file: readConfigFile(named === undefined ? undefined : resolve(around.cwd, String(named)), home),
    remembered: {},
    cwd: around.cwd,
    home,
    default_memory: halfOfMemory(),
    readSecret: path => readFileSync(path, 'utf8'),
  };
  const resolved = resolveConfig(sources);
  // The data folder had to be known before what it remembers.
  const { port } = readInstanceFile(resolved.config.data);
  return port === undefined ? resolved : resolveConfig({ ...sources, remembered: { port } });
}

/** Keys and sign-ins of this user. */
export function ownFolder(env: Surroundings['env']): string {
  return userConfigFolder({ platform: process.platform, env, home: env.HOME || homedir() });
}

/** A clone keeps its data beside its code wherever the command is typed; an installed package where it is typed. */
export function homeFolder({ package_folder, cwd }: Surroundings): string {
  return package_folder.split(sep).includes('node_modules') ? cwd : package_folder;
}

function readConfigFile(named: string | undefined, home: string): ConfigSources['file'] {
  const path = named ?? join(home, 'moulin.yaml');
  try {
    if (statSync(path).size > MAX_FILE_BYTES)
      throw fail('config.file_unreadable', { path, reason: 'it is larger than 1 MB' });
    return parseConfigFile(readFileSync(path, 'utf8'), path);
  } catch (error) {
    const reason =
      error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
    if (reason === undefined) throw error;
    if (reason === 'ENOENT' && named === undefined) return null;
    throw fail('config.file_unreadable', { path, reason }, { cause: error });
  }
}

/** Half of what this process may use: `constrainedMemory` is the cgroup's limit, where there is one. */
function halfOfMemory(): number {
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  return Math.max(512 * 1024 ** 2, Math.floor(total / 2));
}
