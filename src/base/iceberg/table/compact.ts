import { randomUUID } from 'node:crypto';
import { isIcebergError } from '../errors.ts';
import { type CompactionRules, compactionRules, planCompaction, stageCompaction } from '../maintain/index.ts';
import { planScan, tableAt } from '../scan/index.ts';
import type { Engine } from '../world.ts';
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
  const { files } = await planScan(table);
  const usual = { ...compactionRules(metadata.properties), spec_id: metadata['default-spec-id'] };
  const done: Compaction = { files_before: 0, files_after: 0, skipped: 0 };
  for (const group of await planCompaction(files, { ...usual, ...rules })) {
    const attempt = randomUUID();
    try {
      const operation = await stageCompaction(table, group, world, { attempt });
      await commit(world, operation, attempt);
      done.files_before += operation.removed.length;
      done.files_after += operation.added.length;
    } catch (error) {
      if (!isIcebergError(error, 'conflict')) throw error;
      done.skipped += 1;
    }
  }
  return done;
}
