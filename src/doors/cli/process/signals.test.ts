import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onStopSignals } from './signals.ts';

test('one Ctrl-C may arrive twice; a second one stops at once', t => {
  let now = 0;
  const seen: string[] = [];
  const signals = onStopSignals({
    stop: reason => seen.push(reason),
    stopNow: () => seen.push('now'),
    now: () => now,
  });
  t.after(() => signals.close());
  process.emit('SIGINT', 'SIGINT');
  now = 80;
  process.emit('SIGINT', 'SIGINT');
  assert.deepEqual(seen, ['SIGINT']);
  now = 900;
  process.emit('SIGINT', 'SIGINT');
  assert.deepEqual(seen, ['SIGINT', 'now']);
});

test('after close a signal finds nobody', () => {
  const before = process.listenerCount('SIGTERM');
  const signals = onStopSignals({ stop: () => {}, stopNow: () => {} });
  assert.equal(process.listenerCount('SIGTERM'), before + 1);
  signals.close();
  assert.equal(process.listenerCount('SIGTERM'), before);
});
