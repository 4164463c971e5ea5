import { IcebergError } from '../errors.ts';
import { type BoundFilter, bind, type Filter, type Pruning, pruning } from '../filter/index.ts';
import { specOf } from '../metadata/index.ts';
import {
  CONTENT,
  type DataFile,
  type Field,
  type ManifestEntry,
  type ManifestFile,
  type Schema,
  STATUS,
  type TableMetadata,
} from '../model.ts';
import { checkReadable } from '../schema/check.ts';
import { findField } from '../schema/fields.ts';
import { type DeleteFile, indexDeletes } from './deletes.ts';
import type { TableAt } from './table-at.ts';

export interface ScanOptions {
  filter?: Filter;
  /** Top-level columns, in this order; all of them without it. */
  columns?: readonly string[];
}

export interface PlannedFile {
  file: DataFile;
  sequence_number: number;
  snapshot_id: bigint;
  deletes: readonly DeleteFile[];
  /** Its rows have yet to be asked whether they match; else every one of them does. */
  residual: boolean;
}

/** Which files to read for an answer, and how. */
export interface Plan {
  metadata: TableMetadata;
  schema: Schema;
  columns: readonly Field[];
  filter: BoundFilter;
  files: readonly PlannedFile[];
  /** What did not have to be looked at; files only of manifests that were opened. */
  skipped: { manifests: number; files: number; records: number };
}

export async function planScan(table: TableAt, options: ScanOptions = {}): Promise<Plan> {
  const { metadata, schema } = table;
  checkReadable(schema);
  const filter = bind(options.filter ?? { op: 'true' }, schema);
  const columns = chosenColumns(schema, options.columns);
  const live = await liveFiles(table, filter);
  return { metadata, schema, columns, filter, files: live.files, skipped: live.skipped };
}

function chosenColumns(schema: Schema, names: readonly string[] | undefined): readonly Field[] {
  if (names === undefined) return schema.fields;
  if (names.length === 0) throw new IcebergError('invalid', 'A scan without columns has no rows to give.');
  return names.map(name => {
    const found = findField(schema, [name]);
    if (found !== undefined) return found.field;
    throw new IcebergError('invalid', `There is no column '${name}'.`, { field: name });
  });
}

export async function liveFiles(
  table: TableAt,
  filter: BoundFilter,
): Promise<Pick<Plan, 'files' | 'skipped'>> {
  const { metadata, snapshot, reader } = table;
  const ask = prunings(filter, metadata);
  const all = snapshot === undefined ? [] : await reader.manifests(metadata, snapshot);
  const useful = all.filter(
    manifest => hasFiles(manifest) && ask(manifest.partition_spec_id).mayMatchAny(manifest),
  );
  const deletes = await liveEntries(table, useful, 1);
  const index = indexDeletes(deletes, metadata['partition-specs']);
  const skipped = { manifests: all.length - useful.length, files: 0, records: 0 };
  const files: PlannedFile[] = [];
  for (const entry of await liveEntries(table, useful, 0)) {
    const { mayMatch, allMatch } = ask(entry.file.spec_id);
    if (mayMatch(entry.file)) files.push(planned(entry, index.of(entry), !allMatch(entry.file)));
    else {
      skipped.files += 1;
      skipped.records += entry.file.record_count;
    }
  }
  return { files, skipped };
}

function planned(entry: ManifestEntry, deletes: readonly DeleteFile[], residual: boolean): PlannedFile {
  const { file, sequence_number, snapshot_id } = entry;
  return { file, sequence_number, snapshot_id, deletes, residual };
}

/** What is not counted may be there. */
function hasFiles(manifest: ManifestFile): boolean {
  return manifest.added_files_count !== 0 || manifest.existing_files_count !== 0;
}

async function liveEntries(
  table: TableAt,
  manifests: readonly ManifestFile[],
  content: ManifestFile['content'],
): Promise<ManifestEntry[]> {
  const wanted = manifests.filter(manifest => manifest.content === content);
  return (await entriesOf(table, wanted)).filter(entry => isLive(entry, content));
}

/** Ten thousand manifests are not asked for at once: each may be a connection to the storage. */
const MANIFESTS_AT_ONCE = 64;

export async function entriesOf(
  { metadata, reader }: Pick<TableAt, 'metadata' | 'reader'>,
  manifests: readonly ManifestFile[],
): Promise<ManifestEntry[]> {
  const lists: (readonly ManifestEntry[])[] = [];
  for (let at = 0; at < manifests.length; at += MANIFESTS_AT_ONCE) {
    const some = manifests.slice(at, at + MANIFESTS_AT_ONCE);
    lists.push(...(await Promise.all(some.map(manifest => reader.entries(metadata, manifest)))));
  }
  return lists.flat();
}

const isLive = ({ status, file }: ManifestEntry, content: ManifestFile['content']) =>
  status !== STATUS.deleted && (file.content === CONTENT.data) === (content === 0);

/** One for each spec of the table. */
export function prunings(filter: BoundFilter, metadata: TableMetadata): (spec_id: number) => Pruning {
  const made = new Map<number, Pruning>();
  return spec_id => {
    const known = made.get(spec_id) ?? pruning(filter, specOf(metadata, spec_id));
    made.set(spec_id, known);
    return known;
  };
}
