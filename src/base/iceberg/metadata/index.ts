export { applyUpdates } from './apply.ts';
export { type NewTable, newMetadata } from './create.ts';
export { forgottenVersions, metadataName, versionOf, withPrevious } from './history.ts';
export { checkSpec, type NewOrder, type NewSpec } from './layout.ts';
export {
  ancestorsOf,
  currentSchema,
  currentSnapshot,
  defaultOrder,
  defaultSpec,
  findSnapshot,
  isAncestor,
  orderOf,
  refOf,
  resolveRef,
  schemaById,
  schemaOf,
  snapshotAt,
  snapshotOf,
  snapshotsById,
  specOf,
} from './look.ts';
export { metadataJson, printMetadata } from './print.ts';
export { checkMetadata, MAIN, metadataOf, parseMetadata } from './read.ts';
export { checkRequirements, parseRequirements, type Requirement, requirementSchema } from './requirement.ts';
export { LAST_ADDED, parseUpdates, type Update, updateSchema } from './update.ts';
export {
  currentVersion,
  type NewView,
  newViewMetadata,
  parseViewMetadata,
  printViewMetadata,
  type ViewMetadata,
  type ViewVersion,
  versionById,
  viewSchema,
  viewVersionSchema,
} from './view.ts';
export {
  applyViewUpdates,
  checkViewRequirements,
  parseViewRequirements,
  parseViewUpdates,
  type ViewRequirement,
  type ViewUpdate,
  viewRequirementSchema,
  viewUpdateSchema,
} from './view-apply.ts';
