import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../../../base/db/index.ts';
import { isFailure } from '../../../base/kit/errors.ts';

/** The store is away, slow, full or out of connections: what waits for it is still right, and is asked again. */
export function passes(error: unknown): boolean {
  return (
    isFailure(error, 'server.unavailable') ||
    isFailure(error, 'store.timeout') ||
    isFailure(error, 'store.disk_full') ||
    // Met others again and again, in every try that the door made.
    ['40001', '40P01'].includes(codeOf(error))
  );
}

const RETRY_MS = { first: 50, last: 2000 };

/** Does it again for as long as the store is away and nobody aborts; then the last failure is thrown. */
export async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let pause = RETRY_MS.first; ; pause = Math.min(pause * 2, RETRY_MS.last)) {
    try {
      return await work();
    } catch (error) {
      if (!passes(error) || signal.aborted) throw error;
      await delay(pause, undefined, { signal }).catch(() => {});
    }
  }
}
