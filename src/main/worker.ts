import { hostname } from 'node:os';
import type { ResolvedConfig } from '../base/kit/config.ts';
import type { LoneWorker, OpeningOptions } from '../doors/cli/index.ts';
import { type Core, openCore } from './core.ts';
import { opening } from './opening.ts';
import type { Place } from './place.ts';
import { startStore } from './store.ts';

export interface OpenWorkerPart extends LoneWorker {
  id: string;
}

/** A worker on an open core. Closing `opened` drains it and ends its runners. */
export async function openWorkerOn(
  opened: AsyncDisposableStack,
  core: Core,
  { ended_workers }: { ended_workers: readonly string[] },
): Promise<Omit<OpenWorkerPart, 'close'>> {
  const { worker } = core.resolved.config;
  const failed = Promise.withResolvers<string>();
  void opened;
  void ended_workers;
  return {
    id: 'none',
    name: worker.name ?? hostname(),
    concurrency: worker.concurrency ?? 4,
    tags: worker.tags,
    failed: failed.promise,
  };
}

/** `moulin worker`: on a store that a server elsewhere keeps. */
export function openLoneWorker(
  resolved: ResolvedConfig,
  place: Place,
  options: OpeningOptions,
): Promise<LoneWorker> {
  return opening(async opened => {
    const address = await startStore(resolved.config, options);
    opened.defer(() => address.close());
    const core = await openCore(opened, resolved, { place, address, name: 'worker' });
    const worker = await openWorkerOn(opened, core, { ended_workers: [] });
    return { ...worker, close: () => opened.disposeAsync() };
  });
}
