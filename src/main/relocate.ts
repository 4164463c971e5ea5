import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResolvedConfig } from '../base/kit/config.ts';
import type { Storage } from '../base/storage/index.ts';
import type { Relocated } from '../domains/lakehouse/index.ts';
import { openCore } from './core.ts';
import { holdDataFolder } from './instance.ts';
import { opening } from './opening.ts';
import type { Place } from './place.ts';
import { openDrafts, openObjectCache, openStorage } from './storage.ts';
import { startStore } from './store.ts';

/**
 * `moulin lake relocate`, while nothing runs: the lake is brought to `to`, or to where the configuration says that the storage
 * is. Answers undefined where it is there already.
 */
export function relocateHere(
  resolved: ResolvedConfig,
  place: Place,
  { to, told }: { to?: string; told?: (table: string) => void },
): Promise<Relocated | undefined> {
  return opening(async opened => {
    try {
      const { config } = resolved;
      await holdDataFolder(opened, resolved);
      const address = await startStore(config, {});
      opened.defer(() => address.close());
      const core = await openCore(opened, resolved, { place, address, name: 'moulin' });
      const { lakeFiles, relocateLake } = await import('../domains/lakehouse/index.ts');
      const { openEngine } = await import('../base/iceberg/index.ts');
      const wanted = to === undefined ? config : { ...config, storage: { ...config.storage, url: to } };
      const { storage: target } = await openStorage(wanted);
      const former = await formerStorage(core.store, target);
      const cache = await openObjectCache(config, target);
      opened.defer(() => cache.close());
      const drafts = await openDrafts(config);
      opened.defer(() => drafts.close());
      const engine = await openEngine({ temp_folder: join(config.data, 'run', 'spill') });
      opened.defer(() => engine.close());
      const filesIn = (storage: Storage) => (within: string) => lakeFiles({ storage, cache, drafts, within });
      return await relocateLake({
        ...{ store: core.store, target, targetFiles: filesIn(target), engine },
        ...(former && { source: former, sourceFiles: filesIn(former) }),
        ...(told && { told: table => told(table) }),
      });
    } finally {
      await opened.disposeAsync();
    }
  });
}

/** Where the lake was, if that is a folder which is still there. */
async function formerStorage(
  store: Parameters<typeof import('../domains/lakehouse/index.ts').noticeRoot>[0],
  target: Storage,
): Promise<Storage | undefined> {
  const row = await store.withInstance('where the lake was', tx =>
    tx.selectFrom('instance').select('lake_root').executeTakeFirst(),
  );
  const root = row?.lake_root;
  if (!root?.startsWith('file://') || root === target.facts.root) return undefined;
  const { existsSync } = await import('node:fs');
  const { openFolderStorage } = await import('../base/storage/index.ts');
  const folder = fileURLToPath(root);
  return existsSync(folder) ? openFolderStorage(folder) : undefined;
}
