import {
  currentSchema,
  type Evolution,
  evolve,
  printPath,
  refuseBranches,
  type TableMetadata,
  type Update,
} from '../../../base/iceberg/index.ts';
import { fail, isFailure } from '../../../base/kit/errors.ts';
import type { lakeRoutes } from '../../../contract/lake.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import type { AuditNote } from '../../access/index.ts';
import { actorOf, changesOf, created } from '../../access/index.ts';
import { compareSnapshots } from '../compare.ts';
import type { LakeRow, Loaded, TableChange } from '../lake.ts';
import { fullName } from '../names.ts';
import { inOurWords } from '../problems.ts';
import { toChange } from '../schema-change.ts';
import { showChanges, showFields } from '../show.ts';
import { contextOf, type LakeRouteParts, loadWhole, needTable, write } from './asking.ts';
import { needSnapshot } from './history.ts';
import { start } from './start.ts';
import { newSpec, showOne } from './tables.ts';

type Routes = Pick<
  typeof lakeRoutes,
  | 'lake_tables.evolve'
  | 'lake_tables.rewrite'
  | 'lake_tables.partition'
  | 'lake_tables.rollback'
  | 'lake_tables.ref_put'
  | 'lake_tables.ref_delete'
>;

const DAY_MS = 86_400_000;
const MAX_TRIES = 5;

export function changeHandlers(parts: LakeRouteParts): Handlers<Routes> {
  return {
    'lake_tables.evolve': call => evolveTable(parts, call),
    'lake_tables.rewrite': call => startRewrite(parts, call),
    'lake_tables.partition': call => partition(parts, call),
    'lake_tables.rollback': async call => {
      const { params, body } = call;
      const { row, metadata } = await loadWhole(parts, call, params.id);
      refuseReadOnly(row);
      const to = needSnapshot(row, metadata, body.snapshot_id);
      const id = metadata['current-snapshot-id'];
      const from = id === undefined ? undefined : needSnapshot(row, metadata, String(id));
      const compare = () => compareSnapshots(metadata, parts.lake.manifestsOf(row), from, to);
      const effect = await inOurWords(row.name, compare);
      if (body.dry_run || from === to) return effect;
      const pointed = { 'snapshot-id': to['snapshot-id'], type: 'branch' as const };
      await commitChange(parts, call, row, {
        ...{ table: row.id, operation: 'rollback' },
        requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': id ?? null }],
        updates: [{ ...metadata.refs.main, ...pointed, action: 'set-snapshot-ref', 'ref-name': 'main' }],
      });
      await tell(parts, call, row, 'table.rolled_back', created({ snapshot: body.snapshot_id }));
      return effect;
    },
    'lake_tables.ref_put': async call => {
      const { params, body } = call;
      const { row, metadata } = await loadWhole(parts, call, params.id);
      refuseReadOnly(row);
      const { ref } = params;
      if (ref === 'main') throw fail('lake.ref', { ref, reason: 'main moves by commits and by a rollback' });
      const there = metadata.refs[ref];
      if (there && there.type !== body.type)
        throw fail('lake.ref', { ref, reason: `it is a ${there.type} already` });
      const { 'snapshot-id': snapshot_id } = needSnapshot(row, metadata, body.snapshot_id);
      await commitChange(parts, call, row, {
        table: row.id,
        requirements: [],
        updates: [
          {
            ...{ action: 'set-snapshot-ref', 'ref-name': ref, type: body.type, 'snapshot-id': snapshot_id },
            ...(body.max_age_days !== undefined && {
              'max-ref-age-ms': Math.round(body.max_age_days * DAY_MS),
            }),
          },
        ],
      });
      await tell(parts, call, row, 'table.ref_changed', created({ ref, snapshot: body.snapshot_id }));
      return undefined;
    },
    'lake_tables.ref_delete': async call => {
      const { params } = call;
      const { row, metadata } = await loadWhole(parts, call, params.id);
      refuseReadOnly(row);
      const { ref } = params;
      if (ref === 'main') throw fail('lake.ref', { ref, reason: 'main is the table itself' });
      if (!metadata.refs[ref]) throw fail('lake.ref', { ref, reason: 'there is none of that name' });
      const updates: Update[] = [{ action: 'remove-snapshot-ref', 'ref-name': ref }];
      await commitChange(parts, call, row, { table: row.id, requirements: [], updates });
      await tell(parts, call, row, 'table.ref_deleted', { ref: { before: ref } });
      return undefined;
    },
  };
}

function refuseReadOnly({ name, mount }: LakeRow): void {
  if (mount !== null) throw fail('lake.read_only', { name, mount });
}

/** What was decided on a table that has changed since has to be decided again: by whoever asked. */
async function commitChange(
  { lake }: LakeRouteParts,
  call: Parameters<typeof contextOf>[0],
  row: LakeRow,
  change: TableChange,
): Promise<void> {
  const via = change.operation === 'rollback' ? 'rollback' : 'api';
  try {
    await lake.commit({ ...contextOf(call), via }, [change]);
  } catch (error) {
    if (!isFailure(error, 'lake.conflict')) throw error;
    throw fail('lake.busy', { name: fullName(row.namespace, row.name), attempts: 1 }, { cause: error });
  }
}

