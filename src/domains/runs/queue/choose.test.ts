import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Candidate, choose, Occupied } from './choose.ts';

let count = 0;
function candidate(workspace_id: string, more: Partial<Candidate> = {}): Candidate {
  count += 1;
  const id = String(count).padStart(4, '0');
  return {
    id,
    run_id: 'r',
    workspace_id,
    priority: 0,
    ready_at: '2026-11-21',
    limit_keys: [],
    parked: null,
    ...more,
  };
}
const workspacesOf = (picked: readonly Candidate[]) =>
  picked.map(({ workspace_id }) => workspace_id).join('');

test('whoever has the fewest tasks under way is next', () => {
  const occupied = new Occupied([{ workspace_id: 'a', key: 'workspace', used: 2, slots: null }]);
  const many = Array.from({ length: 9 }, () => candidate('a'));
  const few = [candidate('b'), candidate('b'), candidate('b')];
  assert.equal(workspacesOf(choose([...many, ...few], occupied, 6).picked), 'bbabaa');
});

test('within a workspace by priority, then by who has been ready longest', () => {
  const late = candidate('a', { ready_at: '2026-11-22' });
  const early = candidate('a');
  const urgent = candidate('a', { priority: 5, ready_at: '2026-11-23' });
  assert.deepEqual(choose([late, early, urgent], new Occupied([]), 9).picked, [urgent, early, late]);
});

test('a workspace at its limit is left alone; its tasks are not parked', () => {
  const occupied = new Occupied([{ workspace_id: 'a', key: 'workspace', used: 1, slots: 2 }]);
  const { picked, parked } = choose([candidate('a'), candidate('a'), candidate('b')], occupied, 9);
  assert.equal(workspacesOf(picked), 'ba');
  assert.deepEqual(parked, []);
});

test('what meets a full key is parked under it, once, and those behind go on', () => {
  const occupied = new Occupied([{ workspace_id: 'a', key: 'key:k', used: 0, slots: 1 }]);
  const limit_keys = ['key:j', 'key:k'];
  const gated = [1, 2, 3].map(n => candidate('a', { limit_keys, parked: n === 3 ? 'key:key:k' : null }));
  const free = candidate('a');
  const { picked, parked } = choose([...gated, free], occupied, 9);
  assert.deepEqual(picked, [gated[0], free]);
  assert.deepEqual(parked, [{ id: gated[1]?.id, parked: 'key:key:k' }]);
});
