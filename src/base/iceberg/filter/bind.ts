import { IcebergError } from '../errors.ts';
import type { Schema, Value } from '../model.ts';
import { type FieldPlace, findField, printPath, walk } from '../schema/fields.ts';
import {
  ALWAYS,
  allOf,
  anyOf,
  type BoundField,
  type BoundFilter,
  type Comparison,
  type FieldName,
  type Filter,
  NEVER,
  type Predicate,
  type Scalar,
} from './filter.ts';
import { type Literal, literal } from './literal.ts';
import { nearestName } from './nearest.ts';

/** Looks the names up, gives the literals the columns' types, and pushes NOT down to the single tests. */
export function bind(filter: Filter, schema: Schema): BoundFilter {
  return bound(filter, schema, false);
}

/** NOT distributes over SQL's three values as over two: `NOT (a < 3)` and `a >= 3` both leave NULL out. */
function bound(filter: Filter, schema: Schema, negated: boolean): BoundFilter {
  switch (filter.op) {
    case 'true':
    case 'false':
      return (filter.op === 'true') === negated ? NEVER : ALWAYS;
    case 'not':
      return bound(filter.of, schema, !negated);
    case 'and':
    case 'or': {
      const parts = filter.of.map(part => bound(part, schema, negated));
      return (filter.op === 'and') === negated ? anyOf(parts) : allOf(parts);
    }
    default:
      return single(negated ? opposite(filter) : filter, schema);
  }
}

type Single = Exclude<Filter, { op: 'true' | 'false' | 'and' | 'or' | 'not' }>;

function opposite(filter: Single): Single {
  switch (filter.op) {
    case 'in':
    case 'not_in':
      return { ...filter, op: filter.op === 'in' ? 'not_in' : 'in' };
    case 'starts_with':
    case 'not_starts_with':
      return { ...filter, op: filter.op === 'starts_with' ? 'not_starts_with' : 'starts_with' };
    case 'is_null':
    case 'not_null':
      return { ...filter, op: filter.op === 'is_null' ? 'not_null' : 'is_null' };
    case 'is_nan':
    case 'not_nan':
      return { ...filter, op: filter.op === 'is_nan' ? 'not_nan' : 'is_nan' };
    default:
      return { ...filter, op: OPPOSITE[filter.op] };
  }
}

const OPPOSITE = { eq: 'ne', ne: 'eq', lt: 'ge', ge: 'lt', le: 'gt', gt: 'le' } as const;

function single(filter: Single, schema: Schema): BoundFilter {
  const field = boundField(schema, filter.field);
  switch (filter.op) {
    case 'is_null':
    case 'not_null':
      return { op: filter.op, field };
    case 'is_nan':
    case 'not_nan':
      return nanTest(filter.op, field);
    case 'in':
    case 'not_in':
      return membership(filter.op, field, filter.values);
    case 'starts_with':
    case 'not_starts_with':
      return prefix(filter.op, field, filter.value);
    default:
      return comparison(filter.op, field, filter.value);
  }
}

// ── Names ───────────────────────────────────────────────────────────────────────────────────────────

/** Only through structs: of a list there are many values in one row, or none. */
function boundField(schema: Schema, name: FieldName): BoundField {
  const place = findField(schema, name);
  if (place === undefined) throw unknownColumn(schema, name);
  const { id, type } = place.field;
  if (typeof type !== 'string' || place.repeated) throw notComparable(place);
  return { id, path: place.path, type };
}

function unknownColumn(schema: Schema, name: FieldName): IcebergError {
  const shown = typeof name === 'string' ? name : printPath(name);
  const names = [...walk(schema)].filter(place => !place.repeated).map(place => printPath(place.path));
  const near = nearestName(shown, names);
  const hint = near === undefined ? '' : ` Did you mean '${near}'?`;
  return new IcebergError('invalid', `There is no column '${shown}'.${hint}`, {
    field: shown,
    ...(near === undefined ? {} : { suggestion: near }),
  });
}

function notComparable({ path, field }: FieldPlace): IcebergError {
  const name = printPath(path);
  const what = typeof field.type === 'string' ? 'is inside a list or map' : `is a ${field.type.type}`;
  return new IcebergError('invalid', `Column '${name}' ${what}: only single values can be filtered.`, {
    field: name,
  });
}

