import type { FastifyRequest } from 'fastify';
import { fail, isFailure } from '../../base/kit/errors.ts';
import { isWorkspacePermission } from '../../contract/permissions.ts';
import { may, type Principal } from '../../contract/principal.ts';
import type { Origin, RouteSpec } from '../../contract/route.ts';
import { WORKSPACE_HEADER } from '../../contract/routes.ts';
import { checkBrowser } from './origin.ts';
import type { Credentials, Identify, ServerParts } from './parts.ts';

/** Who asks, and where: known before the body is read, so that a stranger's megabytes are not. */
export interface Caller {
  principal: Principal | undefined;
  workspace_id: string;
  credentials: Credentials;
}

type Door = Pick<ServerParts, 'identify' | 'denied' | 'config' | 'log'>;

/** From the matched route and the credential, never from what a path looks like. */
export async function admit(
  name: string,
  route: RouteSpec,
  request: FastifyRequest,
  session_token: string | undefined,
  door: Door,
): Promise<Caller> {
  const credentials = readCredentials(route, request, session_token);
  if (credentials.bearer === undefined) {
    const refusal = checkBrowser(request, door.config.public_url, route.bytes ? 'bytes' : 'json');
    if (refusal) throw refusal;
  }
  const caller = await recognise(route, credentials, door.identify);
  try {
    authorise(route, caller);
  } catch (error) {
    if (isFailure(error, 'auth.forbidden')) await tellDenied(name, route, request, caller, door);
    throw error;
  }
  return caller;
}

/** Best effort: who may not do this is told so whether or not the audit log can be written. */
export async function tellDenied(
  name: string,
  { permission }: Pick<RouteSpec, 'permission'>,
  request: FastifyRequest,
  { principal, workspace_id }: Caller,
  { denied, log }: Door,
): Promise<void> {
  if (principal === undefined) return;
  const about = isWorkspacePermission(permission) ? { workspace_id } : {};
  const told = denied?.({ principal, permission, route: name, origin: originOf(request), ...about });
  await told?.catch((error: unknown) => log.warn({ error }, 'A denied request is not in the audit log'));
}

/** A bearer token is the caller's whole word: cookies that came along are not looked at. */
function readCredentials(
  route: RouteSpec,
  request: FastifyRequest,
  session_token: string | undefined,
): Credentials {
  const { authorization } = request.headers;
  const workspace_ref = readWorkspace(route, request);
  if (authorization === undefined) return { session_token, workspace_ref };
  const bearer = /^Bearer +([\x21-\x7e]{1,1000})$/i.exec(authorization)?.[1];
  if (bearer === undefined) throw fail('auth.invalid');
  return { bearer, workspace_ref };
}

/** Only routes about a workspace have one: a page that still names a deleted workspace may ask who it is. */
function readWorkspace(route: RouteSpec, request: FastifyRequest): string | undefined {
  if (!isWorkspacePermission(route.permission)) return undefined;
  const header = request.headers[WORKSPACE_HEADER];
  if (typeof header === 'string' && header !== '') return header;
  // For EventSource, which cannot send headers: where the route declares it.
  const { workspace } = request.query as { workspace?: unknown };
  const isDeclared = route.query?.shape.workspace !== undefined;
  return isDeclared && typeof workspace === 'string' && workspace !== '' ? workspace : undefined;
}

async function recognise(route: RouteSpec, credentials: Credentials, identify: Identify): Promise<Caller> {
  const nobody: Caller = { principal: undefined, workspace_id: '', credentials };
  if (credentials.bearer === undefined && credentials.session_token === undefined) return nobody;
  try {
    const { principal, workspace_id = '' } = await identify(credentials);
    return { principal, workspace_id, credentials };
  } catch (error) {
    // Whoever comes to sign in may carry a session that has ended.
    if (route.permission === 'public' && isFailure(error, 'auth.invalid')) return nobody;
    throw error;
  }
}

/** Asks again what `admit` found, for a request that lasts; the caller's role may be another one by now, or none. */
export async function readmit(route: RouteSpec, caller: Caller, identify: Identify): Promise<void> {
  const { principal, workspace_id = '' } = await identify(caller.credentials, { passive: true });
  authorise(route, { ...caller, principal, workspace_id });
}

export function authorise(route: Pick<RouteSpec, 'permission'>, caller: Caller): void {
  const { permission } = route;
  if (permission === 'public') return;
  if (caller.principal === undefined) throw fail('auth.required');
  if (isWorkspacePermission(permission) && caller.workspace_id === '') throw fail('workspace.required');
  if (!may(caller.principal, permission)) throw fail('auth.forbidden', { permission });
}

export function originOf(request: FastifyRequest): Origin {
  return { request_id: request.id, ip: request.ip, user_agent: userAgentOf(request) };
}

/** Headers are bytes; what is stored and shown is plain text of bounded length. */
function userAgentOf(request: FastifyRequest): string {
  return (request.headers['user-agent'] ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 500);
}
