import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isIcebergError } from './errors.ts';
import { MAX_DEPTH, parseJson, printJson } from './json.ts';

const refusedAs = (code: 'corrupt', pattern: RegExp) => (error: unknown) =>
  isIcebergError(error, code) && pattern.test(error.message);

test('an integer beyond 2^53 is kept to its last digit, both ways', () => {
  const text =
    '{"snapshot-id":3051729675574597004,"parent":-9223372036854775808,"small":7,"list":[9007199254740993]}';
  assert.deepEqual(parseJson(text), {
    'snapshot-id': 3051729675574597004n,
    parent: -9223372036854775808n,
    small: 7,
    list: [9007199254740993n],
  });
  assert.equal(printJson(parseJson(text)), text);
});

test('numbers that fit stay numbers, and long digits in texts stay texts', () => {
  assert.deepEqual(parseJson('[9007199254740991, 1.5, -0.25, 1e3, "99999999999999999999"]'), [
    9007199254740991,
    1.5,
    -0.25,
    1000,
    '99999999999999999999',
  ]);
  assert.deepEqual(parseJson('[12345678901234567890.5]'), [Number('12345678901234567890.5')], 'no integer');
});

test('what is printed is read back the same', () => {
  const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter(isLarge);
  const leaf = fc.oneof(integer, fc.maxSafeInteger(), fc.string(), fc.boolean(), fc.constant(null));
  const value = fc.letrec(tie => ({
    any: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('any')),
      fc.dictionary(fc.string().filter(isPlain), tie('any')),
    ),
  })).any;
  fc.assert(
    fc.property(value, each => {
      assert.deepEqual(withoutPrototypes(parseJson(printJson(each))), withoutPrototypes(each));
    }),
  );
});

/** Smaller ones are numbers when they come back. */
function isLarge(integer: bigint): boolean {
  return !Number.isSafeInteger(Number(integer));
}

function isPlain(key: string): boolean {
  return key !== '__proto__';
}

/** fast-check makes dictionaries without a prototype. */
function withoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutPrototypes(item)]));
}

test('what is nested too deep is refused before it is parsed', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.ok(parseJson(nested(MAX_DEPTH)));
  assert.throws(() => parseJson(nested(MAX_DEPTH + 1)), refusedAs('corrupt', /levels deep/));
  assert.throws(() => parseJson('{"a":'.repeat(1_000_000)), refusedAs('corrupt', /levels deep/));
});

test('brackets in texts are no levels, also after escaped quotes and backslashes', () => {
  const brackets = '['.repeat(MAX_DEPTH * 2);
  for (const value of [brackets, `\\${brackets}`, `"${brackets}`, `\\\\"${brackets}\\`])
    assert.deepEqual(parseJson(JSON.stringify([value, '\\', value])), [value, '\\', value]);
});

test('what is no JSON is corrupt', () => {
  for (const text of [
    '',
    '{',
    '{"a":1',
    '{"a":1}}',
    'NaN',
    "{'a':1}",
    '\u0000',
    '{"a":01234567890123456789}',
  ])
    assert.throws(() => parseJson(text), refusedAs('corrupt', /not JSON/), text);
});
