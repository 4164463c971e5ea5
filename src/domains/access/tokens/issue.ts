import type { Tx } from '../../../base/db/index.ts';
import { toTimestamp } from '../../../base/kit/clock.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { Scope } from '../../../contract/permissions.ts';
import type { Actor } from '../audit/actor.ts';
import { created } from '../audit/entry.ts';
import type { Parts } from '../parts.ts';
import { knownScopes } from '../rights.ts';
import { addToken, type TokenListRow } from './store.ts';
import { newApiToken } from './token.ts';

const DAY_MS = 86_400_000;

export interface Wanted {
  name: string;
  scopes: Scope[];
  expires_in_days: number | null;
}

export interface Owner {
  kind: 'person' | 'service';
  id: string;
  name: string;
}

/** The only answer that ever holds the token; from here on there is its hash. */
export async function issueToken(
  parts: Parts,
  tx: Tx,
  actor: Actor,
  { wanted, owner, workspace_id }: { wanted: Wanted; owner: Owner; workspace_id: string },
) {
  const { token, prefix, secret_hash } = newApiToken();
  parts.redactor.add(token);
  const row = toRow(parts, { wanted, owner, workspace_id });
  await addToken(tx, { ...row, prefix, secret_hash });
  const { id, name, scopes, expires_at, created_at } = row;
  const changes = created({ owner: owner.name, scopes, expires_at });
  const object = { kind: 'token', id, name: `${name} (${prefix})` };
  await parts.record(tx, actor, { workspace_id, action: 'token.created', object, changes });
  return {
    ...{ id, workspace_id, name, prefix, owner, expires_at, created_at, token },
    scopes: knownScopes(scopes),
    last_used_at: null,
  };
}

function toRow(
  parts: Parts,
  { wanted, owner, workspace_id }: { wanted: Wanted; owner: Owner; workspace_id: string },
) {
  const days = wanted.expires_in_days;
  return {
    id: newId(),
    workspace_id,
    user_id: owner.kind === 'person' ? owner.id : null,
    service_account_id: owner.kind === 'service' ? owner.id : null,
    name: wanted.name,
    scopes: [...new Set<string>(wanted.scopes)],
    created_at: parts.now(),
    expires_at: days === null ? null : toTimestamp(parts.clock.now() + days * DAY_MS),
  };
}

export function toToken({ owner_kind, owner_id, owner_name, scopes, ...row }: TokenListRow) {
  return {
    ...row,
    scopes: knownScopes(scopes),
    owner: { kind: owner_kind, id: owner_id, name: owner_name },
  };
}
