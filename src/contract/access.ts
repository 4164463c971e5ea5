import { z } from 'zod';
import {
  id,
  instant,
  name,
  pageOf,
  pageQuery,
  slug,
  sortedBy,
  timestamp,
  timeZone,
  version,
} from './page.ts';
import { INSTANCE_RIGHTS, ROLES, SCOPES } from './permissions.ts';
import { defineRoutes } from './route.ts';
import { secretRoutes } from './secrets.ts';

const byId = z.object({ id });
const role = z.enum(ROLES);
const instanceRights = z.array(z.enum(INSTANCE_RIGHTS)).max(INSTANCE_RIGHTS.length);
const email = z.string().trim().max(320).pipe(z.email());
/** OWASP: at least 8, at most 128 characters (argon2id must not hash a novel), no rules of composition. */
const newPassword = z.string().min(8).max(128).meta({ secret: true });
const password = z.string().max(1000).meta({ secret: true });
const linkToken = z.string().min(20).max(200).meta({ secret: true });
const locale = z.enum(['en', 'fr']).nullable();
const theme = z.enum(['light', 'dark']).nullable();

// ── Signing in ──────────────────────────────────────────────────────────────────────────────────────

/** What the sign-in page needs to know before anybody is known. Nothing here helps a stranger. */
export const signInOptionsSchema = z.object({
  instance_id: id,
  password_login: z.boolean(),
  oidc: z.object({ name: z.string(), start_url: z.string() }).nullable(),
  /** True until the first admin exists: the page then asks for the one-time link of the console. */
  needs_first_admin: z.boolean(),
});

export const membershipSummarySchema = z.object({
  workspace: z.object({ id, slug: z.string(), name: z.string(), time_zone: z.string() }),
  role,
});

/** Who I am, what I may do here, and what the page should look like. */
export const meSchema = z.object({
  kind: z.enum(['person', 'service', 'local']),
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  locale,
  theme,
  has_password: z.boolean(),
  /** Whether an account of the identity provider is linked to this one. */
  has_identity: z.boolean(),
  version,
  instance_rights: z.array(z.enum(INSTANCE_RIGHTS)),
  memberships: z.array(membershipSummarySchema),
  /** Present on a token: the workspace it is bound to and what it is narrowed to. */
  token: z.object({ id, workspace_id: id, scopes: z.array(z.enum(SCOPES)) }).nullable(),
});
export type Me = z.infer<typeof meSchema>;

export const linkSchema = z.object({
  kind: z.enum(['first_admin', 'reset', 'invitation']),
  email: z.string().nullable(),
  workspace_name: z.string().nullable(),
  role: role.nullable(),
  expires_at: timestamp,
  /** An invited address that already has an account signs in instead of choosing a password. */
  has_account: z.boolean(),
});

// ── Objects ─────────────────────────────────────────────────────────────────────────────────────────

export const workspaceSchema = z.object({
  id,
  slug: z.string(),
  name: z.string(),
  time_zone: z.string(),
  version,
  created_at: timestamp,
  updated_at: timestamp,
});
export type Workspace = z.infer<typeof workspaceSchema>;

/** A workspace in a few figures: what its first page shows, in one answer. */
export const memberSchema = z.object({
  user_id: id,
  name: z.string(),
  email: z.string(),
  role,
  source: z.enum(['hand', 'group']),
  disabled: z.boolean(),
  version,
  created_at: timestamp,
});
export type Member = z.infer<typeof memberSchema>;

export const invitationSchema = z.object({
  id,
  email: z.string(),
  role,
  created_by: z.string(),
  created_at: timestamp,
  expires_at: timestamp,
});

export const sessionSchema = z.object({
  id,
  ip: z.string(),
  user_agent: z.string(),
  created_at: timestamp,
  last_seen_at: timestamp,
  expires_at: timestamp,
  current: z.boolean(),
});

export const tokenSchema = z.object({
  id,
  workspace_id: id,
  name: z.string(),
  /** The visible beginning, enough to recognise a token and useless to use it. */
  prefix: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  owner: z.object({ kind: z.enum(['person', 'service']), id, name: z.string() }),
  created_at: timestamp,
  expires_at: timestamp.nullable(),
  last_used_at: timestamp.nullable(),
});
export const createdTokenSchema = tokenSchema.extend({ token: z.string() });

const newToken = z.object({
  name,
  /** `*` is all of the workspace; instance rights are named one by one (see permissions.ts). */
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length).default(['*']),
  expires_in_days: z.number().int().min(1).max(3650).nullable().default(90),
});

