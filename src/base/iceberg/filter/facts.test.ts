import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataFile } from '../model.ts';
import { encodeValue } from '../values/index.ts';
import { allHold, factsOfFile, factsOfSummary, mayHold } from './facts.ts';
import type { BoundField, Predicate } from './filter.ts';

const LONG: BoundField = { id: 1, path: ['n'], type: 'long' };
const DOUBLE: BoundField = { id: 1, path: ['x'], type: 'double' };
const TEXT: BoundField = { id: 1, path: ['s'], type: 'string' };

interface Known {
  rows?: number;
  nulls?: number;
  nans?: number;
  lower?: Buffer;
  upper?: Buffer;
}

function fileWith({ rows = 10, nulls, nans, lower, upper }: Known): DataFile {
  const one = <T>(value: T | undefined) => new Map(value === undefined ? [] : [[1, value]]);
  return {
    content: 0,
    file_path: 'file:///f.parquet',
    file_format: 'PARQUET',
    spec_id: 0,
    partition: [],
    record_count: rows,
    file_size_in_bytes: 1,
    column_sizes: new Map(),
    value_counts: one(rows),
    null_value_counts: one(nulls),
    nan_value_counts: one(nans),
    lower_bounds: one(lower),
    upper_bounds: one(upper),
  };
}

const may = (predicate: Predicate, known: Known) =>
  mayHold(predicate, factsOfFile(fileWith(known), predicate.field));
const all = (predicate: Predicate, known: Known) =>
  allHold(predicate, factsOfFile(fileWith(known), predicate.field));
const long = (value: bigint) => encodeValue('long', value);
const double = (value: number) => encodeValue('double', value);

test('what nobody counted is neither none nor all', () => {
  assert.ok(may({ op: 'is_null', field: LONG }, {}) && may({ op: 'not_null', field: LONG }, {}));
  assert.ok(!all({ op: 'is_null', field: LONG }, {}) && !all({ op: 'not_null', field: LONG }, {}));
  assert.ok(may({ op: 'eq', field: LONG, value: 3n }, { nulls: 0, lower: long(1n) }));
  assert.ok(!may({ op: 'eq', field: LONG, value: 0n }, { nulls: 0, lower: long(1n) }));
  assert.ok(
    !all({ op: 'ge', field: LONG, value: 1n }, { lower: long(1n), upper: long(2n) }),
    'there may be NULL',
  );
});

test('a column of NULL alone matches nothing but IS NULL', () => {
  const known = { rows: 10, nulls: 10 };
  assert.ok(all({ op: 'is_null', field: LONG }, known));
  for (const op of ['eq', 'ne', 'lt', 'ge'] as const)
    assert.ok(!may({ op, field: LONG, value: 1n }, known), op);
  assert.ok(!may({ op: 'not_in', field: LONG, values: [1n, 2n] }, known));
});

test('NaN is above every number and in no bound', () => {
  const known = { nulls: 0, nans: 1, lower: double(1), upper: double(2) };
  assert.ok(
    may({ op: 'gt', field: DOUBLE, value: 5 }, known) && !may({ op: 'lt', field: DOUBLE, value: 1 }, known),
  );
  assert.ok(
    !all({ op: 'lt', field: DOUBLE, value: 5 }, known) && all({ op: 'gt', field: DOUBLE, value: 0 }, known),
  );
  assert.ok(!all({ op: 'eq', field: DOUBLE, value: 1 }, { ...known, upper: double(1) }));
  assert.ok(may({ op: 'gt', field: DOUBLE, value: 5 }, { ...known, nans: undefined }), 'nobody counted NaN');
  assert.ok(!may({ op: 'gt', field: DOUBLE, value: 5 }, { ...known, nans: 0 }));
  const only = { rows: 10, nulls: 0, nans: 10 };
  assert.ok(
    all({ op: 'is_nan', field: DOUBLE }, only) && all({ op: 'gt', field: DOUBLE, value: 1e300 }, only),
  );
  assert.ok(
    !may({ op: 'le', field: DOUBLE, value: 1e300 }, only) && !may({ op: 'not_nan', field: DOUBLE }, only),
  );
});

