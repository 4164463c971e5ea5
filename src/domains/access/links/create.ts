import type { Tx } from '../../../base/db/index.ts';
import { toTimestamp } from '../../../base/kit/clock.ts';
import { fail } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { InstanceRight } from '../../../contract/permissions.ts';
import { hasAdmin, userByEmail } from '../accounts/store.ts';
import type { Actor } from '../audit/actor.ts';
import { newBearer } from '../bearer.ts';
import type { Parts } from '../parts.ts';
import { knownRights } from '../rights.ts';
import { LIFETIME_SECONDS } from './link.ts';
import { addLink, type NewLink } from './store.ts';

export interface OneTimeUrl {
  url: string;
  expires_at: string;
}

type LinkOf = Pick<NewLink, 'kind' | 'workspace_id' | 'user_id' | 'email' | 'role'>;

/** The token stands after the `#`: a browser sends that part to nobody, so that no log on the way holds it. */
export async function makeLink(
  parts: Parts,
  tx: Tx,
  actor: Actor,
  of: LinkOf,
): Promise<OneTimeUrl & { id: string; created_at: string }> {
  const { value: token, hash: token_hash } = newBearer();
  const created_at = parts.now();
  const expires_at = toTimestamp(parts.clock.now() + LIFETIME_SECONDS[of.kind] * 1000);
  const id = newId();
  await addLink(tx, { id, ...of, token_hash, created_by: actor.id ?? actor.kind, created_at, expires_at });
  return { id, url: `${parts.url()}/link#${token}`, created_at, expires_at };
}

/** For the console of a new installation; undefined once somebody administers it. */
export async function createFirstAdminLink(parts: Parts, actor: Actor): Promise<OneTimeUrl | undefined> {
  return parts.store.withInstance('first admin link', async tx =>
    (await hasAdmin(tx)) ? undefined : firstAdminLink(parts, tx, actor),
  );
}

/**
 * What `moulin user link EMAIL` and its route give: as long as nobody administers the installation, a link that makes the
 * first admin; from then on one that sets the password of an account that is there. `mayTouch` says whether the caller
 * may take over an account with these rights, which is what such a link amounts to.
 */
export async function createLink(
  parts: Parts,
  actor: Actor,
  email: string,
  mayTouch: (rights: InstanceRight[]) => void,
): Promise<OneTimeUrl> {
  return parts.store.withInstance('make a link', async tx => {
    if (!(await hasAdmin(tx))) return firstAdminLink(parts, tx, actor, email);
    const user = await userByEmail(tx, email);
    if (!user) throw fail('object.not_found', { kind: 'account', id: email });
    if (!parts.config.oidc.password_login) throw fail('sign_in.password_disabled');
    if (user.disabled) throw fail('users.disabled', { email: user.email });
    mayTouch(knownRights(user.instance_rights));
    const { url, expires_at } = await makeLink(parts, tx, actor, { kind: 'reset', user_id: user.id });
    const object = { kind: 'user', id: user.id, name: user.email };
    await parts.record(tx, actor, { workspace_id: null, action: 'link.created', object });
    return { url, expires_at };
  });
}

async function firstAdminLink(parts: Parts, tx: Tx, actor: Actor, email?: string): Promise<OneTimeUrl> {
  const { id, url, expires_at } = await makeLink(parts, tx, actor, { kind: 'first_admin', email });
  const object = { kind: 'link', id, name: email ?? 'first admin' };
  await parts.record(tx, actor, { workspace_id: null, action: 'link.created', object });
  return { url, expires_at };
}
