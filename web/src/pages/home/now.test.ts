import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '../../../../src/contract/runs.ts';
import { nowAndNext, shareDone } from './now.ts';

const tasks = {
  total: 4,
  open: 3,
  active: 1,
  succeeded: 1,
  partial: 0,
  failed: 0,
  lost: 0,
  cancelled: 0,
  skipped: 0,
};

function newRun(id: string, schedule: Run['schedule'] = null, late = false): Run {
  return {
    id,
    title: `title of ${id}`,
    kind: 'diagnostic',
    state: 'running',
    trigger: 'manual',
    cause: null,
    schedule,
    fire_time: null,
    definition_id: null,
    definition_version: null,
    parent_id: null,
    run_as: { kind: 'person', id: 'p', name: 'Ada' },
    priority: 0,
    tasks,
    late,
    error: null,
    reason: null,
    version: 1,
    created_at: '2026-11-21T12:00:00.000000Z',
    started_at: null,
    ended_at: null,
  };
}

test('what needs an eye comes first, each run once; a schedule that is there already brings its next time', () => {
  const nightly = { id: 'nightly', name: 'nightly export' };
  const slow = newRun('slow', null, true);
  const lines = nowAndNext({
    running: [slow, newRun('fine')],
    failed: [newRun('broken', nightly)],
    late: [slow],
    next: [
      { schedule_id: 'nightly', name: 'nightly export', at: '2026-11-22T02:00:00.000000Z' },
      { schedule_id: 'weekly', name: 'weekly report', at: '2026-11-23T02:00:00.000000Z' },
    ],
  });
  assert.deepEqual(
    lines.map(({ key, name, next }) => [key, name, next?.slice(8, 10) ?? null]),
    [
      ['broken', 'nightly export', '22'],
      ['slow', 'title of slow', null],
      ['fine', 'title of fine', null],
      ['weekly', 'weekly report', '23'],
    ],
  );
  assert.deepEqual(nowAndNext({ running: [], failed: [], late: [], next: [] }), []);
});

test('a run of one task has no share that would say anything', () => {
  assert.equal(shareDone({ tasks }), 0.25);
  assert.equal(shareDone({ tasks: { ...tasks, total: 1, open: 1 } }), undefined);
});
