import type { Clock } from '../../../base/kit/clock.ts';
import type { Storage } from '../../../base/storage/index.ts';
import type { Access } from '../../access/index.ts';
import type { Lake } from '../lake.ts';
import type { Catalog } from './call.ts';
import { configEndpoint } from './config.ts';
import { namespaceEndpoints } from './namespaces.ts';
import { problemBody, problemOf } from './problem.ts';
import { signIn } from './sign-in.ts';
import { tableEndpoints } from './tables.ts';
import { transactionEndpoints } from './transactions.ts';
import { viewEndpoints } from './views.ts';

export interface CatalogParts {
  lake: Lake;
  clock: Clock;
  identify: Access['identify'];
  storage: Pick<Storage, 'facts' | 'keyOf' | 'temporaryCredentials'>;
  /** Where the storage is a folder: engines write into `data` and `metadata`, and not all of them make these. */
  makeFolders(locations: readonly string[]): Promise<void>;
}

/** The Iceberg REST catalog, without a server around it. */
export function openCatalog(parts: CatalogParts): Catalog {
  const endpoints = [
    ...namespaceEndpoints(parts),
    ...tableEndpoints(parts),
    ...transactionEndpoints(parts),
    ...viewEndpoints(parts),
  ];
  return {
    endpoints: [configEndpoint(endpoints), ...endpoints],
    signIn: request => signIn(request, parts.identify),
    problem(error) {
      const problem = problemOf(error);
      return problem && { status: problem.status, body: problemBody(problem) };
    },
  };
}
