import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Store } from '../base/db/index.ts';
import type { ResolvedConfig } from '../base/kit/config.ts';
import type { Storage } from '../base/storage/index.ts';
import type { Config } from '../contract/config.ts';
import type { Relocated } from '../domains/lakehouse/index.ts';
import { holdDataFolder } from './instance.ts';
import { openDrafts, openObjectCache, openStorage } from './storage.ts';
import { startStore } from './store.ts';

interface Options {
  to?: string;
  told?: (table: string) => void;
}

/**
 * `moulin lake relocate`, while nothing runs: the lake is brought to `to`, or to where the configuration says that the storage
 * is. Answers undefined where it is there already.
 */
export async function relocateHere(
  resolved: ResolvedConfig,
  options: Options,
): Promise<Relocated | undefined> {
  await using opened = new AsyncDisposableStack();
  await holdDataFolder(opened, resolved);
  return await relocateOn(opened, resolved.config, options);
}

/** By whoever holds the data folder. Needs no key: nothing secret names a place. */
export async function relocateOn(
  opened: AsyncDisposableStack,
  config: Config,
  { to, told }: Options,
): Promise<Relocated | undefined> {
  const { openPrepared } = await import('../base/db/index.ts');
  const { lakeFiles, relocateLake } = await import('../domains/lakehouse/index.ts');
  const { localEngine } = await import('../base/iceberg/index.ts');
  const address = await startStore(config, {});
  opened.defer(() => address.close());
  const store = await openPrepared(address.app, address.instance_id);
  opened.defer(() => store.close());
  const wanted = to === undefined ? config : { ...config, storage: { ...config.storage, url: to } };
  const { storage: target } = await openStorage(wanted);
  const source = await formerStorage(store, target);
  const cache = await openObjectCache(config, target);
  opened.defer(() => cache.close());
  const drafts = await openDrafts(config);
  opened.defer(() => drafts.close());
  const engine = await localEngine({ temp_folder: join(config.data, 'run', 'spill') });
  opened.defer(() => engine.close());
  const filesIn = (storage: Storage) => (within: string) => lakeFiles({ storage, cache, drafts, within });
  return await relocateLake({
    ...{ store, target, targetFiles: filesIn(target), engine },
    ...(source && { source, sourceFiles: filesIn(source) }),
    ...(told && { told: table => told(table) }),
  });
}

/** Where the lake was, if that is a folder which is still there. */
async function formerStorage(store: Store, target: Storage): Promise<Storage | undefined> {
  const row = await store.withInstance('where the lake was', tx =>
    tx.selectFrom('instance').select('lake_root').executeTakeFirst(),
  );
  const root = row?.lake_root;
  if (!root?.startsWith('file://') || root === target.facts.root) return undefined;
  const { openFolderStorage } = await import('../base/storage/index.ts');
  const folder = fileURLToPath(root);
  return existsSync(folder) ? openFolderStorage(folder) : undefined;
}
