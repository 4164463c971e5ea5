/**
 * Who may do what: the one table. A route names a permission, a role holds permissions, a token narrows
 * them by its scopes. The generated matrix test walks this file, so a new line here is tested at once.
 */
export const ROLES = ['owner', 'admin', 'editor', 'operator', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** The roles that hold each permission inside a workspace. */
export const WORKSPACE_PERMISSIONS = {
  'workspace:read': ['owner', 'admin', 'editor', 'operator', 'viewer'],
  'workspace:edit': ['owner', 'admin'],
  'workspace:delete': ['owner'],
  'members:read': ['owner', 'admin', 'editor', 'operator', 'viewer'],
  'members:edit': ['owner', 'admin'],
  'service_accounts:read': ['owner', 'admin'],
  'service_accounts:edit': ['owner', 'admin'],
  'secrets:read': ['owner', 'admin', 'editor'],
  'secrets:edit': ['owner', 'admin', 'editor'],
  'audit:read': ['owner', 'admin'],
  'events:read': ['owner', 'admin', 'editor', 'operator', 'viewer'],
  'runs:read': ['owner', 'admin', 'editor', 'operator', 'viewer'],
  /** Start, cancel, run again. */
  'runs:start': ['owner', 'admin', 'editor', 'operator'],
  /** Say by hand how a task counts. */
  'runs:mark': ['owner', 'admin', 'operator'],
  /** Limits of the workspace, of connections and keys. */
  'runs:configure': ['owner', 'admin'],
  /** Tasks of the kind `diagnostic`: they crash, spin and fill memory on purpose. */
  'runs:diagnose': ['owner', 'admin'],
  'schedules:read': ['owner', 'admin', 'editor', 'operator', 'viewer'],
  'schedules:edit': ['owner', 'admin', 'editor'],
  'lake:read': ['owner', 'admin', 'editor', 'operator', 'viewer'],
  /** Tables, views, their rows and schemas. */
  'lake:write': ['owner', 'admin', 'editor'],
  /** Care: expire, compact, policies of tables. */
  'lake:maintain': ['owner', 'admin', 'editor', 'operator'],
  /** The policy of the workspace, catalogs and tables of others. */
  'lake:configure': ['owner', 'admin'],
  'alerts:read': ['owner', 'admin', 'editor', 'operator'],
  'alerts:edit': ['owner', 'admin'],
} as const satisfies Record<string, readonly Role[]>;
export type WorkspacePermission = keyof typeof WORKSPACE_PERMISSIONS;
export const workspacePermissions = Object.keys(WORKSPACE_PERMISSIONS) as WorkspacePermission[];

/** Rights over the whole installation: a list of their own, given to people one by one, never by a role. */
export const INSTANCE_RIGHTS = [
  'instance:health',
  'instance:workspaces',
  'instance:users',
  'instance:audit',
  'instance:backup',
  'instance:keys',
  'instance:workers',
] as const;
export type InstanceRight = (typeof INSTANCE_RIGHTS)[number];

/** `signed_in`: about oneself only (profile, own sessions, own tokens). Such routes take no workspace. */
export type Permission = WorkspacePermission | InstanceRight | 'signed_in' | 'public';

/**
 * A token scope is a permission by name; `*` means all that its owner may do in the token's workspace. An instance right
 * must be named: a token made for one workspace's work is not, by the way, a key to the installation.
 */
export const SCOPES = ['*', ...workspacePermissions, ...INSTANCE_RIGHTS] as const;
export type Scope = (typeof SCOPES)[number];
/** Narrowed by nothing: what a session carries. */
export const EVERY_SCOPE: readonly Scope[] = ['*', ...INSTANCE_RIGHTS];

export function isInstanceRight(permission: Permission): permission is InstanceRight {
  return (INSTANCE_RIGHTS as readonly string[]).includes(permission);
}

export function isWorkspacePermission(permission: Permission): permission is WorkspacePermission {
  return permission in WORKSPACE_PERMISSIONS;
}

export function roleHolds(role: Role, permission: WorkspacePermission): boolean {
  return (WORKSPACE_PERMISSIONS[permission] as readonly Role[]).includes(role);
}
