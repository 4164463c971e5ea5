import type { Clock } from '../../../base/kit/clock.ts';
import type { Storage } from '../../../base/storage/index.ts';
import type { Access } from '../../access/index.ts';
import type { Lake } from '../lake.ts';

export interface CatalogParts {
  lake: Lake;
  clock: Clock;
  identify: Access['identify'];
  storage: Pick<Storage, 'facts' | 'keyOf' | 'temporaryCredentials'>;
  /** Where the storage is a folder: engines write into `data` and `metadata`, and not all of them make these. */
  makeFolders(locations: readonly string[]): Promise<void>;
}
