import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../', import.meta.url);

/** Path from the root of the project → what the file must hold. */
export type Generated = Readonly<Record<string, string>>;

/** What every generator ends with: writes its files, or with `--check` names those that are not fresh and fails. */
export async function settle(files: Generated, script: string, args = process.argv): Promise<void> {
  if (!args.includes('--check')) return writeAll(files);
  const stale = await staleOf(files);
  if (stale.length === 0) return;
  console.error(`Not fresh: ${stale.join(', ')}. Run node scripts/${script}`);
  process.exitCode = 1;
}

/** True when this module is what Node was started with, not what a test imports. */
export function isStarted(url: string): boolean {
  return process.argv[1] === fileURLToPath(url);
}

async function writeAll(files: Generated): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = new URL(path, ROOT);
    await mkdir(dirname(fileURLToPath(target)), { recursive: true });
    await writeFile(target, text);
  }
}

async function staleOf(files: Generated): Promise<string[]> {
  const current = await Promise.all(
    Object.keys(files).map(path => readFile(new URL(path, ROOT), 'utf8').catch(() => '')),
  );
  return Object.entries(files).flatMap(([path, text], at) => (current[at] === text ? [] : [path]));
}
