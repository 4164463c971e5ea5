export { type CommitWorld, commitUpdates, withUpdates } from './commits.ts';
export { type Compaction, compactTable } from './compact.ts';
export { define, partitionOf, type TableDefinition } from './define.ts';
export { evolutionUpdates, evolveTable, refuseBranches, stageEvolution } from './evolve.ts';
export { exactSql } from './exact.ts';
export {
  type ChangesOf,
  openTable,
  type ScanOf,
  type Table,
  type TableWorld,
  type Where,
  type WriteTo,
} from './table.ts';
