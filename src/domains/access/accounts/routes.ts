import { fail } from '../../../base/kit/errors.ts';
import { checkVersion } from '../../../base/kit/version.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { actorOf } from '../audit/actor.ts';
import { CHANGED, changesOf } from '../audit/entry.ts';
import { revokeResetLinks } from '../links/store.ts';
import type { Parts } from '../parts.ts';
import { requireSession } from '../rights.ts';
import { announce, startSession } from '../sign-in/session.ts';
import { chargeAttempt, endSessions, forgetDevices, payBack } from '../sign-in/store.ts';
import { sessionAttempt } from '../sign-in/throttle.ts';
import { meOf } from './me.ts';
import { editProfile, lockPerson, personById, setPassword, workspaceIdsOf } from './store.ts';

type Routes = Pick<typeof accessRoutes, 'me.show' | 'me.edit' | 'me.password'>;
type PasswordCall = Call<Routes['me.password']>;

export function meHandlers(parts: Parts): Handlers<Routes> {
  const { store } = parts;
  return {
    'me.show': async ({ principal }) =>
      store.withInstance('me', tx => meOf(tx, principal), { read_only: true }),
    'me.edit': call => editMe(parts, call),
    'me.password': call => changePassword(parts, call),
  };
}

async function editMe(parts: Parts, call: Call<Routes['me.edit']>) {
  const { principal, body, version } = call;
  requireSession(principal);
  return parts.store.withInstance('edit profile', async tx => {
    const before = (await lockPerson(tx, principal.id)) ?? gone();
    checkVersion({ expected: version, current: before.version });
    await editProfile(tx, before.id, body, parts.now());
    const object = { kind: 'user', id: before.id, name: before.name };
    const changes = changesOf(before, body);
    // A new name shows in every workspace; language and theme are nobody else's business.
    const places = changes.name === undefined ? [] : await workspaceIdsOf(tx, before.id);
    await parts.record(
      tx,
      actorOf(call),
      { workspace_id: null, action: 'user.changed', object, changes },
      ...places.map(workspace_id => ({ workspace_id, action: 'member.renamed' as const, object })),
    );
    return meOf(tx, principal);
  });
}

/** Whoever knew the old one is out: every other session ends, and this one gets a new token. */
async function changePassword(parts: Parts, call: PasswordCall): Promise<undefined> {
  const session_id = requireSession(call.principal);
  const { store, config, passwords } = parts;
  if (!config.oidc.password_login) throw fail('sign_in.password_disabled');
  const person = await store.withInstance('me', tx => personById(tx, call.principal.id), { read_only: true });
  if (!person) throw gone();
  const former = person.password_hash;
  if (former !== null) await checkCurrent(parts, call, session_id, former);
  await passwords.check(call.body.new_password, person);
  const password_hash = await passwords.hash(call.body.new_password);
  const started = await store.withInstance('change password', async tx => {
    const now = parts.now();
    const locked = await lockPerson(tx, person.id);
    // Somebody else changed it meanwhile: what was typed as the current one is not any more.
    if (locked?.password_hash !== former) throw fail('password.wrong');
    await setPassword(tx, person.id, password_hash, now);
    await revokeResetLinks(tx, person.id, now);
    await endSessions(tx, { user_id: person.id, now });
    await forgetDevices(tx, person.id);
    const object = { kind: 'user', id: person.id, name: person.name };
    const note = { workspace_id: null, action: 'user.password_changed' as const, object };
    await parts.record(tx, actorOf(call), { ...note, changes: { password: CHANGED } });
    return startSession(parts, tx, call, person, 'password');
  });
  if (!started) throw gone();
  announce(call, started);
}

async function checkCurrent(
  parts: Parts,
  call: PasswordCall,
  session_id: string,
  stored: string,
): Promise<void> {
  const attempts = sessionAttempt(session_id);
  const { store, passwords } = parts;
  const seconds = await store.withInstance('check password', tx => chargeAttempt(tx, attempts, parts.now()));
  if (seconds > 0) throw fail('sign_in.throttled', { seconds });
  if (!(await passwords.verify(call.body.current_password ?? '', stored))) throw fail('password.wrong');
  await store.withInstance('check password', tx => payBack(tx, attempts));
}

/** Deleted or disabled between the door and here. */
function gone(): never {
  throw fail('auth.invalid');
}
