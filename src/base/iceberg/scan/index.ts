export { type DeleteFile, indexDeletes, partitionKey } from './deletes.ts';
export { normalLocation, normalLocationSql } from './location.ts';
export { type Plan, type PlannedFile, planScan, type ScanOptions } from './plan.ts';
export { type ManifestReader, type TableAt, tableAt, tableAtSnapshot } from './table-at.ts';
