import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findUnstorable, isTooDeep } from './json.ts';

test('depth is that of the parsed value, whatever the strings hold', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.boolean(), (value, pretty) => {
      const text = JSON.stringify(value, null, pretty ? 2 : 0);
      for (let limit = 0; limit < 8; limit += 1) assert.equal(isTooDeep(text, limit), depthOf(value) > limit);
    }),
  );
});

test('brackets in strings do not count, and an endless nest is found', () => {
  assert.equal(isTooDeep(JSON.stringify({ a: '[[[["\\{{{' }), 1), false);
  assert.equal(isTooDeep('['.repeat(1_000_000)), true);
  assert.equal(isTooDeep('"unfinished \\'), false);
});

test('text that PostgreSQL cannot store is found with its path, in values and in keys', () => {
  assert.equal(findUnstorable({ a: [{ b: 'x\0' }] }, 'body'), 'body.a.0.b');
  assert.equal(findUnstorable({ a: { 'b\0': 1 } }, 'body'), 'body.a');
  assert.equal(findUnstorable({ a: '\ud800' }, 'query'), 'query.a');
  assert.equal(findUnstorable({ a: '👍', b: null, c: 1 }, 'body'), undefined);
});
