export { type ChangeMode, modeOf, STRIKE_OUT } from './change-mode.ts';
export { readHistory } from './history.ts';
export { isLive } from './manifests.ts';
export { countOr, type MergeRules, mergeRules, planMerges } from './merge.ts';
export { type InsertClause, type MatchedClause, type Merge, planMerge } from './merge-rows.ts';
export {
  type Append,
  branchOf,
  headOf,
  type Isolation,
  isolationOf,
  type Kind,
  MAIN,
  type Operation,
  type Overwrite,
  type Publish,
  type ReplacePartitions,
  type Rewrite,
  type RewriteManifests,
  type RowDelta,
} from './operation.ts';
export { type Base, type Produced, produce, type World } from './produce.ts';
export { keepTo, manifestSchema, openReader } from './reader.ts';
export { backOff, type Committed, commitWithRetry, isConflict, type RetryOptions } from './retry.ts';
export {
  type Condition,
  planDelete,
  planUpdate,
  type RowPlan,
  type RowWorld,
  type StageOptions,
  stageOverwrite,
  stageRows,
} from './rows.ts';
export {
  type Collision,
  findCollision,
  type History,
  holds,
  RULES,
  type RuleName,
  WHERE_RULES_HOLD,
} from './rules.ts';
export { discard, metadataFolder, newSnapshotId, type Staged, stage } from './staged.ts';
export { type Totals, totalsOf } from './summary.ts';
export { validate } from './validate.ts';
