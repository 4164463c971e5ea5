import { sql } from 'kysely';
import type { Tx } from '../../../base/db/index.ts';
import type { Sealed } from './envelope.ts';

/** The whole address of a secret; `workspace_id` null is the installation itself. */
export interface SecretRef {
  workspace_id: string | null;
  object_kind: string;
  object_id: string;
  field: string;
}

export interface SecretRow extends SecretRef, Sealed {
  id: string;
  version: number;
  data_key_id: string;
}

export interface SecretState {
  object_id: string;
  field: string;
  version: number;
  updated_by: string;
  updated_at: string;
}

export interface DataKeyRow {
  id: string;
  workspace_id: string | null;
  key_id: string;
  wrapped_key: Buffer;
}

// ── The installation's key ──────────────────────────────────────────────────────────────────────────

/** Instance door. The row is locked: of two first starts one makes the key, the other finds it. */
export async function lockCanary(tx: Tx) {
  return tx.selectFrom('instance').select(['key_id', 'key_canary']).forUpdate().executeTakeFirstOrThrow();
}

/** Either door: the workspace door sees this one column. */
export async function keyIdInForce(tx: Tx): Promise<string | null> {
  const row = await tx.selectFrom('instance').select('key_id').executeTakeFirst();
  return row?.key_id ?? null;
}

export async function saveCanary(tx: Tx, key_id: string, key_canary: Buffer): Promise<void> {
  await tx.updateTable('instance').set({ key_id, key_canary }).execute();
}

// ── Data keys ───────────────────────────────────────────────────────────────────────────────────────

/** Nobody adds a data key until the transaction ends, so none is forgotten under the replaced key. */
export async function lockDataKeys(tx: Tx): Promise<void> {
  await sql`lock table data_keys in share row exclusive mode`.execute(tx);
}

export async function allDataKeys(tx: Tx): Promise<DataKeyRow[]> {
  return dataKeys(tx).orderBy('id').execute();
}

export async function dataKeyById(tx: Tx, id: string): Promise<DataKeyRow | undefined> {
  return dataKeys(tx).where('id', '=', id).executeTakeFirst();
}

export async function currentDataKey(tx: Tx, workspace_id: string | null): Promise<DataKeyRow | undefined> {
  return dataKeys(tx).where(inWorkspace(workspace_id)).where('retired_at', 'is', null).executeTakeFirst();
}

export async function currentDataKeys(tx: Tx): Promise<DataKeyRow[]> {
  return dataKeys(tx).where('retired_at', 'is', null).orderBy('id').execute();
}

function dataKeys(tx: Tx) {
  return tx.selectFrom('data_keys').select(['id', 'workspace_id', 'key_id', 'wrapped_key']);
}

/** Says whether the key was still in force. A rival's key for the same workspace is no failure: it is then the current one. */
export async function addDataKey(tx: Tx, row: DataKeyRow): Promise<boolean> {
  const { rows } = await sql<{ in_force: boolean }>`
    with force as (select key_id = ${row.key_id} as in_force from instance),
    added as (
      insert into data_keys (id, workspace_id, key_id, wrapped_key)
      select ${row.id}, ${row.workspace_id}, ${row.key_id}, ${row.wrapped_key} from force where in_force
      on conflict do nothing
    )
    select in_force from force`.execute(tx);
  return rows[0]?.in_force === true;
}

export async function retireDataKeys(tx: Tx, ids: readonly string[]): Promise<void> {
  await sql`update data_keys set retired_at = now() where id = any(${ids}::uuid[])`.execute(tx);
}

/** One statement for all of them: a thousand workspaces are a thousand rows. */
export async function saveWrapped(tx: Tx, rows: readonly DataKeyRow[]): Promise<void> {
  await sql`
    update data_keys k set key_id = n.key_id, wrapped_key = n.wrapped_key
    from unnest(${rows.map(row => row.id)}::uuid[], ${rows.map(row => row.key_id)}::text[],
                ${rows.map(row => row.wrapped_key)}::bytea[]) as n (id, key_id, wrapped_key)
    where k.id = n.id`.execute(tx);
}

/** Retired keys that protect nothing any more. A day later, because a slow transaction may still be using one. */
export async function dropUnusedDataKeys(tx: Tx): Promise<void> {
  await sql`
    delete from data_keys k
    where retired_at < now() - interval '1 day' and not exists (select from secrets s where s.data_key_id = k.id)`.execute(
    tx,
  );
}

// ── Secrets ─────────────────────────────────────────────────────────────────────────────────────────

export async function secretAt(tx: Tx, ref: SecretRef): Promise<SecretRow | undefined> {
  return secretRows(tx).where(at(ref)).executeTakeFirst();
}

export async function lockVersion(tx: Tx, ref: SecretRef): Promise<number | undefined> {
  const row = await tx.selectFrom('secrets').select('version').where(at(ref)).forUpdate().executeTakeFirst();
  return row?.version;
}

