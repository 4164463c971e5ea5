import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeLevels, parseLevels, showLevels } from './levels.ts';
import { CatalogError } from './problem.ts';

test('levels arrive joined by the unit separator, also by one that was encoded twice', () => {
  assert.deepEqual(parseLevels('a\x1fb'), ['a', 'b']);
  assert.deepEqual(parseLevels('a%1Fb%1fc'), ['a', 'b', 'c']);
  assert.deepEqual(parseLevels('a.b/ü ␟'), ['a.b/ü ␟']);
});

test('what is encoded is read as it was', () => {
  const levels = ['a.b', 'ü/%', 'select'];
  assert.equal(encodeLevels(levels), 'a.b%1F%C3%BC%2F%25%1Fselect');
  assert.deepEqual(parseLevels(decodeURIComponent(encodeLevels(levels))), levels);
  assert.equal(showLevels(levels), 'a.b.ü/%.select');
});

test('an empty level, or too many of them, are no namespace', () => {
  for (const text of ['', 'a\x1f', '\x1fb', 'a\x1f\x1fb', Array(9).fill('a').join('\x1f')])
    assert.throws(
      () => parseLevels(text),
      (error: unknown) => error instanceof CatalogError && error.status === 400,
    );
});
