import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import { workspaceNamed } from '../workspaces/store.ts';
import { type Attempt, FORGET_SECONDS, LONGEST_WAIT_SECONDS } from './throttle.ts';

// All of these are about people, who belong to no workspace: they run through the instance door.

// ── Who comes with what ─────────────────────────────────────────────────────────────────────────────

export interface SessionRow {
  session_id: string;
  user_id: string;
  name: string;
  instance_rights: string[];
  /** The workspace of the request and the role there; null when it was not named, is unknown, or is not theirs. */
  workspace_id: string | null;
  role: 'owner' | 'admin' | 'editor' | 'operator' | 'viewer' | null;
  /** When it was last written that the session was used: older than a minute is written again. */
  is_stale: boolean;
}

export interface SessionQuestion {
  token_hash: Buffer;
  ref: string | null;
  now: string;
  idle_seconds: number;
}

/** The whole of "may this request come in" in one statement: it runs before every other. */
export async function sessionOf(tx: Tx, question: SessionQuestion): Promise<SessionRow | undefined> {
  const { token_hash, ref, now, idle_seconds } = question;
  const { rows } = await sql<SessionRow>`
    select s.id session_id, u.id user_id, u.name, m.workspace_id, m.role,
      array(select instance_right from instance_grants g where g.user_id = u.id) instance_rights,
      s.last_seen_at <= ${now}::timestamptz - interval '1 minute' is_stale
    from sessions s
    join users u on u.id = s.user_id and u.disabled_at is null
    left join memberships m on m.user_id = u.id and m.workspace_id = ${workspaceNamed(ref)}
    where s.token_hash = ${token_hash} and s.revoked_at is null and s.expires_at > ${now}::timestamptz
      and s.last_seen_at > ${now}::timestamptz - make_interval(secs => ${idle_seconds})`.execute(tx);
  return rows[0];
}

/** At most once a minute, however many requests come at once. */
export async function touchSession(tx: Tx, session_id: string, now: string): Promise<void> {
  await sql`
    update sessions set last_seen_at = ${now}
    where id = ${session_id} and last_seen_at <= ${now}::timestamptz - interval '1 minute'`.execute(tx);
}

export interface TokenRow {
  token_id: string;
  secret_hash: Buffer;
  workspace_id: string;
  /** Whether the request named no workspace or this one. */
  is_named: boolean;
  scopes: string[];
  user_id: string | null;
  service_account_id: string | null;
  name: string;
  role: 'owner' | 'admin' | 'editor' | 'operator' | 'viewer';
  instance_rights: string[];
  is_stale: boolean;
}

/** A token whose owner is disabled or has left the workspace is no token. */
export async function tokenOf(
  tx: Tx,
  { prefix, ref, now }: { prefix: string; ref: string | null; now: string },
): Promise<TokenRow | undefined> {
  const { rows } = await sql<TokenRow>`
    select t.id token_id, t.secret_hash, t.workspace_id, t.scopes, t.user_id, t.service_account_id,
      coalesce(u.name, a.name) "name", coalesce(m.role, a.role) "role",
      coalesce(a.instance_rights,
        array(select instance_right from instance_grants g where g.user_id = t.user_id)) instance_rights,
      ${ref}::text is null or t.workspace_id = ${workspaceNamed(ref)} is_named,
      t.last_used_at is null or t.last_used_at <= ${now}::timestamptz - interval '10 minutes' is_stale
    from api_tokens t
    left join users u on u.id = t.user_id and u.disabled_at is null
    left join memberships m on m.user_id = u.id and m.workspace_id = t.workspace_id
    left join service_accounts a on a.id = t.service_account_id and a.workspace_id = t.workspace_id
    where t.prefix = ${prefix} and t.revoked_at is null and (t.expires_at is null or t.expires_at > ${now})
      and coalesce(m.role, a.role) is not null`.execute(tx);
  return rows[0];
}

