import { type ExpressionBuilder, sql } from 'kysely';
import type { DB, Tx } from '../../../base/db/index.ts';
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
export async function addEntry(tx: Tx, id: string, actor: Actor, note: AuditNote): Promise<void> {
  await tx
    .insertInto('audit_entries')
    .values({
      id,
      workspace_id: note.workspace_id,
      actor_kind: actor.kind,
      actor_id: actor.id,
      actor_name: actor.name,
      action: note.action,
      object_kind: note.object?.kind ?? null,
      object_id: note.object?.id ?? null,
      object_name: note.object?.name ?? null,
      changes: JSON.stringify(note.changes ?? {}),
      ip: actor.ip,
      request_id: actor.request_id,
    })
    .execute();
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
