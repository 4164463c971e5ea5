import { join } from 'node:path';
import type { Address, Backup, OpenOptions } from '../base/db/index.ts';
import type { ResolvedConfig } from '../base/kit/config.ts';
import type { Config } from '../contract/config.ts';
import type { OpeningOptions } from '../doors/cli/index.ts';

/** Where a prepared store answers, as the application's role: what a process needs to open it. */
export interface StoreAddress {
  app: Address;
  instance_id: string;
  /** The schema that this version of Moulin brought it to. */
  schema: number;
}

export interface RunningStore extends StoreAddress {
  close(): Promise<void>;
}

/** Runs (when it is the embedded one), migrated, and ready to be opened by any number of processes. */
export async function startStore(config: Config, options: OpeningOptions): Promise<RunningStore> {
  const { prepareStore } = await import('../base/db/index.ts');
  const { app, instance_id, migrated, close } = await prepareStore({
    ...(await storeOptions(config)),
    ...options,
  });
  return { app, instance_id, schema: migrated.to, close };
}

async function storeOptions({ data, database, backup }: Config): Promise<OpenOptions> {
  const { ownFolder } = await import('../doors/cli/settings.ts');
  const { storeSecretFile } = await import('../base/kit/folders.ts');
  const { url, app_url } = database;
  const backups = { folder: join(data, 'backups'), keep: backup.keep };
  const embedded = { folder: join(data, 'store'), log_file: join(data, 'logs', 'postgres.log') };
  if (url === null) return { embedded, backups };
  const secret_file = (instance_id: string) => storeSecretFile(ownFolder(process.env), instance_id);
  return { external: { url, app_url, secret_file }, backups };
}

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
  const { openStorage } = await import('./storage.ts');
  const { storage } = await openStorage(config);
  await restoreLake(backup, storage);
  if (!backup.lake?.copied || storage.facts.root === from) return;
  const { relocateOn } = await import('./relocate.ts');
  await relocateOn(opened, config, {});
}
