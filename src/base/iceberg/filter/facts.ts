import type { DataFile, PartitionSummary, PrimitiveType, Value } from '../model.ts';
import { compareValues, decodeValue } from '../values/index.ts';
import type { BoundField, Predicate } from './filter.ts';

/**
 * What is known of a set of values of one column without looking at them: of a file by its counts and bounds, of a manifest by the
 * summary of a partition field, of one partition by its value. Three words and not two for nulls and NaNs: what nobody counted
 * is neither none nor all.
 */
export interface Facts {
  nulls: 'none' | 'all' | 'maybe';
  /** Among the values that are not null. */
  nans: 'none' | 'all' | 'maybe';
  /** Of those that are neither. Text is compared as its bytes in UTF-8: a bound may be cut in the middle of a character. */
  lower?: Value;
  upper?: Value;
}

/** Could the predicate hold for one of these values? Yes, when in doubt. */
export function mayHold(predicate: Predicate, facts: Facts): boolean {
  if (facts.nulls === 'all') return predicate.op === 'is_null';
  const { type } = predicate.field;
  switch (predicate.op) {
    case 'is_null':
      return facts.nulls !== 'none';
    case 'not_null':
      return true;
    case 'is_nan':
      return facts.nans !== 'none';
    case 'not_nan':
      return facts.nans !== 'all';
    case 'lt':
      return facts.nans !== 'all' && !reaches(type, facts.lower, predicate.value);
    case 'le':
      return facts.nans !== 'all' && !exceeds(type, facts.lower, predicate.value);
    // NaN is greater than all.
    case 'gt':
      return facts.nans !== 'none' || !reaches(type, predicate.value, facts.upper);
    case 'ge':
      return facts.nans !== 'none' || !exceeds(type, predicate.value, facts.upper);
    case 'eq':
      return facts.nans !== 'all' && !outside(type, facts, predicate.value);
    case 'ne':
      return facts.nans !== 'none' || !isOnly(type, facts, predicate.value);
    case 'in':
      return facts.nans !== 'all' && predicate.values.some(value => !outside(type, facts, value));
    case 'not_in':
      return facts.nans !== 'none' || !predicate.values.some(value => isOnly(type, facts, value));
    case 'starts_with':
      return !outsidePrefix(facts, predicate.value);
    case 'not_starts_with':
      return !insidePrefix(facts, predicate.value);
  }
}

/** Does the predicate hold for each of these values? No, when in doubt. */
export function allHold(predicate: Predicate, facts: Facts): boolean {
  if (predicate.op === 'is_null') return facts.nulls === 'all';
  if (facts.nulls !== 'none') return false;
  const { type } = predicate.field;
  switch (predicate.op) {
    case 'not_null':
      return true;
    case 'is_nan':
      return facts.nans === 'all';
    case 'not_nan':
      return facts.nans === 'none';
    case 'lt':
      return facts.nans === 'none' && exceeds(type, predicate.value, facts.upper);
    case 'le':
      return facts.nans === 'none' && reaches(type, predicate.value, facts.upper);
    case 'gt':
      return facts.nans === 'all' || exceeds(type, facts.lower, predicate.value);
    case 'ge':
      return facts.nans === 'all' || reaches(type, facts.lower, predicate.value);
    case 'eq':
      return facts.nans === 'none' && isOnly(type, facts, predicate.value);
    case 'ne':
      return facts.nans === 'all' || outside(type, facts, predicate.value);
    case 'in':
      return facts.nans === 'none' && predicate.values.some(value => isOnly(type, facts, value));
    case 'not_in':
      return facts.nans === 'all' || predicate.values.every(value => outside(type, facts, value));
    case 'starts_with':
      return insidePrefix(facts, predicate.value);
    case 'not_starts_with':
      return outsidePrefix(facts, predicate.value);
  }
}

// ── Bounds. What is not known is not proven: each of these answers false. ───────────────────────────

const compare = (type: PrimitiveType, a: Value, b: Value) => compareValues(type, asBytes(a), asBytes(b));

/** a > b */
const exceeds = (type: PrimitiveType, a: Value | undefined, b: Value | undefined) =>
  a !== undefined && b !== undefined && compare(type, a, b) > 0;

/** a >= b */
const reaches = (type: PrimitiveType, a: Value | undefined, b: Value | undefined) =>
  a !== undefined && b !== undefined && compare(type, a, b) >= 0;

