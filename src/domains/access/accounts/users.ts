import { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import { checkVersion } from '../../../base/kit/version.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import type { InstanceRight } from '../../../contract/permissions.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { actorOf } from '../audit/actor.ts';
import { changesOf } from '../audit/entry.ts';
import { createLink } from '../links/create.ts';
import type { Parts } from '../parts.ts';
import { checkRights, knownRights } from '../rights.ts';
import { endSessions } from '../sign-in/store.ts';
import {
  lockInstance,
  raiseVersion,
  rightsHeldOnlyBy,
  setDisabled,
  setRights,
  userById,
  usersAfter,
} from './store.ts';

type Routes = Pick<typeof accessRoutes, 'users.list' | 'users.show' | 'users.edit' | 'users.link'>;
type EditCall = Call<Routes['users.edit']>;
type UserRow = NonNullable<Awaited<ReturnType<typeof userById>>>;

const nameKey = z.tuple([z.string(), z.uuid()]);

export function userHandlers(parts: Parts): Handlers<Routes> {
  const { store } = parts;
  return {
    'users.list': async ({ query }) => {
      const filter = { q: query.q, after: readCursor(query.cursor, nameKey) };
      const rows = await store.withInstance(
        'all accounts',
        tx => usersAfter(tx, filter, rowsOf(query.limit)),
        {
          read_only: true,
        },
      );
      const page = toPage(rows, query.limit, row => [row.sort_name, row.id]);
      return { ...page, items: page.items.map(toUser) };
    },
    'users.show': async ({ params }) =>
      store.withInstance('account', async tx => toUser(await findUser(tx, params.id)), { read_only: true }),
    'users.edit': call => edit(parts, call),
    'users.link': call =>
      createLink(parts, actorOf(call), call.body.email, rights => checkRights(call.principal, rights)),
  };
}

async function edit(parts: Parts, call: EditCall) {
  const { params, body, version } = call;
  return parts.store.withInstance('edit account', async tx => {
    // Before the row is read: what it shows about rights stays true until the end.
    await lockInstance(tx);
    const before = toUser(await findUser(tx, params.id));
    checkVersion({ expected: version, current: before.version });
    const after = {
      ...before,
      ...body,
      instance_rights: knownRights(body.instance_rights ?? before.instance_rights),
    };
    const { touched, lost } = effectOf(before, after);
    checkRights(call.principal, touched);
    const [right] = await rightsHeldOnlyBy(tx, before.id, lost);
    if (right !== undefined) throw fail('users.last_admin', { right });
    await save(parts, tx, before, after);
    const object = { kind: 'user', id: before.id, name: before.email };
    const changes = changesOf(before, { disabled: after.disabled, instance_rights: after.instance_rights });
    await parts.record(tx, actorOf(call), {
      workspace_id: null,
      action: 'user.rights_changed',
      object,
      changes,
    });
    return toUser(await findUser(tx, params.id));
  });
}

interface Standing {
  disabled: boolean;
  instance_rights: InstanceRight[];
}

/** `touched`: what the caller must hold to do this. `lost`: what the account can use now and could not any more. */
export function effectOf(
  before: Standing,
  after: Standing,
): { touched: InstanceRight[]; lost: InstanceRight[] } {
  const effective = (standing: Standing) => (standing.disabled ? [] : standing.instance_rights);
  const all = [...new Set([...before.instance_rights, ...after.instance_rights])];
  const isSwitched = before.disabled !== after.disabled;
  return {
    touched: isSwitched
      ? all
      : all.filter(right => before.instance_rights.includes(right) !== after.instance_rights.includes(right)),
    lost: effective(before).filter(right => !effective(after).includes(right)),
  };
}

async function save(parts: Parts, tx: Tx, before: Standing & { id: string }, after: Standing): Promise<void> {
  const now = parts.now();
  await setRights(tx, before.id, after.instance_rights);
  await raiseVersion(tx, before.id, now);
  if (before.disabled === after.disabled) return;
  await setDisabled(tx, before.id, after.disabled, now);
  // An account that is enabled again starts without the sessions it had.
  if (after.disabled) await endSessions(tx, { user_id: before.id, now });
}

async function findUser(tx: Tx, id: string): Promise<UserRow> {
  const user = await userById(tx, id);
  if (!user) throw fail('object.not_found', { kind: 'account', id });
  return user;
}

function toUser(row: UserRow) {
  return { ...row, instance_rights: knownRights(row.instance_rights) };
}
