import type { Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import { INSTANCE_RIGHTS } from '../../../contract/permissions.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { meOf } from '../accounts/me.ts';
import { addUser, hasAdmin, lockInstance, personById, setPassword, setRights } from '../accounts/store.ts';
import { type Actor, actorOf } from '../audit/actor.ts';
import { CHANGED, created } from '../audit/entry.ts';
import { hashBearer } from '../bearer.ts';
import { addMember } from '../members/store.ts';
import type { Parts } from '../parts.ts';
import { announce, principalOf, type Started, startSession } from '../sign-in/session.ts';
import { chargeAttempt, endSessions, forgetDevices, payBack } from '../sign-in/store.ts';
import { linkAttempt } from '../sign-in/throttle.ts';
import { firstWorkspace } from '../workspaces/store.ts';
import { type Link, type Plan, planUse } from './link.ts';
import { consumeLink, revokeResetLinks, usableLink } from './store.ts';

type Routes = Pick<typeof accessRoutes, 'links.show' | 'links.use'>;
type UseCall = Call<Routes['links.use']>;
type LinkCall = Pick<UseCall, 'origin'> & { body: { token: string } };

export function linkHandlers(parts: Parts): Handlers<Routes> {
  return {
    'links.show': async call => {
      const { kind, email, workspace_name, role, expires_at, has_account } = await findLink(parts, call);
      return { kind, email, workspace_name, role, expires_at, has_account };
    },
    'links.use': call => useLink(parts, call),
  };
}

async function findLink(parts: Parts, { body, origin }: LinkCall): Promise<Link> {
  const attempts = linkAttempt(origin.ip);
  const { link, seconds } = await parts.store.withInstance('one-time link', async tx => {
    const now = parts.now();
    const seconds = await chargeAttempt(tx, attempts, now);
    const link = seconds > 0 ? undefined : await usableLink(tx, hashBearer(body.token), now);
    const works = link && !(link.kind === 'first_admin' && (await hasAdmin(tx)));
    if (works) await payBack(tx, attempts);
    return { link: works ? link : undefined, seconds };
  });
  if (seconds > 0) throw fail('sign_in.throttled', { seconds });
  if (!link) throw fail('link.invalid');
  return link;
}

async function useLink(parts: Parts, call: UseCall) {
  const { store, config, passwords } = parts;
  const link = await findLink(parts, call);
  const signed_in = await signedIn(parts, call);
  const plan = planUse(link, call.body, { signed_in, password_login: config.oidc.password_login });
  const about = { email: link.email ?? call.body.email ?? '', name: call.body.name ?? '' };
  if (plan.as !== 'signed_in') await passwords.check(plan.password, about);
  // Outside the transaction: a hash takes longer than all of its statements.
  const password_hash = plan.as === 'signed_in' ? '' : await passwords.hash(plan.password);
  const { started, user } = await store.withInstance('use link', async tx => {
    const user = await settleUser(parts, tx, call, { link, plan, password_hash });
    await fulfil(parts, tx, actorOf({ ...call, principal: principalOf(user) }), link, user);
    return { user, started: await enter(parts, tx, call, user) };
  });
  announce(call, started);
  return store.withInstance('me', tx => meOf(tx, principalOf(user)), { read_only: true });
}

/** Only a session counts: a token that leaked must not accept invitations. */
async function signedIn(parts: Parts, { principal }: UseCall): Promise<{ email: string } | undefined> {
  if (principal?.kind !== 'person' || principal.session_id === undefined) return undefined;
  return parts.store.withInstance('me', tx => personById(tx, principal.id), { read_only: true });
}

interface User {
  id: string;
  name: string;
}

interface Use {
  link: Link;
  plan: Plan;
  password_hash: string;
}

/** The commit point of a link: of two racing uses one takes it, and what it opens is opened in the same transaction. */
async function settleUser(
  parts: Parts,
  tx: Tx,
  call: UseCall,
  { link, plan, password_hash }: Use,
): Promise<User> {
  if (link.kind === 'first_admin') await lockInstance(tx);
  const is_late = link.kind === 'first_admin' && (await hasAdmin(tx));
  if (is_late || !(await consumeLink(tx, link.id, parts.now()))) throw fail('link.invalid');
  switch (plan.as) {
    case 'signed_in':
      return { id: call.principal?.id ?? '', name: call.principal?.name ?? '' };
    case 'new_account':
      return createAccount(parts, tx, call, { ...plan, password_hash });
    case 'account':
      return resetPassword(parts, tx, call, plan.user_id, password_hash);
    default:
      return plan satisfies never;
  }
}

async function createAccount(
  parts: Parts,
  tx: Tx,
  { origin }: UseCall,
  { name, email, password_hash }: { name: string; email: string; password_hash: string },
): Promise<User> {
  const id = await addUser(tx, { id: newId(), name, email, password_hash });
  if (id === undefined) throw fail('users.email_taken', { email });
  const actor = actorOf({ principal: principalOf({ id, name }), origin });
  const object = { kind: 'user', id, name: email };
  await parts.record(tx, actor, {
    workspace_id: null,
    action: 'user.created',
    object,
    changes: created({ name, email }),
  });
  return { id, name };
}

async function resetPassword(
  parts: Parts,
  tx: Tx,
  { origin }: UseCall,
  user_id: string,
  password_hash: string,
): Promise<User> {
  const now = parts.now();
  const person = await personById(tx, user_id);
  if (!person) throw fail('link.invalid');
  await setPassword(tx, user_id, password_hash, now);
  await revokeResetLinks(tx, user_id, now);
  await endSessions(tx, { user_id, now });
  await forgetDevices(tx, user_id);
  const actor = actorOf({ principal: principalOf(person), origin });
  const object = { kind: 'user', id: user_id, name: person.email };
  const note = {
    workspace_id: null,
    action: 'user.password_reset' as const,
    object,
    changes: { password: CHANGED },
  };
  await parts.record(tx, actor, note);
  return { id: user_id, name: person.name };
}

/** What the link gives beside an account. */
async function fulfil(parts: Parts, tx: Tx, actor: Actor, link: Link, user: User): Promise<void> {
  if (link.kind === 'first_admin') {
    await setRights(tx, user.id, INSTANCE_RIGHTS);
    const object = { kind: 'user', id: user.id, name: user.name };
    const changes = created({ instance_rights: [...INSTANCE_RIGHTS] });
    await parts.record(tx, actor, { workspace_id: null, action: 'user.rights_changed', object, changes });
  }
  const workspace_id = link.kind === 'first_admin' ? await firstWorkspace(tx) : link.workspace_id;
  const role = link.kind === 'first_admin' ? 'owner' : link.role;
  if (!workspace_id || !role) return;
  // Who is a member already keeps the role that somebody gave them; only the first admin becomes owner in any case.
  const overrides = link.kind === 'first_admin';
  if (!(await addMember(tx, { workspace_id, user_id: user.id, role, overrides }))) return;
  const object = { kind: 'member', id: user.id, name: user.name };
  await parts.record(tx, actor, { workspace_id, action: 'member.added', object, changes: created({ role }) });
}

async function enter(parts: Parts, tx: Tx, call: UseCall, user: User): Promise<Started> {
  const started = await startSession(parts, tx, call, user, 'link');
  if (!started) throw fail('link.invalid');
  return started;
}
