import { type BackupLake, backupName, type Store, streamBackup } from '../../base/db/index.ts';
import { actorOf, recordAudit } from '../../domains/access/index.ts';
import type { ServerParts } from './parts.ts';

type Source = Pick<Store, 'openSnapshot' | 'withInstance' | 'instance_id'>;

/** What `moulin backup` saves. The audit entry comes first: a backup that was not told of is not given. */
export function backupDownload(store: Source, lake?: () => Promise<BackupLake>): ServerParts['backup'] {
  return async call => {
    await store.withInstance('record a backup', tx =>
      recordAudit(tx, actorOf(call), { workspace_id: null, action: 'backup.taken' }),
    );
    return {
      content_type: 'application/x-tar',
      file_name: backupName(new Date()),
      // The snapshot is opened with the first piece: a stream that nobody begins to read holds nothing open.
      body: streamBackup(store, call.query.lake ? lake : undefined),
    };
  };
}
