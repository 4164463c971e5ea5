import { sql } from 'kysely';
import { folded, type Tx } from '../../../base/db/index.ts';
import type { Role } from '../../../contract/permissions.ts';
import { workspaceNamed } from '../workspaces/store.ts';

// ── Tokens ──────────────────────────────────────────────────────────────────────────────────────────

export interface NewTokenRow {
  id: string;
  workspace_id: string;
  user_id: string | null;
  service_account_id: string | null;
  name: string;
  prefix: string;
  secret_hash: Buffer;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
}

/** Either door. */
export async function addToken(tx: Tx, token: NewTokenRow): Promise<void> {
  await tx.insertInto('api_tokens').values(token).execute();
}

/** Expired ones too: that is what people look for when a program stopped working. */
function tokens(tx: Tx) {
  return tx
    .selectFrom('api_tokens as t')
    .leftJoin('users as u', 'u.id', 't.user_id')
    .leftJoin('service_accounts as a', 'a.id', 't.service_account_id')
    .select(['t.id', 't.workspace_id', 't.name', 't.prefix', 't.scopes'])
    .select(['t.created_at', 't.expires_at', 't.last_used_at'])
    .select([
      sql<'person' | 'service'>`case when t.user_id is null then 'service' else 'person' end`.as(
        'owner_kind',
      ),
      sql<string>`coalesce(t.user_id, t.service_account_id)`.as('owner_id'),
      sql<string>`coalesce(u.name, a.name, '')`.as('owner_name'),
    ])
    .where('t.revoked_at', 'is', null);
}

export interface TokenListRow {
  id: string;
  workspace_id: string;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  owner_kind: 'person' | 'service';
  owner_id: string;
  owner_name: string;
}

/** Workspace door: everybody's of this workspace. */
export async function tokensBefore(
  tx: Tx,
  { workspace_id, owner_id, before }: { workspace_id: string; owner_id?: string; before?: string },
  rows: number,
): Promise<TokenListRow[]> {
  return tokens(tx)
    .where('t.workspace_id', '=', workspace_id)
    .$if(owner_id !== undefined, query =>
      query.where(sql<boolean>`${owner_id ?? null}::uuid in (t.user_id, t.service_account_id)`),
    )
    .$if(before !== undefined, query => query.where('t.id', '<', before ?? ''))
    .orderBy('t.id', 'desc')
    .limit(rows)
    .execute();
}

/** Instance door: one person's, of all workspaces unless one is said. */
export async function myTokensBefore(
  tx: Tx,
  { user_id, workspace_id, before }: { user_id: string; workspace_id?: string; before?: string },
  rows: number,
): Promise<TokenListRow[]> {
  return tokens(tx)
    .where('t.user_id', '=', user_id)
    .$if(workspace_id !== undefined, query => query.where('t.workspace_id', '=', workspace_id ?? ''))
    .$if(before !== undefined, query => query.where('t.id', '<', before ?? ''))
    .orderBy('t.id', 'desc')
    .limit(rows)
    .execute();
}

/** Workspace door. What was revoked, if there was such a token. */
export async function revokeToken(tx: Tx, workspace_id: string, id: string, now: string) {
  return tx
    .updateTable('api_tokens')
    .set({ revoked_at: now })
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returning(['name', 'prefix'])
    .executeTakeFirst();
}

/** Instance door. */
export async function revokeMyToken(tx: Tx, user_id: string, id: string, now: string) {
  return tx
    .updateTable('api_tokens')
    .set({ revoked_at: now })
    .where('user_id', '=', user_id)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returning(['workspace_id', 'name', 'prefix'])
    .executeTakeFirst();
}

/** Instance door. The workspace of this slug or id, as far as this person belongs to it. */
export async function workspaceOfMember(tx: Tx, user_id: string, ref: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select workspace_id id from memberships
    where user_id = ${user_id} and workspace_id = ${workspaceNamed(ref)}`.execute(tx);
  return rows[0]?.id;
}

// ── Service accounts: through the workspace door ────────────────────────────────────────────────────

/** A name may be 500 characters; a cursor carries the beginning, and the id makes the order complete. */
const sortName = sql<string>`left(${folded(sql.ref('name'))}, 80)`;
export type NameKey = readonly [sort_name: string, id: string];

function accounts(tx: Tx, workspace_id: string) {
  return tx
    .selectFrom('service_accounts')
    .select(['id', 'name', 'role', 'instance_rights', 'version', 'created_at', sortName.as('sort_name')])
    .where('workspace_id', '=', workspace_id);
}

export async function serviceAccountsAfter(
  tx: Tx,
  { workspace_id, after }: { workspace_id: string; after?: NameKey },
  rows: number,
) {
  return accounts(tx, workspace_id)
    .$if(after !== undefined, query =>
      query.where(sql<boolean>`(${sortName}, id) > (${after?.[0]}, ${after?.[1]}::uuid)`),
    )
    .orderBy(sortName)
    .orderBy('id')
    .limit(rows)
    .execute();
}

export async function serviceAccountById(tx: Tx, workspace_id: string, id: string) {
  return accounts(tx, workspace_id).where('id', '=', id).executeTakeFirst();
}

export async function lockServiceAccount(tx: Tx, workspace_id: string, id: string) {
  return accounts(tx, workspace_id).where('id', '=', id).forUpdate().executeTakeFirst();
}

export type ServiceAccountRow = NonNullable<Awaited<ReturnType<typeof serviceAccountById>>>;

/** Under the workspace's lock. */
export async function isNameTaken(
  tx: Tx,
  { workspace_id, name, except }: { workspace_id: string; name: string; except?: string },
): Promise<boolean> {
  const row = await tx
    .selectFrom('service_accounts')
    .select('id')
    .where('workspace_id', '=', workspace_id)
    .where('name', '=', name)
    .$if(except !== undefined, query => query.where('id', '<>', except ?? ''))
    .executeTakeFirst();
  return row !== undefined;
}

export async function addServiceAccount(
  tx: Tx,
  account: { id: string; workspace_id: string; name: string; role: Role; instance_rights: string[] },
): Promise<void> {
  await tx.insertInto('service_accounts').values(account).execute();
}

export interface ServiceAccountChanges {
  name?: string;
  role?: Role;
  instance_rights?: string[];
}

export async function editServiceAccount(
  tx: Tx,
  workspace_id: string,
  id: string,
  changes: ServiceAccountChanges,
): Promise<void> {
  await tx
    .updateTable('service_accounts')
    .set({ ...changes, version: sql`version + 1` })
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', id)
    .execute();
}

/** Its tokens go with it. */
export async function deleteServiceAccount(tx: Tx, workspace_id: string, id: string): Promise<void> {
  await tx
    .deleteFrom('service_accounts')
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', id)
    .execute();
}

const KEEP_DAYS = 30;

/** Instance door. Tokens that ended long ago, a bounded number at a time. Answers how many. */
export async function sweepTokens(tx: Tx, now: string, rows: number): Promise<number> {
  const { rows: gone } = await sql<{ id: string }>`
    delete from api_tokens where id in (
      select id from api_tokens
      where least(revoked_at, expires_at) < ${now}::timestamptz - make_interval(days => ${KEEP_DAYS})
      limit ${rows})
    returning id`.execute(tx);
  return gone.length;
}
