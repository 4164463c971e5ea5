import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { safeNext } from './next.ts';

test('a page of ours is kept with its search and its fragment', () => {
  for (const next of ['/', '/w/main', '/w/main/settings/members?q=a&role=owner', '/link#abc'])
    assert.equal(safeNext(next), next);
});

test('whatever leads elsewhere leads home', () => {
  const bad = [
    ...[
      '//evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      'https://evil.example',
      'javascript:alert(1)',
    ],
    ...[
      '/\t/evil.example',
      '/\n/evil.example',
      '',
      ' /w',
      'w/main',
      '/.//evil.example',
      '/w/..//evil.example',
    ],
    ...['/api/v1/sign-in/oidc', '/api', '/x\\y'],
  ];
  for (const next of [...bad, undefined]) assert.equal(safeNext(next), '/', String(next));
});

test('no text makes a browser leave', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    'evil.example',
    '@',
    ':',
    '%2f',
    '%5c',
    '\t',
    'http',
    '?',
    '#',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
      const url = new URL(safeNext(pieces.join('')), 'https://moulin.example/sign-in');
      assert.equal(url.origin, 'https://moulin.example');
    }),
    { numRuns: 2000 },
  );
});
