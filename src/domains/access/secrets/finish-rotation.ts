import type { Log } from '../../../base/kit/log.ts';
import type { Secrets } from './secrets.ts';

/**
 * A rotation that was cut short (its client went, the server was killed) is brought to its end by the next start, beside
 * the first requests. Several servers that start at once share the rows. What it returns stops it after the batch in hand.
 */
export function finishRotation(
  secrets: Pick<Secrets, 'rotate'>,
  log: Pick<Log, 'info' | 'warn'>,
): () => Promise<void> {
  const closing = new AbortController();
  const finish = async () => {
    const { reencrypted, waiting } = await secrets.rotate({ resume: true, signal: closing.signal });
    if (reencrypted > 0) log.info({ reencrypted, waiting }, 'Went on with a rotation that was cut short');
  };
  // The health of the keys counts what is still waiting, and the next start tries again.
  const done = finish().catch((error: unknown) =>
    log.warn({ error }, 'A rotation that was cut short could not be finished'),
  );
  return async () => {
    closing.abort();
    await done;
  };
}
