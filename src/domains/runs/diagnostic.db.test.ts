import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plantWorkspace } from '../../../tests/support/attempts.ts';
import { testDatabase } from '../../../tests/support/database.ts';
import { newId } from '../../base/kit/ids.ts';
import { diagnostic } from './diagnostic.ts';
import type { Commit } from './task.ts';

const { prepare, commit } = diagnostic;

test('each stage leaves its rows once it is committed, and not before', async t => {
  const { store } = await testDatabase(t);
  const workspace_id = await plantWorkspace(store);
  const run_as = { kind: 'local' as const, id: 'local', name: 'local' };
  const ids = { workspace_id, run_id: newId(), task_id: newId(), run_as };
  const makeTrue = async (told: object, n: number, attempt: number): Promise<Commit> => {
    assert(prepare && commit && diagnostic.staged);
    const staged = diagnostic.staged.parse(told);
    const signal = new AbortController().signal;
    const prepared = await prepare({ n, staged, state: null }, { ...ids, attempt, signal });
    return store.withWorkspace({ workspace_id }, tx => commit(tx, prepared, { ...ids, attempt, n }));
  };
  const marks = () =>
    store.withWorkspace({ workspace_id }, tx =>
      tx
        .selectFrom('diagnostic_marks')
        .select(['stage', 'attempt', 'mark'])
        .where('workspace_id', '=', workspace_id)
        .where('task_id', '=', ids.task_id)
        .orderBy('stage')
        .execute(),
    );

  const told = { mark: 'shop.orders', rows: 2, rebase: 2, rerun: 1 };
  assert.equal(await makeTrue(told, 1, 1), 'rerun');
  assert.deepEqual([await makeTrue(told, 1, 2), await makeTrue(told, 1, 2)], ['rebase', 'rebase']);
  assert.deepEqual(await marks(), []);
  const more = { name: 'next', kind: 'diagnostic' };
  const committed = await makeTrue({ ...told, tasks: [more] }, 1, 2);
  assert(typeof committed === 'object' && committed.committed);
  assert.deepEqual(
    committed.tasks?.map(({ name }) => name),
    ['next'],
  );
  assert.deepEqual(committed.facts, [
    { role: 'written', namespace: 'diagnostic', name: 'shop.orders', rows: 2 },
  ]);
  const row = { stage: 1, attempt: 2, mark: 'shop.orders' };
  assert.deepEqual(await marks(), [row, row]);
  assert.equal(await makeTrue(told, 2, 2), 'rebase', 'another stage counts for itself');
});

test('a stage that is no longer wanted is not prepared to its end', async () => {
  assert(prepare && diagnostic.staged);
  const staged = diagnostic.staged.parse({ prepare_ms: 3_600_000 });
  const ending = new AbortController();
  const run_as = { kind: 'local' as const, id: 'local', name: 'local' };
  const ids = { workspace_id: 'w', run_id: 'r', task_id: 't', attempt: 1, run_as };
  const preparing = prepare({ n: 1, staged, state: null }, { ...ids, signal: ending.signal });
  ending.abort(new Error('cancelled'));
  await assert.rejects(preparing, /cancelled/);
});

test('it takes what it knows, and says which secrets it is to be given', () => {
  const key = { object_kind: 'connection', object_id: 'x', field: 'password' };
  const input = diagnostic.input.parse({ steps: [{ do: 'sleep', ms: 1, on: { to: 2 } }], secrets: { key } });
  assert.deepEqual(diagnostic.secrets?.(input), { key });
  assert(!diagnostic.input.safeParse({ steps: [{ do: 'sleep', ms: 1, for: 'ever' }] }).success);
  assert(!diagnostic.input.safeParse({ steps: [{ do: 'nothing' }] }).success);
});