// ── Single tests ────────────────────────────────────────────────────────────────────────────────────

const isFloating = (field: BoundField) => field.type === 'float' || field.type === 'double';

function nanTest(op: 'is_nan' | 'not_nan', field: BoundField): Predicate {
  if (isFloating(field)) return { op, field };
  throw new IcebergError(
    'invalid',
    `Column '${printPath(field.path)}' has no NaN: its type is ${field.type}.`,
    {
      field: printPath(field.path),
      type: field.type,
    },
  );
}

function comparison(op: Comparison, field: BoundField, scalar: Scalar): BoundFilter {
  const found = literalFor(field, scalar);
  if (isNaNLiteral(found)) return againstNaN(op, field);
  switch (found.side) {
    case 'exact':
      return { op, field, value: found.value };
    case 'above':
      return roundedDown(op, field, found.value);
    case 'beyond_all':
      return op === 'lt' || op === 'le' || op === 'ne' ? { op: 'not_null', field } : NEVER;
    case 'below_all':
      return op === 'gt' || op === 'ge' || op === 'ne' ? { op: 'not_null', field } : NEVER;
  }
}

/** `n > 3.5` is `n > 3`, `n < 3.5` is `n <= 3`, and no integer is 3.5. */
function roundedDown(op: Comparison, field: BoundField, value: Value): BoundFilter {
  if (op === 'eq') return NEVER;
  if (op === 'ne') return { op: 'not_null', field };
  return { op: op === 'gt' || op === 'ge' ? 'gt' : 'le', field, value };
}

const isNaNLiteral = (found: Literal) => 'value' in found && Number.isNaN(found.value);

/** NaN is the greatest value and equal to itself. */
function againstNaN(op: Comparison, field: BoundField): BoundFilter {
  switch (op) {
    case 'eq':
    case 'ge':
      return { op: 'is_nan', field };
    case 'ne':
    case 'lt':
      return { op: 'not_nan', field };
    case 'le':
      return { op: 'not_null', field };
    case 'gt':
      return NEVER;
  }
}

function membership(op: 'in' | 'not_in', field: BoundField, scalars: readonly Scalar[]): BoundFilter {
  const found = scalars.map(scalar => literalFor(field, scalar));
  const values = distinct(
    found.flatMap(one => (one.side === 'exact' && !isNaNLiteral(one) ? [one.value] : [])),
  );
  const positive = op === 'in';
  const parts: BoundFilter[] = found.some(isNaNLiteral)
    ? [{ op: positive ? 'is_nan' : 'not_nan', field }]
    : [];
  const [only] = values;
  if (values.length === 1 && only !== undefined)
    parts.push({ op: positive ? 'eq' : 'ne', field, value: only });
  if (values.length > 1) parts.push({ op, field, values });
  if (parts.length > 0) return positive ? anyOf(parts) : allOf(parts);
  if (positive) return NEVER;
  return scalars.length === 0 ? ALWAYS : { op: 'not_null', field };
}

function distinct(values: Value[]): Value[] {
  const key = (value: Value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value);
  return [...new Map(values.map(value => [key(value), value])).values()];
}

function prefix(op: 'starts_with' | 'not_starts_with', field: BoundField, value: string): BoundFilter {
  if (field.type === 'string')
    return value === '' ? (op === 'starts_with' ? { op: 'not_null', field } : NEVER) : { op, field, value };
  const name = printPath(field.path);
  throw new IcebergError('invalid', `Column '${name}' is no text: its type is ${field.type}.`, {
    field: name,
  });
}

function literalFor(field: BoundField, scalar: Scalar): Literal {
  const name = printPath(field.path);
  if (scalar === null || scalar === undefined)
    throw new IcebergError('invalid', `Nothing equals NULL: ask whether '${name}' is null.`, {
      field: name,
      suggestion: `${name} IS NULL`,
    });
  try {
    return literal(field.type, scalar);
  } catch (error) {
    if (!(error instanceof IcebergError)) throw error;
    throw new IcebergError(error.code, `Column '${name}': ${error.message}`, { ...error.about, field: name });
  }
}
