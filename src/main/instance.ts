import type { ResolvedConfig } from '../base/kit/config.ts';
import type { OpenInstance, OpeningOptions } from '../doors/cli/index.ts';
import { openCore } from './core.ts';
import { opening } from './opening.ts';
import type { Place } from './place.ts';
import { openServer } from './server.ts';
import { startStore } from './store.ts';

/** The installation of one data folder, whole in this process: for commands while nothing runs, and for `moulin server`. */
export function openInstance(
  resolved: ResolvedConfig,
  place: Place,
  options: OpeningOptions,
): Promise<OpenInstance> {
  return opening(async opened => {
    await holdDataFolder(opened, resolved);
    const address = await startStore(resolved.config, options);
    opened.defer(() => address.close());
    await rememberInstance(resolved, address.instance_id);
    const core = await openCore(opened, resolved, { place, address, name: 'moulin' });
    const server = await openServer(opened, core);
    const { announce } = await import('../doors/cli/process/announce.ts');
    return {
      ...server,
      close: () => opened.disposeAsync(),
      async listen() {
        const facts = await server.listen();
        const { version, started_at } = { ...core.place, ...core };
        const { local_token } = server;
        opened.defer(announce(resolved.config, { ...facts, version, started_at, local_token }));
        return facts;
      },
    };
  });
}

/** One Moulin per data folder. */
export async function holdDataFolder(
  opened: AsyncDisposableStack,
  { config }: ResolvedConfig,
): Promise<void> {
  const { makeDataFolder } = await import('../doors/cli/process/data-folder.ts');
  const { lockDataFolder } = await import('../doors/cli/process/lock.ts');
  makeDataFolder(config.data);
  const lock = await lockDataFolder(config.data);
  opened.defer(() => lock.release());
}

export async function rememberInstance({ config }: ResolvedConfig, id: string): Promise<void> {
  const { remember } = await import('../doors/cli/process/data-folder.ts');
  remember(config.data, { id });
}
