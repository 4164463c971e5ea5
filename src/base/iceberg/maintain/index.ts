export {
  type CompactionGroup,
  type CompactionRules,
  compactionRules,
  type Piece,
  planCompaction,
} from './compact.ts';
export { stageCompaction } from './compact-rows.ts';
export { type ExpirePolicy, type Expiry, expireSnapshots, unusedSpecs } from './expire.ts';
export { DUE, type Due, dueOf, type Health, type HealthRules, health, quickFigures } from './health.ts';
export {
  findOrphans,
  isCandidate,
  type Listed,
  type OrphanRules,
  type OrphanSearch,
  orphans,
} from './orphans.ts';
export { type GarbageOptions, garbage, type Needed, ownsOf, reachable, type Use } from './reachable.ts';
export { type Relocation, type RelocationStep, relocate } from './relocate.ts';
