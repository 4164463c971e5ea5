import { fail } from '../../base/kit/errors.ts';
import { newId } from '../../base/kit/ids.ts';
import type { accessRoutes } from '../../contract/access.ts';
import type { Permission } from '../../contract/permissions.ts';
import type { Principal } from '../../contract/principal.ts';
import type { Handlers, Origin } from '../../contract/route.ts';
import { meHandlers } from './accounts/routes.ts';
import { lockInstance } from './accounts/store.ts';
import { userHandlers } from './accounts/users.ts';
import { actorOf, SYSTEM } from './audit/actor.ts';
import { created } from './audit/entry.ts';
import { auditHandlers } from './audit/routes.ts';
import { createFirstAdminLink, createLink, type OneTimeUrl } from './links/create.ts';
import { linkHandlers } from './links/routes.ts';
import { sweepLinks } from './links/store.ts';
import { createLocalDoor, LOCAL, LOCAL_WORKSPACE } from './local-door.ts';
import { invitationHandlers } from './members/invitations.ts';
import { memberHandlers } from './members/routes.ts';
import { openProvider } from './oidc/provider.ts';
import { oidcHandlers } from './oidc/routes.ts';
import { unknownSlugs } from './oidc/store.ts';
import { type AccessOptions, assemble, type Parts } from './parts.ts';
import { secretHandlers } from './secrets/index.ts';
import { type Credentials, type Identified, type IdentifyOptions, identify } from './sign-in/identify.ts';
import { signInHandlers } from './sign-in/routes.ts';
import { sessionHandlers } from './sign-in/sessions.ts';
import { sweepSignIn } from './sign-in/store.ts';
import { myTokenHandlers } from './tokens/mine.ts';
import { serviceAccountHandlers } from './tokens/routes.ts';
import { sweepTokens } from './tokens/store.ts';
import { workspaceHandlers } from './workspaces/routes.ts';
import { addWorkspace, hasWorkspace } from './workspaces/store.ts';

export interface Access extends Pick<Parts, 'record' | 'audit'> {
  handlers: Handlers<typeof accessRoutes>;
  identify(credentials: Credentials, options?: IdentifyOptions): Promise<Identified>;
  /** A caller was known and may not do this: kept, bounded, in the log of the workspace or of the installation. */
  recordDenied(denied: Denied): Promise<void>;
  /** What a new store needs before anybody comes: the workspace `main`. Any number of servers may do it at once. */
  prepare(): Promise<void>;
  /** For the console; undefined once somebody administers the installation. No route gives it out. */
  createFirstAdminLink(): Promise<OneTimeUrl | undefined>;
  /** `moulin user link EMAIL` on the server itself. */
  createLink(email: string): Promise<OneTimeUrl>;
  /** A new secret for the local command line; what was written to the data folder before opens nothing any more. */
  createLocalSecret(): string;
  /** Deletes what time has made useless; meant to run every hour or so. */
  sweep(): Promise<void>;
}

export interface Denied {
  principal: Principal;
  workspace_id?: string;
  permission: Permission;
  /** The route's name. */
  route: string;
  origin: Origin;
}

export function openAccess(options: AccessOptions): Access {
  const parts = assemble(options);
  const local = createLocalDoor();
  return {
    handlers: {
      ...signInHandlers(parts),
      ...oidcHandlers(parts, openProvider(parts)),
      ...sessionHandlers(parts),
      ...linkHandlers(parts),
      ...meHandlers(parts),
      ...userHandlers(parts),
      ...workspaceHandlers(parts),
      ...memberHandlers(parts),
      ...invitationHandlers(parts),
      ...myTokenHandlers(parts),
      ...serviceAccountHandlers(parts),
      ...auditHandlers(parts),
      ...secretHandlers(parts),
    },
    record: parts.record,
    audit: parts.audit,
    identify: (credentials, how) => identify(parts, local, credentials, how),
    recordDenied: denied => recordDenied(parts, denied),
    prepare: () => prepare(parts),
    createFirstAdminLink: () => createFirstAdminLink(parts, SYSTEM),
    createLink: email => createLink(parts, localActor(), email, () => {}),
    createLocalSecret: local.createSecret,
    sweep: () => sweep(parts),
  };
}

function localActor() {
  return { ...SYSTEM, kind: LOCAL.kind, id: LOCAL.id, name: LOCAL.name };
}

async function recordDenied(parts: Parts, denied: Denied): Promise<void> {
  const { principal, permission, route, origin, workspace_id } = denied;
  await parts.recordRefusal(`denied ${principal.id} ${permission}`, actorOf({ principal, origin }), {
    workspace_id: workspace_id ?? null,
    action: 'access.denied',
    object: { kind: 'route', id: route, name: route },
    changes: created({ permission }),
  });
}

async function prepare(parts: Parts): Promise<void> {
  await parts.store.withInstance('first workspace', async tx => {
    await lockInstance(tx);
    if (await hasWorkspace(tx)) return;
    const id = newId();
    const { timeZone: time_zone } = new Intl.DateTimeFormat().resolvedOptions();
    const workspace = { id, slug: LOCAL_WORKSPACE, name: 'Main', time_zone };
    if (!(await addWorkspace(tx, workspace))) throw fail('workspace.slug_taken', { slug: LOCAL_WORKSPACE });
    const object = { kind: 'workspace', id, name: workspace.name };
    await parts.record(tx, SYSTEM, { workspace_id: null, action: 'workspace.created', object });
  });
  await warnOfUnknownWorkspaces(parts);
}

/** A workspace may be made later, so this is no error; but a misspelt one gives nobody anything, silently. */
async function warnOfUnknownWorkspaces({ store, config, log }: Parts): Promise<void> {
  const slugs = [...new Set(config.oidc.group_roles.map(one => one.workspace))];
  if (slugs.length === 0) return;
  const unknown = await store.withInstance('check oidc.group_roles', tx => unknownSlugs(tx, slugs), {
    read_only: true,
  });
  if (unknown.length > 0)
    log.warn({ workspaces: unknown }, 'oidc.group_roles names workspaces that do not exist');
}

const SWEEP_ROWS = 1000;

/** In small transactions, so that nobody waits for a lock behind a year of leftovers. */
async function sweep(parts: Parts): Promise<void> {
  for (const one of [sweepSignIn, sweepLinks, sweepTokens]) {
    let gone: number;
    do gone = await parts.store.withInstance('sweep access', tx => one(tx, parts.now(), SWEEP_ROWS));
    while (gone >= SWEEP_ROWS);
  }
}
