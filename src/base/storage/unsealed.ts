import type { FileHandle } from 'node:fs/promises';

// Files that were written and are not durable yet, by path, still open: whoever seals them need not look for them again. Of the
// whole process: a storage that nobody uses any more has no end at which it could close them.

/** Those that nobody seals must not use up what a process may have open. Whoever seals one that was let go opens it again. */
const MOST_KEPT = process.platform === 'win32' ? 0 : 100;

const kept = new Map<string, FileHandle>();

/** Who takes it closes it. */
export function takeUnsealed(path: string): FileHandle | undefined {
  const file = kept.get(path);
  kept.delete(path);
  return file;
}

export function keepUnsealed(path: string, file: FileHandle): void {
  // Written over: what is sealed is the newer one.
  letGo(path);
  kept.set(path, file);
  for (const [oldest] of kept) {
    if (kept.size <= MOST_KEPT) return;
    letGo(oldest);
  }
}

function letGo(path: string): void {
  takeUnsealed(path)
    ?.close()
    .catch(() => {});
}
