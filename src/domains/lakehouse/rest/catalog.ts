import type { Catalog } from './call.ts';
import { configEndpoint } from './config.ts';
import { namespaceEndpoints } from './namespaces.ts';
import type { CatalogParts } from './parts.ts';
import { problemBody, problemOf } from './problem.ts';
import { signIn } from './sign-in.ts';
import { tableEndpoints } from './tables.ts';
import { transactionEndpoints } from './transactions.ts';
import { viewEndpoints } from './views.ts';

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
