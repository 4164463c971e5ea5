import { z } from 'zod';
import { findSnapshot, type Snapshot, schemaOf, type TableMetadata } from '../../../base/iceberg/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import type { lakeRoutes } from '../../../contract/lake.ts';
import type { Handlers } from '../../../contract/route.ts';
import { compareSnapshots } from '../compare.ts';
import type { LakeRow, Loaded } from '../lake.ts';
import { byName, filesAfter, partitionsOf } from '../list-files.ts';
import { fullName } from '../names.ts';
import { inOurWords } from '../problems.ts';
import { comparePlaces, newestFirst, placeOf, showSnapshots } from '../show.ts';
import { committersOf } from '../store/commits.ts';
import { contextOf, type LakeRouteParts, loadWhole, needTable, needWhole, read } from './asking.ts';

type Routes = Pick<
  typeof lakeRoutes,
  'lake_tables.snapshots' | 'lake_tables.compare' | 'lake_tables.files' | 'lake_tables.partitions'
>;

const snapshotKey = z.tuple([z.number().int(), z.number().int(), z.string().regex(/^\d{1,19}$/)]);
const fileKey = z.tuple([z.number().int().min(0), z.number().int().min(0)]);
const partitionKey = z.tuple([z.string().max(4000), z.number().int()]);

/** What a table was, and what it is made of. No file goes while one of these looks at it. */
export function historyHandlers(parts: LakeRouteParts): Handlers<Routes> {
  const { lake } = parts;
  return {
    'lake_tables.snapshots': async call => {
      const { params, query, workspace_id } = call;
      const row = await needTable(parts, call, params.id);
      const { metadata } = await lake.tables.load(contextOf(call), row.id);
      const after = readCursor(query.cursor, snapshotKey);
      const left = newestFirst(metadata).filter(each => !after || comparePlaces(after, placeOf(each)) < 0);
      const page = toPage(left.slice(0, rowsOf(query.limit)), query.limit, placeOf);
      const ids = page.items.map(each => String(each['snapshot-id']));
      const committers = await read(parts, call, tx => committersOf(tx, workspace_id, row.id, ids));
      return { ...page, items: showSnapshots(metadata, page.items, committers) };
    },
    'lake_tables.compare': async call => {
      const { row, metadata } = await loadWhole(parts, call, call.params.id);
      const to = needSnapshot(row, metadata, call.query.to);
      const { from } = call.query;
      const before = from === undefined ? parentOf(metadata, to) : needSnapshot(row, metadata, from);
      return inOurWords(nameOf(row), () => compareSnapshots(metadata, lake.manifestsOf(row), before, to));
    },
    'lake_tables.files': async call => {
      const { params, query } = call;
      await needWhole(parts, call, params.id);
      return lake.read(contextOf(call), params.id, async ({ row, metadata }) => {
        const snapshot = snapshotOrCurrent({ row, metadata }, query.snapshot);
        if (!snapshot) return { items: [], next_cursor: null };
        const list = {
          ...{ metadata, snapshot, reader: lake.manifestsOf(row), schema: schemaOf(metadata, snapshot) },
          ...{ content: query.content, partition: query.partition },
        };
        const after = readCursor(query.cursor, fileKey);
        const rows = await inOurWords(nameOf(row), () => filesAfter(list, after, rowsOf(query.limit)));
        const page = toPage(rows, query.limit, ({ key }) => key);
        return { ...page, items: page.items.map(({ file }) => file) };
      });
    },
    'lake_tables.partitions': async call => {
      const { params, query } = call;
      await needWhole(parts, call, params.id);
      return lake.read(contextOf(call), params.id, async ({ row, metadata }) => {
        const snapshot = snapshotOrCurrent({ row, metadata }, undefined);
        if (!snapshot) return { items: [], next_cursor: null };
        const list = {
          metadata,
          snapshot,
          reader: lake.manifestsOf(row),
          schema: schemaOf(metadata, snapshot),
        };
        const all = await inOurWords(nameOf(row), () => partitionsOf(list));
        const after = readCursor(query.cursor, partitionKey);
        const rest = after
          ? all.filter(each => byName(each, { partition: after[0], spec_id: after[1] }) > 0)
          : all;
        const rows = rest.slice(0, rowsOf(query.limit));
        return toPage(rows, query.limit, ({ partition, spec_id }) => [partition, spec_id]);
      });
    },
  };
}

function nameOf({ namespace, name }: LakeRow): string {
  return fullName(namespace, name);
}

export function needSnapshot(row: LakeRow, metadata: TableMetadata, id: string): Snapshot {
  const found = findSnapshot(metadata, BigInt(id));
  if (!found) throw fail('lake.no_snapshot', { name: nameOf(row), snapshot: id });
  return found;
}

function parentOf(metadata: TableMetadata, snapshot: Snapshot): Snapshot | undefined {
  const id = snapshot['parent-snapshot-id'];
  return id === undefined ? undefined : findSnapshot(metadata, id);
}

function snapshotOrCurrent(
  { row, metadata }: Pick<Loaded, 'row' | 'metadata'>,
  id: string | undefined,
): Snapshot | undefined {
  const current = metadata['current-snapshot-id'];
  if (id !== undefined) return needSnapshot(row, metadata, id);
  return current === undefined ? undefined : findSnapshot(metadata, current);
}
