import { z } from 'zod';
import { lakeName, namespacePath, partitionBySchema } from '../../../contract/lake.ts';
import { defineTask, type TaskKind } from '../../runs/index.ts';
import { beginAttempt, type KindParts } from './begin.ts';
import { attemptName, splitSecrets } from './given.ts';
import { commitStaged, openPreparing, stagedSchema } from './staged.ts';

// Writing into a table, stage by stage: its runner half is `table-write-run.ts`.

const generated = z
  .strictObject({
    kind: z.literal('generate'),
    rows: z.number().int().min(0).max(1_000_000_000),
    /** The first id. */
    from: z.number().int().min(0).default(0),
    stage_rows: z.number().int().min(1).max(1_000_000_000).default(10_000_000),
  })
  .describe('Rows that are made up: for tests and measurements');

const uploads = z.strictObject({
  kind: z.literal('uploads'),
  upload_ids: z.array(z.uuid()).min(1).max(1000),
  format: z.enum(['csv', 'ndjson', 'json', 'parquet']),
});

const inputSchema = z.strictObject({
  namespace: namespacePath,
  name: lakeName,
  source: z.discriminatedUnion('kind', [uploads, generated]),
  /**
   * `overwrite`: new rows in place of those that match `where`; without it, of everything in the partitions that they belong to.
   * `replace`: of everything.
   */
  mode: z.enum(['append', 'replace', 'overwrite', 'merge']).default('append'),
  where: z.string().max(10_000).optional(),
  /** For `merge`: what makes two rows the same. */
  key: z.array(z.string().max(1000)).max(50).default([]),
  /** Of a table that is made. */
  partition_by: z.array(partitionBySchema).max(50).default([]),
});
export type WriteInput = z.infer<typeof inputSchema>;

const resultSchema = z.strictObject({
  table: z.string(),
  rows: z.number().int(),
  files: z.number().int(),
  bytes: z.number().int(),
  stages: z.number().int(),
});
export type WriteResult = z.infer<typeof resultSchema>;

export function tableWrite(parts: KindParts): TaskKind {
  const prepare = openPreparing(parts);
  const kind = defineTask<
    WriteInput,
    WriteResult,
    z.infer<typeof stagedSchema>,
    Awaited<ReturnType<typeof prepare>>
  >({
    id: 'table.write',
    permission: 'lake:write',
    input: inputSchema,
    result: resultSchema,
    staged: stagedSchema,
    resource: 'heavy',
    retry: { max_attempts: 5, delay_seconds: 1, max_delay_seconds: 60 },
    async begin({ namespace, name }, context) {
      const { storage, secrets } = splitSecrets(parts.settings);
      const place = await beginAttempt(parts, context, { namespace, name });
      const attempt = attemptName(context.task_id, context.attempt);
      return { given: { ...place, storage, attempt }, secrets };
    },
    prepare,
    commit: (tx, prepared, context) => commitStaged(parts.lake_parts, tx, prepared, context),
  });
  return kind as unknown as TaskKind;
}
