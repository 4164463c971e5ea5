import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Claimed } from '../queue/index.ts';
import { howFarAhead, openSlots } from './slots.ts';

const tasks = (count: number, from = 0): Claimed[] =>
  Array.from({ length: count }, (_, n) => ({ task_id: String(from + n) }) as Claimed);

test('where nothing is known, and where tasks take long, nothing is claimed ahead', () => {
  const slots = openSlots(4, () => {});
  assert.equal(slots.room(), 4);
  slots.take(tasks(4));
  assert.equal(slots.room(), 0);
  slots.free(10_000);
  assert.equal(slots.room(), 1);
  assert.equal(howFarAhead(4, 1000), 0);
});

test('where tasks are short, the next ones wait at hand, and are claimed together', () => {
  const begun: string[] = [];
  const slots = openSlots(2, ({ task_id }) => begun.push(task_id));
  slots.take(tasks(2));
  slots.free(10);
  slots.free(10);
  assert.equal(slots.room(), 12);
  slots.take(tasks(12, 2));
  assert.deepEqual([slots.busy(), slots.waiting().length, slots.room()], [2, 10, 0]);
  slots.free(10);
  assert.deepEqual(begun, ['0', '1', '2', '3', '4']);
  // Not yet: only when half of them have begun.
  assert.equal(slots.room(), 0);
  for (let n = 0; n < 4; n += 1) slots.free(10);
  assert.equal(slots.room(), 5);
});

test('what waits can be taken out, and does not begin', () => {
  const begun: string[] = [];
  const slots = openSlots(1, ({ task_id }) => begun.push(task_id));
  slots.take(tasks(3));
  assert.equal(slots.remove('1')?.task_id, '1');
  assert.equal(slots.remove('0'), undefined);
  slots.free(10);
  slots.free(10);
  assert.deepEqual(begun, ['0', '2']);
  assert.equal(slots.busy(), 0);
});

test('once it was wrong about how short they are, it claims nothing ahead until it knows better', () => {
  const slots = openSlots(1, () => {});
  slots.take(tasks(1));
  slots.free(10);
  slots.take(tasks(6, 1));
  assert.equal(slots.busy(), 1);
  for (const { task_id } of slots.waiting()) slots.remove(task_id);
  assert.equal(slots.room(), 5);
  slots.slow();
  assert.equal(slots.room(), 0);
  slots.free(60_000);
  assert.equal(slots.room(), 1);
});