async function tell(
  parts: LakeRouteParts,
  call: Parameters<typeof contextOf>[0],
  row: LakeRow,
  action: AuditNote['action'],
  changes: NonNullable<AuditNote['changes']>,
): Promise<void> {
  const { workspace_id } = call;
  const object = { kind: 'table', id: row.id, name: fullName(row.namespace, row.name) };
  await write(parts, call, tx => parts.record(tx, actorOf(call), { workspace_id, action, object, changes }));
}

// ── The schema ──────────────────────────────────────────────────────────────────────────────────────

async function evolveTable(parts: LakeRouteParts, call: Call<Routes['lake_tables.evolve']>) {
  const { params, body } = call;
  const row = await needTable(parts, call, params.id);
  refuseReadOnly(row);
  for (let tries = 1; ; tries += 1) {
    const loaded = await parts.lake.tables.load(contextOf(call), row.id);
    const evolved = await inOurWords(row.name, async () =>
      evolve(loaded.metadata, body.changes.map(toChange)),
    );
    const answer = describe(loaded.metadata, evolved);
    if (body.dry_run || answer.changes.length === 0) return answer;
    refuseRewrites(answer.rewrites);
    if (await commitSchema(parts, call, loaded, evolved, tries)) {
      await tell(parts, call, row, 'table.schema_changed', { schema: { after: answer.changes.join('; ') } });
      return answer;
    }
  }
}

function describe(metadata: TableMetadata, { schema, rewrites }: Evolution) {
  return {
    fields: showFields(schema),
    changes: showChanges(currentSchema(metadata), schema),
    rewrites: [...new Set(rewrites.map(({ path, reason }) => `${printPath(path)}: ${reason}`))],
  };
}

/**
 * DuckDB knows members of a struct by their names: files that have them under others would read as NULL, without a word. To write
 * them anew takes as long as the table is large: a run.
 */
function refuseRewrites([first]: readonly string[]): void {
  if (first === undefined) return;
  throw fail('lake.schema', {
    reason: `The data files have to be written anew (${first}); ask for that with lake_tables.rewrite or moulin table evolve`,
  });
}

async function startRewrite(parts: LakeRouteParts, call: Call<Routes['lake_tables.rewrite']>) {
  const { params, body } = call;
  const { row, metadata } = await loadWhole(parts, call, params.id);
  refuseReadOnly(row);
  await inOurWords(row.name, async () => {
    evolve(metadata, body.changes.map(toChange));
    refuseBranches(metadata);
  });
  return start(parts, call, {
    title: `Change the schema of ${fullName(row.namespace, row.name)}`,
    kind: 'table.evolve',
    input: { table_id: row.id, changes: body.changes },
    overlap_key: `lake:${row.id}`,
  });
}

/** False where the schema was another one by then. */
async function commitSchema(
  { lake }: LakeRouteParts,
  call: Parameters<typeof contextOf>[0],
  { row, metadata }: Loaded,
  { schema, last_column_id }: Evolution,
  tries: number,
): Promise<boolean> {
  try {
    await lake.commit(contextOf(call), [
      {
        ...{ table: row.id, operation: 'schema' },
        requirements: [
          { type: 'assert-current-schema-id', 'current-schema-id': metadata['current-schema-id'] },
          { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': metadata['last-column-id'] },
        ],
        updates: [
          { action: 'add-schema', schema, 'last-column-id': last_column_id },
          { action: 'set-current-schema', 'schema-id': -1 },
        ],
      },
    ]);
    return true;
  } catch (error) {
    if (!isFailure(error, 'lake.conflict')) throw error;
    if (tries === MAX_TRIES)
      throw fail('lake.busy', { name: fullName(row.namespace, row.name), attempts: tries });
    return false;
  }
}

// ── Partitions ──────────────────────────────────────────────────────────────────────────────────────

async function partition(parts: LakeRouteParts, call: Call<Routes['lake_tables.partition']>) {
  const { params, body } = call;
  const { row, metadata } = await loadWhole(parts, call, params.id);
  refuseReadOnly(row);
  const { fields } = await inOurWords(row.name, async () =>
    newSpec(currentSchema(metadata), body.partition_by),
  );
  await commitChange(parts, call, row, {
    ...{ table: row.id, operation: 'partition' },
    requirements: [
      { type: 'assert-current-schema-id', 'current-schema-id': metadata['current-schema-id'] },
      { type: 'assert-default-spec-id', 'default-spec-id': metadata['default-spec-id'] },
    ],
    updates: [
      // Their ids are the table's to give: a field that it had before has the id of then.
      { action: 'add-spec', spec: { fields: fields.map(({ 'field-id': _, ...field }) => field) } },
      { action: 'set-default-spec', 'spec-id': -1 },
    ],
  });
  const after = await needTable(parts, call, row.id);
  await tell(
    parts,
    call,
    row,
    'table.changed',
    changesOf({ partitioned_by: row.partitioned_by }, { partitioned_by: after.partitioned_by }),
  );
  return showOne(parts, call, after);
}
