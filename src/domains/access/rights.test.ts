import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../base/kit/errors.ts';
import { EVERY_SCOPE, INSTANCE_RIGHTS, ROLES, SCOPES } from '../../contract/permissions.ts';
import { may, type Principal } from '../../contract/principal.ts';
import {
  checkRights,
  checkRole,
  checkScopes,
  knownRights,
  knownScopes,
  reaches,
  requirePerson,
  requireSession,
} from './rights.ts';

function person(more: Partial<Principal> = {}): Principal {
  return {
    kind: 'person',
    id: 'p',
    name: 'Ada',
    session_id: 's',
    instance_rights: [],
    scopes: [...EVERY_SCOPE],
    ...more,
  };
}

const refuses = (work: () => void, code: Parameters<typeof isFailure>[1]) =>
  assert.throws(work, error => isFailure(error, code));

test('a role reaches itself and those below it', () => {
  for (const [own_at, own] of ROLES.entries())
    for (const [at, role] of ROLES.entries())
      assert.equal(reaches(own, role), own_at <= at, `${own} ${role}`);
  assert.equal(reaches(undefined, 'viewer'), false);
});

test('only an owner touches the role of an owner', () => {
  checkRole(person({ role: 'owner' }), 'owner');
  checkRole(person({ role: 'admin' }), 'admin');
  refuses(() => checkRole(person({ role: 'admin' }), 'owner'), 'members.owner_only');
});

test('an instance right is given only by who holds it, and a token needs it in its scopes', () => {
  const holder = person({ instance_rights: ['instance:users'] });
  checkRights(holder, ['instance:users']);
  refuses(() => checkRights(holder, ['instance:users', 'instance:keys']), 'rights.beyond_own');
  refuses(() => checkRights({ ...holder, scopes: ['*'] }, ['instance:users']), 'rights.beyond_own');
});

test('the star covers the workspace and no instance right', () => {
  const all = person({ role: 'owner', instance_rights: [...INSTANCE_RIGHTS], scopes: ['*'] });
  assert.equal(may(all, 'workspace:delete'), true);
  for (const right of INSTANCE_RIGHTS) {
    assert.equal(may(all, right), false, right);
    assert.equal(may({ ...all, scopes: ['*', right] }, right), true, right);
    assert.equal(may({ ...all, scopes: [right] }, 'workspace:read'), false, right);
  }
});

test('a token makes no wider token than itself', () => {
  checkScopes(person(), [...SCOPES]);
  const narrow = person({ scopes: ['service_accounts:edit', 'instance:health'] });
  checkScopes(narrow, ['service_accounts:edit']);
  for (const scope of ['*', 'workspace:read', 'instance:keys'] as const)
    refuses(() => checkScopes(narrow, [scope]), 'rights.beyond_own');
  checkScopes(person({ scopes: ['*'] }), ['workspace:read']);
});

test('what is not in the tables any more gives nothing', () => {
  assert.deepEqual(knownRights(['instance:health', 'instance:former']), ['instance:health']);
  assert.deepEqual(knownScopes(['former:edit', '*']), ['*']);
});

test('an account is changed by its person, in a session', () => {
  assert.equal(requireSession(person()), 's');
  refuses(() => requireSession(person({ session_id: undefined })), 'account.session_required');
  refuses(() => requireSession(person({ kind: 'local' })), 'account.not_a_person');
  refuses(() => requirePerson(person({ kind: 'service' })), 'account.not_a_person');
});
