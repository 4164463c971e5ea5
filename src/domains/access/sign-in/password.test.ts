import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../../base/kit/errors.ts';
import list from './common-passwords.json' with { type: 'json' };
import { NOBODYS_HASH, openPasswords } from './password.ts';

const ada = { email: 'ada@example.com', name: 'Ada Lovelace' };

test('a password opens what was made from it, and nothing else', async () => {
  const passwords = openPasswords();
  const stored = await passwords.hash('Fünf Birnen im Korb');
  assert.equal(await passwords.verify('Fünf Birnen im Korb', stored), true);
  assert.equal(await passwords.verify('fünf Birnen im Korb', stored), false);
  assert.equal(await passwords.verify('Fünf Birnen im Korb', null), false);
  assert.notEqual(await passwords.hash('Fünf Birnen im Korb'), stored);
});

test('the same letters from another keyboard are the same password', async () => {
  const passwords = openPasswords();
  const stored = await passwords.hash('caf\u00e9 au lait');
  assert.equal(await passwords.verify('cafe\u0301 au lait', stored), true);
});

test('the hash that stands in for an unknown account costs as much as a real one', async () => {
  const parameters = (text: string) => text.split('$').slice(0, 4);
  assert.deepEqual(parameters(NOBODYS_HASH), parameters(await openPasswords().hash('x')));
});

test('hashing is bounded: who comes when the line is full is told at once, and the others are served', async () => {
  const passwords = openPasswords();
  const all = await Promise.allSettled(Array.from({ length: 110 }, () => passwords.verify('x', null)));
  const refused = all.filter(one => one.status === 'rejected');
  assert.equal(refused.length, 8);
  assert(refused.every(one => isFailure(one.reason, 'server.unavailable')));
  assert.equal(await passwords.verify('x', null), false);
});

test('common passwords are refused in any case, and so is what stands beside the password', async () => {
  const passwords = openPasswords();
  for (const bad of ['password1', 'PassWord1', 'azertyuiop', 'ada@example.com', 'ADA LOVELACE'])
    await assert.rejects(passwords.check(bad, ada), error => isFailure(error, 'password.too_common'), bad);
  await passwords.check('correct horse battery staple', ada);
});

test('the list holds about three thousand passwords that the length alone would let through', () => {
  assert(list.passwords.length > 2900, String(list.passwords.length));
  assert.equal(new Set(list.passwords).size, list.passwords.length);
  for (const password of list.passwords) {
    assert(password.length >= 8, password);
    assert.equal(password, password.toLowerCase());
  }
  assert.match(list.source, /Django/);
  assert.match(list.licence, /BSD/);
});
