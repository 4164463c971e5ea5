import { DatabaseSync } from 'node:sqlite';

/**
 * The system's own lock on an empty file, taken through the SQLite that Node carries (Node itself has no flock): it ends with
 * its process whatever the way, `kill -9` included, and no process id that came back can hold it. The file never gets a byte.
 */
export interface Lock {
  release(): void;
}

const BUSY = 5;

/** Nothing when another one holds it. */
export function tryLockFile(path: string): Lock | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === BUSY;
}
