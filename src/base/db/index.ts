export { backupName, type ListedBackup, listBackups, writeBackup } from './backup/files.ts';
export type { LakeIndex, Manifest } from './backup/manifest.ts';
export { type Backup, readLakeFiles, verifyBackup } from './backup/read.ts';
export { type BackupFile, type BackupLake, streamBackup, type Written } from './backup/write.ts';
export type { Address } from './connection.ts';
export { codeOf } from './connection.ts';
export { notifyAfterCommit, type TransactionOptions, type Tx } from './doors.ts';
export { binaryCache } from './embedded/binaries.ts';
export { storeOutposts } from './embedded/home.ts';
export {
  appendEvents,
  type Consumer,
  type EventFeed,
  type EventFilter,
  type FeedOptions,
  type NewEvent,
  openEvents,
} from './events.ts';
export { contains, folded } from './folded.ts';
export { type Lock, lockKey } from './locks.ts';
export { openPrepared, openStore, type Store, type StoreHealth } from './open.ts';
export {
  type ExternalOptions,
  type OpenOptions,
  type PreparedStore,
  prepareStore,
  restoreStore,
} from './prepare.ts';
export type { Snapshot } from './snapshot.ts';
export type { DB, JsonValue } from './types.ts';
