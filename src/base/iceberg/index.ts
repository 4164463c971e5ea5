import type { EngineOptions, LocalEngine } from './local/index.ts';

export * from './commit/index.ts';
export { CODES, type IcebergCode, IcebergError, isIcebergError } from './errors.ts';
export * from './filter/index.ts';
export { parseJson, printJson } from './json.ts';
export * from './local/index.ts';
export * from './maintain/index.ts';
export * from './manifest/index.ts';
export {
  ancestorsOf,
  applyUpdates,
  applyViewUpdates,
  checkRequirements,
  checkViewRequirements,
  currentSchema,
  currentSnapshot,
  currentVersion,
  defaultOrder,
  defaultSpec,
  findSnapshot,
  forgottenVersions,
  isAncestor,
  metadataJson,
  metadataName,
  metadataOf,
  type NewOrder,
  type NewSpec,
  type NewTable,
  newMetadata,
  newViewMetadata,
  orderOf,
  parseMetadata,
  parseRequirements,
  parseUpdates,
  parseViewMetadata,
  parseViewRequirements,
  parseViewUpdates,
  printMetadata,
  printViewMetadata,
  type Requirement,
  refOf,
  requirementSchema,
  resolveRef,
  schemaById,
  schemaOf,
  snapshotAt,
  snapshotOf,
  snapshotsById,
  specOf,
  type Update,
  updateSchema,
  type ViewMetadata,
  type ViewRequirement,
  type ViewUpdate,
  type ViewVersion,
  versionById,
  versionOf,
  withPrevious,
} from './metadata/index.ts';
export { readAs } from './metadata/problem.ts';
export { newOrderSchema, newSpecSchema } from './metadata/update.ts';
export { viewVersionSchema } from './metadata/view.ts';
export {
  CONTENT,
  type Content,
  type DataFile,
  type Field,
  type ListType,
  type ManifestEntry,
  type ManifestFile,
  type MapType,
  type Operation as SnapshotOperation,
  type PartitionField,
  type PartitionSpec,
  type PrimitiveType,
  type Schema,
  type Snapshot,
  type SnapshotId,
  type SnapshotRef,
  type SortField,
  type SortOrder,
  STATUS,
  type StructType,
  type Summary,
  type TableMetadata,
  type Type,
  type Value,
} from './model.ts';
export { evolveSpec, partitionPath, partitionTypes, type SpecChange, transform } from './partition/index.ts';
export {
  type ManifestReader,
  normalLocation,
  openScan,
  type Plan,
  planScan,
  tableAt,
  tableAtSnapshot,
} from './scan/index.ts';
export * from './schema/index.ts';
export * from './table/index.ts';
export { decodeValue, encodeValue, showValue } from './values/index.ts';
export type { Draft, Engine, Files, Pointer, Row } from './world.ts';
export {
  columnType,
  conform,
  duckType,
  type PositionDeleteOptions,
  schemaFor,
  targetBytes,
  type WriteOptions,
  writeData,
  writePositionDeletes,
} from './write/index.ts';

export type { EngineOptions, LocalEngine };

/** DuckDB in this process. Loaded by those who ask for one: its library has 68 MB. */
export async function openEngine(options: EngineOptions): Promise<LocalEngine> {
  const { localEngine } = await import('./local/index.ts');
  return localEngine(options);
}
