import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../../kit/errors.ts';

/** Whom PostgreSQL runs as. Absent: as ourselves. PostgreSQL refuses to run as root, so root lends it to somebody else. */
export interface Account {
  uid: number;
  gid: number;
}

/** In this order: an account made for it, then the one that every Unix has. */
const CANDIDATES = ['moulin', 'nobody'];

/** The owner of what exists already, so that a store made by an ordinary user stays that user's when root starts it. */
export function chooseAccount(folder: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = ownerOf(folder);
  if (owner.uid !== 0) return owner;
  for (const name of CANDIDATES) {
    const uid = lookUp(name, '-u');
    const gid = lookUp(name, '-g');
    if (uid && gid !== undefined) return { uid, gid };
  }
  throw fail('store.no_account', {
    reason: `it is root, and there is none of the accounts ${CANDIDATES.join(', ')}`,
  });
}

function ownerOf(path: string): Account {
  if (existsSync(path)) {
    const { uid, gid } = statSync(path);
    return { uid, gid };
  }
  return ownerOf(dirname(path));
}

function lookUp(name: string, flag: '-u' | '-g'): number | undefined {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout.trim()) : undefined;
}

/** Whether that account can really work in a folder: asked of the system, for modes alone do not tell (ACLs, mounts). */
export function canEnter(folder: string, account: Account): boolean {
  return spawnSync('sh', ['-c', 'cd "$1"', 'sh', folder], { ...account, cwd: '/' }).status === 0;
}
