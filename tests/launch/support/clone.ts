import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../../../scripts/source/files.ts';
import type { Account } from './account.ts';

/** A folder with a name that breaks careless scripts. */
export function oddFolder(after: (undo: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'moulin à “l’étage” 100% '));
  // As root the store runs as somebody else, who must get through here.
  chmodSync(folder, 0o755);
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The sources as git would hand them out, uncommitted work included: what a fresh clone holds. */
export function cloneInto(folder: string, owner?: Account): string {
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const file of list.split('\0').filter(name => name !== '' && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  if (owner) execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, folder]);
  return folder;
}

/**
 * The same, with packages and pages as they are after a first start. The packages are hard links: an installation of 400 MB
 * costs a second, and whatever is written anew in one place leaves the other alone.
 */
export function installedClone(folder: string): string {
  cloneInto(folder);
  for (const part of ['node_modules', join('web', 'node_modules'), join('web', 'dist')])
    if (existsSync(join(ROOT, part))) execFileSync('cp', ['-al', join(ROOT, part), join(folder, part)]);
  // What a start writes in place must not be shared with the original.
  for (const own of ['.moulin-installed', join('.bin', 'moulin-node'), '.vite'])
    rmSync(join(folder, 'node_modules', own), { recursive: true, force: true });
  return folder;
}

/** A home of the account's own; nothing of the person who runs the tests is in it. */
export function makeHome(folder: string, owner?: Account): string {
  mkdirSync(folder, { recursive: true });
  if (owner) chownSync(folder, owner.uid, owner.gid);
  return lstatSync(folder).isDirectory() ? folder : '';
}
