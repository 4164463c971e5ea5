import { readdirSync, readFileSync } from 'node:fs';

// Groups of processes, and what Linux tells about them.

/** To a process and everything that it started and that did not leave its group. False: there is nobody any more. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    // Windows has no groups; its guard ends trees.
    return process.kill(process.platform === 'win32' ? group : -group, signal);
  } catch {
    return false;
  }
}

export interface ProcessFacts {
  pid: number;
  parent: number;
  group: number;
  rss_bytes: number;
  /** In ticks since the machine started; with the number it names one process for ever. */
  started: string;
  /** It has ended: only its parent has not asked yet. */
  is_zombie: boolean;
}

/** Where processes can be looked at. */
export const HAS_PROC = process.platform === 'linux';

/** All processes of the machine that we may see, but for some; elsewhere than on Linux none. Some 40 µs for each. */
export function readProcesses(but: ReadonlySet<number> = new Set()): ProcessFacts[] {
  if (!HAS_PROC) return [];
  return readdirSync('/proc').flatMap(name => {
    const pid = Number(name);
    return Number.isInteger(pid) && !but.has(pid) ? (readProcess(pid) ?? []) : [];
  });
}

/** Memory is counted in pages, which are larger on some ARM machines: the kernel tells each process how large. */
const PAGE_SIZE_ENTRY = 6n;
function readPageSize(): number {
  const entries = new BigUint64Array(new Uint8Array(readFileSync('/proc/self/auxv')).buffer);
  return Number(entries[entries.findIndex((key, at) => at % 2 === 0 && key === PAGE_SIZE_ENTRY) + 1]);
}
let page_bytes: number | undefined;

export function readProcess(pid: number): ProcessFacts | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  page_bytes ??= readPageSize();
  // The name in brackets may hold anything, brackets too: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    rss_bytes: Number(fields[21]) * page_bytes,
    started: fields[19] ?? '',
    is_zombie: fields[0] === 'Z' || fields[0] === 'X',
  };
}

/** Of a group: its members, and whoever comes from one of them though it left the group. */
export function membersOf(group: number, all: readonly ProcessFacts[]): ProcessFacts[] {
  const found = all.filter(one => one.pid === group || one.group === group);
  const known = new Set(found.map(one => one.pid));
  for (const one of found)
    for (const child of all)
      if (child.parent === one.pid && !known.has(child.pid)) {
        known.add(child.pid);
        found.push(child);
      }
  return found.filter(one => !one.is_zombie);
}

/** Processes that carry `NAME=value` (or that beginning of it) in the environment they were started with. */
export function processesMarked(mark: string): number[] {
  return readProcesses()
    .filter(one => !one.is_zombie && marksOf(one.pid).some(text => text.startsWith(mark)))
    .map(one => one.pid);
}

function marksOf(pid: number): string[] {
  return readOrUndefined(`/proc/${pid}/environ`)?.split('\0') ?? [];
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Gone meanwhile, or another account's.
    return undefined;
  }
}
