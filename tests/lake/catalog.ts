import type { TestContext } from 'node:test';
import { parseJson, printJson, type TableMetadata } from '../../src/base/iceberg/index.ts';
import type { Role, Scope } from '../../src/contract/permissions.ts';
import type { LakeContext } from '../../src/domains/lakehouse/index.ts';
import { openWorld, type World, type WorldOptions } from '../access/world.ts';

// The catalog as a client sees it: real store, real door, real tokens, addresses and bodies spelled out.

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Body;
}

/** Whatever an answer of the catalog may have; which of it is there is what tests look at. */
export interface Body {
  error: { message: string; type: string; code: number };
  overrides: Record<string, string>;
  endpoints: string[];
  namespaces: string[][];
  namespace: string[];
  properties: Record<string, string>;
  updated: string[];
  removed: string[];
  missing: string[];
  identifiers: { namespace: string[]; name: string }[];
  'next-page-token': string | null;
  'metadata-location'?: string;
  metadata: TableMetadata;
  config: Record<string, string>;
  'storage-credentials': { prefix: string; config: Record<string, string> }[];
}

export interface CatalogClient {
  ask(
    method: 'GET' | 'HEAD' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
}

export interface CatalogWorld extends World {
  workspace_id: string;
  context: LakeContext;
  /** Of a service account with this role. */
  token(role: Role, scopes?: Scope[]): Promise<string>;
  client(token: string | undefined): CatalogClient;
  /** An editor below its prefix: `namespaces/a/tables`. */
  editor: CatalogClient;
}

export async function openCatalogWorld(t: TestContext, options: WorldOptions = {}): Promise<CatalogWorld> {
  const world = await openWorld(t, options);
  const { id: workspace_id } = await world.local['workspace.show']();
  const token = async (role: Role, scopes: Scope[] = ['*']) => {
    const account = await world.local['service_accounts.create']({
      body: { name: `${role} ${accounts++}`, role, instance_rights: [] },
      workspace: 'main',
    });
    const made = await world.local['tokens.create']({
      params: { id: account.id },
      body: { name: 'test', scopes, expires_in_days: null },
      workspace: 'main',
    });
    return made.token;
  };
  const client = (bearer: string | undefined) => clientOf(world, bearer);
  const whole = client(await token('editor'));
  const actor = { kind: 'system' as const, id: null, name: 'test', ip: null, request_id: null };
  return {
    ...world,
    workspace_id,
    context: { workspace_id, actor, via: 'api' },
    token,
    client,
    editor: {
      ask: (method, path, body, headers) => whole.ask(method, `${workspace_id}/${path}`, body, headers),
    },
  };
}

let accounts = 0;

/** Paths below `/iceberg/v1/`. */
function clientOf({ server }: World, bearer: string | undefined): CatalogClient {
  return {
    async ask(method, path, body, headers = {}) {
      const answer = await server.inject({
        method,
        url: `/iceberg/v1/${path}`,
        headers: {
          host: '127.0.0.1:4610',
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        payload: body === undefined || typeof body === 'string' ? body : printJson(body),
      });
      const text = answer.body;
      return {
        status: answer.statusCode,
        headers: Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
        ),
        body: (text === '' ? {} : parseJson(text)) as Body,
      };
    },
  };
}

export const NEW_TABLE = {
  name: 'orders',
  schema: {
    type: 'struct',
    'schema-id': 0,
    fields: [
      { id: 1, name: 'id', required: true, type: 'long' },
      { id: 2, name: 'name', required: false, type: 'string' },
    ],
  },
};

/** A snapshot without files, as a client commits it to `main`. */
export function snapshotUpdates(
  { location }: Pick<TableMetadata, 'location'>,
  { id, parent, sequence }: { id: bigint; parent?: bigint; sequence?: number },
) {
  const snapshot = {
    'snapshot-id': id,
    ...(parent !== undefined && { 'parent-snapshot-id': parent }),
    'sequence-number': sequence ?? (parent === undefined ? 1 : 2),
    'timestamp-ms': Date.now(),
    'manifest-list': `${location}/metadata/snap-${id}.avro`,
    summary: { operation: 'append', 'total-records': '0' },
    'schema-id': 0,
  };
  return [
    { action: 'add-snapshot', snapshot },
    { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': id },
  ];
}
