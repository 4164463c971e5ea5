import type { WorkspacePermission } from '../../../contract/permissions.ts';
import type { Principal } from '../../../contract/principal.ts';
import type { Origin } from '../../../contract/route.ts';

// What the HTTP door gives to an endpoint of the catalog, and what it gets back: no framework in between.

export interface CatalogCall {
  /** The parts of the address by name, decoded. */
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | undefined>>;
  /** The body as it came; empty when there was none. */
  text: string;
  principal: Principal;
  workspace_id: string;
  origin: Origin;
}

export interface CatalogAnswer {
  status: number;
  /** JSON text: made here, because it has integers of 63 bits. */
  body?: string;
  etag?: string;
}

export interface Endpoint {
  /** What logs and metrics call it. */
  name: string;
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** In the words of the specification: `/v1/{prefix}/namespaces`. */
  path: `/v1/${string}`;
  permission: WorkspacePermission;
  handle(call: CatalogCall): Promise<CatalogAnswer>;
  /**
   * What a repetition of a call that succeeded is answered, where that is the present state: such answers may have megabytes
   * and are not kept. Others are kept and sent again.
   */
  again?(call: CatalogCall): Promise<CatalogAnswer>;
}

/** What the door mounts at `/iceberg`. */
export interface Catalog {
  endpoints: readonly Endpoint[];
  /** `POST /v1/oauth/tokens`: the one address that takes no token. */
  signIn(request: { text: string; authorization: string | undefined }): Promise<CatalogAnswer>;
  /** As the specification writes it; undefined for what nobody expected. */
  problem(error: unknown): CatalogProblem | undefined;
}

export interface CatalogProblem {
  status: number;
  body: string;
}

export function json(status: number, value: unknown): CatalogAnswer {
  return { status, body: JSON.stringify(value) };
}

export const NO_CONTENT: CatalogAnswer = { status: 204 };
