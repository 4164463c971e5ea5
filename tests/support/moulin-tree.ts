import { type Process, treeOf } from './process-tree.ts';

// The processes of a running Moulin by what they are, from `moulin start` (or npm above it) down.

export interface MoulinTree {
  supervisor: Process;
  server: Process;
  worker: Process;
  postgres: Process;
  /** Of PostgreSQL, of the supervisor's parts, of the worker's runners. */
  store_guard: Process;
  part_guard: Process;
  runner_guard: Process;
  runners: Process[];
}

/** Undefined while one of them is missing; runners may be none. */
export function moulinTree(root: number): MoulinTree | undefined {
  const tree = treeOf(root);
  const supervisor = tree.find(({ command }) => /bin\/main\.mjs start\b/.test(command));
  const below = (parent: Process | undefined) => tree.filter(({ ppid }) => ppid === parent?.pid);
  const parts = below(supervisor);
  const server = parts.find(({ command }) => command.includes('--server-process'));
  const worker = parts.find(({ command }) => command.includes('--worker-process'));
  const postgres = parts.find(({ command }) => command.includes('/postgres '));
  const part_guard = parts.find(isPartGuard);
  const store_guard = parts.find(one => one.command.startsWith('sh ') && !isPartGuard(one));
  const runner_guard = below(worker).find(isPartGuard);
  const runners = below(worker).filter(({ command }) => command.includes('--runner-process'));
  if (!supervisor || !server || !worker || !postgres) return undefined;
  if (!part_guard || !store_guard || !runner_guard) return undefined;
  return { supervisor, server, worker, postgres, store_guard, part_guard, runner_guard, runners };
}

function isPartGuard({ command }: Process): boolean {
  return command.startsWith('sh ') && command.includes('moulin-guard');
}

/** Whoever has ended meanwhile, as one does whose parent was killed before, needs no end. */
export function killHard({ pid }: Process): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone.
  }
}
