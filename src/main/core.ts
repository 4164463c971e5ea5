import type { Store } from '../base/db/index.ts';
import { systemClock, toTimestamp } from '../base/kit/clock.ts';
import { entryOf, type ResolvedConfig } from '../base/kit/config.ts';
import type { Log } from '../base/kit/log.ts';
import type { Redactor } from '../base/kit/redact.ts';
import type { KeyProvider, Secrets } from '../domains/access/index.ts';
import { openLogFor, type ProcessName } from './log.ts';
import type { Place } from './place.ts';
import type { StoreAddress } from './store.ts';

/** What every process that works on the store has: server and worker alike. */
export interface Core {
  resolved: ResolvedConfig;
  place: Place;
  address: StoreAddress;
  started_at: string;
  redactor: Redactor;
  log: Log;
  /** Deletes what the log keeps too long. */
  pruneLog: () => void;
  store: Store;
  keys: KeyProvider;
  secrets: Secrets;
}

/** Opened in the order in which each needs the one before; `opened` closes in reverse. */
export async function openCore(
  opened: AsyncDisposableStack,
  resolved: ResolvedConfig,
  options: { place: Place; address: StoreAddress; name: ProcessName },
): Promise<Core> {
  const { place, address, name } = options;
  const { createRedactor } = await import('../base/kit/redact.ts');
  const { openPrepared } = await import('../base/db/index.ts');
  const { openSecrets } = await import('../domains/access/index.ts');

  const redactor = createRedactor();
  for (const secret of resolved.secrets) redactor.pin(secret);
  if (resolved.config.storage.aws_chain) {
    const { AWS_CHAIN_SECRETS } = await import('../base/storage/index.ts');
    for (const name of AWS_CHAIN_SECRETS) redactor.pin(process.env[name] ?? '');
  }
  const { log, prune: pruneLog, close } = await openLogFor(resolved, redactor, name);
  opened.defer(close);
  const store = await openPrepared(address.app, address.instance_id);
  opened.defer(() => store.close());
  const keys = await openKeys(resolved, store.instance_id, redactor);
  const secrets = await openSecrets({ store, keys, redactor });
  const started_at = toTimestamp(systemClock.now());
  return { resolved, place, address, started_at, redactor, log, pruneLog, store, keys, secrets };
}

async function openKeys(
  resolved: ResolvedConfig,
  instance_id: string,
  redactor: Redactor,
): Promise<KeyProvider> {
  const { openKeyProvider } = await import('../domains/access/index.ts');
  const { ownFolder } = await import('../doors/cli/settings.ts');
  const { key } = resolved.config;
  return openKeyProvider({
    given: key === null ? null : { text: key, place: entryOf(resolved, 'key')?.source ?? 'key' },
    folder: ownFolder(process.env),
    instance_id,
    redactor,
  });
}
