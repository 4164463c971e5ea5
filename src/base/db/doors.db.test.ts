import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDatabase } from '../../../tests/support/database.ts';
import { newId } from '../kit/ids.ts';

test('a workspace sees its own rows and nobody else’s, even when the statement forgets the filter', async t => {
  const { store } = await testDatabase(t);
  const [mine, foreign] = [newId(), newId()];
  await store.withInstance('test', tx =>
    tx
      .insertInto('workspaces')
      .values([
        { id: mine, slug: 'mine', name: 'Mine' },
        { id: foreign, slug: 'foreign', name: 'Foreign' },
      ])
      .execute(),
  );
  const seen = await store.withWorkspace({ workspace_id: mine }, tx =>
    tx.selectFrom('workspaces').select('slug').execute(),
  );
  assert.deepEqual(seen, [{ slug: 'mine' }]);
});
