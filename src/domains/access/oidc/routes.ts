import { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import { type Failure, fail, isFailure } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { addUser, lockPerson } from '../accounts/store.ts';
import { type Actor, actorOf } from '../audit/actor.ts';
import { type AuditNote, created } from '../audit/entry.ts';
import type { Parts } from '../parts.ts';
import { requireSession } from '../rights.ts';
import { announce, principalOf, startSession } from '../sign-in/session.ts';
import { type Person, rolesOf } from './claims.ts';
import { safeNext } from './next.ts';
import type { Pending, Provider } from './openid.ts';
import { addIdentity, type RoleChange, removeIdentity, syncGroupRoles, userByIdentity } from './store.ts';

type Routes = Pick<
  typeof accessRoutes,
  'sign_in.oidc_start' | 'sign_in.oidc_callback' | 'my_identity.link' | 'my_identity.delete'
>;
type CallbackCall = Call<Routes['sign_in.oidc_callback']>;
type NavigationCall = Pick<CallbackCall, 'origin' | 'principal' | 'redirect'>;

const COOKIE = 'oidc';
const AWAY_SECONDS = 600;

/** What the browser brings back; nobody else can, and what does not fit is as good as nothing. */
const tripSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string(),
  /** Present when a person who is signed in asked to link their account. */
  link_user_id: z.string().optional(),
});
type Trip = z.infer<typeof tripSchema>;

export function oidcHandlers(parts: Parts, provider: Provider | undefined): Handlers<Routes> {
  return {
    'sign_in.oidc_start': async call => {
      const there = provider ?? notConfigured();
      await navigate(parts, call, async () => {
        const { url, pending } = await there.begin();
        depart(call, { ...pending, next: safeNext(call.query.next) });
        return url;
      });
      return undefined;
    },
    'sign_in.oidc_callback': async call => {
      const there = provider ?? notConfigured();
      await navigate(parts, call, () => comeBack(parts, call, there));
      return undefined;
    },
    'my_identity.link': async call => {
      requireSession(call.principal);
      const { url, pending } = await (provider ?? notConfigured()).begin();
      // A POST of our own pages only (the server checks the origin): another site cannot have this cookie set.
      depart(call, { ...pending, next: '/account/password', link_user_id: call.principal.id });
      return { url };
    },
    'my_identity.delete': async call => {
      requireSession(call.principal);
      await unlink(parts, call, provider ?? notConfigured());
      return undefined;
    },
  };
}

function notConfigured(): never {
  throw fail('oidc.not_configured');
}

// ── There and back ──────────────────────────────────────────────────────────────────────────────────

function depart(call: Pick<CallbackCall, 'browser'>, trip: Pending & Omit<Trip, keyof Pending>): void {
  call.browser.keep(COOKIE, Buffer.from(JSON.stringify(trip)).toString('base64url'), AWAY_SECONDS);
}

