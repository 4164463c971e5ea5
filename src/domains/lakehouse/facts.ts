import {
  currentSchema,
  currentSnapshot,
  defaultSpec,
  fieldName,
  fieldsById,
  type Snapshot,
  type TableMetadata,
} from '../../base/iceberg/index.ts';
import type { PointerMove } from './store/commits.ts';

/** What lists show of a table, from its metadata: kept beside the pointer, so that no list reads a file. */
export function factsOf(
  metadata: TableMetadata,
): Omit<
  PointerMove,
  'table_id' | 'base_location' | 'metadata_location' | 'has_new_snapshot' | 'metadata_bytes'
> {
  const snapshot = currentSnapshot(metadata);
  return {
    table_uuid: metadata['table-uuid'],
    format_version: metadata['format-version'],
    snapshot_id: snapshot ? String(snapshot['snapshot-id']) : null,
    ...totalsIn(snapshot),
    snapshots: metadata.snapshots.length,
    columns: fieldsById(currentSchema(metadata)).size,
    partitioned_by: partitionedBy(metadata),
  };
}

/** Of the snapshot's summary. Some writers leave it out, and then nobody knows without reading the manifests. */
function totalsIn(snapshot: Snapshot | undefined) {
  if (!snapshot) return { rows: 0, bytes: 0, files: 0, delete_files: 0 };
  const { summary } = snapshot;
  const records = total(summary['total-records']);
  // Rows that position deletes strike out are counted among the records; how many equality deletes strike out nobody knows.
  const struck = total(summary['total-position-deletes']) ?? 0;
  return {
    rows: records === null ? null : Math.max(0, records - struck),
    bytes: total(summary['total-files-size']),
    files: total(summary['total-data-files']),
    delete_files: total(summary['total-delete-files']) ?? (summary['total-records'] === undefined ? null : 0),
  };
}

/** What another engine wrote there is text of a stranger: it may be anything. */
export function total(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,18}$/.test(text)) return null;
  return Number(text);
}

function partitionedBy(metadata: TableMetadata): string[] {
  const schema = currentSchema(metadata);
  return defaultSpec(metadata)
    .fields.filter(({ transform }) => transform !== 'void')
    .map(({ 'source-id': id, transform }) => {
      const source = fieldName(schema, id);
      return transform === 'identity' ? source : `${transform}(${source})`;
    });
}
