import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canShowBrowser } from './browser.ts';

const desk = { platform: 'linux', env: { DISPLAY: ':0' }, is_terminal: true } as const;

test('a browser opens only on a local terminal with a screen', () => {
  assert.equal(canShowBrowser(desk), true);
  assert.equal(canShowBrowser({ ...desk, platform: 'darwin', env: {} }), true);
  assert.equal(canShowBrowser({ ...desk, is_terminal: false }), false);
  assert.equal(canShowBrowser({ ...desk, env: {} }), false);
  assert.equal(
    canShowBrowser({ ...desk, env: { DISPLAY: ':0', SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' } }),
    false,
  );
  assert.equal(canShowBrowser({ ...desk, env: { DISPLAY: ':0', CI: 'true' } }), false);
});
