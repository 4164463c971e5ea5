import { sql } from 'kysely';
import { contains, folded, type Tx } from '../../../base/db/index.ts';
import type { Role } from '../../../contract/permissions.ts';

// Members and invitations of one workspace: through the workspace door, and filtered by it all the same.

/** A name may be 500 characters; a cursor carries the beginning, and the id makes the order complete. */
const name = sql.ref<string>('u.name');
const sortName = sql<string>`left(${folded(name)}, 80)`;
export type NameKey = readonly [sort_name: string, user_id: string];

/**
 * Held until the transaction ends. Whoever changes roles or service accounts takes it first, so that of two owners who
 * demote each other one finds that the other is the last.
 */
export async function lockWorkspace(tx: Tx, workspace_id: string): Promise<boolean> {
  const row = await tx
    .selectFrom('workspaces')
    .select('id')
    .where('id', '=', workspace_id)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

function members(tx: Tx, workspace_id: string) {
  return tx
    .selectFrom('memberships as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(['m.user_id', 'm.role', 'm.source', 'm.version', 'm.created_at', 'u.name', 'u.email'])
    .select([sql<boolean>`u.disabled_at is not null`.as('disabled'), sortName.as('sort_name')])
    .where('m.workspace_id', '=', workspace_id);
}

export interface MemberFilter {
  workspace_id: string;
  q?: string;
  role?: Role;
  after?: NameKey;
}

export async function membersAfter(tx: Tx, { workspace_id, q, role, after }: MemberFilter, rows: number) {
  return members(tx, workspace_id)
    .$if(q !== undefined, query =>
      query.where(eb => eb.or([contains(name, q ?? ''), contains(sql.ref('u.email'), q ?? '')])),
    )
    .$if(role !== undefined, query => query.where('m.role', '=', role ?? 'viewer'))
    .$if(after !== undefined, query =>
      query.where(sql<boolean>`(${sortName}, m.user_id) > (${after?.[0]}, ${after?.[1]}::uuid)`),
    )
    .orderBy(sortName)
    .orderBy('m.user_id')
    .limit(rows)
    .execute();
}

export async function memberById(tx: Tx, workspace_id: string, user_id: string) {
  return members(tx, workspace_id).where('m.user_id', '=', user_id).executeTakeFirst();
}

export type MemberRow = NonNullable<Awaited<ReturnType<typeof memberById>>>;

export async function memberByEmail(tx: Tx, workspace_id: string, email: string) {
  return members(tx, workspace_id)
    .where(sql`lower(u.email)`, '=', sql`lower(${email}::text)`)
    .executeTakeFirst();
}

/** Owners who can sign in; under the workspace's lock. */
export async function otherOwners(tx: Tx, workspace_id: string, user_id: string): Promise<number> {
  const row = await tx
    .selectFrom('memberships as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('m.workspace_id', '=', workspace_id)
    .where('m.role', '=', 'owner')
    .where('m.user_id', '<>', user_id)
    .where('u.disabled_at', 'is', null)
    .executeTakeFirstOrThrow();
  return row.count;
}

export interface NewMember {
  workspace_id: string;
  user_id: string;
  role: Role;
  /** Whether a role that is there already is replaced. */
  overrides?: boolean;
}

/** Instance door: who comes in by a link is no member yet. False when there was nothing to do. */
export async function addMember(tx: Tx, member: NewMember): Promise<boolean> {
  const { workspace_id, user_id, role, overrides = false } = member;
  const { rows } = await sql<{ user_id: string }>`
    insert into memberships as m (workspace_id, user_id, role) values (${workspace_id}, ${user_id}, ${role})
    on conflict (workspace_id, user_id) do update set role = ${role}, source = 'hand', version = m.version + 1
    where ${overrides}
    returning user_id`.execute(tx);
  return rows.length > 0;
}

/** A role that somebody gives is given by hand: the identity provider does not take it away any more. */
export async function setRole(
  tx: Tx,
  { workspace_id, user_id, role }: Omit<NewMember, 'overrides'>,
): Promise<void> {
  await tx
    .updateTable('memberships')
    .set({ role, source: 'hand', version: sql`version + 1` })
    .where('workspace_id', '=', workspace_id)
    .where('user_id', '=', user_id)
    .execute();
}

/**
 * And all that could bring them back in or act for them: their tokens of this workspace, and invitations they made and
 * nobody has used.
 */
export async function removeMember(
  tx: Tx,
  workspace_id: string,
  user_id: string,
  now: string,
): Promise<void> {
  await sql`
    with tokens as (
      update api_tokens set revoked_at = ${now}
      where workspace_id = ${workspace_id} and user_id = ${user_id} and revoked_at is null
    ), invitations as (
      update one_time_links set revoked_at = ${now}
      where workspace_id = ${workspace_id} and kind = 'invitation' and created_by = ${user_id}::text
        and used_at is null and revoked_at is null
    )
    delete from memberships where workspace_id = ${workspace_id} and user_id = ${user_id}`.execute(tx);
}

// ── Invitations ─────────────────────────────────────────────────────────────────────────────────────

function waiting(tx: Tx, workspace_id: string, now: string) {
  return tx
    .selectFrom('one_time_links as l')
    .select(['l.id', 'l.created_at', 'l.expires_at'])
    .select([
      // Not null by the table's own rule for invitations.
      sql<string>`l.email`.as('email'),
      sql<Role>`l.role`.as('role'),
      // Made by a person, a service account or the command line; only an id can be looked for by its index.
      sql<string>`coalesce(
        (select u.name from users u
          where u.id = case when l.created_by ~ '^[0-9a-f-]{36}$' then l.created_by::uuid end),
        l.created_by)`.as('created_by'),
    ])
    .where('l.workspace_id', '=', workspace_id)
    .where('l.kind', '=', 'invitation')
    .where('l.used_at', 'is', null)
    .where('l.revoked_at', 'is', null)
    .where('l.expires_at', '>', now);
}

export async function invitationsBefore(
  tx: Tx,
  { workspace_id, before, now }: { workspace_id: string; before?: string; now: string },
  rows: number,
) {
  return waiting(tx, workspace_id, now)
    .$if(before !== undefined, query => query.where('l.id', '<', before ?? ''))
    .orderBy('l.id', 'desc')
    .limit(rows)
    .execute();
}

export async function invitationById(tx: Tx, workspace_id: string, id: string, now: string) {
  return waiting(tx, workspace_id, now).where('l.id', '=', id).executeTakeFirst();
}

/** By id; or those to one address, which a newer invitation replaces. */
export async function withdrawInvitations(
  tx: Tx,
  { workspace_id, id, email, now }: { workspace_id: string; id?: string; email?: string; now: string },
): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('one_time_links')
    .set({ revoked_at: now })
    .where('workspace_id', '=', workspace_id)
    .where('kind', '=', 'invitation')
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .$if(id !== undefined, query => query.where('id', '=', id ?? ''))
    .$if(email !== undefined, query => query.where(sql`lower(email)`, '=', sql`lower(${email}::text)`))
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}
