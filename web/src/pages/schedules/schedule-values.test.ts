import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDefinitionSchema } from '../../../../src/contract/runs.ts';
import { newScheduleSchema } from '../../../../src/contract/schedules.ts';
import { areTasks, bodyOf, newValues, otherWay, type ScheduleValues, whenBody } from './schedule-values.ts';

const ZONE = 'Europe/Paris';
const definition = runDefinitionSchema.parse({
  title: 'x',
  tasks: [{ name: 'diagnostic', kind: 'diagnostic', input: { steps: [] } }],
  parameters: { region: 'sud' },
});
const begun: ScheduleValues = { ...newValues(definition), name: 'nightly' };

test('what the form holds is a schedule that the API takes, with what the form does not show', () => {
  const body = newScheduleSchema.parse(bodyOf(begun, ZONE, definition));
  assert.equal(body.cron, '0 6 * * *');
  assert.equal(body.every_seconds, null);
  assert.deepEqual(body.definition, definition);
  assert.equal(bodyOf({ ...begun, definition: '{' }, ZONE, definition), undefined);
});

test('of the three ways to say when, the one that is chosen counts', () => {
  const every = whenBody({ ...begun, when: 'every', every: 15, unit: 'minutes' }, ZONE);
  assert.deepEqual([every.cron, every.every_seconds, every.once_at], [null, 900, null]);
  const once = whenBody({ ...begun, when: 'once', once_at: '2026-12-24T18:00' }, ZONE);
  assert.equal(once.once_at, '2026-12-24T17:00:00.000Z', 'by the clock of the workspace');
  const there = whenBody({ ...begun, starts_at: '2026-12-24T18:00', time_zone: 'Asia/Tokyo' }, ZONE);
  assert.equal(there.starts_at, '2026-12-24T09:00:00.000Z', 'by the clock of its own zone');
});

test('one plain task has a form, and goes to JSON and back; more than that stays JSON', () => {
  assert.deepEqual([begun.kind, JSON.parse(begun.definition)], ['diagnostic', { steps: [] }]);
  const json = { ...begun, ...otherWay(begun) };
  assert.equal(json.kind, '');
  assert.deepEqual(JSON.parse(json.definition), [
    { name: 'diagnostic', kind: 'diagnostic', input: { steps: [] } },
  ]);
  assert.deepEqual({ ...json, ...otherWay(json) }, begun);
  const [task] = definition.tasks;
  assert(task !== undefined);
  const two = { ...definition, tasks: [task, { ...task, name: 'second', after: ['diagnostic'] }] };
  assert.equal(newValues(two).kind, '');
  assert.equal(otherWay(newValues(two)), undefined);
  assert.equal(areTasks({ ...json, definition: '{}' }), false, 'tasks are a list');
});
