import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meetsGoal, ratio, record, round, thisMachine } from './baseline.ts';
import type { Measure } from './result.ts';

const start: Measure = { what: 'warm start', value: 2, unit: 's', better: 'lower', goal: 3 };
const rate: Measure = { what: 'rows', value: 5000, unit: 'rows/s', better: 'higher', goal: 6000 };
const recorded = record(
  {
    title: '',
    rows: [
      { ...start, value: 4 },
      { ...rate, value: 10_000 },
    ],
  },
  'today',
  thisMachine(),
);

test('better is above one whichever way the figure counts', () => {
  assert.equal(ratio(start, recorded), 2);
  assert.equal(ratio(rate, recorded), 0.5);
  assert.equal(ratio({ ...start, what: 'new' }, recorded), undefined);
  assert.equal(ratio(start, undefined), undefined);
});

test('a goal is met from its own side', () => {
  assert.equal(meetsGoal(start), true);
  assert.equal(meetsGoal(rate), false);
  assert.equal(meetsGoal({ ...start, goal: undefined }), undefined);
});

test('figures keep three digits that count', () => {
  assert.deepEqual([1234.5, 99.99, 1.23456, 0].map(round), [1235, 100, 1.23, 0]);
});
