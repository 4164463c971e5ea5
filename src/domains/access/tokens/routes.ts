import { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import { idKey, readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import { checkVersion } from '../../../base/kit/version.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import type { Principal } from '../../../contract/principal.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { actorOf } from '../audit/actor.ts';
import { changesOf, created } from '../audit/entry.ts';
import { lockWorkspace } from '../members/store.ts';
import type { Parts } from '../parts.ts';
import { checkRights, checkRole, checkScopes, knownRights } from '../rights.ts';
import { issueToken, toToken } from './issue.ts';
import {
  addServiceAccount,
  deleteServiceAccount,
  editServiceAccount,
  isNameTaken,
  lockServiceAccount,
  revokeToken,
  type ServiceAccountRow,
  serviceAccountById,
  serviceAccountsAfter,
  tokensBefore,
} from './store.ts';

type Routes = Pick<
  typeof accessRoutes,
  | 'service_accounts.list'
  | 'service_accounts.create'
  | 'service_accounts.show'
  | 'service_accounts.edit'
  | 'service_accounts.delete'
  | 'tokens.list'
  | 'tokens.create'
  | 'tokens.delete'
>;

const nameKey = z.tuple([z.string(), z.uuid()]);

export function serviceAccountHandlers(parts: Parts): Handlers<Routes> {
  const { store } = parts;
  return {
    'service_accounts.list': async ({ workspace_id, query }) => {
      const filter = { workspace_id, after: readCursor(query.cursor, nameKey) };
      const rows = await store.withWorkspace(
        { workspace_id },
        tx => serviceAccountsAfter(tx, filter, rowsOf(query.limit)),
        { read_only: true },
      );
      const page = toPage(rows, query.limit, row => [row.sort_name, row.id]);
      return { ...page, items: page.items.map(toServiceAccount) };
    },
    'service_accounts.create': call => create(parts, call),
    'service_accounts.show': async ({ workspace_id, params }) => {
      const row = await store.withWorkspace(
        { workspace_id },
        tx => serviceAccountById(tx, workspace_id, params.id),
        { read_only: true },
      );
      return toServiceAccount(row ?? unknown(params.id));
    },
    'service_accounts.edit': call => edit(parts, call),
    'service_accounts.delete': async call => {
      const { workspace_id, params } = call;
      await store.withWorkspace({ workspace_id }, async tx => {
        const account = await lockReachable(tx, call, params.id);
        await deleteServiceAccount(tx, workspace_id, account.id);
        const object = objectOf(account);
        await parts.record(tx, actorOf(call), { workspace_id, action: 'service_account.deleted', object });
      });
      return undefined;
    },
    'tokens.list': async ({ workspace_id, query }) => {
      const [before] = readCursor(query.cursor, idKey) ?? [];
      const filter = { workspace_id, owner_id: query.owner_id, before };
      const rows = await store.withWorkspace(
        { workspace_id },
        tx => tokensBefore(tx, filter, rowsOf(query.limit)),
        { read_only: true },
      );
      return toPage(rows.map(toToken), query.limit, row => [row.id]);
    },
    'tokens.create': async call => {
      const { workspace_id, params, principal, body: wanted } = call;
      checkScopes(principal, wanted.scopes);
      return store.withWorkspace({ workspace_id }, async tx => {
        const { id, name } = await lockReachable(tx, call, params.id);
        const owner = { kind: 'service', id, name } as const;
        return issueToken(parts, tx, actorOf(call), { wanted, owner, workspace_id });
      });
    },
    'tokens.delete': async call => {
      const { workspace_id, params } = call;
      await store.withWorkspace({ workspace_id }, async tx => {
        const token = await revokeToken(tx, workspace_id, params.id, parts.now());
        if (!token) throw fail('object.not_found', { kind: 'token', id: params.id });
        const object = { kind: 'token', id: params.id, name: `${token.name} (${token.prefix})` };
        await parts.record(tx, actorOf(call), { workspace_id, action: 'token.revoked', object });
      });
      return undefined;
    },
  };
}

async function create(parts: Parts, call: Call<Routes['service_accounts.create']>) {
  const { workspace_id, principal, body } = call;
  const { name, role } = body;
  const instance_rights = knownRights(body.instance_rights);
  checkRole(principal, role);
  checkRights(principal, instance_rights);
  return parts.store.withWorkspace({ workspace_id }, async tx => {
    const id = newId();
    await lockWorkspace(tx, workspace_id);
    if (await isNameTaken(tx, { workspace_id, name })) throw fail('service_accounts.name_taken', { name });
    await addServiceAccount(tx, { id, workspace_id, name, role, instance_rights });
    const object = { kind: 'service_account', id, name };
    const changes = created({ name, role, instance_rights });
    await parts.record(tx, actorOf(call), {
      workspace_id,
      action: 'service_account.created',
      object,
      changes,
    });
    return toServiceAccount((await serviceAccountById(tx, workspace_id, id)) ?? unknown(id));
  });
}

async function edit(parts: Parts, call: Call<Routes['service_accounts.edit']>) {
  const { workspace_id, principal, params, body, version } = call;
  const { id } = params;
  return parts.store.withWorkspace({ workspace_id }, async tx => {
    await lockWorkspace(tx, workspace_id);
    const account = await lockReachable(tx, call, id);
    checkVersion({ expected: version, current: account.version });
    if (body.role) checkRole(principal, body.role);
    checkRights(principal, body.instance_rights ?? []);
    const { name = account.name } = body;
    if (await isNameTaken(tx, { workspace_id, name, except: id }))
      throw fail('service_accounts.name_taken', { name });
    const wanted = {
      ...body,
      ...(body.instance_rights && { instance_rights: knownRights(body.instance_rights) }),
    };
    await editServiceAccount(tx, workspace_id, id, wanted);
    const object = objectOf(account);
    const changes = changesOf(account, wanted);
    await parts.record(tx, actorOf(call), {
      workspace_id,
      action: 'service_account.changed',
      object,
      changes,
    });
    return toServiceAccount((await serviceAccountById(tx, workspace_id, id)) ?? unknown(id));
  });
}

/**
 * Whoever may change an account, or make a token for it, acts with its rights: it is out of reach for those who do not
 * hold them.
 */
async function lockReachable(
  tx: Tx,
  { workspace_id, principal }: { workspace_id: string; principal: Principal },
  id: string,
): Promise<ServiceAccountRow> {
  const account = (await lockServiceAccount(tx, workspace_id, id)) ?? unknown(id);
  checkRole(principal, account.role);
  checkRights(principal, knownRights(account.instance_rights));
  return account;
}

function toServiceAccount({ instance_rights, ...row }: ServiceAccountRow) {
  return { ...row, instance_rights: knownRights(instance_rights) };
}

function objectOf({ id, name }: ServiceAccountRow) {
  return { kind: 'service_account', id, name };
}

function unknown(id: string): never {
  throw fail('object.not_found', { kind: 'service account', id });
}