export const serviceAccountSchema = z.object({
  id,
  name: z.string(),
  role,
  instance_rights: z.array(z.enum(INSTANCE_RIGHTS)),
  version,
  created_at: timestamp,
});

export const auditEntrySchema = z.object({
  id,
  position: z.string(),
  at: timestamp,
  workspace_id: id.nullable(),
  actor_kind: z.string(),
  actor_id: z.string().nullable(),
  actor_name: z.string(),
  action: z.string(),
  object_kind: z.string().nullable(),
  object_id: z.string().nullable(),
  object_name: z.string().nullable(),
  changes: z.record(z.string(), z.object({ before: z.json().optional(), after: z.json().optional() })),
  ip: z.string().nullable(),
  request_id: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const workspaceOverviewSchema = z.object({
  created_at: timestamp,
  members: z.number().int(),
  /** Invitations that wait; for those who may invite. */
  invitations: z.number().int().nullable(),
  /** Tokens of the caller's own in this workspace. */
  my_tokens: z.number().int(),
  /** The newest lines of the audit log; for those who may read it. */
  latest_changes: z.array(auditEntrySchema).nullable(),
});

const auditFilter = z.object({
  actor_id: z.string().optional(),
  action: z.string().max(100).optional(),
  object_kind: z.string().max(100).optional(),
  object_id: z.string().max(100).optional(),
  from: instant.optional(),
  to: instant.optional(),
});
const auditList = pageQuery.extend({ ...auditFilter.shape, ...sortedBy('-at', 'at') });
const auditExport = auditFilter.extend({ format: z.enum(['csv', 'ndjson']).default('csv') });

export const instanceUserSchema = z.object({
  id,
  name: z.string(),
  email: z.string(),
  instance_rights: z.array(z.enum(INSTANCE_RIGHTS)),
  workspaces: z.number().int(),
  disabled: z.boolean(),
  has_password: z.boolean(),
  version,
  created_at: timestamp,
});

const oneTimeUrl = z.object({ url: z.string(), expires_at: timestamp });

// ── The routes ──────────────────────────────────────────────────────────────────────────────────────

export const accessRoutes = defineRoutes({
  'sign_in.options': {
    method: 'GET',
    path: '/sign-in',
    summary: 'How one may sign in here',
    tag: 'Signing in',
    permission: 'public',
    output: signInOptionsSchema,
  },
  'sign_in.password': {
    method: 'POST',
    path: '/sign-in',
    summary: 'Sign in with e-mail and password; the answer sets the session cookie',
    tag: 'Signing in',
    permission: 'public',
    body: z.object({ email: z.string().trim().max(320), password }),
    output: meSchema,
    errors: ['sign_in.refused', 'sign_in.throttled', 'sign_in.password_disabled'],
  },
  'sign_in.oidc_start': {
    method: 'GET',
    path: '/sign-in/oidc',
    summary: 'Go to the identity provider',
    tag: 'Signing in',
    permission: 'public',
    query: z.object({ next: z.string().max(2000).optional() }),
    output: 'empty',
    errors: ['oidc.not_configured', 'oidc.unreachable'],
  },
  'sign_in.oidc_callback': {
    method: 'GET',
    path: '/sign-in/oidc/callback',
    summary: 'Come back from the identity provider',
    tag: 'Signing in',
    permission: 'public',
    query: z.looseObject({ state: z.string().max(1000).optional() }),
    output: 'empty',
    errors: ['oidc.not_configured', 'oidc.unreachable', 'oidc.refused'],
  },
  sign_out: {
    method: 'POST',
    path: '/sign-out',
    summary: 'End this session',
    tag: 'Signing in',
    permission: 'signed_in',
    output: 'empty',
  },
  'links.show': {
    method: 'POST',
    path: '/links/show',
    summary: 'What a one-time link is for; the link stays usable',
    tag: 'Signing in',
    permission: 'public',
    body: z.object({ token: linkToken }),
    output: linkSchema,
    errors: ['link.invalid', 'sign_in.throttled'],
  },
  'links.use': {
    method: 'POST',
    path: '/links/use',
    summary: 'Use a one-time link: become the first admin, set a new password, accept an invitation',
    tag: 'Signing in',
    permission: 'public',
    body: z.object({
      token: linkToken,
      name: name.optional(),
      email: email.optional(),
      password: newPassword.optional(),
    }),
    output: meSchema,
    errors: [
      'link.invalid',
      'link.other_account',
      'password.too_common',
      'users.email_taken',
      'sign_in.throttled',
      'sign_in.password_disabled',
      'auth.required',
    ],
  },
  'me.show': {
    method: 'GET',
    path: '/me',
    summary: 'Who I am and what I may do',
    tag: 'My account',
    permission: 'signed_in',
    output: meSchema,
    etag: 'read',
  },
  'me.edit': {
    method: 'PATCH',
    path: '/me',
    summary: 'Change my name, language or theme',
    tag: 'My account',
    permission: 'signed_in',
    body: z.object({ name: name.optional(), locale: locale.optional(), theme: theme.optional() }),
    output: meSchema,
    etag: 'write',
    errors: ['account.not_a_person', 'account.session_required'],
  },
  'me.password': {
    method: 'POST',
    path: '/me/password',
    summary: 'Change my password; every other session of mine ends',
    tag: 'My account',
    permission: 'signed_in',
    body: z.object({ current_password: password.optional(), new_password: newPassword }),
    output: 'empty',
    errors: [
      'password.wrong',
      'password.too_common',
      'sign_in.password_disabled',
      'account.not_a_person',
      'account.session_required',
      'sign_in.throttled',
    ],
  },
  'my_identity.link': {
    method: 'POST',
    path: '/me/identity',
    summary: 'Begin to link my account with the one at the identity provider; the answer says where to go',
    tag: 'My account',
    permission: 'signed_in',
    output: z.object({ url: z.string() }),
    errors: ['account.not_a_person', 'account.session_required', 'oidc.not_configured', 'oidc.unreachable'],
  },
  'my_identity.delete': {
    method: 'DELETE',
    path: '/me/identity',
    summary: 'Undo the link with the identity provider',
    tag: 'My account',
    permission: 'signed_in',
    output: 'empty',
    errors: [
      'account.not_a_person',
      'account.session_required',
      'account.last_way_in',
      'oidc.not_configured',
    ],
  },
  'sessions.list': {
    method: 'GET',
    path: '/me/sessions',
    summary: 'Where I am signed in',
    tag: 'My account',
    permission: 'signed_in',
    query: pageQuery,
    output: pageOf(sessionSchema),
    errors: ['account.not_a_person', 'account.session_required'],
  },
  'sessions.delete': {
    method: 'DELETE',
    path: '/me/sessions/{id}',
    summary: 'End one of my sessions',
    tag: 'My account',
    permission: 'signed_in',
    params: byId,
    output: 'empty',
    errors: ['object.not_found', 'account.not_a_person', 'account.session_required'],
  },
  'sessions.delete_others': {
    method: 'POST',
    path: '/me/sessions/end-others',
    summary: 'End all my sessions but this one',
    tag: 'My account',
    permission: 'signed_in',
    output: z.object({ ended: z.number().int() }),
    errors: ['account.not_a_person', 'account.session_required'],
  },
  'my_tokens.list': {
    method: 'GET',
    path: '/me/tokens',
    summary: 'My API tokens, in all my workspaces; with a token, those of its workspace',
    tag: 'My account',
    permission: 'signed_in',
    query: pageQuery,
    output: pageOf(tokenSchema),
    errors: ['account.not_a_person'],
  },
  'my_tokens.create': {
    method: 'POST',
    path: '/me/tokens',
    summary: 'Make an API token that acts as me in one workspace; it is shown once',
    tag: 'My account',
    permission: 'signed_in',
    body: newToken.extend({ workspace: z.string().max(100).describe('Slug or id of the workspace') }),
    output: createdTokenSchema,
    status: 201,
    idempotent: true,
    errors: ['object.not_found', 'account.not_a_person', 'account.session_required'],
  },
  'my_tokens.delete': {
    method: 'DELETE',
    path: '/me/tokens/{id}',
    summary: 'Revoke one of my tokens',
    tag: 'My account',
    permission: 'signed_in',
    params: byId,
    output: 'empty',
    errors: ['object.not_found', 'account.not_a_person', 'account.session_required'],
  },

  'workspace.show': {
    method: 'GET',
    path: '/workspace',
    summary: 'The workspace of this request',
    tag: 'Workspace',
    permission: 'workspace:read',
    output: workspaceSchema,
    etag: 'read',
  },
  'workspace.overview': {
    method: 'GET',
    path: '/workspace/overview',
    summary: 'The workspace in a few figures',
    tag: 'Workspace',
    permission: 'workspace:read',
    output: workspaceOverviewSchema,
  },
  'workspace.edit': {
    method: 'PATCH',
    path: '/workspace',
    summary: 'Rename it, change its slug or time zone; the former slug keeps answering',
    tag: 'Workspace',
    permission: 'workspace:edit',
    body: z.object({ name: name.optional(), slug: slug.optional(), time_zone: timeZone.optional() }),
    output: workspaceSchema,
    etag: 'write',
    errors: ['workspace.slug_taken'],
  },
  'workspace.delete': {
    method: 'DELETE',
    path: '/workspace',
    summary: 'Delete the workspace and all that is in it',
    tag: 'Workspace',
    permission: 'workspace:delete',
    query: z.object({ confirm: z.string().describe('The slug of the workspace, typed again') }),
    output: 'empty',
    errors: ['workspace.not_confirmed', 'workspace.last_one'],
  },
  'members.list': {
    method: 'GET',
    path: '/members',
    summary: 'Who belongs to the workspace',
    tag: 'Members',
    permission: 'members:read',
    query: pageQuery.extend({ q: z.string().max(200).optional(), role: role.optional() }),
    output: pageOf(memberSchema),
  },
  'members.show': {
    method: 'GET',
    path: '/members/{id}',
    summary: 'One member, by user id',
    tag: 'Members',
    permission: 'members:read',
    params: byId,
    output: memberSchema,
    etag: 'read',
    errors: ['object.not_found'],
  },
  'members.edit': {
    method: 'PATCH',
    path: '/members/{id}',
    summary: "Change a member's role",
    tag: 'Members',
    permission: 'members:edit',
    params: byId,
    body: z.object({ role }),
    output: memberSchema,
    etag: 'write',
    errors: ['object.not_found', 'members.last_owner', 'members.owner_only'],
  },
  'members.delete': {
    method: 'DELETE',
    path: '/members/{id}',
    summary: 'Remove a member; their sessions lose this workspace at once',
    tag: 'Members',
    permission: 'members:edit',
    params: byId,
    output: 'empty',
    errors: ['object.not_found', 'members.last_owner', 'members.owner_only'],
  },
  'members.leave': {
    method: 'POST',
    path: '/members/leave',
    summary: 'Leave the workspace',
    tag: 'Members',
    permission: 'workspace:read',
    output: 'empty',
    errors: ['members.last_owner', 'account.not_a_person', 'account.session_required'],
  },
  'invitations.list': {
    method: 'GET',
    path: '/invitations',
    summary: 'Invitations that wait',
    tag: 'Members',
    permission: 'members:edit',
    query: pageQuery,
    output: pageOf(invitationSchema),
  },
  'invitations.create': {
    method: 'POST',
    path: '/invitations',
    summary: 'Invite somebody; the answer holds the link, shown once',
    tag: 'Members',
    permission: 'members:edit',
    body: z.object({ email, role }),
    output: invitationSchema.extend({ url: z.string() }),
    status: 201,
    idempotent: true,
    errors: ['members.already_member', 'members.owner_only'],
  },
  'invitations.delete': {
    method: 'DELETE',
    path: '/invitations/{id}',
    summary: 'Withdraw an invitation',
    tag: 'Members',
    permission: 'members:edit',
    params: byId,
    output: 'empty',
    errors: ['object.not_found'],
  },

  'service_accounts.list': {
    method: 'GET',
    path: '/service-accounts',
    summary: 'Service accounts of the workspace',
    tag: 'Service accounts',
    permission: 'service_accounts:read',
    query: pageQuery,
    output: pageOf(serviceAccountSchema),
  },
  'service_accounts.create': {
    method: 'POST',
    path: '/service-accounts',
    summary: 'Make a service account',
    tag: 'Service accounts',
    permission: 'service_accounts:edit',
    body: z.object({ name, role, instance_rights: instanceRights.default([]) }),
    output: serviceAccountSchema,
    status: 201,
    idempotent: true,
    errors: ['service_accounts.name_taken', 'members.owner_only', 'rights.beyond_own'],
  },
  'service_accounts.show': {
    method: 'GET',
    path: '/service-accounts/{id}',
    summary: 'One service account',
    tag: 'Service accounts',
    permission: 'service_accounts:read',
    params: byId,
    output: serviceAccountSchema,
    etag: 'read',
    errors: ['object.not_found'],
  },
  'service_accounts.edit': {
    method: 'PATCH',
    path: '/service-accounts/{id}',
    summary: 'Rename it, change its role or its instance rights',
    tag: 'Service accounts',
    permission: 'service_accounts:edit',
    params: byId,
    body: z.object({
      name: name.optional(),
      role: role.optional(),
      instance_rights: instanceRights.optional(),
    }),
    output: serviceAccountSchema,
    etag: 'write',
    errors: ['object.not_found', 'service_accounts.name_taken', 'members.owner_only', 'rights.beyond_own'],
  },
  'service_accounts.delete': {
    method: 'DELETE',
    path: '/service-accounts/{id}',
    summary: 'Delete it and its tokens',
    tag: 'Service accounts',
    permission: 'service_accounts:edit',
    params: byId,
    output: 'empty',
    errors: ['object.not_found', 'members.owner_only', 'rights.beyond_own'],
  },
  'tokens.list': {
    method: 'GET',
    path: '/tokens',
    summary: 'All API tokens of the workspace, of people and service accounts',
    tag: 'Service accounts',
    permission: 'service_accounts:read',
    query: pageQuery.extend({
      owner_id: id.optional().describe('Only those of this person or service account'),
    }),
    output: pageOf(tokenSchema),
  },
  'tokens.create': {
    method: 'POST',
    path: '/service-accounts/{id}/tokens',
    summary: 'Make an API token for a service account; it is shown once',
    tag: 'Service accounts',
    permission: 'service_accounts:edit',
    params: byId,
    body: newToken,
    output: createdTokenSchema,
    status: 201,
    idempotent: true,
    errors: ['object.not_found', 'members.owner_only', 'rights.beyond_own'],
  },
  'tokens.delete': {
    method: 'DELETE',
    path: '/tokens/{id}',
    summary: 'Revoke a token of the workspace',
    tag: 'Service accounts',
    permission: 'service_accounts:edit',
    params: byId,
    output: 'empty',
    errors: ['object.not_found'],
  },

  'audit.list': {
    method: 'GET',
    path: '/audit',
    summary: 'What was changed in the workspace, by whom; newest first unless asked otherwise',
    tag: 'Audit',
    permission: 'audit:read',
    query: auditList,
    output: pageOf(auditEntrySchema),
  },
  'audit.export': {
    method: 'GET',
    path: '/audit/export',
    summary: 'The same as a file, all pages of it',
    tag: 'Audit',
    permission: 'audit:read',
    query: auditExport,
    output: 'stream',
  },

  'workspaces.list': {
    method: 'GET',
    path: '/instance/workspaces',
    summary: 'All workspaces of the installation',
    tag: 'Installation',
    permission: 'instance:workspaces',
    query: pageQuery,
    output: pageOf(workspaceSchema),
  },
  'workspaces.create': {
    method: 'POST',
    path: '/instance/workspaces',
    summary: 'Make a workspace; whoever makes it owns it',
    tag: 'Installation',
    permission: 'instance:workspaces',
    body: z.object({ name, slug: slug.optional(), time_zone: timeZone.default('UTC') }),
    output: workspaceSchema,
    status: 201,
    idempotent: true,
    errors: ['workspace.slug_taken', 'account.not_a_person'],
  },
  'users.list': {
    method: 'GET',
    path: '/instance/users',
    summary: 'Everybody with an account',
    tag: 'Installation',
    permission: 'instance:users',
    query: pageQuery.extend({ q: z.string().max(200).optional() }),
    output: pageOf(instanceUserSchema),
  },
  'users.show': {
    method: 'GET',
    path: '/instance/users/{id}',
    summary: 'One account',
    tag: 'Installation',
    permission: 'instance:users',
    params: byId,
    output: instanceUserSchema,
    etag: 'read',
    errors: ['object.not_found'],
  },
  'users.edit': {
    method: 'PATCH',
    path: '/instance/users/{id}',
    summary: 'Disable or enable an account, change its instance rights',
    tag: 'Installation',
    permission: 'instance:users',
    params: byId,
    body: z.object({
      disabled: z.boolean().optional(),
      instance_rights: instanceRights.optional(),
    }),
    output: instanceUserSchema,
    etag: 'write',
    errors: ['object.not_found', 'users.last_admin', 'rights.beyond_own'],
  },
  'users.link': {
    method: 'POST',
    path: '/instance/users/link',
    summary:
      'Make a one-time link with which somebody sets a password; for the first admin when nobody exists yet',
    tag: 'Installation',
    permission: 'instance:users',
    body: z.object({ email }),
    output: oneTimeUrl,
    status: 201,
    errors: ['object.not_found', 'users.disabled', 'rights.beyond_own', 'sign_in.password_disabled'],
  },
  'instance_audit.list': {
    method: 'GET',
    path: '/instance/audit',
    summary:
      'What was changed in the installation: sign-ins, workspaces, accounts, keys; newest first unless asked otherwise',
    tag: 'Installation',
    permission: 'instance:audit',
    query: auditList,
    output: pageOf(auditEntrySchema),
  },
  'instance_audit.export': {
    method: 'GET',
    path: '/instance/audit/export',
    summary: 'The same as a file',
    tag: 'Installation',
    permission: 'instance:audit',
    query: auditExport,
    output: 'stream',
  },
  ...secretRoutes,
});
