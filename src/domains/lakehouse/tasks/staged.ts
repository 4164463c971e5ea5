import { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import {
  currentSchema,
  currentSnapshot,
  keepTo,
  type ManifestReader,
  stage as newStaged,
  type Operation,
  openReader,
  type Produced,
  parseMetadata,
  produce,
  type Staged,
  type TableMetadata,
} from '../../../base/iceberg/index.ts';
import { fail, isFailure } from '../../../base/kit/errors.ts';
import type { Actor } from '../../access/index.ts';
import type { Commit, CommitContext, Fact, PrepareContext, StageOf } from '../../runs/index.ts';
import { insertRow, snapshotIdOf, versionsToDelete, type WrittenMetadata, writeMetadata } from '../commit.ts';
import { total } from '../facts.ts';
import type { LakeContext, LakeRow } from '../lake.ts';
import { fullName } from '../names.ts';
import { needAndHold } from '../namespaces.ts';
import type { Parts } from '../parts.ts';
import { isBelow } from '../place.ts';
import { ownsOf } from '../places.ts';
import { inOurWords } from '../problems.ts';
import { swap } from '../swap.ts';
import { contextOf, type KindParts } from './begin.ts';
import { attemptName } from './given.ts';
import { broughtBy, unpack } from './packed.ts';

// A stage that brings an operation: made on the base as it is now, by the worker, and made true in its transaction.

export const stagedSchema = z.strictObject({
  table_id: z.uuid(),
  operation: z.unknown(),
  /** The table is to be made with it. */
  create: z
    .strictObject({
      namespace: z.array(z.string()),
      name: z.string(),
      location: z.string(),
      metadata: z.string(),
    })
    .optional(),
});
export type StagedWrite = z.infer<typeof stagedSchema>;

export interface PreparedWrite {
  context: LakeContext;
  /** Nothing to be done: it is true already, or changes nothing. */
  done: boolean;
  row: Pick<LakeRow, 'id' | 'namespace' | 'name'> | undefined;
  create: StagedWrite['create'];
  base_location: string | null;
  before: TableMetadata | undefined;
  metadata: TableMetadata;
  file: WrittenMetadata | undefined;
  operation: string;
}

interface Remembered {
  staged: Staged;
  file: WrittenMetadata | undefined;
}

/** Stages that were not made true yet, so that what was written for one is used again when its base has moved. */
const MAX_REMEMBERED = 500;
/** Each keeps manifests: together they are bounded, however many workspaces there are. */
const MAX_READERS = 8;
const READER_BYTES = 16 * 1024 * 1024;

export function openPreparing({ lake, lake_parts }: KindParts) {
  const remembered = new Map<string, Remembered>();
  const readers = new Map<string, ManifestReader>();

  const recall = (key: string, attempt: string): Remembered => {
    const known = remembered.get(key) ?? { staged: newStaged(attempt), file: undefined };
    remembered.set(key, known);
    for (const [oldest] of remembered) {
      if (remembered.size <= MAX_REMEMBERED) break;
      remembered.delete(oldest);
    }
    return known;
  };
  const readerOf = (workspace_id: string): ManifestReader => {
    if (!readers.has(workspace_id) && readers.size === MAX_READERS) readers.clear();
    const known = readers.get(workspace_id) ?? openReader(lake.filesOf(workspace_id), READER_BYTES);
    readers.set(workspace_id, known);
    return known;
  };

  return async (stage: StageOf<StagedWrite>, place: PrepareContext): Promise<PreparedWrite> => {
    const { workspace_id, task_id, attempt } = place;
    const context = contextOf(place, actorOf(place));
    const { table_id, create } = stage.staged;
    const row = await lake.tables.get(context, table_id);
    if (!row && !create) throw fail('object.not_found', { kind: 'table', id: table_id });
    const loaded = row && (await lake.tables.load(context, row.id));
    const base = loaded?.metadata ?? parseMetadata(create?.metadata ?? '');
    const operation = readOperation(stage.staged, row?.location ?? create?.location ?? '');
    const memory = recall(`${task_id} ${attempt} ${stage.n}`, `${attemptName(task_id, attempt)}-${stage.n}`);
    if (memory.file)
      await lake
        .filesOf(workspace_id)
        .remove(memory.file.location)
        .catch(() => {});
    const world = {
      files: lake.filesOf(workspace_id),
      reader: keepTo(readerOf(workspace_id), ownsOf(lake_parts.storage, row ?? placeOf(create))),
      now_ms: Math.max(lake_parts.clock.now(), base['last-updated-ms']),
    };
    const on = { metadata: base, ...(loaded && { location: loaded.metadata_location }) };
    const produced = await inOurWords(row?.name ?? create?.name ?? '', () =>
      produce(operation, on, memory.staged, world),
    );
    const done = loaded !== undefined && isDone(produced);
    const files = done
      ? []
      : await writeMetadata(lake_parts, context, [
          { table_id: row?.id, metadata: produced.metadata, base: loaded?.metadata_location ?? null },
        ]);
    memory.file = files[0];
    return {
      ...{ context, done, row, before: loaded?.metadata, metadata: produced.metadata, file: files[0] },
      create: row ? undefined : create,
      base_location: loaded?.metadata_location ?? null,
      operation: operation.kind,
    };
  };
}

/** Of a table that is not there yet. */
function placeOf(create: StagedWrite['create']) {
  return { location: create?.location ?? '', places: [], mount_id: null };
}

function isDone({ already, snapshot }: Produced): boolean {
  return already || snapshot === undefined;
}

/** Of what a runner hands over, only files of this table become part of it. */
export function readOperation({ operation: packed, create }: StagedWrite, location: string): Operation {
  const operation = unpack(packed);
  for (const { file_path } of broughtBy(operation))
    if (!isBelow(file_path, create?.location ?? location))
      throw fail('lake.outside', { location: file_path });
  return operation;
}

export function actorOf({ run_as }: PrepareContext): Actor {
  return { ...run_as, ip: null, request_id: null };
}

// ── In the transaction ──────────────────────────────────────────────────────────────────────────────

export async function commitStaged(
  parts: Parts,
  tx: Tx,
  prepared: PreparedWrite,
  _context: CommitContext,
): Promise<Commit> {
  const { context, done, create, file, metadata, before } = prepared;
  if (done || !file) return 'committed';
  const row = prepared.row ?? (await makeRow(parts, tx, context, create, metadata));
  // Somebody else made a table of that name: the next attempt writes into that one, with its schema.
  if (row === 'taken') return 'rerun';
  const moved = await swap(tx, context, [
    {
      ...{ table_id: row.id, namespace: row.namespace, name: row.name, metadata },
      ...{ base_location: prepared.base_location, base_snapshot_id: snapshotIdOf(before) },
      ...{ metadata_location: file.location, metadata_bytes: file.bytes, staged_ids: [file.staged_id] },
      forgotten: versionsToDelete(before, metadata),
    },
  ]);
  if (moved === 'rebase') return 'rebase';
  await parts.reached('pointers_moved');
  return { committed: true, facts: [factOf(context, row, metadata)] };
}

async function makeRow(
  parts: Parts,
  tx: Tx,
  context: LakeContext,
  create: StagedWrite['create'],
  metadata: TableMetadata,
): Promise<Pick<LakeRow, 'id' | 'namespace' | 'name'> | 'taken'> {
  if (!create) throw new Error('a stage names no table and makes none');
  const { namespace: levels, name, location } = create;
  const namespace = await needAndHold(tx, context, levels);
  const id = metadata.location.slice(metadata.location.lastIndexOf('/') + 1);
  try {
    return await insertRow(parts, tx, context, { id, namespace, name, zone: 'raw', location });
  } catch (error) {
    if (isFailure(error, 'lake.table_taken')) return 'taken';
    throw error;
  }
}

/** In OpenLineage's names. */
function factOf(
  { workspace_id }: LakeContext,
  row: Pick<LakeRow, 'id' | 'namespace' | 'name'>,
  metadata: TableMetadata,
): Fact {
  const snapshot = currentSnapshot(metadata);
  const rows = total(snapshot?.summary['added-records']);
  const bytes = total(snapshot?.summary['added-files-size']);
  return {
    ...{ role: 'written', namespace: `lake:${workspace_id}`, name: fullName(row.namespace, row.name) },
    ...(snapshot && { snapshot: String(snapshot['snapshot-id']) }),
    ...(rows !== null && { rows }),
    ...(bytes !== null && { bytes }),
    schema: currentSchema(metadata).fields.map(({ name, type }) => ({ name, type })),
  };
}
