import type { S3Options } from './s3/options.ts';
import type { Storage } from './storage.ts';

export { type CacheOptions, type CacheStats, type ObjectCache, openCache } from './cache.ts';
export { openFolderStorage } from './folder.ts';
export { listAll } from './list-all.ts';
export { makeFolders } from './make-folders.ts';
export { AWS_CHAIN_SECRETS, AWS_CHAIN_VARIABLES } from './s3/chain.ts';
export { parseS3Url, type S3Options } from './s3/options.ts';
export type {
  Body,
  CredentialScope,
  ListedObject,
  ListOptions,
  ListPage,
  PutOptions,
  Storage,
  StorageFacts,
  TemporaryCredentials,
} from './storage.ts';
export { openWorkplace, type Workplace } from './workplace.ts';

/** The SDK is loaded by those who have such a storage: it costs more than all the rest of this room. */
export async function openS3Storage(options: S3Options): Promise<Storage> {
  const { open } = await import('./s3/open.ts');
  return open(options);
}
