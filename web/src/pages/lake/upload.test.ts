import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatOf, tableNameOf } from './upload.ts';

test('a file says by its name what it is', () => {
  const found = ['a.csv', 'a.CSV.gz', 'a.jsonl', 'a.json', 'a.parquet', 'a'].map(formatOf);
  assert.deepEqual(found, ['csv', 'csv', 'ndjson', 'json', 'parquet', 'csv']);
});

test('the name of a file becomes the name of a table that needs no quotes', () => {
  assert.equal(tableNameOf('Commandes été 2026.csv'), 'commandes_ete_2026');
  assert.equal(tableNameOf('orders.ndjson.gz'), 'orders');
  assert.equal(tableNameOf('--.csv'), '');
});
