import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_PROC } from '../../../tests/support/process-tree.ts';
import { membersOf, type ProcessFacts, readProcess } from './index.ts';

test('what Linux tells of a process is what Node knows of itself', { skip: NO_PROC }, () => {
  const me = readProcess(process.pid);
  assert(me);
  assert.equal(me.parent, process.ppid);
  assert(me.rss_bytes > 10e6 && me.rss_bytes < 2 * process.memoryUsage.rss(), `${me.rss_bytes}`);
  assert.equal(readProcess(2 ** 30), undefined);
});

test('a group has its members, whoever left it, and nobody that has ended', () => {
  const one = (pid: number, parent: number, group: number, is_zombie = false): ProcessFacts => ({
    pid,
    parent,
    group,
    is_zombie,
    rss_bytes: 1,
    started: '1',
  });
  const all = [
    one(9, 8, 9),
    one(10, 1, 10),
    one(11, 10, 10),
    one(12, 1, 10),
    one(13, 11, 13),
    one(8, 13, 8),
    one(14, 10, 10, true),
    one(20, 1, 20),
  ];
  assert.deepEqual(
    membersOf(10, all)
      .map(({ pid }) => pid)
      .sort(),
    [10, 11, 12, 13, 8, 9].sort(),
  );
});
