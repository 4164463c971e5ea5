import { z } from 'zod';
import {
  INSTANCE_RIGHTS,
  type InstanceRight,
  isInstanceRight,
  isWorkspacePermission,
  type Permission,
  ROLES,
  type Role,
  roleHolds,
  SCOPES,
  type Scope,
} from './permissions.ts';

/** Who asks. Made by sign-in from a session, a token or the local door; never from anything the request says of itself. */
export const principalSchema = z.object({
  /** `local`: whoever can read the data folder, through the command line. */
  kind: z.enum(['person', 'service', 'local']),
  id: z.string(),
  name: z.string(),
  session_id: z.string().optional(),
  token_id: z.string().optional(),
  /** A token is bound to one workspace; a session is not. */
  token_workspace_id: z.string().optional(),
  /** The role in the workspace of this request; absent when the request has none or the caller is no member. */
  role: z.enum(ROLES).optional(),
  instance_rights: z.array(z.enum(INSTANCE_RIGHTS)),
  scopes: z.array(z.enum(SCOPES)),
});
export type Principal = z.infer<typeof principalSchema>;

type Grant = { role?: Role; instance_rights: readonly InstanceRight[]; scopes: readonly Scope[] };

/** The one decision: a right is held by role (or instance grant) *and* not narrowed away by the token's scopes. */
export function may(who: Grant, permission: Permission): boolean {
  if (permission === 'public' || permission === 'signed_in') return true;
  if (isInstanceRight(permission))
    return who.instance_rights.includes(permission) && isInScope(who, permission);
  if (isWorkspacePermission(permission))
    return who.role !== undefined && roleHolds(who.role, permission) && isInScope(who, permission);
  return permission satisfies never;
}

/** `*` stands for a workspace's permissions only; see SCOPES. */
export function isInScope(who: Pick<Grant, 'scopes'>, permission: Scope): boolean {
  return who.scopes.includes(permission) || (!isInstanceScope(permission) && who.scopes.includes('*'));
}

function isInstanceScope(scope: Scope): boolean {
  return scope !== '*' && isInstanceRight(scope);
}
