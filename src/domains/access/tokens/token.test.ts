import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newApiToken, parseApiToken } from './token.ts';

test('a token is its visible prefix and a secret of 256 bits', () => {
  const { token, prefix, secret_hash } = newApiToken();
  assert.match(token, /^moulin_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}$/);
  assert.deepEqual(parseApiToken(token), { prefix, secret_hash });
  assert(!token.slice(prefix.length + 1).includes(prefix));
  assert.notEqual(newApiToken().token, token);
});

test('whatever is not exactly a token is none', () => {
  const { token } = newApiToken();
  for (const bad of [`${token}x`, token.slice(1), token.toUpperCase(), ` ${token}`, `${token}\n`, 'moulin__'])
    assert.equal(parseApiToken(bad), undefined, bad);
  fc.assert(fc.property(fc.string(), text => parseApiToken(text) === undefined));
});
