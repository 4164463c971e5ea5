import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerHosts } from './provider.ts';

test('the host of a configured issuer may be called, whatever network it is in', () => {
  assert.deepEqual(providerHosts({ issuer: 'https://id.example:8443/realms/a' }), ['id.example']);
  assert.deepEqual(providerHosts({ issuer: 'http://10.0.0.7' }), ['10.0.0.7']);
  assert.deepEqual(providerHosts({ issuer: 'http://[::1]:9000' }), ['::1']);
  assert.deepEqual(providerHosts({ issuer: null }), []);
});
