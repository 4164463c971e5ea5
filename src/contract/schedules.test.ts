import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newScheduleSchema, scheduleChangeSchema } from './schedules.ts';

test('a change says only what it says: pausing a schedule resets nothing', () => {
  assert.deepEqual(scheduleChangeSchema.parse({ enabled: false }), { enabled: false });
  assert.deepEqual(Object.keys(scheduleChangeSchema.shape), Object.keys(newScheduleSchema.shape));
});
