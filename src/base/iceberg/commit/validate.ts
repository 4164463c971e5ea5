import { IcebergError } from '../errors.ts';
import { bind, type Filter, type Pruning, pruning } from '../filter/index.ts';
import { currentSchema, findSnapshot, schemaOf, specOf } from '../metadata/index.ts';
import type { Schema, TableMetadata } from '../model.ts';
import { isUnpartitioned, type ManifestReader, normalLocation } from '../scan/index.ts';
import { readHistory } from './history.ts';
import { branchOf, headOf, isolationOf, type Operation, startOf } from './operation.ts';
import { type Collision, findCollision, holds, RULES, type Sight } from './rules.ts';

/** Fails with `conflict` where the operation may not follow what others committed on its branch since it was planned. */
export async function validate(
  operation: Operation,
  base: TableMetadata,
  reader: ManifestReader,
): Promise<void> {
  const isolation = isolationOf(operation, base.properties);
  if (!RULES.some(rule => holds(rule, operation.kind, isolation))) return;
  const start = startOf(operation);
  if (start === undefined)
    throw new IcebergError(
      'invalid',
      `${operation.kind} at isolation ${isolation} must say where it started`,
    );
  const history = await readHistory(base, headOf(base, branchOf(operation)), start, reader);
  const collision = findCollision(operation, isolation, history, sightOf(operation, base));
  if (collision) throw conflict(collision, operation);
}

function conflict({ rule, file }: Collision, operation: Operation): IcebergError {
  const because = file === undefined ? SAYS[rule] : `${SAYS[rule]} (${file})`;
  return new IcebergError('conflict', `${operation.kind}: ${because}`, {
    rule,
    ...(file === undefined ? {} : { file }),
  });
}

const SAYS: Readonly<Record<Collision['rule'], string>> = {
  history_unknown: 'the snapshot that it was planned on is no ancestor of the current one',
  removed_file_gone: 'a file that it replaces was replaced or removed meanwhile',
  removed_file_deleted_from: 'rows of a file that it replaces were deleted meanwhile',
  target_gone: 'a file in which it deletes rows was replaced or removed meanwhile',
  target_deleted_from: 'rows of a file in which it changes rows were deleted meanwhile',
  new_rows_read: 'rows came meanwhile that it may have had to see',
  read_rows_gone: 'rows went meanwhile that it may have seen',
  partition_changed: 'rows came meanwhile into a partition that it replaces',
  partition_deleted_from: 'rows went meanwhile from a partition that it replaces',
  branch_changed: 'the table changed since the replacement began',
};

function sightOf(operation: Operation, base: TableMetadata): Sight {
  const filter = readsOf(operation);
  const schema = schemaAtStart(operation, base);
  const bound = bind(filter, schema);
  const bySpec = new Map<number, Pruning>();
  const through = (id: number) => {
    const known = bySpec.get(id) ?? pruning(bound, specOf(base, id));
    bySpec.set(id, known);
    return known;
  };
  return {
    reads: file => through(file.spec_id).mayMatch(file),
    reads_below: deletes => through(deletes.spec_id).mayMatchPartition(deletes),
    same: normalLocation,
    isUnpartitioned: id => isUnpartitioned(specOf(base, id)),
  };
}

function readsOf(operation: Operation): Filter {
  if ('reads' in operation) return operation.reads;
  return 'where' in operation ? operation.where : { op: 'true' };
}

/** The names in the filter are those of the day on which it was written. */
function schemaAtStart(operation: Operation, base: TableMetadata): Schema {
  const start = startOf(operation);
  const snapshot = typeof start === 'bigint' ? findSnapshot(base, start) : undefined;
  const named = base.schemas.find(schema => schema['schema-id'] === operation.schema_id);
  return named ?? (snapshot ? schemaOf(base, snapshot) : currentSchema(base));
}
