export { bind } from './bind.ts';
export {
  type BoundField,
  type BoundFilter,
  type Comparison,
  decide,
  type FieldName,
  type Filter,
  type Predicate,
  predicatesOf,
  type Scalar,
} from './filter.ts';
export { literal } from './literal.ts';
export { parseFilter } from './parse.ts';
export { type Pruning, pruning } from './prune.ts';
export { filterSql, quoteName, quoteText, valueSql } from './sql.ts';
