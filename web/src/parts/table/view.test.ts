import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeUrlState, formatUrlState, parseUrlState } from '../../url-state.ts';
import { isFiltered, nextSort, readView, type View, writeView } from './view.ts';

const names = { filters: ['role'] };

test('a view survives its way through the address', () => {
  const view: View = {
    search: 'é & b',
    sort: { column: 'name', descending: true },
    filters: { role: 'owner' },
    cursor: 'abc',
  };
  const address = formatUrlState(changeUrlState({}, writeView(view, { cursor: 'abc' }, names)));
  assert.deepEqual(readView(parseUrlState(address), names), view);
});

test('another filter leads back to the first page, and leaves other keys alone', () => {
  const state = parseUrlState('?tab=x&cursor=abc&role=owner');
  const change = writeView(readView(state, names), { filters: { role: 'viewer' } }, names);
  assert.deepEqual(changeUrlState(state, change), { tab: 'x', role: 'viewer' });
});

test('two lists on one page keep apart', () => {
  const state = parseUrlState('?a.q=1&b.q=2');
  assert.equal(readView(state, { prefix: 'a', filters: [] }).search, '1');
  assert.equal(readView(state, { prefix: 'b', filters: [] }).search, '2');
});

test('an unknown key filters nothing', () => {
  assert.equal(isFiltered(readView(parseUrlState('?utm=1'), names)), false);
});

test('sorting goes up, down, and back', () => {
  const up = nextSort(null, 'name');
  const down = nextSort(up, 'name');
  assert.deepEqual(
    [up, down, nextSort(down, 'name')],
    [{ column: 'name', descending: false }, { column: 'name', descending: true }, null],
  );
  assert.deepEqual(nextSort(down, 'role'), { column: 'role', descending: false });
});

test('the column that a list is sorted by anyway turns round and back', () => {
  const own = { column: 'at', descending: true };
  const oldest = nextSort(null, 'at', own);
  assert.deepEqual([oldest, nextSort(oldest, 'at', own)], [{ column: 'at', descending: false }, null]);
});
