import { randomUUID } from 'node:crypto';
import { IcebergError } from '../errors.ts';
import {
  type CompactionGroup,
  type CompactionRules,
  compactionRules,
  planCompaction,
} from '../maintain/index.ts';
import { CONTENT, type DataFile } from '../model.ts';
import { openScan, type Plan, planScan, tableAt } from '../scan/index.ts';
import type { Engine } from '../world.ts';
import { writeData } from '../write/index.ts';
import { type CommitWorld, commit } from './commits.ts';

export interface Compaction {
  files_before: number;
  files_after: number;
  /** Groups that another writer changed meanwhile: they wait for the next time. */
  skipped: number;
}

/** Group by group, each a commit: what is done stays done. */
export async function compactTable(
  world: CommitWorld & { engine: Engine },
  rules: Partial<CompactionRules> = {},
): Promise<Compaction> {
  const { metadata } = await world.pointer.load();
  const table = tableAt(metadata, world.reader);
  const plan = await planScan(table);
  const wanted = {
    ...compactionRules(metadata.properties),
    spec_id: metadata['default-spec-id'],
    ...rules,
  };
  const groups = await planCompaction(plan.files, wanted);
  const done: Compaction = { files_before: 0, files_after: 0, skipped: 0 };
  for (const group of groups) {
    try {
      done.files_after += await rewriteGroup(world, plan, group);
      done.files_before += group.pieces.length;
    } catch (error) {
      if (!(error instanceof IcebergError && error.code === 'conflict')) throw error;
      done.skipped += 1;
    }
  }
  return done;
}

async function rewriteGroup(
  world: CommitWorld & { engine: Engine },
  plan: Plan,
  group: CompactionGroup,
): Promise<number> {
  const { metadata } = plan;
  const attempt = randomUUID();
  const paths = new Set(group.pieces.map(({ file }) => file.file_path));
  const files = plan.files.filter(({ file }) => paths.has(file.file_path));
  const scan = await openScan({ ...plan, files }, world);
  let added: DataFile[];
  try {
    added = await writeData(world.engine, world.files, { metadata, select: scan.sql, attempt });
  } finally {
    scan.release();
  }
  await commit(
    world,
    {
      kind: 'rewrite',
      started_from: metadata['current-snapshot-id'] ?? null,
      schema_id: plan.schema['schema-id'],
      removed: files.map(({ file }) => file),
      removed_deletes: appliedOnlyTo(paths, plan),
      added,
    },
    attempt,
  );
  return added.length;
}

/** Position deletes that are about nothing else. Those by value end by themselves, when every older row is gone. */
function appliedOnlyTo(paths: ReadonlySet<string>, plan: Plan): DataFile[] {
  const elsewhere = new Set(
    plan.files
      .filter(({ file }) => !paths.has(file.file_path))
      .flatMap(({ deletes }) => deletes.map(each => each.file_path)),
  );
  const inside = plan.files
    .filter(({ file }) => paths.has(file.file_path))
    .flatMap(({ deletes }) => deletes)
    .filter(each => each.content === CONTENT.position_deletes && !elsewhere.has(each.file_path));
  return [...new Map(inside.map(each => [each.file_path, each])).values()];
}
