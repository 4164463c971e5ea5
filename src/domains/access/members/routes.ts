import { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import { checkVersion } from '../../../base/kit/version.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { type Actor, actorOf } from '../audit/actor.ts';
import { changesOf } from '../audit/entry.ts';
import type { Parts } from '../parts.ts';
import { checkRole, requireSession } from '../rights.ts';
import {
  lockWorkspace,
  type MemberRow,
  memberById,
  membersAfter,
  otherOwners,
  removeMember,
  setRole,
} from './store.ts';

type Routes = Pick<
  typeof accessRoutes,
  'members.list' | 'members.show' | 'members.edit' | 'members.delete' | 'members.leave'
>;

const nameKey = z.tuple([z.string(), z.uuid()]);

export function memberHandlers(parts: Parts): Handlers<Routes> {
  const { store } = parts;
  return {
    'members.list': async ({ workspace_id, query }) => {
      const { limit, cursor, q, role } = query;
      const filter = { workspace_id, q, role, after: readCursor(cursor, nameKey) };
      const rows = await store.withWorkspace(
        { workspace_id },
        tx => membersAfter(tx, filter, rowsOf(limit)),
        {
          read_only: true,
        },
      );
      return toPage(rows, limit, row => [row.sort_name, row.user_id]);
    },
    'members.show': async ({ workspace_id, params }) =>
      store.withWorkspace({ workspace_id }, tx => findMember(tx, workspace_id, params.id), {
        read_only: true,
      }),
    'members.edit': call => changeRole(parts, call),
    'members.delete': async call => {
      const { workspace_id, params, principal } = call;
      await store.withWorkspace({ workspace_id }, async tx => {
        const member = await lockMember(tx, workspace_id, params.id);
        checkRole(principal, member.role);
        await dismiss(parts, tx, actorOf(call), workspace_id, member);
      });
      return undefined;
    },
    'members.leave': async call => {
      requireSession(call.principal);
      const { workspace_id, principal } = call;
      await store.withWorkspace({ workspace_id }, async tx => {
        const member = await lockMember(tx, workspace_id, principal.id);
        await dismiss(parts, tx, actorOf(call), workspace_id, member);
      });
      return undefined;
    },
  };
}

async function changeRole(parts: Parts, call: Call<Routes['members.edit']>): Promise<MemberRow> {
  const { workspace_id, params, principal, body, version } = call;
  return parts.store.withWorkspace({ workspace_id }, async tx => {
    const member = await lockMember(tx, workspace_id, params.id);
    checkVersion({ expected: version, current: member.version });
    checkRole(principal, member.role);
    checkRole(principal, body.role);
    if (body.role !== 'owner') await checkNotLastOwner(tx, workspace_id, member);
    await setRole(tx, { workspace_id, user_id: member.user_id, role: body.role });
    await parts.record(tx, actorOf(call), {
      workspace_id,
      action: 'member.role_changed',
      object: objectOf(member),
      changes: changesOf(member, { role: body.role }),
    });
    return findMember(tx, workspace_id, member.user_id);
  });
}

/** They lose the workspace with their next request: what a request may do is looked up each time. */
async function dismiss(
  parts: Parts,
  tx: Tx,
  actor: Actor,
  workspace_id: string,
  member: MemberRow,
): Promise<void> {
  await checkNotLastOwner(tx, workspace_id, member);
  await removeMember(tx, workspace_id, member.user_id, parts.now());
  const changes = { role: { before: member.role } };
  await parts.record(tx, actor, {
    workspace_id,
    action: 'member.removed',
    object: objectOf(member),
    changes,
  });
}

async function checkNotLastOwner(tx: Tx, workspace_id: string, member: MemberRow): Promise<void> {
  if (member.role !== 'owner') return;
  if ((await otherOwners(tx, workspace_id, member.user_id)) === 0)
    throw fail('members.last_owner', { name: member.name });
}

async function lockMember(tx: Tx, workspace_id: string, user_id: string): Promise<MemberRow> {
  await lockWorkspace(tx, workspace_id);
  return findMember(tx, workspace_id, user_id);
}

async function findMember(tx: Tx, workspace_id: string, user_id: string): Promise<MemberRow> {
  const member = await memberById(tx, workspace_id, user_id);
  if (!member) throw fail('object.not_found', { kind: 'member', id: user_id });
  return member;
}

function objectOf({ user_id, name }: MemberRow) {
  return { kind: 'member', id: user_id, name };
}
