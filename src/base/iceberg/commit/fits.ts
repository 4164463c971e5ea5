import { IcebergError } from '../errors.ts';
import type { DataFile, Schema, TableMetadata } from '../model.ts';
import { fieldsById, mismatches, printPath } from '../schema/index.ts';

// Schema and specs may change while files are being written. Columns are found by id, so most changes are none of the files'
// business: one that comes, goes, widens or gets another name is read rightly from files that do not know of it.

/** Why files that were written with one schema cannot become part of a table that has another by now; undefined: they can. */
export function whyUnfit(written: Schema, current: Schema): string | undefined {
  const [broken] = mismatches(written, current);
  if (broken) return `${printPath(broken.path)}: ${broken.reason}`;
  const before = fieldsById(written);
  for (const [id, { optional, path }] of fieldsById(current))
    if (!optional && before.get(id)?.optional !== false) return `${printPath(path)}: required now`;
  return undefined;
}

export function checkFits(
  files: readonly DataFile[],
  schema_id: number | undefined,
  metadata: TableMetadata,
): void {
  const specs = new Set(metadata['partition-specs'].map(spec => spec['spec-id']));
  const stray = files.find(file => !specs.has(file.spec_id));
  if (stray)
    throw changed(`partition spec ${stray.spec_id} of ${stray.file_path} is not the table's any more`, {
      file: stray.file_path,
    });
  if (schema_id === undefined || schema_id === metadata['current-schema-id'] || files.length === 0) return;
  const written = metadata.schemas.find(schema => schema['schema-id'] === schema_id);
  const current = metadata.schemas.find(schema => schema['schema-id'] === metadata['current-schema-id']);
  if (!written || !current)
    throw changed(`schema ${schema_id}, with which the files were written, is gone`, {});
  const why = whyUnfit(written, current);
  if (why !== undefined) throw changed(`the schema has changed since the files were written: ${why}`, {});
}

function changed(message: string, about: Record<string, string>): IcebergError {
  return new IcebergError('conflict', message, { rule: 'schema_changed', ...about });
}
