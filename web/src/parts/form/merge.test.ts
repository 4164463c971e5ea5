import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameValues, mergeEdits } from './merge.ts';

const base = { name: 'Orders', zone: 'UTC', tags: ['a'] };

test('edits of different fields go together without a question', () => {
  const { merged, differences } = mergeEdits(
    base,
    { ...base, name: 'Sales' },
    { ...base, zone: 'Europe/Paris' },
  );
  assert.deepEqual(merged, { name: 'Sales', zone: 'Europe/Paris', tags: ['a'] });
  assert.deepEqual(
    differences.map(({ name, conflict }) => [name, conflict]),
    [
      ['name', false],
      ['zone', false],
    ],
  );
});

test('the same field changed twice is a conflict, and mine stays in the form', () => {
  const { merged, differences } = mergeEdits(base, { ...base, name: 'Mine' }, { ...base, name: 'Theirs' });
  assert.equal(merged.name, 'Mine');
  assert.deepEqual(differences, [
    { name: 'name', base: 'Orders', mine: 'Mine', theirs: 'Theirs', conflict: true },
  ]);
});

test('the same change made twice is no conflict', () => {
  const both = { ...base, tags: ['a', 'b'] };
  assert.equal(mergeEdits(base, both, { ...both }).differences[0]?.conflict, false);
});

test('lists are compared by what is in them', () => {
  assert.ok(isSameValues(base, { ...base, tags: ['a'] }));
  assert.ok(!isSameValues(base, { ...base, tags: ['b'] }));
});
