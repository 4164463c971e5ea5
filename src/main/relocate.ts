import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Store } from '../base/db/index.ts';
import type { ResolvedConfig } from '../base/kit/config.ts';
import { fail } from '../base/kit/errors.ts';
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
  const address = await startStore(config, {});
  opened.defer(() => address.close());
  const store = await openPrepared(address.app, address.instance_id);
  opened.defer(() => store.close());
  return await relocateWith(opened, store, config, {
    ...(to !== undefined && { to }),
    ...(told && { told }),
  });
}

/** On a store that is open, and on which nothing else works. */
export async function relocateWith(
  opened: AsyncDisposableStack,
  store: Store,
  config: Config,
  { to, told }: Options,
): Promise<Relocated | undefined> {
  const { lakeFiles, relocateLake } = await import('../domains/lakehouse/index.ts');
  const { localEngine } = await import('../base/iceberg/index.ts');
  const { storage: target } = await openStorage(to === undefined ? config : at(config, to));
  const former = await formerRoot(store);
  const root = target.facts.root;
  if (former !== null && root.startsWith(`${former}/`))
    throw fail('storage.address', {
      url: root,
      reason: `it is inside of ${former}, from where the lake comes`,
    });
  const source = former === null || former === root ? undefined : await openRoot(config, former);
  const drafts = await openDrafts(config);
  opened.defer(() => drafts.close());
  const engine = await localEngine({ temp_folder: join(config.data, 'run', 'spill') });
  opened.defer(() => engine.close());
  const filesIn = async (storage: Storage) => {
    const cache = await openObjectCache(config, storage);
    opened.defer(() => cache.close());
    return (within: string) => lakeFiles({ storage, cache, drafts, within });
  };
  return await relocateLake({
    ...{ store, target, targetFiles: await filesIn(target), engine },
    ...(source && { source, sourceFiles: await filesIn(source) }),
    // Each table once, when it is there; not at each step on its way.
    ...(told && { told: (table, step) => void (step === undefined && told(table)) }),
  });
}

async function formerRoot(store: Store): Promise<string | null> {
  const row = await store.withInstance('where the lake was', tx =>
    tx.selectFrom('instance').select('lake_root').executeTakeFirst(),
  );
  return row?.lake_root ?? null;
}

/** Where the lake was, if that is still there: a folder, or a bucket that the configuration has the keys of. */
export async function openRoot(config: Config, root: string): Promise<Storage | undefined> {
  if (root.startsWith('file://')) {
    if (!existsSync(fileURLToPath(root))) return undefined;
  } else if (!config.storage.aws_chain && !config.storage.access_key) return undefined;
  return (await openStorage(at(config, root))).storage;
}

/** The configuration, with the storage at another address. */
function at(config: Config, url: string): Config {
  return { ...config, storage: { ...config.storage, url } };
}
