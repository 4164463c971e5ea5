export { backupLake, restoreLake } from './backup.ts';
export { lakeDuties, lakeMirror } from './duties.ts';
export { lakeFiles } from './files.ts';
export type {
  Committed,
  Lake,
  LakeContext,
  LakeRow,
  Loaded,
  LoadedView,
  Namespace,
  NewTable,
  Sight,
  TableChange,
} from './lake.ts';
export { MOMENTS, type Moment } from './moments.ts';
export { type MountParts, mountedLoader } from './mounts.ts';
export { openLake } from './open.ts';
export type { LakeParts } from './parts.ts';
export { toFailure } from './problems.ts';
export { noticeRoot, type Relocated, type RelocateParts, relocateLake } from './relocate.ts';
export type { Catalog, CatalogAnswer, CatalogCall, Endpoint } from './rest/call.ts';
export { openCatalog } from './rest/catalog.ts';
export type { CatalogParts } from './rest/parts.ts';
export { type LakeRouteParts, lakeHandlers } from './routes.ts';
export type { StorageSettings } from './tasks/given.ts';
export { lakeKinds } from './tasks/index.ts';
