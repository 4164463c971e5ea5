import { z } from 'zod';
import { SYSTEM } from '../../access/index.ts';
import { defineTask, type TaskKind } from '../../runs/index.ts';
import { beginAttempt, type KindParts } from './begin.ts';
import { attemptName, splitSecrets } from './given.ts';

// One file with the rows of a snapshot. All of it happens in the runner, `table-export-run.ts`.

const inputSchema = z.strictObject({
  table_id: z.uuid(),
  format: z.enum(['csv', 'ndjson', 'parquet']),
  snapshot: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional(),
  filter: z.string().max(10_000).optional(),
});
export type ExportInput = z.infer<typeof inputSchema>;

const resultSchema = z.strictObject({ file: z.string(), rows: z.number().int(), bytes: z.number().int() });
export type ExportResult = z.infer<typeof resultSchema>;

export function tableExport(parts: KindParts): TaskKind {
  const kind = defineTask<ExportInput, ExportResult>({
    id: 'table.export',
    permission: 'lake:read',
    input: inputSchema,
    result: resultSchema,
    resource: 'heavy',
    retry: { max_attempts: 2, delay_seconds: 5 },
    async begin({ table_id }, context) {
      const { storage, secrets } = splitSecrets(parts.settings);
      const place = await beginAttempt(parts, context, { table_id });
      const row = await parts.lake.tables.get(
        { workspace_id: context.workspace_id, actor: SYSTEM, via: 'task' },
        table_id,
      );
      const attempt = attemptName(context.task_id, context.attempt);
      return { given: { ...place, storage, attempt, name: row?.name ?? 'table' }, secrets };
    },
  });
  return kind as unknown as TaskKind;
}
