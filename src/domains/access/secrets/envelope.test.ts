import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Binding, seal, unseal, unwrap, wrap } from './envelope.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array));
const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(array => Buffer.from(array));
const binding: fc.Arbitrary<Binding> = fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)));

test('what was sealed opens with the same key and binding', () => {
  fc.assert(
    fc.property(key, bytes, binding, (k, plain, b) => {
      assert.deepEqual(unseal(k, seal(k, plain, b), b), plain);
      assert.deepEqual(unwrap(k, wrap(k, plain, b), b), plain);
    }),
  );
});

test('with another key or another binding it does not open', () => {
  fc.assert(
    fc.property(key, key, bytes, binding, binding, (k, other, plain, b, c) => {
      const sealed = seal(k, plain, b);
      if (!k.equals(other)) assert.equal(unseal(other, sealed, b), undefined);
      if (JSON.stringify(b) !== JSON.stringify(c)) assert.equal(unseal(k, sealed, c), undefined);
    }),
  );
});

test('no single bit of it may change, and no part may be missing', () => {
  fc.assert(
    fc.property(key, bytes, fc.nat(), (k, plain, at) => {
      const whole = wrap(k, plain, ['x']);
      const flipped = Buffer.from(whole);
      const bit = at % (whole.length * 8);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(unwrap(k, flipped, ['x']), undefined);
      assert.equal(unwrap(k, whole.subarray(0, at % whole.length), ['x']), undefined);
    }),
  );
});

test('parts of a binding do not run into each other', () => {
  const k = randomBytes(32);
  const sealed = seal(k, Buffer.from('v'), ['ab', 'c']);
  for (const other of [['a', 'bc'], ['abc'], ['ab', 'c', ''], ['ab', 'c', null], ['c', 'ab']])
    assert.equal(unseal(k, sealed, other), undefined, JSON.stringify(other));
  assert.equal(unseal(k, seal(k, Buffer.from('v'), [1]), ['1']), undefined);
});

test('the same value twice looks different', () => {
  const k = randomBytes(32);
  const seen = new Set(Array.from({ length: 100 }, () => wrap(k, Buffer.from('same'), []).toString('hex')));
  assert.equal(seen.size, 100);
});
