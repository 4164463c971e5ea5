import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { fail } from '../../../base/kit/errors.ts';
import {
  labelOf,
  launchdPlist,
  type Manager,
  managerOf,
  markOf,
  type ServicePlan,
  serviceFilePath,
  systemdUnit,
} from './service-file.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface InstalledService {
  manager: Manager;
  name: string;
  file: string;
}

export function requireManager(platform: NodeJS.Platform = process.platform): Manager {
  const manager = managerOf(platform);
  if (!manager) throw fail('service.unsupported', { platform });
  return manager;
}

/** The plan for this clone or package and this data folder. */
export function planService(options: {
  name: string;
  package_folder: string;
  data: string;
  flags: readonly string[];
  env: Env;
}): ServicePlan {
  const { name, package_folder, data, flags, env } = options;
  const node = lastingNode(env);
  return {
    name,
    data,
    working_folder: package_folder,
    command: [node, join(package_folder, 'bin', 'moulin'), 'start', ...flags, '--no-open'],
    path: [dirname(node), env.PATH].filter(Boolean).join(delimiter),
  };
}

/** The Node that we brought lies in a cache, which people empty; the launcher brings it back when another one starts it. */
function lastingNode(env: Env): string {
  if (!process.execPath.includes(`${sep}moulin${sep}`)) return process.execPath;
  const folders = (env.PATH ?? '')
    .split(delimiter)
    .filter(folder => folder !== '' && !folder.includes('node_modules'));
  return folders.map(folder => join(folder, 'node')).find(path => existsSync(path)) ?? process.execPath;
}

export function installService(plan: ServicePlan, env: Env): InstalledService {
  const manager = requireManager();
  const file = fileOf(manager, plan.name, env);
  if (existsSync(file) && !readFileSync(file, 'utf8').includes(markOf(plan.data)))
    throw fail('service.foreign', { file, name: plan.name });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, manager === 'systemd' ? systemdUnit(plan) : launchdPlist(plan), { mode: 0o644 });
  return { manager, name: plan.name, file };
}

/** The service of this data folder, whatever its name. */
export function findService(data: string, env: Env): InstalledService | undefined {
  const manager = managerOf(process.platform);
  if (!manager) return undefined;
  const folder = dirname(fileOf(manager, 'moulin', env));
  const file = listFolder(folder)
    .map(name => join(folder, name))
    .find(path => /\.(service|plist)$/.test(path) && read(path).includes(markOf(data)));
  return file === undefined ? undefined : { manager, file, name: nameOf(manager, file) };
}

export function removeService(service: InstalledService): void {
  rmSync(service.file, { force: true });
}

/** What makes the manager take up a new file, or let go of one: run by us where we can, shown to the person otherwise. */
export function managerCommands(service: InstalledService, what: 'start' | 'stop' | 'forget'): string[][] {
  const { manager, name, file } = service;
  if (manager === 'launchd') {
    const domain = `gui/${process.getuid?.() ?? 0}`;
    if (what === 'start') return [['launchctl', 'bootstrap', domain, file]];
    return what === 'stop' ? [['launchctl', 'bootout', `${domain}/${labelOf(name)}`]] : [];
  }
  const systemctl = ['systemctl', '--user'];
  if (what === 'start')
    return [
      [...systemctl, 'daemon-reload'],
      [...systemctl, 'enable', '--now', name],
    ];
  return what === 'stop' ? [[...systemctl, 'disable', '--now', name]] : [[...systemctl, 'daemon-reload']];
}

/** The first command that fails ends it; answers what it said. */
export function runCommands(commands: readonly (readonly string[])[]): string | undefined {
  for (const [program = '', ...args] of commands) {
    const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) return error?.message ?? (stderr.trim() || `exit code ${status}`);
  }
  return undefined;
}

function fileOf(manager: Manager, name: string, env: Env): string {
  return serviceFilePath(manager, name, env.HOME || homedir(), env.XDG_CONFIG_HOME);
}

function nameOf(manager: Manager, file: string): string {
  const base = file.slice(file.lastIndexOf(sep) + 1);
  return manager === 'systemd'
    ? base.replace(/\.service$/, '')
    : base.replace(/^dev\.moulin\.|\.plist$/g, '');
}

function listFolder(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Links to units that are masked or gone are nobody's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
