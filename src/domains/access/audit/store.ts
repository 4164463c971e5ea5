import { type ExpressionBuilder, sql } from 'kysely';
import type { DB, Tx } from '../../../base/db/index.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { Actor } from './actor.ts';
import type { AuditNote } from './entry.ts';

export interface AuditFilter {
  /** Null: the installation's own log. */
  workspace_id: string | null;
  actor_id?: string;
  action?: string;
  object_kind?: string;
  object_id?: string;
  from?: string;
  to?: string;
}

/** The last entry of the page before; those of one instant are in the order of their positions. */
export type AuditKey = readonly [at: string, position: string];

/** Which entries come: the newest first, or the oldest; from the beginning, or after a key. */
export interface AuditWalk {
  order: 'newest' | 'oldest';
  after?: AuditKey;
}

/** Either door. There is no statement that changes or deletes an entry, and no right to. */
export async function addEntries(tx: Tx, actor: Actor, notes: readonly AuditNote[]): Promise<void> {
  if (notes.length === 0) return;
  await tx
    .insertInto('audit_entries')
    .values(notes.map(note => toRow(actor, note)))
    .execute();
}

function toRow({ kind, id, name, ip, request_id }: Actor, { object, changes, ...note }: AuditNote) {
  return {
    id: newId(),
    ...{ workspace_id: note.workspace_id, action: note.action },
    ...{ actor_kind: kind, actor_id: id, actor_name: name, ip, request_id },
    object_kind: object?.kind ?? null,
    object_id: object?.id ?? null,
    object_name: object?.name ?? null,
    changes: JSON.stringify(changes ?? {}),
  };
}

export async function entriesAfter(tx: Tx, filter: AuditFilter, { order, after }: AuditWalk, rows: number) {
  // One index serves both ways: it is read from its other end.
  const [direction, beyond] = order === 'newest' ? (['desc', sql`<`] as const) : (['asc', sql`>`] as const);
  return tx
    .selectFrom('audit_entries')
    .selectAll()
    .where(eb => eb.and(conditions(eb, filter)))
    .$if(after !== undefined, query =>
      query.where(sql<boolean>`(at, position) ${beyond} (${after?.[0]}::timestamptz, ${after?.[1]}::bigint)`),
    )
    .orderBy('at', direction)
    .orderBy('position', direction)
    .limit(rows)
    .execute();
}

function conditions(eb: ExpressionBuilder<DB, 'audit_entries'>, filter: AuditFilter) {
  const { workspace_id, from, to } = filter;
  const equal = (['actor_id', 'action', 'object_kind', 'object_id'] as const).flatMap(column => {
    const value = filter[column];
    return value === undefined ? [] : [eb(column, '=', value)];
  });
  return [
    workspace_id === null ? eb('workspace_id', 'is', null) : eb('workspace_id', '=', workspace_id),
    ...equal,
    ...(from === undefined ? [] : [eb('at', '>=', from)]),
    ...(to === undefined ? [] : [eb('at', '<=', to)]),
  ];
}
