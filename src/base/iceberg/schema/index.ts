export { checkIds, checkNames, checkReadable, checkSchema } from './check.ts';
export { diffSchemas, type SchemaDifference } from './diff.ts';
export { type Evolution, evolve, type Position, type RewriteReason, type SchemaChange } from './evolve.ts';
export {
  children,
  type FieldPath,
  type FieldPlace,
  fieldName,
  fieldsById,
  findField,
  foldCase,
  freeName,
  highestFieldId,
  printPath,
  walk,
} from './fields.ts';
export { assignIds, assignTypeIds, isSameSchema, type NumberedSchema } from './ids.ts';
export { schemaSchema, typeSchema } from './json.ts';
export { type Mismatch, mismatches } from './readable.ts';
export {
  canonical,
  canWiden,
  isPrimitive,
  isStruct,
  type Primitive,
  type PrimitiveName,
  parseType,
  primitive,
  printType,
} from './types.ts';
