import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One process, whatever becomes of its number later. */
export interface Process {
  pid: number;
  ppid: number;
  /** In ticks since the machine started; with the number it is unique. */
  started: string;
  command: string;
}

/** Where processes can be looked at; elsewhere tests of them skip, with this reason. */
export const NO_PROC = existsSync('/proc/self/stat') ? false : 'processes are read from /proc';

export function allProcesses(): Process[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => read(Number(name)) ?? []);
}

/** A process and everything below it. */
export function treeOf(root: number, all: readonly Process[] = allProcesses()): Process[] {
  const found = all.filter(({ pid }) => pid === root);
  for (const parent of found)
    found.push(...all.filter(one => one.ppid === parent.pid && !found.includes(one)));
  return found;
}

/** Everything that was started for a folder: by its words, its working folder or its variables; never by a name. */
export function processesAbout(folder: string): Process[] {
  return allProcesses().filter(
    ({ pid, command }) => pid !== process.pid && (command.includes(folder) || isFrom(folder, pid)),
  );
}

function isFrom(folder: string, pid: number): boolean {
  try {
    return (
      readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) ||
      readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder)
    );
  } catch {
    // Another account's, or gone.
    return false;
  }
}

/** A zombie has ended: only its parent has not asked yet. */
export function isAlive({ pid, started }: Process): boolean {
  return read(pid)?.started === started;
}

function read(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold anything, brackets too: count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, ppid: Number(fields[1]), started: fields[19] ?? '', command };
  } catch {
    return undefined;
  }
}

/** What a process costs: its own memory, and its share of what several use (libraries, buffers). In bytes; nothing when it has ended. */
export function proportionalMemory({ pid }: Process): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
