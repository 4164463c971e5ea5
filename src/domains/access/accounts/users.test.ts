import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectOf } from './users.ts';

const standing = (instance_rights: Parameters<typeof effectOf>[0]['instance_rights'], disabled = false) => ({
  instance_rights,
  disabled,
});

test('giving and taking rights touches those that change', () => {
  const effect = effectOf(
    standing(['instance:users', 'instance:keys']),
    standing(['instance:users', 'instance:audit']),
  );
  assert.deepEqual(effect, { touched: ['instance:keys', 'instance:audit'], lost: ['instance:keys'] });
});

test('to disable an account is to take all its rights, to enable it is to give them back', () => {
  const rights = ['instance:users', 'instance:keys'] as const;
  assert.deepEqual(effectOf(standing([...rights]), standing([...rights], true)), {
    touched: rights,
    lost: rights,
  });
  assert.deepEqual(effectOf(standing([...rights], true), standing([...rights])), {
    touched: rights,
    lost: [],
  });
});

test('what a disabled account holds, nobody loses', () => {
  const effect = effectOf(standing(['instance:keys'], true), standing([], true));
  assert.deepEqual(effect, { touched: ['instance:keys'], lost: [] });
});
