import { createHash } from 'node:crypto';
import { metadataJson, printJson, type TableMetadata } from '../../../base/iceberg/index.ts';
import type { CatalogAnswer } from './call.ts';
import type { StorageAccess } from './storage-access.ts';

/** `refs`: only the snapshots that a branch or a tag points at; a table may have thousands of others. */
export type SnapshotMode = 'all' | 'refs';

export function readSnapshotMode(query: URLSearchParams): SnapshotMode {
  return query.get('snapshots')?.toLowerCase() === 'refs' ? 'refs' : 'all';
}

interface Answered {
  metadata: TableMetadata;
  /** Undefined: staged, so there is no file yet. */
  metadata_location: string | undefined;
}

export function loadAnswer(
  { metadata, metadata_location }: Answered,
  { config, credentials }: StorageAccess,
  mode: SnapshotMode = 'all',
): CatalogAnswer {
  const body = printJson({
    'metadata-location': metadata_location,
    metadata: metadataJson(mode === 'refs' ? withReferredSnapshots(metadata) : metadata),
    config,
    ...(credentials.length > 0 && { 'storage-credentials': credentials }),
  });
  // An answer with keys is a new one each time: a client that is told "not modified" would go on with keys that end.
  const isSame = metadata_location !== undefined && credentials.length === 0;
  return { status: 200, body, etag: isSame ? etagOf(metadata_location, mode) : undefined };
}

/** A metadata file is never changed, so its name says all; that of the address does not, a name may be given to another table. */
export function etagOf(metadata_location: string, mode: SnapshotMode): string {
  const hash = createHash('sha256').update(`${mode}\0${metadata_location}`).digest('base64url');
  return `"${hash.slice(0, 27)}"`;
}

function withReferredSnapshots(metadata: TableMetadata): TableMetadata {
  const referred = new Set(Object.values(metadata.refs).map(ref => ref['snapshot-id']));
  return { ...metadata, snapshots: metadata.snapshots.filter(one => referred.has(one['snapshot-id'])) };
}