/** False when somebody else made it first: look again. */
export async function addSecret(tx: Tx, row: SecretRow, updated_by: string): Promise<boolean> {
  const added = await tx
    .insertInto('secrets')
    .values({ ...row, updated_by })
    .onConflict(conflict => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  return added !== undefined;
}

export async function replaceSecret(tx: Tx, row: SecretRow, updated_by: string): Promise<void> {
  const { version, data_key_id, nonce, ciphertext } = row;
  await tx
    .updateTable('secrets')
    .set({ version, data_key_id, nonce, ciphertext, updated_by, updated_at: sql`now()` })
    .where(at(row))
    .execute();
}

export async function removeSecret(tx: Tx, ref: SecretRef): Promise<boolean> {
  const gone = await tx.deleteFrom('secrets').where(at(ref)).returning('id').executeTakeFirst();
  return gone !== undefined;
}

export async function removeSecretsOf(tx: Tx, object: Omit<SecretRef, 'field'>): Promise<void> {
  await tx.deleteFrom('secrets').where(of(object)).execute();
}

/** What may be shown of the secrets of one object: everything but the value. */
export async function statesOf(tx: Tx, object: Omit<SecretRef, 'field'>): Promise<SecretState[]> {
  return states(tx).where(of(object)).orderBy('field').execute();
}

export async function stateAt(tx: Tx, ref: SecretRef): Promise<SecretState | undefined> {
  return states(tx).where(at(ref)).executeTakeFirst();
}

/** All objects of a kind, by id: a page after `after`. */
export async function statesOfKind(
  tx: Tx,
  kind: { workspace_id: string; object_kind: string },
  page: { after: string | undefined; limit: number },
): Promise<SecretState[]> {
  return selectStatesOfKind(tx, kind, page).execute();
}

/** The statement itself, for the test of its plan. */
export function selectStatesOfKind(
  tx: Tx,
  kind: { workspace_id: string; object_kind: string },
  page: { after: string | undefined; limit: number },
) {
  return states(tx)
    .where('workspace_id', '=', kind.workspace_id)
    .where('object_kind', '=', kind.object_kind)
    .$if(page.after !== undefined, query => query.where('object_id', '>', page.after ?? ''))
    .orderBy('object_id')
    .limit(page.limit);
}

function states(tx: Tx) {
  return tx.selectFrom('secrets').select(['object_id', 'field', 'version', 'updated_by', 'updated_at']);
}

function secretRows(tx: Tx) {
  return tx
    .selectFrom('secrets')
    .select([
      'id',
      'workspace_id',
      'object_kind',
      'object_id',
      'field',
      'version',
      'data_key_id',
      'nonce',
      'ciphertext',
    ]);
}

function of(object: Omit<SecretRef, 'field'>) {
  return sql<boolean>`${inWorkspace(object.workspace_id)}
    and object_kind = ${object.object_kind} and object_id = ${object.object_id}`;
}

/** Two forms, because `is not distinct from` uses no index. */
function inWorkspace(id: string | null) {
  return id === null ? sql<boolean>`workspace_id is null` : sql<boolean>`workspace_id = ${id}`;
}

function at(ref: SecretRef) {
  return sql<boolean>`${of(ref)} and field = ${ref.field}`;
}

// ── Rotation and verification: instance door ────────────────────────────────────────────────────────

/** The next secrets that still stand under a retired data key; rows that somebody is changing now are moving anyway. */
export async function lockWaiting(tx: Tx, after: string, limit: number): Promise<SecretRow[]> {
  const { rows } = await sql<SecretRow>`
    select s.id, s.workspace_id, s.object_kind, s.object_id, s.field, s.version, s.data_key_id, s.nonce, s.ciphertext
    from secrets s join data_keys k on k.id = s.data_key_id
    where k.retired_at is not null and s.id > ${after}::uuid
    order by s.id limit ${limit} for update of s skip locked`.execute(tx);
  return rows;
}

export async function saveReencrypted(tx: Tx, rows: readonly SecretRow[]): Promise<void> {
  await sql`
    update secrets s set data_key_id = n.data_key_id, nonce = n.nonce, ciphertext = n.ciphertext
    from unnest(${rows.map(row => row.id)}::uuid[], ${rows.map(row => row.data_key_id)}::uuid[],
                ${rows.map(row => row.nonce)}::bytea[], ${rows.map(row => row.ciphertext)}::bytea[])
         as n (id, data_key_id, nonce, ciphertext)
    where s.id = n.id`.execute(tx);
}

export async function secretsAfter(tx: Tx, after: string, limit: number): Promise<SecretRow[]> {
  return secretRows(tx).where('id', '>', after).orderBy('id').limit(limit).execute();
}

export interface Counts {
  data_keys: number;
  secrets: number;
  waiting: number;
}

export async function count(tx: Tx): Promise<Counts> {
  const { rows } = await sql<Counts>`
    select (select count(*)::int from data_keys) as data_keys,
           (select count(*)::int from secrets) as secrets,
           (select count(*)::int from secrets s join data_keys k on k.id = s.data_key_id
            where k.retired_at is not null) as waiting`.execute(tx);
  return rows[0] ?? { data_keys: 0, secrets: 0, waiting: 0 };
}
