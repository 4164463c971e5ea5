import type { Tx } from '../../base/db/index.ts';
import { parseViewMetadata, type TableMetadata, type ViewMetadata } from '../../base/iceberg/index.ts';
import { fail, isFailure } from '../../base/kit/errors.ts';
import type { LakeContext, LakeRow, Loaded, LoadedView } from './lake.ts';
import { fullName } from './names.ts';
import type { Parts } from './parts.ts';
import { inOurWords, toFailure } from './problems.ts';
import { saveTableError, tablesById } from './store/tables.ts';

// From a row of the catalog to the metadata behind it. What is wrong with one table is kept with it, so that lists show it, and
// disturbs no other.

export async function loadTable(parts: Parts, context: LakeContext, id: string): Promise<Loaded> {
  const row = await parts.read(context, tx => needRow(tx, context, id), { prepared: true });
  return loadRow(parts, row);
}

export async function loadRow(parts: Parts, row: LakeRow): Promise<Loaded> {
  if (row.kind !== 'table') throw fail('object.not_found', { kind: 'table', id: row.id });
  if (row.mount_id !== null) return { row, ...(await inOurWords(row.name, () => parts.loadMounted(row))) };
  const metadata_location = needLocation(row);
  const metadata = await readMetadata(parts, row, metadata_location);
  return { row, metadata, metadata_location };
}

export async function loadView(parts: Parts, row: LakeRow): Promise<LoadedView> {
  if (row.kind !== 'view') throw fail('object.not_found', { kind: 'view', id: row.id });
  const metadata_location = needLocation(row);
  const read = async (): Promise<ViewMetadata> =>
    parseViewMetadata(await parts.filesOf(row.workspace_id).read(metadata_location));
  return { row, metadata: await noting(parts, row, read), metadata_location };
}

/** Under its own row: by another name, or of another workspace, nobody loads it. */
export async function needRow(tx: Tx, { workspace_id }: LakeContext, id: string): Promise<LakeRow> {
  const [row] = await tablesById(tx, workspace_id, [id]);
  if (!row) throw fail('object.not_found', { kind: 'table', id });
  return row;
}

function readMetadata(parts: Parts, row: LakeRow, location: string): Promise<TableMetadata> {
  return noting(parts, row, () => parts.cache.read(parts.filesOf(row.workspace_id), location));
}

function needLocation(row: LakeRow): string {
  if (row.metadata_location === null)
    throw fail('lake.corrupt', { reason: `${fullName(row.namespace, row.name)} has no metadata` });
  return row.metadata_location;
}

/** A table that could not be read says so in every list, until it can be. */
async function noting<T>(parts: Parts, row: LakeRow, work: () => Promise<T>): Promise<T> {
  try {
    const read = await work();
    if (row.error) await note(parts, row, null);
    return read;
  } catch (error) {
    const failure = toFailure(error, fullName(row.namespace, row.name));
    if (isFailure(failure, 'lake.outside')) refuseMoved(parts, row);
    if (isLasting(failure)) await note(parts, row, { code: failure.code, message: failure.message });
    throw failure;
  }
}

/** Its folder was moved: every table would say that its files are outside, and none how to get them back. */
function refuseMoved({ root }: Parts, { location, workspace_id }: LakeRow): void {
  const from = location.slice(0, location.indexOf(`/${workspace_id}/`));
  if (from !== '' && from !== root) throw fail('lake.moved', { from, to: root });
}

function note({ write }: Parts, { id, workspace_id }: LakeRow, error: LakeRow['error']): Promise<void> {
  return write({ workspace_id }, tx => saveTableError(tx, id, error));
}

/** Not a storage that is away for a moment. */
function isLasting(error: unknown): error is Error & { code: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    ['lake.corrupt', 'lake.missing_file', 'lake.unsupported', 'lake.outside'].includes(error.code)
  );
}
