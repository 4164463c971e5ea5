import type { Storage } from '../../../base/storage/index.ts';
import { may } from '../../../contract/principal.ts';
import type { CatalogCall } from './call.ts';

// How a client reaches the files of one table. The installation's own keys are never among it: where the storage can issue keys
// that end by themselves and open this table only, those are handed out to whoever asks; else clients bring their own.

type Reach = Pick<Storage, 'facts' | 'keyOf' | 'temporaryCredentials'>;

export interface StorageCredential {
  prefix: string;
  config: Record<string, string>;
}

export interface StorageAccess {
  config: Record<string, string>;
  credentials: StorageCredential[];
}

export const NO_ACCESS: StorageAccess = { config: {}, credentials: [] };

const DELEGATION = 'x-iceberg-access-delegation';

export function asksForKeys({ headers }: CatalogCall): boolean {
  return (headers[DELEGATION] ?? '')
    .split(',')
    .some(one => one.trim().toLowerCase() === 'vended-credentials');
}

export async function storageAccess(
  storage: Reach,
  call: CatalogCall,
  location: string,
  wants_keys = asksForKeys(call),
): Promise<StorageAccess> {
  const config = addressOf(storage.facts);
  const keys = wants_keys ? await keysFor(storage, call, location) : undefined;
  if (!keys) return { config, credentials: [] };
  // Trino takes them from `config` and only when all three are there; others look into `storage-credentials`.
  const whole = { ...config, ...keys };
  return { config: whole, credentials: [{ prefix: `${location}/`, config: whole }] };
}

function addressOf(facts: Storage['facts']): Record<string, string> {
  if (facts.kind === 'folder') return {};
  return {
    ...(facts.endpoint !== null && { 's3.endpoint': facts.endpoint }),
    's3.path-style-access': String(facts.path_style),
    's3.region': facts.region,
    'client.region': facts.region,
  };
}

async function keysFor(
  storage: Reach,
  { principal }: CatalogCall,
  location: string,
): Promise<Record<string, string> | undefined> {
  const prefix = storage.keyOf(location);
  if (prefix === undefined) return undefined;
  const keys = await storage.temporaryCredentials({ prefix, write: may(principal, 'lake:write') });
  return (
    keys && {
      's3.access-key-id': keys.access_key,
      's3.secret-access-key': keys.secret_key,
      's3.session-token': keys.session_token,
      's3.session-token-expires-at-ms': String(keys.expires_ms),
    }
  );
}
