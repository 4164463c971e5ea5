export type { Address } from './connection.ts';
export { codeOf } from './connection.ts';
export { notifyAfterCommit, type TransactionOptions, type Tx } from './doors.ts';
export {
  appendEvents,
  type Consumer,
  type EventFeed,
  type EventFilter,
  type FeedOptions,
  type NewEvent,
  openEvents,
} from './events.ts';
export type { Lock } from './locks.ts';
export { type OpenOptions, openPrepared, openStore, type Store, type StoreHealth } from './open.ts';
export { deriveAppPassword } from './scram.ts';
export type { DB } from './types.ts';
