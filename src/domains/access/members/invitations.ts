import { fail } from '../../../base/kit/errors.ts';
import { idKey, readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { actorOf } from '../audit/actor.ts';
import { created } from '../audit/entry.ts';
import { makeLink } from '../links/create.ts';
import type { Parts } from '../parts.ts';
import { checkRole } from '../rights.ts';
import {
  invitationById,
  invitationsBefore,
  lockWorkspace,
  memberByEmail,
  withdrawInvitations,
} from './store.ts';

type Routes = Pick<typeof accessRoutes, 'invitations.list' | 'invitations.create' | 'invitations.delete'>;

export function invitationHandlers(parts: Parts): Handlers<Routes> {
  const { store } = parts;
  return {
    'invitations.list': async ({ workspace_id, query }) => {
      const [before] = readCursor(query.cursor, idKey) ?? [];
      const filter = { workspace_id, before, now: parts.now() };
      const rows = await store.withWorkspace(
        { workspace_id },
        tx => invitationsBefore(tx, filter, rowsOf(query.limit)),
        { read_only: true },
      );
      return toPage(rows, query.limit, row => [row.id]);
    },
    'invitations.create': call => invite(parts, call),
    'invitations.delete': async call => {
      const { workspace_id, params, principal } = call;
      await store.withWorkspace({ workspace_id }, async tx => {
        const now = parts.now();
        const invitation = await invitationById(tx, workspace_id, params.id, now);
        if (!invitation) throw fail('object.not_found', { kind: 'invitation', id: params.id });
        checkRole(principal, invitation.role);
        await withdrawInvitations(tx, { workspace_id, id: params.id, now });
        const object = { kind: 'invitation', id: params.id, name: invitation.email };
        await parts.record(tx, actorOf(call), { workspace_id, action: 'invitation.withdrawn', object });
      });
      return undefined;
    },
  };
}

async function invite(parts: Parts, call: Call<Routes['invitations.create']>) {
  const { workspace_id, principal, body } = call;
  const { email, role } = body;
  checkRole(principal, role);
  const actor = actorOf(call);
  return parts.store.withWorkspace({ workspace_id }, async tx => {
    await lockWorkspace(tx, workspace_id);
    if (await memberByEmail(tx, workspace_id, email)) throw fail('members.already_member', { email });
    // One invitation per address: the newest, with its role, is the one that counts.
    await withdrawInvitations(tx, { workspace_id, email, now: parts.now() });
    const link = await makeLink(parts, tx, actor, { kind: 'invitation', workspace_id, email, role });
    const object = { kind: 'invitation', id: link.id, name: email };
    const changes = created({ email, role });
    await parts.record(tx, actor, { workspace_id, action: 'invitation.created', object, changes });
    return { ...link, email, role, created_by: principal.name };
  });
}
