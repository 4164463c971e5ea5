import { fail } from '../../../base/kit/errors.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { meOf } from '../accounts/me.ts';
import { hasAdmin } from '../accounts/store.ts';
import { actorOf } from '../audit/actor.ts';
import type { Parts } from '../parts.ts';
import { announce, knownDevice, principalOf, startSession } from './session.ts';
import { type Account, accountByEmail, chargeAttempt, endSessions, payBack } from './store.ts';
import { type Attempt, attemptsOf, deviceAttempt } from './throttle.ts';

type Routes = Pick<typeof accessRoutes, 'sign_in.options' | 'sign_in.password' | 'sign_out'>;
type PasswordCall = Call<(typeof accessRoutes)['sign_in.password']>;

export function signInHandlers(parts: Parts): Handlers<Routes> {
  const { store, config } = parts;
  return {
    'sign_in.options': async () => {
      const { issuer, name, password_login } = config.oidc;
      const needs_first_admin = !(await store.withInstance('sign-in page', hasAdmin, { read_only: true }));
      return {
        instance_id: store.instance_id,
        password_login,
        oidc: issuer === null ? null : { name, start_url: '/api/v1/sign-in/oidc' },
        needs_first_admin,
      };
    },
    'sign_in.password': call => signInByPassword(parts, call),
    sign_out: async call => {
      const { principal } = call;
      if (principal.session_id !== undefined) await endSession(parts, call, principal.session_id);
      call.session.end();
      return undefined;
    },
  };
}

/**
 * The same statements and one hash in every case, so that neither the answer nor its time tells whether there is an
 * account of this address, whether it is disabled, or whether it has a password at all.
 */
async function signInByPassword(parts: Parts, call: PasswordCall) {
  const { store, config, passwords } = parts;
  if (!config.oidc.password_login) throw fail('sign_in.password_disabled');
  const { account, attempts, seconds } = await store.withInstance('sign in', async tx => {
    const account = await accountByEmail(tx, call.body.email);
    const device = account && (await knownDevice(tx, call, account.id));
    const attempts = device ? deviceAttempt(device) : attemptsOf(call.body.email, call.origin.ip);
    return { account, attempts, seconds: await chargeAttempt(tx, attempts, parts.now()) };
  });
  if (seconds > 0) throw await refuse(parts, call, account, 'sign_in.throttled', { seconds });
  const is_right = await passwords.verify(call.body.password, account?.password_hash ?? null);
  const started = is_right && account && (await start(parts, call, account, attempts));
  if (!started) throw await refuse(parts, call, account, 'sign_in.refused');
  announce(call, started);
  return store.withInstance('me', tx => meOf(tx, principalOf(started.user)), { read_only: true });
}

async function start(parts: Parts, call: PasswordCall, account: Account, attempts: readonly Attempt[]) {
  const user = { id: account.id, name: account.name };
  return parts.store.withInstance('start session', async tx => {
    const expected = { password_hash: account.password_hash ?? undefined };
    const started = await startSession(parts, tx, call, user, 'password', expected);
    if (started) await payBack(tx, attempts);
    return started && { ...started, user };
  });
}

/** What was typed is not kept when there is no such account: people type their password in the wrong field. */
async function refuse(
  parts: Parts,
  call: PasswordCall,
  account: Account | undefined,
  code: 'sign_in.refused' | 'sign_in.throttled',
  params = {},
): Promise<Error> {
  const object = account && { kind: 'user', id: account.id, name: account.email };
  // Counted by what was typed, known or not: an entry that is left out must not tell them apart by its time.
  const key = `${code} ${call.body.email.toLowerCase()}`;
  await parts.recordRefusal(key, actorOf(call), { workspace_id: null, action: code, object });
  return fail(code, params);
}

async function endSession(
  parts: Parts,
  call: Call<(typeof accessRoutes)['sign_out']>,
  session_id: string,
): Promise<void> {
  const { id, name } = call.principal;
  await parts.store.withInstance('sign out', async tx => {
    await endSessions(tx, { user_id: id, only: session_id, now: parts.now() });
    await parts.record(tx, actorOf(call), {
      workspace_id: null,
      action: 'session.signed_out',
      object: { kind: 'user', id, name },
    });
  });
}
