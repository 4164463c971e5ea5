import { createHash } from 'node:crypto';
import type { Address } from './connection.ts';
import { openSteadyConnection } from './steady.ts';

/** A lock that one process of the installation holds, for as long as its connection lives. */
export interface Lock {
  /** Aborted when the connection was lost, and the lock with it: somebody else may hold it by now. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface Locks {
  /** The lock, or nothing when somebody else holds it or the store is away. Never waits. */
  tryLock(name: string): Promise<Lock | undefined>;
  close(): Promise<void>;
}

/** Advisory locks are numbers: the same name gives the same number in every process and version. */
export function lockKey(name: string): string {
  return createHash('sha256').update(`moulin:${name}`).digest().readBigInt64BE().toString();
}

export async function openLocks(address: Address): Promise<Locks> {
  const held = new Map<string, AbortController>();
  const connection = await openSteadyConnection({
    address,
    name: 'moulin: locks',
    onLost: () => {
      for (const lost of held.values()) lost.abort();
      held.clear();
    },
  });
  const ask = (name: string): Promise<boolean> =>
    connection.query<{ granted: boolean }>('select pg_try_advisory_lock($1) granted', [lockKey(name)]).then(
      ([row]) => row?.granted === true,
      () => false,
    );

  return {
    async tryLock(name) {
      // PostgreSQL would grant it again to the same session, so that two parts of one process would both hold it.
      if (held.has(name)) return undefined;
      const lost = new AbortController();
      held.set(name, lost);
      const granted = await ask(name);
      // The connection may have been lost and made anew while we asked.
      if (!granted || held.get(name) !== lost) {
        if (held.get(name) === lost) held.delete(name);
        return undefined;
      }
      return {
        lost: lost.signal,
        async release() {
          if (held.get(name) !== lost) return;
          // A failure means that the connection is lost, and the lock with it.
          await connection.query('select pg_advisory_unlock($1)', [lockKey(name)]).catch(() => {});
          if (held.get(name) === lost) held.delete(name);
        },
      };
    },
    close: () => connection.close(),
  };
}
