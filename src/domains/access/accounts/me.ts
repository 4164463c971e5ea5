import type { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import type { meSchema } from '../../../contract/access.ts';
import type { Principal } from '../../../contract/principal.ts';
import { knownRights } from '../rights.ts';
import { allWorkspaces, membershipsOf, personById, serviceAccountVersion, workspaceById } from './store.ts';

type Me = z.input<typeof meSchema>;

/** Who I am, for each kind of caller; what cannot be had (a service account's e-mail) is null. */
export async function meOf(tx: Tx, who: Principal): Promise<Me> {
  switch (who.kind) {
    case 'person':
      return person(tx, who);
    case 'service':
      return serviceAccount(tx, who);
    case 'local':
      return local(tx, who);
    default:
      return who.kind satisfies never;
  }
}

async function person(tx: Tx, who: Principal): Promise<Me> {
  const row = await personById(tx, who.id);
  if (!row) throw fail('auth.invalid');
  const { id, name, email, locale, theme, has_password, has_identity, version } = row;
  const memberships = (await membershipsOf(tx, id)).map(toSummary);
  const here = who.token_workspace_id;
  return {
    kind: 'person',
    ...{ id, name, email, locale, theme, has_password, has_identity, version },
    instance_rights: knownRights(row.instance_rights),
    memberships: here === undefined ? memberships : memberships.filter(one => one.workspace.id === here),
    token: tokenOf(who),
  };
}

async function serviceAccount(tx: Tx, who: Principal): Promise<Me> {
  const { token_workspace_id: workspace_id = '', role } = who;
  const workspace = await workspaceById(tx, workspace_id);
  const version = await serviceAccountVersion(tx, workspace_id, who.id);
  if (!workspace || version === undefined || role === undefined) throw fail('auth.invalid');
  return { ...nobody(who), version, memberships: [toSummary({ ...workspace, role })], token: tokenOf(who) };
}

async function local(tx: Tx, who: Principal): Promise<Me> {
  const workspaces = await allWorkspaces(tx);
  const memberships = workspaces.map(workspace => toSummary({ ...workspace, role: 'owner' }));
  return { ...nobody(who), version: 1, memberships, token: null };
}

function nobody({ kind, id, name, instance_rights }: Principal) {
  const personal = { email: null, locale: null, theme: null, has_password: false, has_identity: false };
  return { kind, id, name, instance_rights, ...personal };
}

function tokenOf({ token_id, token_workspace_id, scopes }: Principal): Me['token'] {
  if (token_id === undefined || token_workspace_id === undefined) return null;
  return { id: token_id, workspace_id: token_workspace_id, scopes };
}

type MembershipRow = Awaited<ReturnType<typeof membershipsOf>>[number];

function toSummary({ role, id, slug, name, time_zone }: MembershipRow): Me['memberships'][number] {
  return { role, workspace: { id, slug, name, time_zone } };
}
