import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTally } from './tally.ts';

test('attempts are counted by how they ended and how long they took', () => {
  const tally = openTally();
  tally.began(1);
  tally.began(2);
  tally.began(1);
  tally.ended('succeeded', 100);
  tally.ended('failed', 101);
  tally.ended('cancelled', 7_200_000);
  assert.deepEqual(tally.numbers(), {
    began: 3,
    again: 1,
    ended_succeeded: 1,
    ended_partial: 0,
    ended_failed: 1,
    ended_cancelled: 1,
    ended_released: 0,
    ended_lost: 0,
    took_0: 1,
    took_1: 1,
    took_6: 1,
    took_seconds: 7200.201,
  });
});

test('what was handed over or lost has no duration', () => {
  const tally = openTally();
  tally.ended('released', 5000);
  tally.ended('lost', 5000);
  const { ended_released, ended_lost, took_seconds } = tally.numbers();
  assert.deepEqual([ended_released, ended_lost, took_seconds], [1, 1, 0]);
});
