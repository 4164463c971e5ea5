import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CronForm, cronForm } from './cron-form.ts';

const every = (unit: 'seconds' | 'minutes' | 'hours', count: number, minute = 0): CronForm => ({
  form: 'every',
  unit,
  count,
  minute,
});
const six = { hour: 6, minute: 30 };

const CASES: Record<string, CronForm | undefined> = {
  '* * * * *': every('minutes', 1),
  '*/15 * * * *': every('minutes', 15),
  '0/15 * * * *': every('minutes', 15),
  '*/10 * * * * *': every('seconds', 10),
  '5 * * * *': every('hours', 1, 5),
  '5 */6 * * *': every('hours', 6, 5),
  '@hourly': every('hours', 1),
  '30 6 * * *': { form: 'daily', ...six },
  '0 30 6 * * *': { form: 'daily', ...six },
  '@daily': { form: 'daily', hour: 0, minute: 0 },
  '30 6 * * 1-5': { form: 'weekly', days: [1, 5], range: true, ...six },
  '30 6 * * mon-fri': { form: 'weekly', days: [1, 5], range: true, ...six },
  '30 6 * * 0,3,wed': { form: 'weekly', days: [3, 7], range: false, ...six },
  '30 6 1 * *': { form: 'monthly', day: 1, ...six },
  '30 6 24 DEC *': { form: 'yearly', day: 24, month: 12, ...six },
  // Nearly right is wrong: the last of these steps is shorter than the others.
  '*/7 * * * *': undefined,
  '*/45 * * * * *': undefined,
  '30 6 * * 5-1': undefined,
  '30 6 1 * 1': undefined,
  '30 6 L * *': undefined,
  '0,30 6 * * *': undefined,
  '15 30 6 * * *': undefined,
  '*/5 6 * * *': undefined,
  '30 25 * * *': undefined,
  nonsense: undefined,
  '': undefined,
};

for (const [expression, form] of Object.entries(CASES))
  test(`"${expression}" ${form === undefined ? 'stays as it is' : `is ${form.form}`}`, () => {
    assert.deepEqual(cronForm(expression), form);
  });
