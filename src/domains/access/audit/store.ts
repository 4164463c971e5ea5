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

/** The last entry of the page before: newest first, and of one instant by position. */
export type AuditKey = readonly [at: string, position: string];

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

export async function entriesBefore(tx: Tx, filter: AuditFilter, before: AuditKey | undefined, rows: number) {
  return tx
    .selectFrom('audit_entries')
    .selectAll()
    .where(eb => eb.and(conditions(eb, filter)))
    .$if(before !== undefined, query =>
      query.where(sql<boolean>`(at, position) < (${before?.[0]}::timestamptz, ${before?.[1]}::bigint)`),
    )
    .orderBy('at', 'desc')
    .orderBy('position', 'desc')
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
