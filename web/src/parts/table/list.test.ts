import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverSorting, sortingOf } from './list.ts';
import type { View } from './view.ts';

const up = (column: string): View['sort'] => ({ column, descending: false });
const down = (column: string): View['sort'] => ({ column, descending: true });
const whole = { rows: [], error: null, loading: false, updated_at: 0, retry: () => {} };

test('a page is in the order that the server was asked for, among those that it has', () => {
  const orders = ['-at', 'at', 'name'];
  assert.deepEqual(serverSorting(orders, null).current, down('at'));
  assert.deepEqual(serverSorting(orders, up('at')).current, up('at'));
  assert.deepEqual(serverSorting(orders, down('name')).current, down('at'), 'an order that it does not have');
  assert.deepEqual(serverSorting([], up('name')).current, null);
  assert.deepEqual(['at', 'name', 'ip'].map(serverSorting(orders, null).offers), [true, true, false]);
});

test('only a list that is wholly here is sorted here', () => {
  assert.deepEqual(sortingOf({ ...whole, cut: false }, up('name')).current, up('name'));
  const cut = sortingOf({ ...whole, cut: true }, up('name'));
  assert.deepEqual([cut.current, cut.offers('name')], [null, false]);
});
