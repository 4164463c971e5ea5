import { fail } from '../../../base/kit/errors.ts';
import { findUnstorable } from '../../../base/kit/json.ts';
import { EVERY_SCOPE } from '../../../contract/permissions.ts';
import type { Principal } from '../../../contract/principal.ts';
import { hashBearer, isSameHash } from '../bearer.ts';
import { LOCAL, LOCAL_WORKSPACE, type LocalDoor } from '../local-door.ts';
import type { Parts } from '../parts.ts';
import { knownRights, knownScopes } from '../rights.ts';
import { parseApiToken } from '../tokens/token.ts';
import { workspaceByRef } from '../workspaces/store.ts';
import { idleSeconds } from './session.ts';
import { type SessionRow, sessionOf, type TokenRow, tokenOf, touchSession, touchToken } from './store.ts';

export interface Credentials {
  session_token?: string;
  bearer?: string;
  /** Slug, former slug or id, as the request named it. */
  workspace_ref?: string;
}

export interface Identified {
  principal?: Principal;
  workspace_id?: string;
}

export interface IdentifyOptions {
  /** Only looks: a stream that checks itself must not keep a session from idling out. */
  passive?: boolean;
}

/**
 * From the credential alone. It is asked for every request, so that what was taken away a moment ago (a membership, a
 * right, a session) is gone in the next one. Throws `auth.invalid` for bad credentials, and `object.not_found` for a
 * workspace that the caller cannot see, whether there is one or not.
 */
export async function identify(
  parts: Parts,
  local: LocalDoor,
  credentials: Credentials,
  options: IdentifyOptions = {},
): Promise<Identified> {
  const { bearer, session_token } = credentials;
  const ref = comparable(credentials.workspace_ref);
  if (bearer !== undefined && local.opens(bearer)) return identifyLocal(parts, ref);
  if (bearer !== undefined) return identifyToken(parts, bearer, ref, options);
  if (session_token !== undefined) return identifySession(parts, session_token, ref, options);
  return {};
}

/** What PostgreSQL cannot even compare with names nothing, like the empty text. */
function comparable(ref: string | undefined): string | undefined {
  return ref === undefined || findUnstorable(ref, '') === undefined ? ref : '';
}

async function identifySession(
  parts: Parts,
  session_token: string,
  ref: string | undefined,
  { passive }: IdentifyOptions,
): Promise<Identified> {
  const now = parts.now();
  const question = {
    token_hash: hashBearer(session_token),
    ref: ref ?? null,
    now,
    idle_seconds: idleSeconds(parts.config),
  };
  const row = await parts.store.withInstance('identify', tx => sessionOf(tx, question), { read_only: true });
  if (!row) throw fail('auth.invalid');
  if (row.is_stale && !passive)
    await parts.store.withInstance('session seen', tx => touchSession(tx, row.session_id, now));
  if (ref !== undefined && row.workspace_id === null) throw unknownWorkspace(ref);
  return { principal: personOf(row), workspace_id: row.workspace_id ?? undefined };
}

function personOf(row: SessionRow): Principal {
  return {
    kind: 'person',
    id: row.user_id,
    name: row.name,
    session_id: row.session_id,
    role: row.role ?? undefined,
    instance_rights: knownRights(row.instance_rights),
    scopes: [...EVERY_SCOPE],
  };
}

async function identifyToken(
  parts: Parts,
  bearer: string,
  ref: string | undefined,
  { passive }: IdentifyOptions,
): Promise<Identified> {
  const now = parts.now();
  const shown = parseApiToken(bearer);
  const question = shown && { prefix: shown.prefix, ref: ref ?? null, now };
  const row =
    question &&
    (await parts.store.withInstance('identify', tx => tokenOf(tx, question), { read_only: true }));
  if (!row || !isSameHash(row.secret_hash, shown.secret_hash)) throw fail('auth.invalid');
  if (row.is_stale && !passive)
    await parts.store.withInstance('token used', tx => touchToken(tx, row.token_id, now));
  if (ref !== undefined && !row.is_named) throw unknownWorkspace(ref);
  return { principal: tokenPrincipal(row), workspace_id: row.workspace_id };
}

function tokenPrincipal(row: TokenRow): Principal {
  return {
    kind: row.user_id === null ? 'service' : 'person',
    id: row.user_id ?? row.service_account_id ?? '',
    name: row.name,
    token_id: row.token_id,
    token_workspace_id: row.workspace_id,
    role: row.role,
    instance_rights: knownRights(row.instance_rights),
    scopes: knownScopes(row.scopes),
  };
}

async function identifyLocal(parts: Parts, ref: string | undefined): Promise<Identified> {
  const named = ref ?? LOCAL_WORKSPACE;
  const workspace_id = await parts.store.withInstance('identify', tx => workspaceByRef(tx, named), {
    read_only: true,
  });
  if (workspace_id === undefined && ref !== undefined) throw unknownWorkspace(ref);
  return { principal: workspace_id === undefined ? LOCAL : { ...LOCAL, role: 'owner' }, workspace_id };
}

function unknownWorkspace(ref: string): Error {
  return fail('object.not_found', { kind: 'workspace', id: ref });
}
