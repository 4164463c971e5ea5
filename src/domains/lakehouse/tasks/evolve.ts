import { z } from 'zod';
import {
  applyUpdates,
  evolutionUpdates,
  keepTo,
  stage as newStaged,
  openReader,
  produce,
} from '../../../base/iceberg/index.ts';
import { schemaChangeSchema } from '../../../contract/lake.ts';
import { defineTask, type PrepareContext, type StageOf, type TaskKind } from '../../runs/index.ts';
import { writeMetadata } from '../commit.ts';
import { fullName } from '../names.ts';
import { ownsOf } from '../places.ts';
import { inOurWords } from '../problems.ts';
import { toChange } from '../schema-change.ts';
import { beginAttempt, contextOf, type KindParts } from './begin.ts';
import { attemptName, splitSecrets, tableFacts } from './given.ts';
import { actorOf, commitStaged, type PreparedWrite, readOperation } from './staged.ts';

// A change of the schema for which the data files are written anew: in the runner, `table-evolve-run.ts`. Schema and files become
// true in one commit, on the very snapshot that the files were made of.

const changes = z.array(schemaChangeSchema).min(1).max(1000);
const inputSchema = z.strictObject({ table_id: z.uuid(), changes });
export type EvolveInput = z.infer<typeof inputSchema>;
export type EvolveResult = z.infer<typeof tableFacts>;

const stagedSchema = z.strictObject({
  table_id: z.uuid(),
  changes,
  /** Of the table when its rows were read. */
  schema_id: z.number().int(),
  operation: z.unknown(),
});
export type StagedEvolution = z.infer<typeof stagedSchema>;

/** `moved`: others wrote meanwhile, and their files would stay as they are. */
type Prepared = { moved: true } | { moved: false; write: PreparedWrite; told: string };

export function tableEvolve(parts: KindParts): TaskKind {
  const { lake_parts } = parts;
  const kind = defineTask<EvolveInput, EvolveResult, StagedEvolution, Prepared>({
    id: 'table.evolve',
    permission: 'lake:write',
    input: inputSchema,
    result: tableFacts,
    staged: stagedSchema,
    resource: 'heavy',
    retry: { max_attempts: 5, delay_seconds: 5, max_delay_seconds: 60 },
    async begin({ table_id }, context) {
      const { storage, secrets } = splitSecrets(parts.settings);
      const place = await beginAttempt(parts, context, { table_id });
      return {
        given: { ...place, storage, attempt: attemptName(context.task_id, context.attempt) },
        secrets,
      };
    },
    prepare: (stage, place) => prepare(parts, stage, place),
    async commit(tx, prepared, context) {
      if (prepared.moved) return 'rerun';
      const { write, told } = prepared;
      const answer = await commitStaged(lake_parts, tx, write, context);
      if (answer === 'rebase' || answer === 'rerun' || !write.row) return answer;
      const { id, namespace, name } = write.row;
      await lake_parts.record(tx, write.context.actor, {
        ...{ workspace_id: context.workspace_id, action: 'table.schema_changed' },
        object: { kind: 'table', id, name: fullName(namespace, name) },
        changes: { schema: { after: told } },
      });
      return answer;
    },
  });
  return kind as unknown as TaskKind;
}

async function prepare(
  { lake, lake_parts }: KindParts,
  { n, staged }: StageOf<StagedEvolution>,
  place: PrepareContext,
): Promise<Prepared> {
  const context = contextOf(place, actorOf(place));
  const { row, metadata: before, metadata_location } = await lake.tables.load(context, staged.table_id);
  const operation = readOperation(staged, row.location);
  if (operation.kind !== 'rewrite') throw new Error('the stage rewrites no files');
  const started_from = before['current-snapshot-id'] ?? null;
  if (operation.started_from !== started_from || staged.schema_id !== before['current-schema-id'])
    return { moved: true };
  const files = lake.filesOf(place.workspace_id);
  const now_ms = Math.max(lake_parts.clock.now(), before['last-updated-ms']);
  const reader = keepTo(openReader(files), ownsOf(lake_parts.storage, row));
  const metadata = await inOurWords(row.name, async () => {
    const updates = evolutionUpdates(before, staged.changes.map(toChange));
    const base = { metadata: applyUpdates(before, updates, { now_ms }), location: metadata_location };
    const attempt = newStaged(`${attemptName(place.task_id, place.attempt)}-${n}`);
    return (await produce(operation, base, attempt, { files, reader, now_ms })).metadata;
  });
  const [file] = await writeMetadata(lake_parts, context, [
    { table_id: row.id, metadata, base: metadata_location },
  ]);
  return {
    moved: false,
    told: staged.changes.map(({ change }) => change).join(', '),
    write: {
      ...{ context, row, before, metadata, file, done: false, create: undefined },
      ...{ base_location: metadata_location, operation: 'evolve' },
    },
  };
}
