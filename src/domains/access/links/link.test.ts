import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../../base/kit/errors.ts';
import { type Link, type LinkUse, planUse } from './link.ts';

const invitation: Link = {
  id: 'l',
  kind: 'invitation',
  workspace_id: 'w',
  workspace_name: 'Main',
  user_id: null,
  email: 'Ada@example.com',
  role: 'viewer',
  expires_at: '2026-11-21T12:00:00.000000Z',
  has_account: false,
};
const first: Link = { ...invitation, kind: 'first_admin', workspace_id: null, email: null, role: null };
const reset: Link = { ...invitation, kind: 'reset', workspace_id: null, user_id: 'u', role: null };
const filled: LinkUse = { name: 'Ada', email: 'other@example.com', password: 'five pears' };

const open = { signed_in: undefined, password_login: true };
const refuses = (code: Parameters<typeof isFailure>[1], ...call: Parameters<typeof planUse>) =>
  assert.throws(
    () => planUse(...call),
    error => isFailure(error, code),
  );

test('a link that names an address makes an account of that one, whatever is typed', () => {
  const plan = { as: 'new_account', name: 'Ada', password: 'five pears' };
  assert.deepEqual(planUse(invitation, filled, open), { ...plan, email: 'Ada@example.com' });
  assert.deepEqual(planUse(first, filled, open), { ...plan, email: 'other@example.com' });
  assert.deepEqual(planUse({ ...first, email: 'a@example.com' }, filled, open), {
    ...plan,
    email: 'a@example.com',
  });
});

test('whoever is signed in uses it as they are, if the invitation is theirs', () => {
  const signed_in = { email: 'ADA@example.com' };
  assert.deepEqual(planUse(invitation, {}, { ...open, signed_in }), { as: 'signed_in' });
  assert.deepEqual(planUse(first, {}, { ...open, signed_in }), { as: 'signed_in' });
  refuses('link.other_account', invitation, {}, { ...open, signed_in: { email: 'bob@example.com' } });
});

test('who has an account, and everybody where there are no passwords, signs in first', () => {
  refuses('auth.required', { ...invitation, has_account: true }, filled, open);
  refuses('auth.required', invitation, filled, { ...open, password_login: false });
  refuses('auth.required', first, filled, { ...open, password_login: false });
});

test('a reset sets the password of its account, whoever is signed in, unless there are no passwords', () => {
  const plan = { as: 'account', user_id: 'u', password: 'five pears' };
  assert.deepEqual(planUse(reset, filled, open), plan);
  assert.deepEqual(planUse(reset, filled, { ...open, signed_in: { email: 'bob@example.com' } }), plan);
  refuses('sign_in.password_disabled', reset, filled, { ...open, password_login: false });
});

test('what is missing is named all at once', () => {
  refuses('request.invalid', reset, {}, open);
  assert.throws(
    () => planUse(first, { name: 'Ada' }, open),
    error => isFailure(error) && error.fields.map(field => field.path).join() === 'body.email,body.password',
  );
});
