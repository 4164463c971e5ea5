import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Facts, reasonToWait, type WorkerFacts } from './waiting.ts';

const NOW = '2026-11-21T12:00:00.000000Z';
const task: Parameters<typeof reasonToWait>[0] = {
  ...{ id: 't', run_id: 'r', state: 'queued', open_before: 0, parked: null, not_before: null },
  ...{ tags: [], limit_keys: [] },
};
const worker: WorkerFacts = { state: 'active', tags: [], concurrency: 2, running: 0 };
const facts: Facts = { before: new Map(), runs_before: new Map(), limits: new Map(), workers: [worker] };

const why = (more: Partial<typeof task>, known: Partial<Facts> = {}) =>
  reasonToWait({ ...task, ...more }, { ...facts, ...known }, NOW);

test('what runs, has ended, or is about to be taken waits for nothing', () => {
  assert.equal(why({}), null);
  assert.equal(why({ state: 'running', open_before: 1 }), null);
  assert.equal(why({ state: 'failed' }, { workers: [] }), null);
});

test('tasks before it come first, by name', () => {
  const reason = why({ open_before: 2 }, { before: new Map([['t', ['load', 'check']]]), workers: [] });
  assert.deepEqual([reason?.what, reason?.names], ['tasks', ['load', 'check']]);
});

test('a run that is held back names the run it waits for', () => {
  const reason = why({ parked: 'run' }, { runs_before: new Map([['r', ['Nightly import']]]) });
  assert.deepEqual([reason?.what, reason?.names], ['run', ['Nightly import']]);
});

test('a time that has not come is said; one that has come is no reason', () => {
  const later = '2026-11-21T12:00:00.000001Z';
  assert.deepEqual(why({ parked: 'time', not_before: later, state: 'retrying' })?.until, later);
  assert.equal(why({ parked: 'time', not_before: NOW }), null);
});

test('a full key says how full: two of two running', () => {
  const limits = new Map([['connection:c1', { slots: 2, running: 2 }]]);
  const expected = { what: 'limit', names: ['c1'], running: 2, slots: 2, until: null };
  assert.deepEqual(why({ parked: 'key:connection:c1' }, { limits }), expected);
  // The claim has not looked at it yet.
  assert.deepEqual(why({ limit_keys: ['connection:c1'] }, { limits }), expected);
  assert.equal(why({ limit_keys: ['connection:c2'] }, { limits }), null);
  assert.equal(
    why(
      { limit_keys: ['connection:c1'] },
      { limits: new Map([['connection:c1', { slots: 3, running: 2 }]]) },
    ),
    null,
  );
});

test('the limit of the workspace is one of its own', () => {
  const limits = new Map([['workspace', { slots: 0, running: 0 }]]);
  assert.deepEqual(why({}, { limits }), {
    what: 'workspace_limit',
    names: [],
    running: 0,
    slots: 0,
    until: null,
  });
});

test('no worker alive, none with its tags, all draining, all busy: each is said', () => {
  const what = (workers: WorkerFacts[], tags: string[] = []) => {
    const reason = why({ tags }, { workers });
    return reason && [reason.what, reason.names.join(), reason.running, reason.slots];
  };
  assert.deepEqual(what([]), ['workers', '', 0, 0]);
  assert.deepEqual(what([worker], ['gpu']), ['tags', 'gpu', null, null]);
  assert.deepEqual(what([{ ...worker, state: 'draining' }]), ['drain', '', null, null]);
  assert.deepEqual(what([{ ...worker, running: 2 }]), ['workers', '', 2, 2]);
  assert.equal(what([{ ...worker, running: 1 }]), null);
  // A busy one with the tags counts, an idle one without them does not.
  assert.deepEqual(what([worker, { ...worker, tags: ['gpu'], running: 2 }], ['gpu']), ['workers', '', 2, 2]);
});
