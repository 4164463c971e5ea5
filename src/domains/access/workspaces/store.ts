import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';

const FIELDS = ['id', 'slug', 'name', 'time_zone', 'version', 'created_at', 'updated_at'] as const;

/** Either door. */
export async function workspaceById(tx: Tx, id: string) {
  return tx.selectFrom('workspaces').select(FIELDS).where('id', '=', id).executeTakeFirst();
}

export type WorkspaceRow = NonNullable<Awaited<ReturnType<typeof workspaceById>>>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Part of a statement: the workspace that a request names by id, slug or former slug; null when there is none. A slug in
 * force wins over a former one of another workspace. It says nothing about who may see that workspace.
 */
export function workspaceNamed(ref: string | null) {
  const id = ref !== null && UUID.test(ref) ? ref : null;
  return sql<string | null>`coalesce(
    (select id from workspaces where id = ${id}::uuid),
    (select id from workspaces where slug = ${ref}::text),
    (select workspace_id from workspace_slugs where slug = ${ref}::text))`;
}

interface Figures {
  created_at: string;
  members: number;
  invitations: number;
  my_tokens: number;
}

/** Workspace door. */
export async function overview(
  tx: Tx,
  { workspace_id, user_id, now }: { workspace_id: string; user_id: string | null; now: string },
): Promise<Figures | undefined> {
  const { rows } = await sql<Figures>`
    select w.created_at,
      (select count(*)::int from memberships where workspace_id = ${workspace_id}) members,
      (select count(*)::int from one_time_links
        where workspace_id = ${workspace_id} and kind = 'invitation'
          and used_at is null and revoked_at is null and expires_at > ${now}) invitations,
      (select count(*)::int from api_tokens
        where workspace_id = ${workspace_id} and user_id = ${user_id}::uuid and revoked_at is null) my_tokens
    from workspaces w where w.id = ${workspace_id}`.execute(tx);
  return rows[0];
}

// What follows spans workspaces (slugs are unique among all of them), and runs through the instance door.

export async function lockWorkspaceRow(tx: Tx, id: string): Promise<WorkspaceRow | undefined> {
  return tx.selectFrom('workspaces').select(FIELDS).where('id', '=', id).forUpdate().executeTakeFirst();
}

export async function workspacesAfter(
  tx: Tx,
  after: string | undefined,
  rows: number,
): Promise<WorkspaceRow[]> {
  return tx
    .selectFrom('workspaces')
    .select(FIELDS)
    .$if(after !== undefined, query => query.where('slug', '>', after ?? ''))
    .orderBy('slug')
    .limit(rows)
    .execute();
}

/** For whoever is at home everywhere: the command line on the server itself. */
export async function workspaceByRef(tx: Tx, ref: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string | null }>`select ${workspaceNamed(ref)} id`.execute(tx);
  return rows[0]?.id ?? undefined;
}

/** Where the first admin belongs: `main`, or what has become of it. */
export async function firstWorkspace(tx: Tx): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from workspaces order by slug = 'main' desc, created_at, id limit 1`.execute(tx);
  return rows[0]?.id;
}

export async function hasWorkspace(tx: Tx, except?: string): Promise<boolean> {
  const row = await tx
    .selectFrom('workspaces')
    .select('id')
    .$if(except !== undefined, query => query.where('id', '<>', except ?? ''))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The first of these that no workspace uses. */
export async function freeSlug(tx: Tx, candidates: readonly string[]): Promise<string | undefined> {
  const { rows } = await sql<{ slug: string }>`
    select c.slug from unnest(${[...candidates]}::text[]) with ordinality c (slug, place)
    where not exists (select from workspaces w where w.slug = c.slug)
    order by place limit 1`.execute(tx);
  return rows[0]?.slug;
}

/** False when the slug was taken. */
export async function addWorkspace(
  tx: Tx,
  workspace: { id: string; slug: string; name: string; time_zone: string },
): Promise<boolean> {
  const row = await tx
    .insertInto('workspaces')
    .values(workspace)
    .onConflict(conflict => conflict.column('slug').doNothing())
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

export interface WorkspaceChanges {
  name?: string;
  slug?: string;
  time_zone?: string;
}

/** False when the slug was taken; checked in the statement, because a broken constraint would end the transaction. */
export async function editWorkspace(
  tx: Tx,
  id: string,
  changes: WorkspaceChanges,
  now: string,
): Promise<boolean> {
  const row = await tx
    .updateTable('workspaces')
    .set({ ...changes, version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('workspaces as other')
            .select('other.id')
            .where('other.slug', '=', changes.slug ?? '')
            .where('other.id', '<>', id),
        ),
      ),
    )
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** The slug it leaves keeps answering for it, the one it takes stops answering for whoever left it. */
export async function moveSlug(
  tx: Tx,
  { id, from, to }: { id: string; from: string; to: string },
): Promise<void> {
  await sql`
    with taken as (delete from workspace_slugs where slug = ${to})
    insert into workspace_slugs (slug, workspace_id) values (${from}, ${id})
    on conflict (slug) do update set workspace_id = excluded.workspace_id, created_at = now()`.execute(tx);
}

/** A new workspace takes its slug from whoever left it. */
export async function takeSlug(tx: Tx, slug: string): Promise<void> {
  await tx.deleteFrom('workspace_slugs').where('slug', '=', slug).execute();
}

/** Everything that belongs to it goes with it, except what was written about it: the audit log and past events. */
export async function deleteWorkspace(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('workspaces').where('id', '=', id).execute();
}
