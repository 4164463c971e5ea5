import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * Whoever started us: `npm start` is npm, perhaps a shell, perhaps the launcher, then Moulin. `kill -9` of any of them
 * leaves the rest without a word, so each link of the chain is looked at. A terminal or a login shell is not in it: a Moulin put
 * into the background there is meant to stay.
 */
export interface Link {
  child: number;
  parent: number;
}

interface Look {
  parentOf: (pid: number) => number | undefined;
  isShell: (pid: number) => boolean;
}

const SHELLS = /^-?(sh|dash|bash|zsh|ash|ksh|fish|busybox|cmd(\.exe)?|pwsh(\.exe)?)$/;
const MOST_LINKS = 8;

/** The links from Moulin up to the launcher that waits for it and, under npm, up to npm. */
export function findChain(
  self: { pid: number; ppid: number },
  env: Readonly<Record<string, string | undefined>>,
  look: Look,
): Link[] {
  const chain: Link[] = [];
  let next: Link = { child: self.pid, parent: self.ppid };
  if (env.LAUNCHER_PID === String(self.ppid)) {
    chain.push(next);
    next = above(next.parent, look);
  }
  if (env.npm_lifecycle_event === undefined) return chain;
  while (next.parent > 1 && chain.length < MOST_LINKS) {
    chain.push(next);
    if (!look.isShell(next.parent)) break;
    next = above(next.parent, look);
  }
  return chain;
}

/** An orphan gets another parent at once: a link that changed means its parent is gone. */
export function isWhole(chain: readonly Link[], look: Pick<Look, 'parentOf'>): boolean {
  return chain.every(({ child, parent }) => look.parentOf(child) === parent);
}

function above(pid: number, look: Look): Link {
  return { child: pid, parent: look.parentOf(pid) ?? 0 };
}

const LOOK_MS = 1000;
/** Where a look costs a process of its own. */
const SLOW_LOOK_MS = 5000;

/** Calls `gone` once when one of those who started us has ended. */
export function watchParents(gone: () => void): () => void {
  const chain = findChain(process, process.env, system);
  if (chain.length === 0) return () => {};
  const isCheap = process.platform === 'linux' || chain.length === 1;
  const timer = setInterval(
    () => {
      if (isWhole(chain, system)) return;
      clearInterval(timer);
      gone();
    },
    isCheap ? LOOK_MS : SLOW_LOOK_MS,
  );
  timer.unref();
  return () => clearInterval(timer);
}

const system: Look = { parentOf, isShell };

function parentOf(pid: number): number | undefined {
  if (process.platform === 'win32') return parentOnWindows(pid);
  if (pid === process.pid) return process.ppid;
  if (process.platform !== 'linux') return parentByPs(pid);
  try {
    // The name in brackets may hold anything, brackets too: count from the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** Windows gives orphans no other parent: only the direct parent is looked at, by whether it lives. */
function parentOnWindows(pid: number): number | undefined {
  if (pid !== process.pid) return undefined;
  try {
    process.kill(process.ppid, 0);
    return process.ppid;
  } catch {
    return undefined;
  }
}

function parentByPs(pid: number): number | undefined {
  return Number(ps('ppid', pid)) || undefined;
}

function isShell(pid: number): boolean {
  try {
    if (process.platform === 'linux') return SHELLS.test(basename(readlinkSync(`/proc/${pid}/exe`)));
    return process.platform !== 'win32' && SHELLS.test(basename(ps('comm', pid)));
  } catch {
    return false;
  }
}

function ps(column: string, pid: number): string {
  try {
    return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
