import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type GoldenValue, golden, goldenValue } from '../../../../tests/support/iceberg-golden.ts';
import { isIcebergError } from '../errors.ts';
import type { PrimitiveType, Value } from '../model.ts';
import { dayOf, daysOf } from './calendar.ts';
import { compareStrings, compareValues, decodeValue, encodeValue, showValue } from './index.ts';

test('single values have the bytes that PyIceberg gives them, and come back from them', () => {
  const cases = golden<[PrimitiveType, GoldenValue, string][]>('single-values.json');
  assert(cases.length > 100);
  for (const [type, printed, hex] of cases) {
    const value = goldenValue(type, printed);
    assert(value !== null);
    assert.equal(encodeValue(type, value).toString('hex'), hex, `${type} ${JSON.stringify(printed)}`);
    assert.deepEqual(decodeValue(type, Buffer.from(hex, 'hex')), value);
  }
});

test('every 64-bit integer, double, text and decimal comes back from its bytes', () => {
  const cases: [PrimitiveType, fc.Arbitrary<Value>][] = [
    ['long', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
    ['int', fc.integer()],
    ['double', fc.double()],
    ['float', fc.float()],
    ['string', fc.string({ unit: 'binary' })],
    ['decimal(38, 0)', fc.bigInt({ min: 1n - 10n ** 38n, max: 10n ** 38n - 1n })],
  ];
  for (const [type, values] of cases)
    fc.assert(
      fc.property(values, value => assert.deepEqual(decodeValue(type, encodeValue(type, value)), value)),
    );
});

test('bounds of a column that was widened since are still read', () => {
  assert.equal(decodeValue('long', encodeValue('int', -7)), -7n);
  assert.equal(decodeValue('double', encodeValue('float', 1.5)), 1.5);
  assert.equal(decodeValue('decimal(20, 2)', encodeValue('decimal(4, 2)', -129n)), -129n);
});

test('bytes that are no value of the type are corrupt', () => {
  const cases: [PrimitiveType, number][] = [
    ['int', 3],
    ['int', 8],
    ['long', 0],
    ['long', 5],
    ['double', 7],
    ['boolean', 0],
    ['uuid', 15],
    ['timestamp', 4],
    ['fixed[3]', 4],
    ['decimal(9, 2)', 0],
    ['decimal(9, 2)', 100_000],
  ];
  for (const [type, length] of cases)
    assert.throws(
      () => decodeValue(type, Buffer.alloc(length)),
      error => isIcebergError(error, 'corrupt'),
      `${type} of ${length} bytes`,
    );
});

test('values that the type does not hold are refused', () => {
  const cases: [PrimitiveType, Value][] = [
    ['int', 2 ** 31],
    ['int', 1.5],
    ['int', 1n],
    ['long', 1],
    ['long', 2n ** 63n],
    ['string', 1],
    ['uuid', Buffer.alloc(15)],
    ['fixed[2]', Buffer.alloc(3)],
    ['boolean', 1],
  ];
  for (const [type, value] of cases)
    assert.throws(
      () => encodeValue(type, value),
      error => isIcebergError(error, 'invalid'),
      `${type} ${String(value)}`,
    );
});

test('text compares as its UTF-8 bytes do', () => {
  const text = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(text, text, (a, b) =>
      assert.equal(Math.sign(compareStrings(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b))),
    ),
  );
  // In JavaScript's own order it is the other way round.
  assert(compareStrings('\uffff', '😀') < 0);
});

test('the zeros are equal, NaN is the greatest number', () => {
  assert.equal(compareValues('double', -0, 0), 0);
  assert(compareValues('double', Number.NaN, Number.POSITIVE_INFINITY) > 0);
  assert.equal(compareValues('double', Number.NaN, Number.NaN), 0);
  assert(compareValues('binary', Buffer.of(0x80), Buffer.of(0x7f, 0xff)) > 0);
  assert(compareValues('long', -(2n ** 63n), 2n ** 62n) < 0);
  assert.throws(
    () => compareValues('long', 1n, 'x'),
    error => isIcebergError(error, 'invalid'),
  );
});

test('the calendar agrees with JavaScript, and goes on where that ends', () => {
  const days = fc.integer({ min: -100_000_000, max: 100_000_000 });
  fc.assert(
    fc.property(days, day => {
      const date = new Date(day * 86_400_000);
      const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
      assert.deepEqual(dayOf(day), expected);
      assert.equal(daysOf(expected), day);
    }),
  );
  // The ends of DuckDB's dates.
  assert.equal(daysOf({ year: 5_881_580, month: 7, day: 10 }), 2 ** 31 - 2);
  assert.equal(daysOf({ year: -5_877_641, month: 6, day: 25 }), -(2 ** 31) + 2);
});

test('values are shown as the specification writes them in JSON', () => {
  const cases: [PrimitiveType, Value, string][] = [
    ['long', -(2n ** 63n), '-9223372036854775808'],
    ['date', 17_486, '2017-11-16'],
    ['date', -1, '1969-12-31'],
    ['date', -735_160, '-0043-03-15'],
    ['time', 81_068_123_456n, '22:31:08.123456'],
    ['timestamp', 1_510_871_468_000_001n, '2017-11-16T22:31:08.000001'],
    ['timestamptz', -1n, '1969-12-31T23:59:59.999999+00:00'],
    ['decimal(9, 2)', 1420n, '14.20'],
    ['decimal(9, 2)', -5n, '-0.05'],
    ['decimal(9, 0)', -5n, '-5'],
    ['uuid', Buffer.from('f79c3e09677c4bbda4793f349cb785e7', 'hex'), 'f79c3e09-677c-4bbd-a479-3f349cb785e7'],
    ['binary', Buffer.of(0, 1, 0xff), '0001ff'],
    ['boolean', true, 'true'],
    ['string', 'é=%', 'é=%'],
  ];
  for (const [type, value, shown] of cases) assert.equal(showValue(type, value), shown);
});
