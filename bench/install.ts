// What a fresh clone downloads from the npm registry, and what it then takes on the disk.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cloneInto, makeHome, oddFolder } from '../tests/launch/support/clone.ts';
import { personsEnvironment } from '../tests/launch/support/running.ts';
import type { Measure, Result } from './result.ts';

export default async function run(): Promise<Result> {
  const undo: (() => void)[] = [];
  try {
    return { title: 'Installation', rows: measure(oddFolder(one => void undo.push(one))) };
  } finally {
    for (const one of undo) one();
  }
}

function measure(root: string): Measure[] {
  const clone = join(root, 'moulin');
  const cache = join(root, 'cache');
  mkdirSync(clone);
  cloneInto(clone);
  const sources = bytesOf(filesIn(clone));
  const env = personsEnvironment(makeHome(join(root, 'home')), { npm_config_cache: cache });
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts'], {
    cwd: clone,
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm ci failed: ${stderr}`);
  const mb = { unit: 'MB', better: 'lower' } as const;
  const kept = filesIn(join(cache, '_cacache/content-v2'));
  const packages = kept.filter(isPacked);
  return [
    { what: 'download', value: megabytes(bytesOf(packages)), ...mb },
    // Asked for because the lock file names no registry. They travel compressed, at about a tenth of this.
    { what: 'lists of versions', value: megabytes(bytesOf(kept) - bytesOf(packages)), ...mb },
    { what: 'on disk', value: megabytes(bytesOf(filesIn(clone))), ...mb },
    { what: 'sources', value: megabytes(sources), ...mb },
  ];
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
}

function bytesOf(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

/** npm keeps what it downloads as it came; a package begins as every gzip file does. */
function isPacked(file: string): boolean {
  const handle = openSync(file, 'r');
  const beginning = Buffer.alloc(2);
  readSync(handle, beginning);
  closeSync(handle);
  return beginning.equals(Buffer.from([0x1f, 0x8b]));
}

function megabytes(bytes: number): number {
  return bytes / 1024 ** 2;
}
