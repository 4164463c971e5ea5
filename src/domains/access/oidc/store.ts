import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import type { Role } from '../../../contract/permissions.ts';
import { ROLES } from '../../../contract/permissions.ts';
import type { WantedRole } from './claims.ts';

// About people, who belong to no workspace: through the instance door.

interface Identity {
  issuer: string;
  subject: string;
}

export async function userByIdentity(tx: Tx, { issuer, subject }: Identity) {
  return tx
    .selectFrom('user_identities as i')
    .innerJoin('users as u', 'u.id', 'i.user_id')
    .select(['u.id', 'u.name', 'u.email', sql<boolean>`u.disabled_at is not null`.as('is_disabled')])
    .where('i.issuer', '=', issuer)
    .where('i.subject', '=', subject)
    .executeTakeFirst();
}

/** False when this identity, or another one of this provider, is linked already. */
export async function addIdentity(
  tx: Tx,
  { issuer, subject, user_id }: Identity & { user_id: string },
): Promise<boolean> {
  const { rows } = await sql<{ user_id: string }>`
    insert into user_identities (issuer, subject, user_id) select ${issuer}, ${subject}, ${user_id}
    where not exists (select from user_identities where issuer = ${issuer} and user_id = ${user_id})
    on conflict do nothing returning user_id`.execute(tx);
  return rows.length > 0;
}

export async function removeIdentity(tx: Tx, issuer: string, user_id: string): Promise<boolean> {
  const row = await tx
    .deleteFrom('user_identities')
    .where('issuer', '=', issuer)
    .where('user_id', '=', user_id)
    .returning('user_id')
    .executeTakeFirst();
  return row !== undefined;
}

export interface RoleChange {
  workspace_id: string;
  before: Role | null;
  after: Role | null;
}

/**
 * Makes the roles that came from groups be exactly these; a role that somebody gave by hand is not looked at. Whoever
 * loses a workspace loses their tokens of it. Unknown workspaces are nobody's: the start warns of them.
 */
export async function syncGroupRoles(
  tx: Tx,
  { user_id, wanted, now }: { user_id: string; wanted: readonly WantedRole[]; now: string },
): Promise<RoleChange[]> {
  const slugs = wanted.map(one => one.workspace);
  const roles = wanted.map(one => one.role);
  const { rows } = await sql<RoleChange>`
    with wanted as (
      select distinct on (coalesce(w.id, f.workspace_id)) coalesce(w.id, f.workspace_id) workspace_id, x.role
      from unnest(${slugs}::text[], ${roles}::text[]) x (slug, role)
      left join workspaces w on w.slug = x.slug
      left join workspace_slugs f on f.slug = x.slug
      where coalesce(w.id, f.workspace_id) is not null
      order by coalesce(w.id, f.workspace_id), array_position(${[...ROLES]}::text[], x.role)
    ), held as (
      select workspace_id, role from memberships where user_id = ${user_id} and source = 'group'
    ), gone as (
      delete from memberships
      where user_id = ${user_id} and source = 'group' and workspace_id not in (select workspace_id from wanted)
      returning workspace_id
    ), dead_tokens as (
      update api_tokens set revoked_at = ${now}
      where user_id = ${user_id} and revoked_at is null and workspace_id in (select workspace_id from gone)
    ), changed as (
      insert into memberships as m (workspace_id, user_id, role, source)
      select workspace_id, ${user_id}, role, 'group' from wanted
      on conflict (workspace_id, user_id) do update set role = excluded.role, version = m.version + 1
      where m.source = 'group' and m.role <> excluded.role
      returning workspace_id, role
    )
    select workspace_id, held.role "before", null "after" from gone join held using (workspace_id)
    union all
    select workspace_id, held.role, changed.role from changed left join held using (workspace_id)
    order by workspace_id`.execute(tx);
  return rows;
}

/** Of these slugs, the ones that no workspace answers to. */
export async function unknownSlugs(tx: Tx, slugs: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ slug: string }>`
    select s.slug from unnest(${[...slugs]}::text[]) s (slug)
    where not exists (select from workspaces w where w.slug = s.slug)
      and not exists (select from workspace_slugs f where f.slug = s.slug)`.execute(tx);
  return rows.map(row => row.slug);
}
