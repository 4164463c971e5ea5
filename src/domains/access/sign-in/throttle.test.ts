import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptsOf, networkOf } from './throttle.ts';

test('an IPv6 host counts as its network: it may take any of the addresses in it', () => {
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), networkOf('2001:db8:1:2::1'));
  assert.notEqual(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'));
  assert.equal(networkOf('::1'), '0:0:0:0::/64');
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
});

test('an IPv4 address counts for itself, however it is written', () => {
  assert.equal(networkOf('192.0.2.7'), '192.0.2.7');
  assert.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(networkOf(''), '');
});

test('an account is never counted without the network', () => {
  const keys = (email: string, ip: string) => attemptsOf(email, ip).map(attempt => attempt.key);
  const [account, network] = keys('Ada@example.com', '192.0.2.7');
  assert.deepEqual(keys('ada@example.com', '192.0.2.7'), [account, network]);
  assert.notEqual(keys('ada@example.com', '192.0.2.8')[0], account);
  assert.equal(keys('bob@example.com', '192.0.2.7')[1], network);
  assert(!`${account} ${network}`.includes('192'));
});
