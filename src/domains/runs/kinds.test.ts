import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { isFailure } from '../../base/kit/errors.ts';
import { newTaskSchema } from '../../contract/runs.ts';
import { kindTable, planTask } from './kinds.ts';
import { defineTask } from './task.ts';

const copy = defineTask({
  id: 'copy',
  permission: 'runs:start',
  input: z.strictObject({ from: z.string(), rows: z.number().default(10) }),
  result: z.object({}),
  resource: 'light',
  retry: { max_attempts: 4, delay_seconds: 1 },
  timeouts: { run: 60, silence: 30 },
  limitKeys: input => [`connection:${input.from}`],
});
const kinds = kindTable([copy]);
const task = (fields: object) => newTaskSchema.parse({ name: 'a', kind: 'copy', ...fields });

test('a task takes from its kind what it does not say itself', () => {
  const planned = planTask(
    kinds,
    task({ input: { from: 'shop' }, retry: { max_attempts: 2 }, timeouts: { run: 5 } }),
  );
  assert.deepEqual(planned.input, { from: 'shop', rows: 10 });
  assert.deepEqual(planned.retry, {
    max_attempts: 2,
    delay_seconds: 1,
    factor: 2,
    max_delay_seconds: 3600,
    jitter: 0.2,
  });
  assert.deepEqual(planned.timeouts, { run: 5, silence: 30 });
});

test('a task counts once against each key, given or of its kind', () => {
  const planned = planTask(kinds, task({ input: { from: 'shop' }, keys: ['nightly', 'nightly'] }));
  assert.deepEqual(planned.limit_keys, ['key:nightly', 'connection:shop']);
});

test('an input that its kind does not take is refused with the field and the reason', () => {
  assert.throws(
    () => planTask(kinds, task({ input: { rows: 'many' } })),
    error => isFailure(error, 'task.input') && /from: .*; rows: /.test(error.message),
  );
});

test('a kind that nobody knows is refused with those that are known', () => {
  assert.throws(
    () => planTask(kinds, task({ kind: 'move' })),
    error => isFailure(error, 'task.unknown_kind') && error.params.known === 'copy',
  );
});

test('two kinds of one name, and stages that nothing commits, are mistakes of ours', () => {
  assert.throws(() => kindTable([copy, copy]), /two task kinds/);
  assert.throws(() => kindTable([{ ...copy, staged: z.string() }]), /no commit/);
});
