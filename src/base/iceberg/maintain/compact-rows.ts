import type { Rewrite, RowWorld } from '../commit/index.ts';
import type { DataFile } from '../model.ts';
import { openScan, type PlannedFile, planScan, type TableAt } from '../scan/index.ts';
import { writeData } from '../write/index.ts';
import type { CompactionGroup } from './compact.ts';

/** Writes the rows of a group again, as fewer files and without what was deleted from them, and gives the operation to commit. */
export async function stageCompaction(
  table: TableAt,
  group: CompactionGroup<PlannedFile>,
  world: RowWorld,
  options: { attempt: string; target_bytes?: number; branch?: string },
): Promise<Rewrite> {
  const { metadata, snapshot, schema } = table;
  const { attempt, target_bytes, branch } = options;
  const plan = await planScan(table);
  const scan = await openScan({ ...plan, files: group.pieces }, world);
  try {
    const added = await writeData(world.engine, world.files, {
      metadata,
      schema_id: schema['schema-id'],
      select: scan.sql,
      attempt,
      ...(target_bytes === undefined ? {} : { target_bytes }),
    });
    return {
      kind: 'rewrite',
      started_from: snapshot?.['snapshot-id'] ?? null,
      schema_id: schema['schema-id'],
      removed: group.pieces.map(({ file }) => file),
      removed_deletes: deletesOnlyOf(group.pieces, plan.files),
      added,
      ...(branch === undefined ? {} : { branch }),
    };
  } finally {
    scan.release();
  }
}

/** Deletes that apply to no file outside the group: with these files they are done. Later files are none of their business. */
function deletesOnlyOf(group: readonly PlannedFile[], all: readonly PlannedFile[]): DataFile[] {
  const inside = new Set(group.map(({ file }) => file.file_path));
  const applied = new Map(group.flatMap(({ deletes }) => deletes.map(each => [each.file_path, each])));
  for (const { file, deletes } of all)
    if (!inside.has(file.file_path)) for (const each of deletes) applied.delete(each.file_path);
  return [...applied.values()];
}
