import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail } from '../../../base/kit/errors.ts';
import type { Identified } from '../../access/index.ts';
import { signIn } from './sign-in.ts';

const TOKEN = 'moulin_abcdefghijkl_SECRET';

async function identify({ bearer }: { bearer?: string }): Promise<Identified> {
  if (bearer !== TOKEN) throw fail('auth.invalid');
  const principal = {
    kind: 'service',
    id: 'the-account',
    name: 'spark',
    instance_rights: [],
    scopes: [],
  } as const;
  return { principal: { ...principal, instance_rights: [], scopes: [] } };
}

async function ask(form: Record<string, string>, authorization?: string) {
  const text = new URLSearchParams({
    grant_type: 'client_credentials',
    scope: 'catalog',
    ...form,
  }).toString();
  const { status, body } = await signIn({ text, authorization }, identify);
  return { status, body: JSON.parse(body ?? '') };
}

test('the token is what a client gets for its id and secret, however it splits them', async () => {
  for (const [client_id, client_secret] of [
    ['moulin_abcdefghijkl', TOKEN],
    ['moulin_abcdefghijkl', 'SECRET'],
    ['the-account', TOKEN],
  ] as const) {
    const { status, body } = await ask({ client_id, client_secret });
    assert.equal(status, 200);
    assert.equal(body.access_token, TOKEN);
    assert.equal(body.token_type, 'bearer');
    assert.equal(typeof body.expires_in, 'number');
  }
});

test('id and secret may come as basic authentication', async () => {
  const basic = Buffer.from(`the-account:${TOKEN}`).toString('base64');
  assert.equal((await ask({}, `Basic ${basic}`)).status, 200);
});

test('a wrong secret, and a right one under another name, are refused', async () => {
  for (const form of [
    { client_id: 'moulin_abcdefghijkl', client_secret: 'WRONG' },
    { client_id: 'somebody-else', client_secret: TOKEN },
    { client_id: 'moulin', client_secret: TOKEN },
    { client_id: '', client_secret: TOKEN },
  ]) {
    const { status, body } = await ask(form);
    assert.equal(status, 401);
    assert.equal(body.error, 'invalid_client');
    assert.equal(body.access_token, undefined);
  }
});

test('tokens are not exchanged, and the answer says that the old one goes on', async () => {
  const grant_type = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const { status, body } = await ask({ grant_type, subject_token: TOKEN });
  assert.equal(status, 400);
  assert.equal(body.error, 'unsupported_grant_type');
  assert.match(body.error_description, /stays valid/);
});

test('another grant, and a missing secret, are refused in words', async () => {
  assert.equal((await ask({ grant_type: 'password' })).body.error, 'unsupported_grant_type');
  assert.equal((await ask({ client_id: 'the-account' })).body.error, 'invalid_request');
});