export async function touchToken(tx: Tx, token_id: string, now: string): Promise<void> {
  await sql`
    update api_tokens set last_used_at = ${now}
    where id = ${token_id} and (last_used_at is null or last_used_at <= ${now}::timestamptz - interval '10 minutes')
  `.execute(tx);
}

// ── Sessions ────────────────────────────────────────────────────────────────────────────────────────

export interface NewSession {
  id: string;
  user_id: string;
  token_hash: Buffer;
  ip: string;
  user_agent: string;
  now: string;
  expires_at: string;
}

/** False when the account was disabled, or its password changed, since it was looked at. */
export async function addSession(
  tx: Tx,
  session: NewSession,
  expected: { password_hash?: string } = {},
): Promise<boolean> {
  const { id, user_id, token_hash, ip, user_agent, now, expires_at } = session;
  const { rows } = await sql<{ id: string }>`
    insert into sessions (id, user_id, token_hash, ip, user_agent, created_at, last_seen_at, expires_at)
    select ${id}, u.id, ${token_hash}, ${ip}, ${user_agent}, ${now}, ${now}, ${expires_at} from users u
    where u.id = ${user_id} and u.disabled_at is null
      and (${expected.password_hash ?? null}::text is null or u.password_hash = ${expected.password_hash ?? null})
    returning id`.execute(tx);
  return rows.length > 0;
}

