import type { FileHandle } from 'node:fs/promises';

/** Files that were written and are not durable yet, by path, still open. Who takes one closes it. */
export interface Unsealed {
  keep(path: string, file: FileHandle): void;
  take(path: string): FileHandle | undefined;
}

/** Those that nobody seals must not use up what a process may have open. Whoever seals one that was let go opens it again. */
const MOST_KEPT = process.platform === 'win32' ? 0 : 100;

export function openUnsealed(): Unsealed {
  const kept = new Map<string, FileHandle>();
  const take = (path: string): FileHandle | undefined => {
    const file = kept.get(path);
    kept.delete(path);
    return file;
  };
  return {
    take,
    keep(path, file) {
      // Written over: what is sealed is the newer one.
      take(path)
        ?.close()
        .catch(() => {});
      kept.set(path, file);
      for (const [oldest] of kept) {
        if (kept.size <= MOST_KEPT) return;
        take(oldest)
          ?.close()
          .catch(() => {});
      }
    },
  };
}
