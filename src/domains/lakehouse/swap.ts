import { appendEvents, type Tx } from '../../base/db/index.ts';
import { currentSchema, currentSnapshot, type TableMetadata } from '../../base/iceberg/index.ts';
import { newId } from '../../base/kit/ids.ts';
import { factsOf, total } from './facts.ts';
import type { LakeContext } from './lake.ts';
import { fullName } from './names.ts';
import { moveTables, type PointerMove } from './store/commits.ts';

/** One table whose pointer is to move from a metadata file to the next. */
export interface Move {
  table_id: string;
  /** For events and messages. */
  namespace: string;
  name: string;
  /** What the new metadata was made on; null: the table points nowhere yet. */
  base_location: string | null;
  base_snapshot_id: string | null;
  metadata_location: string;
  metadata: TableMetadata;
  metadata_bytes: number;
  /** Absent: what the snapshot says, or that only the description of the table changed. */
  operation?: string;
  /** Files that nothing refers to any more. */
  forgotten: readonly string[];
  /** Of the files written for it; they are the table's own now. */
  staged_ids: readonly string[];
}

/**
 * The commit point of the lake: the one function that moves pointers, in the transaction of whoever calls. All of them or none;
 * `rebase` where one has moved since, and then the caller rolls its transaction back.
 */
export async function swap(
  tx: Tx,
  context: LakeContext,
  moves: readonly Move[],
): Promise<'committed' | 'rebase'> {
  const { workspace_id } = context;
  const moved = await moveTables(
    tx,
    workspace_id,
    moves.map(toRow),
    moves.map(move => toCommit(context, move)),
    moves.flatMap(move => move.staged_ids),
    moves.flatMap(({ table_id, forgotten }) => forgotten.map(location => ({ table_id, location }))),
  );
  if (moved < moves.length) return 'rebase';
  await appendEvents(
    tx,
    moves.map(move => toEvent(context, move)),
  );
  return 'committed';
}

function toRow(move: Move): PointerMove {
  const { table_id, base_location, metadata_location, metadata, metadata_bytes } = move;
  const facts = factsOf(metadata);
  const has_new_snapshot = facts.snapshot_id !== move.base_snapshot_id;
  return { ...facts, table_id, base_location, metadata_location, metadata_bytes, has_new_snapshot };
}

/** What happened, in one word. */
function operationOf({ operation, metadata, base_snapshot_id, base_location }: Move): string {
  if (operation !== undefined) return operation;
  if (base_location === null && metadata.snapshots.length === 0) return 'create';
  const snapshot = currentSnapshot(metadata);
  if (snapshot && String(snapshot['snapshot-id']) !== base_snapshot_id) return snapshot.summary.operation;
  return 'metadata';
}

function toCommit(context: LakeContext, move: Move) {
  const { workspace_id, actor, via, run_id = null, task_id = null } = context;
  const snapshot = currentSnapshot(move.metadata);
  return {
    ...{ id: newId(), workspace_id, table_id: move.table_id, via, run_id, task_id },
    actor: { kind: actor.kind, id: actor.id, name: actor.name },
    operation: operationOf(move),
    snapshot_id: snapshot ? String(snapshot['snapshot-id']) : null,
    metadata_location: move.metadata_location,
    summary: snapshot?.summary ?? {},
    request_id: actor.request_id,
  };
}

/** What catalog, lineage, caches and open pages hear. */
function toEvent({ workspace_id, actor, run_id }: LakeContext, move: Move) {
  const { table_id, namespace, name, metadata } = move;
  const snapshot = currentSnapshot(metadata);
  return {
    workspace_id,
    type: 'lake.table.changed',
    subject: `table:${table_id}`,
    actor: actor.id === null ? actor.kind : `${actor.kind}:${actor.id}`,
    cause: run_id === undefined ? actor.request_id : `run:${run_id}`,
    payload: {
      ...{ table_id, table: fullName(namespace, name), operation: operationOf(move) },
      snapshot_id: snapshot ? String(snapshot['snapshot-id']) : null,
      rows: total(snapshot?.summary['total-records']),
      schema_id: currentSchema(metadata)['schema-id'],
    },
  };
}
