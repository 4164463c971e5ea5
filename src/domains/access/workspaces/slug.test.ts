import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { slug } from '../../../contract/page.ts';
import { slugCandidates, slugOf } from './slug.ts';

test('a name becomes a slug that one can read', () => {
  assert.equal(slugOf('Ventes & Achats (été)'), 'ventes-achats-ete');
  assert.equal(slugOf('  Główny magazyn 2 '), 'g-owny-magazyn-2');
  assert.equal(slugOf('مطحنة'), 'workspace');
  assert.equal(slugOf('---'), 'workspace');
});

test('whatever the name, every candidate is a slug, and all differ', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 500 }), name => {
      const candidates = slugCandidates(name);
      assert.equal(new Set(candidates).size, candidates.length);
      for (const candidate of candidates) assert(slug.safeParse(candidate).success, candidate);
    }),
    { numRuns: 30 },
  );
});
