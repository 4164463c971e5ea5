import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, valuesOf } from './webhook.ts';

const saved = {
  enabled: false,
  format: 'slack' as const,
  shown_url: 'https://hooks.example.com/…',
  has_signing_secret: true,
  on_kinds: ['failed' as const],
  version: 3,
  updated_at: '2026-11-21T12:00:00.000000Z',
};

test('what was not typed is not sent: address and secret stay as they are', () => {
  assert.deepEqual(bodyOf(valuesOf(saved)), { enabled: false, format: 'slack', on_kinds: ['failed'] });
});

test('an address and a secret are sent when they are typed, and a secret can be taken away', () => {
  const typed = { ...valuesOf(null), url: ' https://example.com/x ', signing_secret: 'sixteen letters!' };
  assert.equal(bodyOf(typed).url, 'https://example.com/x');
  assert.equal(bodyOf({ ...typed, unsigned: true }).signing_secret, 'sixteen letters!', 'a new one wins');
  assert.equal(bodyOf({ ...valuesOf(saved), unsigned: true }).signing_secret, null);
});
