import type { Store, Tx } from '../../base/db/index.ts';
import type { Files, TableMetadata } from '../../base/iceberg/index.ts';
import type { Clock } from '../../base/kit/clock.ts';
import type { Storage } from '../../base/storage/index.ts';
import type { Actor, AuditNote } from '../access/index.ts';
import type { Lake, LakeContext, LakeRow } from './lake.ts';
import type { MetadataCache } from './metadata-cache.ts';
import type { Moment } from './moments.ts';

/** What the composition root gives. */
export interface LakeParts {
  store: Store;
  storage: Storage;
  /** Of one workspace: reads, writes and deletes nothing outside its part of the storage. */
  filesOf(workspace_id: string): Files;
  clock: Clock;
  /** The audit entry and the event, in the transaction of the change. */
  record: (tx: Tx, actor: Actor, ...notes: AuditNote[]) => Promise<void>;
  access?: Lake['access'];
  /** Metadata of a table that is shown from another catalog. */
  loadMounted?: (row: LakeRow) => Promise<{ metadata: TableMetadata; metadata_location: string }>;
  reached?: (moment: Moment) => void | Promise<void>;
}

/** `prepared`: its statements come with every commit, and connections keep their plans. */
type Door = <T>(
  context: Pick<LakeContext, 'workspace_id'>,
  work: (tx: Tx) => Promise<T>,
  options?: { prepared: boolean },
) => Promise<T>;

/** What every part of this room works with. */
export interface Parts extends Required<Omit<LakeParts, 'access'>> {
  root: string;
  keepInside(workspace_id: string, location: string): string;
  cache: MetadataCache;
  manifestsOf: Lake['manifestsOf'];
  /** One commit at a time for each table in this process: they would only be faster than each other. */
  oneAtATime<T>(tables: readonly string[], work: () => Promise<T>): Promise<T>;
  read: Door;
  write: Door;
}

/** Waits for everybody who came before for one of the same tables. */
export function openQueues(): Parts['oneAtATime'] {
  const last = new Map<string, Promise<unknown>>();
  return async (tables, work) => {
    const before = tables.flatMap(id => last.get(id) ?? []);
    const own = Promise.withResolvers<void>();
    for (const id of tables) last.set(id, own.promise);
    await Promise.all(before);
    try {
      return await work();
    } finally {
      own.resolve();
      for (const id of tables) if (last.get(id) === own.promise) last.delete(id);
    }
  };
}
