export { changesSql, openChanges } from './change-sql.ts';
export { type DeleteFile, indexDeletes, isUnpartitioned, onlyPath, partitionKey } from './deletes.ts';
export { type Footer, needsFooters } from './footers.ts';
export { type ChangePlan, planAppends, planChanges, type Step, snapshotsAfter } from './incremental.ts';
export { normalLocation, normalLocationSql } from './location.ts';
export { locationsOf, type OpenScan, openScan, type ScanWorld } from './open.ts';
export { type Plan, type PlannedFile, planScan, type ScanOptions } from './plan.ts';
export { type ScanSqlOptions, scanSql } from './sql.ts';
export { type ManifestReader, type TableAt, tableAt, tableAtSnapshot } from './table-at.ts';
