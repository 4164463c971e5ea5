import type { PartitionField, PrimitiveType, Value } from '../model.ts';
import { transform } from '../partition/index.ts';
import { compareValues } from '../values/index.ts';
import type { BoundField, Comparison, Predicate } from './filter.ts';

// What a test of a column says about the values of a partition field over that column. `undefined`: nothing.

/** Holds for the partition of every row for which the predicate holds: where it does not hold, nothing is to be found. */
export function projectInclusive(predicate: Predicate, field: PartitionField): Predicate | undefined {
  return project(predicate, field, inclusive);
}

/** Where it holds for a partition, the predicate holds for every row in it. */
export function projectStrict(predicate: Predicate, field: PartitionField): Predicate | undefined {
  return project(predicate, field, strict);
}

type Projection = (predicate: Predicate, through: Through) => Predicate | undefined;

/** One partition field over one column. */
interface Through {
  kind: 'bucket' | 'truncate' | 'time';
  field: BoundField;
  source: PrimitiveType;
  width: number;
  apply(value: Value): Value | undefined;
}

function project(predicate: Predicate, of: PartitionField, rules: Projection): Predicate | undefined {
  const source = predicate.field.type;
  if (of['source-id'] !== predicate.field.id) return undefined;
  const by = transform(of.transform);
  // `void` keeps nothing; of what we do not know we know nothing.
  if (by.kind === 'void' || by.kind === 'unknown') return undefined;
  const field: BoundField = { id: of['field-id'], path: [of.name], type: by.result(source) };
  if (by.kind === 'identity') return { ...predicate, field };
  // Nulls, and only they, are in the partition NULL.
  if (predicate.op === 'is_null' || predicate.op === 'not_null') return { op: predicate.op, field };
  const kind = by.kind === 'bucket' || by.kind === 'truncate' ? by.kind : 'time';
  const apply = (value: Value) => by.apply(value, source) ?? undefined;
  return rules(predicate, { kind, field, source, width: by.parameter ?? 0, apply });
}

// ── Inclusive ───────────────────────────────────────────────────────────────────────────────────────

function inclusive(predicate: Predicate, through: Through): Predicate | undefined {
  switch (predicate.op) {
    case 'eq':
      return oneOf(through, [predicate.value]);
    case 'in':
      return oneOf(through, predicate.values);
    case 'starts_with':
    case 'not_starts_with':
      return prefixInclusive(predicate.op, predicate.value, through);
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return through.kind === 'bucket' ? undefined : orderedInclusive(predicate.op, predicate.value, through);
    default:
      return undefined;
  }
}

function oneOf(through: Through, values: readonly Value[]): Predicate | undefined {
  const found = values.map(value => through.apply(value));
  if (found.some(value => value === undefined)) return undefined;
  const all = found.flatMap(value => (value === undefined ? [] : [value, ...misplaced(through, value)]));
  return { op: 'in', field: through.field, values: all };
}

/** x < 10 is x <= 9 where there is nothing between: `day < 2026-02-01` then leaves February's partition out. */
function orderedInclusive(
  op: 'lt' | 'le' | 'gt' | 'ge',
  value: Value,
  through: Through,
): Predicate | undefined {
  const open = op === 'lt' ? -1n : op === 'gt' ? 1n : 0n;
  const end = through.apply(neighbour(through.source, value, open) ?? value);
  if (end === undefined) return undefined;
  const upward = op === 'gt' || op === 'ge';
  const [misplacedEnd = end] = upward ? [] : misplaced(through, end);
  return { op: upward ? 'ge' : 'le', field: through.field, value: misplacedEnd };
}

function prefixInclusive(
  op: 'starts_with' | 'not_starts_with',
  prefix: Value,
  through: Through,
): Predicate | undefined {
  if (through.kind !== 'truncate' || typeof prefix !== 'string') return undefined;
  const { field, width } = through;
  const length = [...prefix].length;
  if (op === 'starts_with') return length <= width ? { op, field, value: prefix } : oneOf(through, [prefix]);
  if (length > width) return undefined;
  return { op, field, value: prefix };
}

// ── Strict ──────────────────────────────────────────────────────────────────────────────────────────

function strict(predicate: Predicate, through: Through): Predicate | undefined {
  switch (predicate.op) {
    case 'ne':
      return noneOf(through, [predicate.value]);
    case 'not_in':
      return noneOf(through, predicate.values);
    case 'starts_with':
    case 'not_starts_with':
      return prefixStrict(predicate.op, predicate.value, through);
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return through.kind === 'bucket' ? undefined : orderedStrict(predicate.op, predicate.value, through);
    default:
      return undefined;
  }
}

function noneOf(through: Through, values: readonly Value[]): Predicate | undefined {
  const positive = oneOf(through, values);
  return positive?.op === 'in' ? { ...positive, op: 'not_in' } : undefined;
}

/** A whole partition before the one with the first value for which it does not hold, or after the one with the last. */
function orderedStrict(op: Comparison, value: Value, through: Through): Predicate | undefined {
  const { field, source } = through;
  const upward = op === 'gt' || op === 'ge';
  const closed = op === 'le' ? 1n : op === 'ge' ? -1n : 0n;
  const against = closed === 0n ? value : neighbour(source, value, closed);
  // Text has no neighbours: x >= 'ab' holds for the whole partition 'ab' if that is what 'ab' itself is cut to.
  if (against === undefined) return closedStrict(op, value, through);
  const end = through.apply(against);
  if (end === undefined) return undefined;
  const [misplacedEnd = end] = upward ? misplaced(through, end) : [];
  return { op: upward ? 'gt' : 'lt', field, value: misplacedEnd };
}

function closedStrict(op: Comparison, value: Value, through: Through): Predicate | undefined {
  const end = through.apply(value);
  if (end === undefined) return undefined;
  const first = op === 'ge' && compareValues(through.source, end, value) === 0;
  return { op: first ? 'ge' : op === 'ge' ? 'gt' : 'lt', field: through.field, value: end };
}

function prefixStrict(
  op: 'starts_with' | 'not_starts_with',
  prefix: Value,
  through: Through,
): Predicate | undefined {
  if (through.kind !== 'truncate' || typeof prefix !== 'string') return undefined;
  const { field, width } = through;
  if ([...prefix].length <= width) return { op, field, value: prefix };
  return op === 'not_starts_with' ? noneOf(through, [prefix]) : undefined;
}

// ── Both ────────────────────────────────────────────────────────────────────────────────────────────

/** The next value up or down, of types that have one; `undefined` at the end of their range and for all others. */
function neighbour(type: PrimitiveType, value: Value, step: bigint): Value | undefined {
  if (step === 0n) return value;
  if (type === 'int' || type === 'date') {
    const next = Number(value) + Number(step);
    return next === (next | 0) ? next : undefined;
  }
  if (typeof value !== 'bigint') return undefined;
  const next = value + step;
  return type.startsWith('decimal') || BigInt.asIntN(64, next) === next ? next : undefined;
}

const LEAST_INT = -(2n ** 31n);

/**
 * Where rows may be that belong to the partition `value`, and are further up. Old Java writers rounded years, months, days and hours
 * before 1970 towards zero; and what was truncated to the least int, while the column was one, is not what a long is truncated to.
 */
function misplaced({ kind, source, width }: Through, value: Value): Value[] {
  if (kind === 'time' && typeof value === 'number' && value < 0) return [value + 1];
  if (kind !== 'truncate' || source !== 'long' || typeof value !== 'bigint') return [];
  return value < LEAST_INT && value > LEAST_INT - BigInt(width) ? [LEAST_INT] : [];
}