export async function sessionsBefore(
  tx: Tx,
  {
    user_id,
    before,
    now,
    idle_seconds,
  }: { user_id: string; before?: string; now: string; idle_seconds: number },
  rows: number,
) {
  return tx
    .selectFrom('sessions')
    .select(['id', 'ip', 'user_agent', 'created_at', 'last_seen_at', 'expires_at'])
    .where('user_id', '=', user_id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .where('last_seen_at', '>', sql<string>`${now}::timestamptz - make_interval(secs => ${idle_seconds})`)
    .$if(before !== undefined, query => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(rows)
    .execute();
}

/** Those of one person, by id; or all, or all but one. Answers how many ended. */
export async function endSessions(
  tx: Tx,
  { user_id, only, except, now }: { user_id: string; only?: string; except?: string; now: string },
): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('sessions')
    .set({ revoked_at: now })
    .where('user_id', '=', user_id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .$if(only !== undefined, query => query.where('id', '=', only ?? ''))
    .$if(except !== undefined, query => query.where('id', '<>', except ?? ''))
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

// ── Signing in ──────────────────────────────────────────────────────────────────────────────────────

export interface Account {
  id: string;
  email: string;
  name: string;
  password_hash: string | null;
  is_disabled: boolean;
}

export async function accountByEmail(tx: Tx, email: string): Promise<Account | undefined> {
  return tx
    .selectFrom('users')
    .select(['id', 'email', 'name', 'password_hash', sql<boolean>`disabled_at is not null`.as('is_disabled')])
    .where(sql`lower(email)`, '=', sql`lower(${email}::text)`)
    .executeTakeFirst();
}

export async function deviceOwner(tx: Tx, token_hash: Buffer): Promise<string | undefined> {
  const row = await tx
    .selectFrom('known_devices')
    .select('user_id')
    .where('token_hash', '=', token_hash)
    .executeTakeFirst();
  return row?.user_id;
}

export async function rememberDevice(
  tx: Tx,
  { token_hash, user_id, now }: { token_hash: Buffer; user_id: string; now: string },
): Promise<void> {
  await tx
    .insertInto('known_devices')
    .values({ token_hash, user_id, last_used_at: now })
    .onConflict(conflict => conflict.column('token_hash').doUpdateSet({ user_id, last_used_at: now }))
    .execute();
}

/** With a new password nobody who only knew the old one is anybody's old acquaintance. */
export async function forgetDevices(tx: Tx, user_id: string): Promise<void> {
  await tx.deleteFrom('known_devices').where('user_id', '=', user_id).execute();
}

// ── Throttling ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Charges an attempt before it is made, so that a hundred at the same time are a hundred: whoever turns out to be right is
 * paid back. Answers the seconds to wait when one of the keys is blocked; then nothing is charged to that key, and
 * hammering does not make the wait longer.
 */
export async function chargeAttempt(tx: Tx, attempts: readonly Attempt[], now: string): Promise<number> {
  const keys = attempts.map(attempt => attempt.key);
  const free = attempts.map(attempt => attempt.free);
  // Long ago, or of a clock that was ahead and has been set right: a wrong hour must lock nobody out for years.
  const is_past = sql<boolean>`t.window_started_at not between ${now}::timestamptz - make_interval(secs => ${FORGET_SECONDS})
    and ${now}::timestamptz + make_interval(secs => ${FORGET_SECONDS})`;
  const { rows } = await sql<{ seconds: number }>`
    with attempt as (
      select key, free from unnest(${keys}::text[], ${free}::int[]) a (key, free) order by key
    ), charged as (
      insert into sign_in_throttle as t (key, failures, window_started_at)
      select key, 1, ${now} from attempt
      on conflict (key) do update set
        failures = case when ${is_past} then 1 else t.failures + 1 end,
        window_started_at = excluded.window_started_at,
        blocked_until = case
          when ${is_past} then null
          when t.failures + 1 > (select free from attempt a where a.key = t.key) then ${now}::timestamptz + make_interval(
            secs => least(${LONGEST_WAIT_SECONDS},
              power(2, least(20, t.failures + 1 - (select free from attempt a where a.key = t.key)))))
        end
      where t.blocked_until is null or t.blocked_until <= ${now} or ${is_past}
      returning key
    )
    select greatest(1, ceil(extract(epoch from max(t.blocked_until) - ${now}::timestamptz)))::int seconds
    from attempt a left join sign_in_throttle t using (key)
    where a.key not in (select key from charged)
    having count(*) > 0`.execute(tx);
  return rows[0]?.seconds ?? 0;
}

/** The person was right: nothing is held against them, and their network gets back what this attempt was charged. */
export async function payBack(tx: Tx, attempts: readonly Attempt[]): Promise<void> {
  const keys = attempts.map(attempt => attempt.key);
  await sql`
    with rid as (
      delete from sign_in_throttle where key = any(${keys}::text[]) and key not like 'network:%'
    )
    update sign_in_throttle set failures = greatest(0, failures - 1), blocked_until = null
    where key = any(${keys}::text[]) and key like 'network:%'`.execute(tx);
}

// ── What time takes away ────────────────────────────────────────────────────────────────────────────

const KEEP_DAYS = { session: 30, device: 180 } as const;

/** Rows that nobody can use any more, a bounded number at a time. Answers how many. */
export async function sweepSignIn(tx: Tx, now: string, rows: number): Promise<number> {
  const { rows: counted } = await sql<{ count: number }>`
    with sessions_gone as (
      delete from sessions where id in (
        select id from sessions where expires_at < ${now}::timestamptz - make_interval(days => ${KEEP_DAYS.session})
        order by expires_at limit ${rows})
      returning 1
    ), devices_gone as (
      delete from known_devices where token_hash in (
        select token_hash from known_devices
        where last_used_at < ${now}::timestamptz - make_interval(days => ${KEEP_DAYS.device})
        order by last_used_at limit ${rows})
      returning 1
    ), throttle_gone as (
      delete from sign_in_throttle where key in (
        select key from sign_in_throttle
        where window_started_at < ${now}::timestamptz - make_interval(secs => ${FORGET_SECONDS}) limit ${rows})
      returning 1
    )
    select ((select count(*) from sessions_gone) + (select count(*) from devices_gone)
      + (select count(*) from throttle_gone))::int count`.execute(tx);
  return counted[0]?.count ?? 0;
}
