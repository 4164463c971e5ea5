import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunnerModules } from './domains/runs/runner/child.ts';
import type { CliHost } from './doors/cli/index.ts';
import { partWord } from './main/part-word.ts';
import type { Place } from './main/place.ts';

// The composition root, with its parts in `main/`. Nothing else builds things, and everything is imported when it is built, so
// that `moulin --help` and a runner read none of it.

/** What each kind of task runs in a runner. */
const RUNNER_MODULES: RunnerModules = {
  diagnostic: () => import('./domains/runs/diagnostic-run.ts'),
  'table.evolve': () => import('./domains/lakehouse/table-evolve-run.ts'),
  'table.export': () => import('./domains/lakehouse/table-export-run.ts'),
  'table.maintain': () => import('./domains/lakehouse/table-maintain-run.ts'),
  'table.write': () => import('./domains/lakehouse/table-write-run.ts'),
};

/** One process: a part of Moulin, or `moulin` with its words. */
export async function main(
  argv: readonly string[],
  folders: Pick<Place, 'package_folder' | 'cache_folder'>,
): Promise<void> {
  const place: Place = { ...folders, version: readVersion(folders.package_folder) };
  const part = processes(place)[argv[0] ?? ''];
  if (part) {
    await part();
    process.exit();
  }
  // Whoever read our output has gone (a closed terminal, `| head`): no reason to fall over.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const { runCli } = await import('./doors/cli/index.ts');
  process.exit(await runCli(argv, hostOf(place)));
}

/** Processes that Moulin starts for itself, by the word it starts them with. */
function processes(place: Place): Readonly<Record<string, () => Promise<void>>> {
  return {
    '--runner-process': async () =>
      (await import('./domains/runs/runner/child.ts')).runnerProcess(RUNNER_MODULES),
    [partWord('server')]: async () => (await import('./main/parts.ts')).serverProcess(place),
    [partWord('worker')]: async () => (await import('./main/parts.ts')).workerProcess(place),
  };
}

function hostOf(place: Place): CliHost {
  return {
    ...place,
    openInstance: async (resolved, options = {}) =>
      (await import('./main/instance.ts')).openInstance(resolved, place, options),
    supervise: async (resolved, options = {}) =>
      (await import('./main/supervisor.ts')).supervise(resolved, place, options),
    openWorker: async (resolved, options = {}) =>
      (await import('./main/worker.ts')).openLoneWorker(resolved, place, options),
    tryRunner: async resolved => (await import('./main/worker.ts')).tryRunnerHere(resolved, place),
    tryStorage: async ({ config }) => (await import('./main/storage.ts')).tryStorage(config),
    relocateLake: async (resolved, options) =>
      (await import('./main/relocate.ts')).relocateHere(resolved, options),
    restoreInstance: async (resolved, file) =>
      (await import('./main/restore.ts')).restoreInstance(resolved, file),
  };
}

function readVersion(package_folder: string): string {
  return JSON.parse(readFileSync(join(package_folder, 'package.json'), 'utf8')).version;
}
