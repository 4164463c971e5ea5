import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A thing that Moulin made, and may therefore remove. */
export interface Belonging {
  what: string;
  path: string;
  bytes: number;
}

/** What Moulin keeps in a data folder. Whatever else lies there is somebody's, and stays. */
const OWN = ['instance.json', 'store', 'objects', 'copies', 'run', 'logs', 'backups', 'lake'];

export function dataBelongings(data: string): Belonging[] {
  return OWN.map(name => belonging(name === 'instance.json' ? 'settings' : name, join(data, name))).filter(
    isThere,
  );
}

export function belonging(what: string, path: string): Belonging {
  return { what, path, bytes: sizeOf(path) };
}

export function isThere({ path }: Belonging): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

export function remove({ path }: Belonging): void {
  rmSync(path, { recursive: true, force: true });
}

/** The folder itself goes when nothing of somebody else's is in it; answers what is. */
export function removeIfEmpty(folder: string): string[] {
  const left = lstatSync(folder, { throwIfNoEntry: false }) ? readdirSync(folder) : [];
  if (left.length === 0) rmSync(folder, { recursive: true, force: true });
  return left;
}

/** Links count as themselves: what they point to is not removed. */
function sizeOf(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