test('the zeros are equal', () => {
  const known = { nulls: 0, nans: 0, lower: double(-0), upper: double(-0) };
  assert.ok(
    may({ op: 'ge', field: DOUBLE, value: 0 }, known) && all({ op: 'eq', field: DOUBLE, value: 0 }, known),
  );
});

test('a bound that is NaN, too short or too long is none', () => {
  for (const bound of [double(Number.NaN), Buffer.alloc(3), Buffer.alloc(9), Buffer.alloc(0)]) {
    const known = { nulls: 0, nans: 0, lower: bound, upper: bound };
    assert.ok(
      may({ op: 'lt', field: DOUBLE, value: -1e300 }, known) &&
        !all({ op: 'lt', field: DOUBLE, value: 1e300 }, known),
    );
  }
});

test('bounds outlive the widening of their column', () => {
  const known = { nulls: 0, lower: encodeValue('int', 5), upper: encodeValue('int', 7) };
  assert.ok(
    !may({ op: 'gt', field: LONG, value: 7n }, known) && all({ op: 'le', field: LONG, value: 7n }, known),
  );
  const floats = { nulls: 0, nans: 0, lower: encodeValue('float', 0.5), upper: encodeValue('float', 0.5) };
  assert.ok(all({ op: 'eq', field: DOUBLE, value: 0.5 }, floats));
  const field: BoundField = { id: 1, path: ['d'], type: 'decimal(20, 2)' };
  const digits = {
    nulls: 0,
    lower: encodeValue('decimal(9, 2)', -5n),
    upper: encodeValue('decimal(9, 2)', 700n),
  };
  assert.ok(!may({ op: 'lt', field, value: -5n }, digits) && may({ op: 'le', field, value: -5n }, digits));
});

test('texts are compared by bytes, also where a bound was cut in the middle of a character', () => {
  const euro = Buffer.from('€uro', 'utf8');
  const known = { nulls: 0, lower: euro.subarray(0, 2), upper: Buffer.from([0xe3]) };
  assert.ok(may({ op: 'eq', field: TEXT, value: '€uro' }, known), 'decoded, the bound would be above it');
  assert.ok(may({ op: 'starts_with', field: TEXT, value: '€' }, known));
  const high = { nulls: 0, lower: Buffer.from('\u{1F600}'), upper: Buffer.from('\u{1F600}') };
  assert.ok(!may({ op: 'lt', field: TEXT, value: '\uFF5E' }, high), 'U+1F600 comes after U+FF5E');
});

test('bounds that were cut do not make values equal', () => {
  const known = { nulls: 0, lower: Buffer.from('sixteen letters_'), upper: Buffer.from('sixteen letters`') };
  const value = 'sixteen letters_and more';
  assert.ok(may({ op: 'eq', field: TEXT, value }, known) && may({ op: 'ne', field: TEXT, value }, known));
  assert.ok(!all({ op: 'eq', field: TEXT, value }, known) && !all({ op: 'ne', field: TEXT, value }, known));
  assert.ok(all({ op: 'starts_with', field: TEXT, value: 'sixteen' }, known));
  assert.ok(!may({ op: 'not_starts_with', field: TEXT, value: 'sixteen' }, known));
  assert.ok(!all({ op: 'starts_with', field: TEXT, value: 'sixteen letters_' }, known));
});

test('no count of a member of a struct proves that there is no NULL', () => {
  const field: BoundField = { id: 1, path: ['s', 'a'], type: 'long' };
  assert.ok(may({ op: 'is_null', field }, { nulls: 0 }) && !all({ op: 'not_null', field }, { nulls: 0 }));
});

test('a summary without bounds or counts leaves everything open', () => {
  const facts = factsOfSummary({ contains_null: true }, 'double');
  assert.ok(
    mayHold({ op: 'eq', field: DOUBLE, value: 1 }, facts) && mayHold({ op: 'is_null', field: DOUBLE }, facts),
  );
  const counted = factsOfSummary(
    { contains_null: false, lower_bound: long(3n), upper_bound: long(4n) },
    'long',
  );
  assert.ok(
    !mayHold({ op: 'is_null', field: LONG }, counted) &&
      !mayHold({ op: 'gt', field: LONG, value: 4n }, counted),
  );
});