const outside = (type: PrimitiveType, { lower, upper }: Facts, value: Value) =>
  exceeds(type, lower, value) || exceeds(type, value, upper);

/** Every value is this one. Bounds that were cut cannot be equal, for the upper one is more than what it was cut from. */
const isOnly = (type: PrimitiveType, { lower, upper }: Facts, value: Value) =>
  lower !== undefined &&
  upper !== undefined &&
  compare(type, lower, value) === 0 &&
  compare(type, upper, value) === 0;

/** What starts with a text lies side by side: both ends in, all in. */
function insidePrefix({ lower, upper }: Facts, prefix: Value): boolean {
  return lower !== undefined && upper !== undefined && starts(lower, prefix) && starts(upper, prefix);
}

function outsidePrefix({ lower, upper }: Facts, prefix: Value): boolean {
  if (exceeds('binary', prefix, upper)) return true;
  return lower !== undefined && exceeds('binary', lower, prefix) && !starts(lower, prefix);
}

function starts(value: Value, prefix: Value): boolean {
  const [bytes, first] = [asBytes(value), asBytes(prefix)];
  if (!(bytes instanceof Uint8Array) || !(first instanceof Uint8Array)) return false;
  return bytes.length >= first.length && Buffer.compare(bytes.subarray(0, first.length), first) === 0;
}

function asBytes(value: Value): Value {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
}

// ── Where facts come from ───────────────────────────────────────────────────────────────────────────

export function factsOfFile(file: DataFile, field: BoundField): Facts {
  return new FileFacts(file, field);
}

/** Worked out when asked for: of thirty thousand files most tests need one bound, and no count. */
class FileFacts implements Facts {
  readonly #file: DataFile;
  readonly #field: BoundField;

  constructor(file: DataFile, field: BoundField) {
    this.#file = file;
    this.#field = field;
  }

  get nulls() {
    return nullsIn(this.#file, this.#field);
  }

  get nans() {
    return nansIn(this.#file, this.#field);
  }

  get lower() {
    return decodeBound(this.#field.type, this.#file.lower_bounds.get(this.#field.id));
  }

  get upper() {
    return decodeBound(this.#field.type, this.#file.upper_bounds.get(this.#field.id));
  }
}

/** Of a member of a struct some writers count only the nulls under a struct that is there: its "none" says nothing. */
function nullsIn(file: DataFile, { id, path }: BoundField): Facts['nulls'] {
  const nulls = file.null_value_counts.get(id);
  if (nulls === undefined) return 'maybe';
  if (nulls === 0) return path.length === 1 ? 'none' : 'maybe';
  return nulls === file.record_count ? 'all' : 'maybe';
}

function nansIn(file: DataFile, { id, type }: BoundField): Facts['nans'] {
  if (type !== 'float' && type !== 'double') return 'none';
  const nans = file.nan_value_counts.get(id);
  if (nans === 0) return 'none';
  const nulls = file.null_value_counts.get(id);
  return nans !== undefined && nulls !== undefined && nans + nulls === file.record_count ? 'all' : 'maybe';
}

export function factsOfSummary(summary: PartitionSummary, type: PrimitiveType): Facts {
  const counted = type !== 'float' && type !== 'double';
  return {
    nulls: summary.contains_null ? 'maybe' : 'none',
    nans: counted || summary.contains_nan === false ? 'none' : 'maybe',
    lower: decodeBound(type, summary.lower_bound),
    upper: decodeBound(type, summary.upper_bound),
  };
}

export function factsOfValue(value: Value | null | undefined, type: PrimitiveType): Facts {
  if (value === undefined) return { nulls: 'maybe', nans: 'maybe' };
  if (value === null) return { nulls: 'all', nans: 'none' };
  if (Number.isNaN(value)) return { nulls: 'none', nans: 'all' };
  const same = widened(value, type);
  return { nulls: 'none', nans: 'none', lower: same, upper: same };
}

/** A bound that cannot be read, or is NaN as old writers left them, is none. */
function decodeBound(type: PrimitiveType, bytes: Buffer | undefined): Value | undefined {
  if (bytes === undefined || type === 'string') return bytes;
  try {
    const value = decodeValue(type, bytes);
    return Number.isNaN(value) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** A partition value written while its column was an int. */
function widened(value: Value, type: PrimitiveType): Value {
  return type === 'long' && typeof value === 'number' ? BigInt(value) : value;
}
