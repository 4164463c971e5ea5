import type { Tx } from '../../../base/db/index.ts';
import { toTimestamp } from '../../../base/kit/clock.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { Config } from '../../../contract/config.ts';
import { EVERY_SCOPE } from '../../../contract/permissions.ts';
import type { Principal } from '../../../contract/principal.ts';
import type { Call } from '../../../contract/route.ts';
import { actorOf } from '../audit/actor.ts';
import { hashBearer, newBearer } from '../bearer.ts';
import type { Parts } from '../parts.ts';
import { addSession, deviceOwner, endSessions, rememberDevice } from './store.ts';

const DAY_SECONDS = 86_400;
/** How long a browser is remembered that nobody uses. */
export const DEVICE_DAYS = 180;
const DEVICE = 'device';

export function idleSeconds(config: Pick<Config, 'session'>): number {
  return config.session.idle_hours * 3600;
}

/** What signing in needs of a call. */
export type SignInCall = Pick<Call, 'origin' | 'session' | 'browser'> & { principal: Principal | undefined };

export type Way = 'password' | 'link' | 'identity_provider';

/** Somebody who has just become known, for the audit log and for what the first answer shows. */
export function principalOf({ id, name }: { id: string; name: string }): Principal {
  return { kind: 'person', id, name, instance_rights: [], scopes: [...EVERY_SCOPE] };
}

/** What the browser gets once the transaction is committed. */
export interface Started {
  token: string;
  expires_at: string;
  device: string;
}

/**
 * A new session with a new token, never the one that the browser came with (an attacker may have put it there); that one
 * ends. Undefined when the account was disabled, or its password changed, a moment ago.
 */
export async function startSession(
  parts: Parts,
  tx: Tx,
  call: SignInCall,
  user: { id: string; name: string },
  way: Way,
  expected: { password_hash?: string } = {},
): Promise<Started | undefined> {
  const { principal: former, origin } = call;
  const now = parts.now();
  const { value: token, hash: token_hash } = newBearer();
  const lifetime_ms = parts.config.session.absolute_days * DAY_SECONDS * 1000;
  const expires_at = toTimestamp(parts.clock.now() + lifetime_ms);
  const { ip, user_agent } = origin;
  const session = { id: newId(), user_id: user.id, token_hash, ip, user_agent, now, expires_at };
  if (!(await addSession(tx, session, expected))) return undefined;
  if (former?.session_id !== undefined)
    await endSessions(tx, { user_id: former.id, only: former.session_id, now });
  const device = await settleDevice(tx, call, user.id, now);
  await parts.record(tx, actorOf({ principal: principalOf(user), origin }), {
    workspace_id: null,
    action: 'sign_in.succeeded',
    object: { kind: 'user', id: user.id, name: user.name },
    changes: { way: { after: way } },
  });
  return { token, expires_at, device };
}

export function announce(call: SignInCall, started: Started): void {
  call.session.start(started.token, started.expires_at);
  call.browser.keep(DEVICE, started.device, DEVICE_DAYS * DAY_SECONDS);
}

/** The hash of the device that this browser is known as, when it is one of this account's. */
export async function knownDevice(tx: Tx, call: SignInCall, user_id: string): Promise<Buffer | undefined> {
  const shown = call.browser.recall(DEVICE);
  if (shown === undefined) return undefined;
  const token_hash = hashBearer(shown);
  return (await deviceOwner(tx, token_hash)) === user_id ? token_hash : undefined;
}

/** The cookie that the browser has, when it is already known as this account's; else a new one. */
async function settleDevice(tx: Tx, call: SignInCall, user_id: string, now: string): Promise<string> {
  const known = await knownDevice(tx, call, user_id);
  const shown = known && call.browser.recall(DEVICE);
  const device = shown ?? newBearer().value;
  await rememberDevice(tx, { token_hash: hashBearer(device), user_id, now });
  return device;
}
