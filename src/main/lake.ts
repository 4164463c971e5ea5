import { systemClock } from '../base/kit/clock.ts';
import type { Outbound } from '../base/kit/outbound.ts';
import type { Storage } from '../base/storage/index.ts';
import type { Access } from '../domains/access/index.ts';
import type { Lake, LakeParts } from '../domains/lakehouse/index.ts';
import type { Core } from './core.ts';
import { openDrafts, openObjectCache } from './storage.ts';

export interface OpenLake {
  lake: Lake;
  parts: LakeParts;
}

interface Given {
  storage: Storage;
  record: Access['record'];
  /** Servers ask other catalogs; workers do not. */
  outbound?: Outbound;
}

/** The lake as one process works with it; closing `opened` lets go of its caches and drafts. */
export async function openLakeOn(
  opened: AsyncDisposableStack,
  core: Core,
  { storage, record, outbound }: Given,
): Promise<OpenLake> {
  const { lakeFiles, mountedLoader, openLake } = await import('../domains/lakehouse/index.ts');
  const { store, secrets, resolved } = core;
  const cache = await openObjectCache(resolved.config, storage);
  opened.defer(() => cache.close());
  const drafts = await openDrafts(resolved.config);
  opened.defer(() => drafts.close());
  const parts: LakeParts = {
    ...{ store, storage, clock: systemClock, record },
    filesOf: within => lakeFiles({ storage, cache, drafts, within }),
    ...(outbound && { loadMounted: mountedLoader({ store, secrets, outbound }) }),
  };
  return { lake: openLake(parts), parts };
}
