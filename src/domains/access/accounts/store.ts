import { sql } from 'kysely';
import { contains, folded, type Tx } from '../../../base/db/index.ts';

// Accounts belong to no workspace: all of these run through the instance door.

const rights = sql<string[]>`array(select instance_right from instance_grants g where g.user_id = users.id)`;
const isDisabled = sql<boolean>`disabled_at is not null`;
const hasPassword = sql<boolean>`password_hash is not null`;

// ── Oneself ─────────────────────────────────────────────────────────────────────────────────────────

export async function personById(tx: Tx, id: string) {
  return personQuery(tx, id).executeTakeFirst();
}

export async function lockPerson(tx: Tx, id: string) {
  return personQuery(tx, id).forUpdate('users').executeTakeFirst();
}

function personQuery(tx: Tx, id: string) {
  return tx
    .selectFrom('users')
    .select(['id', 'name', 'email', 'locale', 'theme', 'version', 'password_hash'])
    .select([
      rights.as('instance_rights'),
      hasPassword.as('has_password'),
      sql<boolean>`exists (select from user_identities i where i.user_id = users.id)`.as('has_identity'),
    ])
    .where('id', '=', id);
}

/** More workspaces than a person can tell apart are not listed. */
const MAX_MEMBERSHIPS = 1000;

export async function membershipsOf(tx: Tx, user_id: string) {
  return tx
    .selectFrom('memberships as m')
    .innerJoin('workspaces as w', 'w.id', 'm.workspace_id')
    .select(['m.role', 'w.id', 'w.slug', 'w.name', 'w.time_zone'])
    .where('m.user_id', '=', user_id)
    .orderBy(sql`lower(w.name)`)
    .orderBy('w.id')
    .limit(MAX_MEMBERSHIPS)
    .execute();
}

/** For whoever is at home everywhere: the command line on the server itself. */
export async function allWorkspaces(tx: Tx) {
  return tx
    .selectFrom('workspaces as w')
    .select(['w.id', 'w.slug', 'w.name', 'w.time_zone'])
    .orderBy(sql`lower(w.name)`)
    .orderBy('w.id')
    .limit(MAX_MEMBERSHIPS)
    .execute();
}

export async function workspaceById(tx: Tx, id: string) {
  return tx
    .selectFrom('workspaces as w')
    .select(['w.id', 'w.slug', 'w.name', 'w.time_zone'])
    .where('w.id', '=', id)
    .executeTakeFirst();
}

export async function serviceAccountVersion(tx: Tx, workspace_id: string, id: string) {
  const row = await tx
    .selectFrom('service_accounts')
    .select('version')
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.version;
}

export interface ProfileChanges {
  name?: string;
  locale?: 'en' | 'fr' | null;
  theme?: 'light' | 'dark' | null;
}

export async function editProfile(tx: Tx, id: string, changes: ProfileChanges, now: string): Promise<void> {
  await tx
    .updateTable('users')
    .set({ ...changes, version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .execute();
}

export async function setPassword(tx: Tx, id: string, password_hash: string, now: string): Promise<void> {
  await tx
    .updateTable('users')
    .set({ password_hash, version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .execute();
}

/** Undefined when the address is taken. */
export async function addUser(
  tx: Tx,
  user: { id: string; email: string; name: string; password_hash: string | null },
): Promise<string | undefined> {
  const row = await tx
    .insertInto('users')
    .values(user)
    .onConflict(conflict => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  return row?.id;
}

// ── Everybody ───────────────────────────────────────────────────────────────────────────────────────

/** A name may be 500 characters; a cursor carries the beginning, and the id makes the order complete. */
const name = sql.ref<string>('users.name');
const sortName = sql<string>`left(${folded(name)}, 80)`;
export type NameKey = readonly [sort_name: string, id: string];

export async function usersAfter(tx: Tx, { q, after }: { q?: string; after?: NameKey }, rows: number) {
  return instanceUsers(tx)
    .$if(q !== undefined, query =>
      query.where(eb => eb.or([contains(name, q ?? ''), contains(sql.ref('users.email'), q ?? '')])),
    )
    .$if(after !== undefined, query =>
      query.where(sql<boolean>`(${sortName}, users.id) > (${after?.[0]}, ${after?.[1]}::uuid)`),
    )
    .orderBy(sortName)
    .orderBy('id')
    .limit(rows)
    .execute();
}

export async function userById(tx: Tx, id: string) {
  return instanceUsers(tx).where('id', '=', id).executeTakeFirst();
}

export async function userByEmail(tx: Tx, email: string) {
  return instanceUsers(tx).where(sql`lower(email)`, '=', sql`lower(${email}::text)`).executeTakeFirst();
}

function instanceUsers(tx: Tx) {
  return tx
    .selectFrom('users')
    .select(['id', 'name', 'email', 'version', 'created_at', sortName.as('sort_name')])
    .select([
      rights.as('instance_rights'),
      isDisabled.as('disabled'),
      hasPassword.as('has_password'),
      sql<number>`(select count(*)::int from memberships m where m.user_id = users.id)`.as('workspaces'),
    ]);
}

/** Held until the transaction ends: of two that take away the last two administrators, one finds that it is the last. */
export async function lockInstance(tx: Tx): Promise<void> {
  await tx.selectFrom('instance').select('singleton').forUpdate().execute();
}

/** Of these rights, the ones that nobody else holds who can sign in. */
export async function rightsHeldOnlyBy(tx: Tx, user_id: string, of: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ instance_right: string }>`
    select r.instance_right from unnest(${[...of]}::text[]) r (instance_right)
    where not exists (
      select from instance_grants g join users u on u.id = g.user_id
      where g.instance_right = r.instance_right and g.user_id <> ${user_id} and u.disabled_at is null)`.execute(
    tx,
  );
  return rows.map(row => row.instance_right);
}

export async function setDisabled(tx: Tx, id: string, disabled: boolean, now: string): Promise<void> {
  await tx
    .updateTable('users')
    .set({ disabled_at: disabled ? now : null, updated_at: now })
    .where('id', '=', id)
    .execute();
}

/** Makes the grants be exactly these. */
export async function setRights(tx: Tx, user_id: string, wanted: readonly string[]): Promise<void> {
  await sql`
    with wanted as (select unnest(${[...wanted]}::text[]) instance_right),
    taken as (
      delete from instance_grants where user_id = ${user_id} and instance_right not in (select instance_right from wanted)
    )
    insert into instance_grants (user_id, instance_right) select ${user_id}, instance_right from wanted
    on conflict do nothing`.execute(tx);
}

export async function raiseVersion(tx: Tx, id: string, now: string): Promise<void> {
  await tx
    .updateTable('users')
    .set({ version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .execute();
}

/** Whether somebody who can sign in administers the accounts; until then a console link makes the first admin. */
export async function hasAdmin(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (
      select from instance_grants g join users u on u.id = g.user_id
      where g.instance_right = 'instance:users' and u.disabled_at is null) found`.execute(tx);
  return rows[0]?.found ?? false;
}

/** The pages that show this person: one event in each workspace. */
export async function workspaceIdsOf(tx: Tx, user_id: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('memberships')
    .select('workspace_id')
    .where('user_id', '=', user_id)
    .orderBy('workspace_id')
    .execute();
  return rows.map(row => row.workspace_id);
}
