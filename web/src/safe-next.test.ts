import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeNext } from './safe-next.ts';

const ORIGIN = 'https://moulin.example';

test('a path of this site is kept, with its search and fragment', () => {
  assert.equal(safeNext('/w/main/settings?x=1#y', ORIGIN), '/w/main/settings?x=1#y');
});

test('whatever leads elsewhere leads home', () => {
  const others = [
    undefined,
    '',
    'w/main',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\\\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/.//evil.example',
    '/%2e//evil.example',
  ];
  for (const next of others) assert.equal(safeNext(next, ORIGIN), '/', String(next));
});

test('signing in does not lead back to signing in', () => {
  assert.equal(safeNext('/sign-in?next=/x', ORIGIN), '/');
});
