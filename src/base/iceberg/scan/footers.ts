import * as z from 'zod';
import { IcebergError } from '../errors.ts';
import { MAX_DEPTH } from '../json.ts';
import type { DataFile, Field, TableMetadata } from '../model.ts';
import type { Row } from '../world.ts';
import { hasForgotten } from './columns.ts';
import { hasMembers, type Layout, layoutOf, misread } from './layout.ts';
import { nameMapping } from './name-mapping.ts';
import { pathsSql } from './pieces.ts';
import type { Plan } from './plan.ts';

/** What only the data file itself can say. Files never change, so it may be kept by location for as long as anyone likes. */
export interface Footer {
  has_ids: boolean;
  layout: Layout;
}

/** Are there files whose footers have to be read before anyone can say how to read their rows? */
export function needsFooters(plan: Pick<Plan, 'metadata'>, columns: readonly Field[]): boolean {
  return (
    nameMapping(plan.metadata) !== undefined ||
    columns.some(column => hasDoubtfulMembers(column, plan.metadata))
  );
}

/**
 * By every schema that the table ever had, not by that of the file's snapshot: a writer that began before a column was renamed
 * commits after it, and a compaction carries files on. Schemas that were removed may have been anything.
 */
export function hasDoubtfulMembers(column: Field, metadata: TableMetadata): boolean {
  if (!hasMembers(column.type)) return false;
  return (
    hasForgotten(metadata) ||
    metadata.schemas.some(schema => misread(column, layoutOf(schema.fields)) !== undefined)
  );
}

export function footerOf(file: DataFile, footers: ReadonlyMap<string, Footer>): Footer {
  const found = footers.get(file.file_path);
  if (found !== undefined) return found;
  throw new IcebergError(
    'schema_change',
    `Nobody has looked at how the columns of ${file.file_path} are called, and schemas of the table differ in it: open the scan with openScan.`,
    { file: file.file_path },
  );
}

/** One row for each node of each file, each file's in the order of its tree. */
export function footersSql(paths: readonly string[]): string {
  return `SELECT file_name, name, field_id, coalesce(num_children, 0) AS num_children FROM parquet_schema(${pathsSql(paths)})`;
}

const nodeSchema = z.object({
  file_name: z.string(),
  name: z.string(),
  field_id: z.union([z.bigint(), z.number()]).nullable(),
  num_children: z.union([z.bigint(), z.number()]),
});
type Node = z.infer<typeof nodeSchema>;

/** By the paths that `footersSql` was given. */
export function readFooters(rows: readonly Row[]): Map<string, Footer> {
  const nodes = new Map<string, Node[]>();
  for (const row of rows) {
    const node = nodeSchema.parse(row);
    const list = nodes.get(node.file_name);
    if (list === undefined) nodes.set(node.file_name, [node]);
    else list.push(node);
  }
  return new Map([...nodes].map(([path, list]) => [path, parseFooter(path, list)]));
}

function parseFooter(path: string, nodes: readonly Node[]): Footer {
  const layout = new Map<number, { name: string; parent: number | undefined }>();
  let at = 0;
  // Groups without an id of their own (`list`, `key_value`) are how Parquet spells a list or a map: their fields are its.
  const walk = (parent: number | undefined, depth: number): void => {
    const node = nodes[at];
    if (node === undefined || depth > MAX_DEPTH)
      throw new IcebergError('corrupt', `The schema in ${path} is not a tree.`, { file: path });
    const root = at === 0;
    at += 1;
    const id = node.field_id === null ? undefined : Number(node.field_id);
    if (id !== undefined && !root) layout.set(id, { name: node.name, parent });
    const around = root ? undefined : (id ?? parent);
    for (let child = 0; child < Number(node.num_children); child += 1) walk(around, depth + 1);
  };
  walk(undefined, 0);
  return { has_ids: layout.size > 0, layout };
}
