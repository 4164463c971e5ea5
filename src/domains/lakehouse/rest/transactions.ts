import { type Endpoint, NO_CONTENT } from './call.ts';
import { commitChanges } from './commit.ts';
import type { CatalogParts } from './parts.ts';
import { readBody, transactionBody } from './requests.ts';

/** DuckDB commits everything through it once it is in the list of endpoints. */
export function transactionEndpoints(parts: CatalogParts): Endpoint[] {
  return [
    {
      name: 'commit_transaction',
      method: 'POST',
      path: '/v1/{prefix}/transactions/commit',
      permission: 'lake:write',
      async handle(call) {
        const { 'table-changes': changes } = readBody(transactionBody, call.text);
        await commitChanges(parts, call, changes);
        return NO_CONTENT;
      },
    },
  ];
}
