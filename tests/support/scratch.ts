import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { defer } from './defer.ts';

const ROOMY_BYTES = 2 * 1024 ** 3;

/** Memory where there is plenty: making a database is making some 400 files, a quarter of a second on some disks. */
export function scratchRoot(): string {
  const path = '/dev/shm';
  if (!existsSync(path)) return tmpdir();
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize >= ROOMY_BYTES ? path : tmpdir();
}

/** A folder of the test's own, gone when it ends. */
export function scratchFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(scratchRoot(), 'moulin-test-'));
  // As an ordinary user's folder is: when root runs the tests, PostgreSQL runs as somebody else and must get through.
  chmodSync(folder, 0o755);
  defer(t, () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
