export { type Column, conform, describe, schemaFor, subquery } from './columns.ts';
export { TARGET_BYTES, targetBytes } from './copy.ts';
export { dataFolder, type WriteOptions, writeData } from './data.ts';
export { type PositionDeleteOptions, writePositionDeletes } from './position-deletes.ts';
export { columnType, duckType } from './types.ts';
