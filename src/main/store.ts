import { join } from 'node:path';
import type { Address, OpenOptions } from '../base/db/index.ts';
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

export async function storeOptions({ data, database, backup }: Config): Promise<OpenOptions> {
  const { ownFolder } = await import('../doors/cli/settings.ts');
  const { storeSecretFile } = await import('../base/kit/folders.ts');
  const { url, app_url } = database;
  const backups = { folder: join(data, 'backups'), keep: backup.keep };
  const embedded = { folder: join(data, 'store'), log_file: join(data, 'logs', 'postgres.log') };
  if (url === null) return { embedded, backups };
  const secret_file = (instance_id: string) => storeSecretFile(ownFolder(process.env), instance_id);
  return { external: { url, app_url, secret_file }, backups };
}
