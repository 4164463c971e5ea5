import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import type { Role } from '../../../contract/permissions.ts';
import type { Link } from './link.ts';

// One-time links are looked up before anybody is known, so these run through the instance door.

export interface NewLink {
  id: string;
  kind: Link['kind'];
  token_hash: Buffer;
  workspace_id?: string;
  user_id?: string;
  email?: string;
  role?: Role;
  created_by: string;
  created_at: string;
  expires_at: string;
}

/** Either door: invitations are made inside their workspace. */
export async function addLink(tx: Tx, link: NewLink): Promise<void> {
  await tx.insertInto('one_time_links').values(link).execute();
}

/** Undefined when it is unknown, used, withdrawn, expired, or its account is disabled: all the same to who asks. */
export async function usableLink(tx: Tx, token_hash: Buffer, now: string): Promise<Link | undefined> {
  const { rows } = await sql<Link>`
    select l.id, l.kind, l.workspace_id, w.name workspace_name, l.user_id, coalesce(l.email, u.email) email, l.role,
      l.expires_at, coalesce(
        u.id is not null or exists (select from users o where lower(o.email) = lower(l.email)), false) has_account
    from one_time_links l
    left join workspaces w on w.id = l.workspace_id
    left join users u on u.id = l.user_id
    where l.token_hash = ${token_hash} and l.used_at is null and l.revoked_at is null and l.expires_at > ${now}
      and u.disabled_at is null`.execute(tx);
  return rows[0];
}

/** Of two uses at the same time one gets true. */
export async function consumeLink(tx: Tx, id: string, now: string): Promise<boolean> {
  const row = await tx
    .updateTable('one_time_links')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** A password that was set makes the other links for setting it worthless. */
export async function revokeResetLinks(tx: Tx, user_id: string, now: string): Promise<void> {
  await tx
    .updateTable('one_time_links')
    .set({ revoked_at: now })
    .where('kind', '=', 'reset')
    .where('user_id', '=', user_id)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .execute();
}

const KEEP_DAYS = 30;

/** Links that ended long ago, a bounded number at a time. Answers how many. */
export async function sweepLinks(tx: Tx, now: string, rows: number): Promise<number> {
  const { rows: gone } = await sql<{ id: string }>`
    delete from one_time_links where id in (
      select id from one_time_links where expires_at < ${now}::timestamptz - make_interval(days => ${KEEP_DAYS})
      limit ${rows})
    returning id`.execute(tx);
  return gone.length;
}
