import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readClaims, rolesOf } from './claims.ts';

const where = { issuer: 'https://id.example', groups_claim: 'groups' };
const ada = { sub: 'a1', email: 'ada@example.com', name: 'Ada', groups: ['data', 7, 'admins'] };

test('a person is issuer and subject, with an address and a name to show', () => {
  assert.deepEqual(readClaims(ada, where), {
    issuer: 'https://id.example',
    subject: 'a1',
    email: 'ada@example.com',
    name: 'Ada',
    groups: ['data', 'admins'],
  });
});

test('what is missing is said in words', () => {
  const lacks = (raw: object) => (readClaims({ ...ada, ...raw }, where) as { lacks?: string }).lacks ?? '';
  assert.match(lacks({ email: undefined }), /oidc.scopes/);
  assert.match(lacks({ email: 'ada' }), /e-mail/);
  assert.match(lacks({ email_verified: false }), /not verified/);
  assert.match(lacks({ sub: '' }), /subject/);
  assert.equal(lacks({ email_verified: true }), '');
});

test('a name is clean text, or the address', () => {
  const name = (raw: object) => (readClaims({ ...ada, ...raw }, where) as { name?: string }).name;
  assert.equal(name({ name: ' A\u0000d\na ' }), 'Ada');
  assert.equal(name({ name: '\u0007' }), 'ada@example.com');
  assert.equal(name({ name: undefined, preferred_username: 'ada' }), 'ada');
  assert.equal(name({ name: 'x'.repeat(600) })?.length, 500);
});

test('groups stand in a list, alone, under a path, or nowhere', () => {
  const groups = (raw: object, groups_claim: string) =>
    (
      readClaims({ sub: 'a', email: 'a@b.example', ...raw }, { ...where, groups_claim }) as {
        groups: string[];
      }
    ).groups;
  assert.deepEqual(groups({ groups: 'data' }, 'groups'), ['data']);
  assert.deepEqual(groups({ realm_access: { roles: ['data'] } }, 'realm_access.roles'), ['data']);
  assert.deepEqual(groups({ 'https://x.example/groups': ['data'] }, 'https://x.example/groups'), ['data']);
  assert.deepEqual(groups({}, 'groups'), []);
  assert.deepEqual(groups({}, '__proto__.constructor'), []);
});

test('of several groups that lead to one workspace the highest role counts', () => {
  const mapping = [
    { group: 'data', workspace: 'main', role: 'viewer' },
    { group: 'admins', workspace: 'main', role: 'admin' },
    { group: 'data', workspace: 'sales', role: 'editor' },
    { group: 'bosses', workspace: 'main', role: 'owner' },
  ] as const;
  assert.deepEqual(rolesOf(['data', 'admins'], [...mapping]), [
    { workspace: 'main', role: 'admin' },
    { workspace: 'sales', role: 'editor' },
  ]);
  assert.deepEqual(rolesOf([], [...mapping]), []);
});
