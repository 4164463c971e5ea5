import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareValues, matchesSearch } from './column.ts';

const collator = new Intl.Collator('fr', { numeric: true });
const sorted = (values: (string | number | null)[]) =>
  values.toSorted((a, b) => compareValues(a, b, collator));

test('sorting follows the language, numbers their size, nothing comes last', () => {
  assert.deepEqual(sorted(['zoé', 'Émile', 'eva', null, 'Eve']), ['Émile', 'eva', 'Eve', 'zoé', null]);
  assert.deepEqual(sorted(['run 10', 'run 9']), ['run 9', 'run 10']);
  assert.deepEqual(sorted([10, 9, -1]), [-1, 9, 10]);
});

test('a search finds every word, whatever accents and case', () => {
  assert.ok(matchesSearch(['Éléonore Dupont', 'admin', null], 'dupont ELEO'));
  assert.ok(!matchesSearch(['Éléonore Dupont', 'admin'], 'eleo viewer'));
  assert.ok(matchesSearch(['x'], ''));
});