/** Once: the second time that the same answer is shown there is nothing to compare it with. */
function recallTrip(call: CallbackCall): Trip | undefined {
  const kept = call.browser.recall(COOKIE);
  call.browser.forget(COOKIE);
  try {
    return tripSchema.parse(JSON.parse(Buffer.from(kept ?? '', 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
}

/**
 * A person is at the other end, not a program: a failure leads to the sign-in page, which says by its code what happened.
 * The reason, which may be a stranger's text, is in the audit log and not in an address that anybody could write.
 */
async function navigate(parts: Parts, call: NavigationCall, work: () => Promise<string>): Promise<void> {
  try {
    call.redirect(await work());
  } catch (error) {
    if (!isFailure(error) || !error.code.startsWith('oidc.')) throw error;
    await recordRefusal(parts, call, error);
    call.redirect(`/sign-in?problem=${error.code}&request_id=${call.origin.request_id}`);
  }
}

async function recordRefusal(parts: Parts, call: NavigationCall, failure: Failure): Promise<void> {
  const changes = created({ reason: failure.params.reason ?? '' });
  const action = isFailure(failure, 'oidc.unreachable') ? 'sign_in.oidc_unreachable' : 'sign_in.oidc_refused';
  const note: AuditNote = { workspace_id: null, action, changes };
  await parts.recordRefusal(`${failure.code} ${call.origin.ip}`, actorOf(call), note);
}

async function comeBack(parts: Parts, call: CallbackCall, provider: Provider): Promise<string> {
  const { issuer } = provider;
  const trip = recallTrip(call);
  if (!trip) throw refused(issuer, 'this browser did not begin the sign-in, or more than ten minutes ago');
  const person = await provider.finish(trip, call.query);
  if (trip.link_user_id !== undefined && trip.link_user_id !== call.principal?.id)
    throw refused(issuer, 'the account that was to be linked is not signed in any more');
  const started = await parts.store.withInstance('sign in by provider', async tx => {
    const user = await settleUser(parts, tx, call, { person, link_user_id: trip.link_user_id });
    await settleRoles(parts, tx, actorOf({ ...call, principal: principalOf(user) }), user, person);
    const started = await startSession(parts, tx, call, user, 'identity_provider');
    if (!started) throw refused(issuer, 'the account is disabled');
    return started;
  });
  announce(call, started);
  return trip.next;
}

function refused(issuer: string, reason: string): Failure {
  return fail('oidc.refused', { issuer, reason });
}

// ── Who it is ───────────────────────────────────────────────────────────────────────────────────────

interface User {
  id: string;
  name: string;
}

/**
 * The account of this identity; or the one that asked to be linked; or a new one. Never the one that merely has the same
 * address: whoever runs a provider, or can register there, writes any address they like.
 */
async function settleUser(
  parts: Parts,
  tx: Tx,
  call: CallbackCall,
  { person, link_user_id }: { person: Person; link_user_id: string | undefined },
): Promise<User> {
  const { issuer } = person;
  const known = await userByIdentity(tx, person);
  if (link_user_id !== undefined) {
    if (known && known.id !== link_user_id) throw refused(issuer, 'it is linked with another account here');
    return known ?? link(parts, tx, call, person, link_user_id);
  }
  if (known) return known;
  const { email, name } = person;
  const id = await addUser(tx, { id: newId(), email, name, password_hash: null });
  if (id === undefined)
    throw refused(
      issuer,
      `there is an account ${email} here; sign in with its password and link it under Account`,
    );
  await addIdentity(tx, { ...person, user_id: id });
  const actor = actorOf({ principal: principalOf({ id, name }), origin: call.origin });
  const object = { kind: 'user', id, name: email };
  const changes = created({ name, email, issuer });
  await parts.record(tx, actor, { workspace_id: null, action: 'user.created', object, changes });
  return { id, name };
}

async function link(
  parts: Parts,
  tx: Tx,
  call: CallbackCall,
  person: Person,
  user_id: string,
): Promise<User> {
  const user = await lockPerson(tx, user_id);
  if (!user || !(await addIdentity(tx, { ...person, user_id })))
    throw refused(person.issuer, 'this account is linked with another identity already');
  const object = { kind: 'user', id: user_id, name: user.email };
  const changes = created({ issuer: person.issuer });
  await parts.record(tx, actorOf(call), {
    workspace_id: null,
    action: 'user.identity_linked',
    object,
    changes,
  });
  return user;
}

/** What the provider's groups give, given and taken at each sign-in. */
async function settleRoles(parts: Parts, tx: Tx, actor: Actor, user: User, person: Person): Promise<void> {
  const wanted = rolesOf(person.groups, parts.config.oidc.group_roles);
  const changes = await syncGroupRoles(tx, { user_id: user.id, wanted, now: parts.now() });
  const object = { kind: 'member', id: user.id, name: user.name };
  await parts.record(tx, actor, ...changes.map(change => toNote(change, object)));
}

function toNote({ workspace_id, before, after }: RoleChange, object: AuditNote['object']): AuditNote {
  const changes = { role: { before, after }, source: { after: 'group' } };
  const action = after === null ? 'member.removed' : before === null ? 'member.added' : 'member.role_changed';
  return { workspace_id, action, object, changes };
}

async function unlink(
  parts: Parts,
  call: Call<Routes['my_identity.delete']>,
  { issuer }: Provider,
): Promise<void> {
  await parts.store.withInstance('unlink identity', async tx => {
    const person = await lockPerson(tx, call.principal.id);
    if (!person?.has_password || !parts.config.oidc.password_login)
      throw fail('account.last_way_in', { issuer });
    if (!(await removeIdentity(tx, issuer, person.id))) return;
    const object = { kind: 'user', id: person.id, name: person.email };
    const note = { workspace_id: null, action: 'user.identity_unlinked' as const, object };
    await parts.record(tx, actorOf(call), { ...note, changes: created({ issuer }) });
  });
}
