import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { fail } from '../../../base/kit/errors.ts';

const PRIVATE = ['run', 'logs', 'backups'];

/** What a folder remembers about itself beside its store: whose it is, and the port pair it settled on. */
const instanceFileSchema = z.object({ id: z.uuid().optional(), port: z.number().int().optional() });
export type InstanceFile = z.infer<typeof instanceFileSchema>;

/** Makes the folder, or says in words why Moulin cannot live in it. The folder itself stays passable: as root, PostgreSQL runs as somebody else. */
export function makeDataFolder(data: string): void {
  try {
    mkdirSync(data, { recursive: true });
    for (const name of PRIVATE) mkdirSync(join(data, name), { recursive: true, mode: 0o700 });
    for (const path of writtenAgain(data)) accessSync(path, constants.W_OK);
  } catch (error) {
    throw fail('data.unusable', { folder: data, reason: reasonBelow(data, error) }, { cause: error });
  }
}

/** One `sudo npm start`, or a copy made as somebody else, may have left any of these to another account. */
function writtenAgain(data: string): string[] {
  const logs = join(data, 'logs');
  return [...PRIVATE.map(name => join(data, name)), ...readdirSync(logs).map(name => join(logs, name))];
}

export function isDataFolder(data: string): boolean {
  return existsSync(join(data, 'run')) || existsSync(instancePath(data));
}

export function readInstanceFile(data: string): InstanceFile {
  try {
    return instanceFileSchema.parse(JSON.parse(readFileSync(instancePath(data), 'utf8')));
  } catch {
    // Absent, or cut off by a crash: both facts in it can be found again.
    return {};
  }
}

/** Says it once for all: what is remembered already stays. */
export function remember(data: string, fact: InstanceFile): void {
  const known = readInstanceFile(data);
  const value = instanceFileSchema.parse({ ...known, ...fact });
  if (JSON.stringify(value) !== JSON.stringify(known)) writeInstanceFile(data, value);
}

function writeInstanceFile(data: string, value: InstanceFile): void {
  try {
    writeFileSync(`${instancePath(data)}.new`, `${JSON.stringify(value, null, 2)}\n`);
    renameSync(`${instancePath(data)}.new`, instancePath(data));
  } catch (error) {
    throw fail('data.unusable', { folder: data, reason: reasonOf(error) }, { cause: error });
  }
}

function instancePath(data: string): string {
  return join(data, 'instance.json');
}

const REASONS: Record<string, string> = {
  EACCES: 'this account may not write there',
  EPERM: 'this account may not write there',
  EROFS: 'it is on a read-only file system',
  ENOSPC: 'the disk is full',
  EDQUOT: "this account's disk quota is used up",
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'there is a file of that name',
};

/** With the part that it is about: the folder itself may be fine. */
function reasonBelow(data: string, error: unknown): string {
  const path = error instanceof Error && 'path' in error ? relative(data, String(error.path)) : '';
  const is_part = path !== '' && !path.startsWith('..');
  return is_part ? `${reasonOf(error)} (${path})` : reasonOf(error);
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
