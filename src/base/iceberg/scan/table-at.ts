import { currentSchema, refOf, resolveRef, schemaOf } from '../metadata/index.ts';
import type { ManifestEntry, ManifestFile, Schema, Snapshot, TableMetadata } from '../model.ts';

/** Whoever reads manifests, and keeps what was read: they never change. */
export interface ManifestReader {
  manifests(metadata: TableMetadata, snapshot: Snapshot): Promise<readonly ManifestFile[]>;
  entries(metadata: TableMetadata, manifest: ManifestFile): Promise<readonly ManifestEntry[]>;
  /** Lists and manifests that were just written are asked for next. */
  wrote?: ((location: string, bytes: Buffer) => void) | undefined;
}

/** A table as it was at one moment. */
export interface TableAt {
  metadata: TableMetadata;
  /** Absent: the table is empty. */
  snapshot: Snapshot | undefined;
  /** What its rows look like. */
  schema: Schema;
  reader: ManifestReader;
}

/**
 * `at` is a branch or tag, the id of a snapshot or a time; without it, the table as it is. The past has the schema that it had; a
 * branch goes on living, and has the table's.
 */
export function tableAt(metadata: TableMetadata, reader: ManifestReader, at?: string): TableAt {
  const snapshot = resolveRef(metadata, at ?? 'main');
  const alive = at === undefined || at === 'main' || refOf(metadata, at)?.type === 'branch';
  const schema = alive ? currentSchema(metadata) : schemaOf(metadata, snapshot);
  return { metadata, snapshot, schema, reader };
}

/** A snapshot that is known already, with the schema that it had. */
export function tableAtSnapshot(table: Pick<TableAt, 'metadata' | 'reader'>, snapshot: Snapshot): TableAt {
  const { metadata, reader } = table;
  return { metadata, reader, snapshot, schema: schemaOf(metadata, snapshot) };
}
