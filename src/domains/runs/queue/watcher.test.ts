import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GAP_MS, LOST_AFTER_MS, openWatcher } from './watcher.ts';

const at = (counter: string) => new Map([['w', counter]]);

test('a counter that stands still for long enough is given up, and not a moment sooner', () => {
  const watcher = openWatcher();
  for (let now = 0; now < LOST_AFTER_MS; now += 5000) assert.deepEqual(watcher.look(now, at('1')), []);
  assert.deepEqual(watcher.look(LOST_AFTER_MS, at('1')), ['w']);
});

test('a counter that moves, however slowly, lives', () => {
  const watcher = openWatcher();
  for (let n = 0; n < 20; n += 1) {
    assert.deepEqual(watcher.look(n * 10_000, at(String(n))), []);
    assert.deepEqual(watcher.look(n * 10_000 + 5000, at(String(n))), []);
  }
});

test('a long time in which nobody looked kills nobody: a blocked loop, a store that was away', () => {
  const watcher = openWatcher();
  watcher.look(0, at('1'));
  assert.deepEqual(watcher.look(3_600_000, at('1')), []);
  assert.deepEqual(watcher.look(3_600_000 + GAP_MS, at('1')), []);
  assert.deepEqual(watcher.look(3_600_000 + 2 * GAP_MS, at('1')), ['w']);
});

test('what was away and comes back begins anew, and so does everything for a new watcher', () => {
  const watcher = openWatcher();
  watcher.look(0, at('1'));
  watcher.look(6000, new Map());
  watcher.look(12_000, at('1'));
  assert.deepEqual(watcher.look(18_000, at('1')), []);
  assert.deepEqual(openWatcher().look(18_000, at('1')), []);
});
