import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf, created } from './entry.ts';

test('only what differs is a change', () => {
  const before = { name: 'a', role: 'viewer', scopes: ['*'] };
  assert.deepEqual(changesOf(before, { name: 'b', role: undefined, scopes: ['*'] }), {
    name: { before: 'a', after: 'b' },
  });
  assert.deepEqual(changesOf(before, before), {});
});

test('a new object has nothing before', () => {
  assert.deepEqual(created({ role: 'viewer' }), { role: { after: 'viewer' } });
});
