import type { Backup } from '../base/db/index.ts';
import type { ResolvedConfig } from '../base/kit/config.ts';
import type { Config } from '../contract/config.ts';
import { openRoot, relocateOn } from './relocate.ts';
import { openStorage } from './storage.ts';
import { storeOptions } from './store.ts';

/** A backup into the empty store of a data folder; nothing is left running. */
export async function restoreInstance({ config }: ResolvedConfig, file: string): Promise<Backup> {
  await using opened = new AsyncDisposableStack();
  const { makeDataFolder, remember } = await import('../doors/cli/process/data-folder.ts');
  const { lockDataFolder } = await import('../doors/cli/process/lock.ts');
  const { restoreStore, verifyBackup } = await import('../base/db/index.ts');
  // First of all: a file that is no backup makes no folder.
  await verifyBackup(file);
  makeDataFolder(config.data);
  const lock = await lockDataFolder(config.data);
  opened.defer(() => lock.release());
  const backup = await restoreStore(await storeOptions(config), file);
  remember(config.data, { id: backup.manifest.instance_id });
  if (backup.lake) await restoreLakeOf(opened, config, backup, backup.lake.root);
  return backup;
}

/** Its files, where they were saved; and where they lie elsewhere now than they did, all that names their places. */
async function restoreLakeOf(
  opened: AsyncDisposableStack,
  config: Config,
  backup: Backup,
  from: string,
): Promise<void> {
  const { restoreLake } = await import('../domains/lakehouse/index.ts');
  const { storage } = await openStorage(config);
  await restoreLake(backup, storage);
  if (storage.facts.root === from) return;
  // A bucket is listed in a backup and not copied: from where it is now, if these keys open it. Else the next start says so.
  if (!backup.lake?.copied && (await openRoot(config, from)) === undefined) return;
  await relocateOn(opened, config, {});
}
