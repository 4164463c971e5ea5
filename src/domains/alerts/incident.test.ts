import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type OpenIncident, type Outcome, settle } from './incident.ts';

const outcome = (how: Outcome['how'], run: number, subject = 'schedule:a'): Outcome => ({
  workspace_id: 'w',
  run_id: `run-${String(run).padStart(3, '0')}`,
  subject,
  title: 'Import',
  how,
  error: how === 'well' ? null : { message: `broke in ${run}` },
  at: `2026-11-21T12:00:${String(run % 60).padStart(2, '0')}.000000Z`,
});

function ids() {
  let count = 0;
  return () => `incident-${++count}`;
}

test('what fails again and again is one incident that counts, with the newest run and error', () => {
  const { opened, repeated, recovered } = settle(
    [],
    [1, 2, 3].map(run => outcome('failed', run)),
    ids(),
  );
  assert.deepEqual([opened.length, repeated, recovered], [1, [], []]);
  const [incident] = opened;
  assert.deepEqual(
    [incident?.count, incident?.first_run_id, incident?.run_id, incident?.error],
    [3, 'run-001', 'run-003', { message: 'broke in 3' }],
  );
});

test('one that was open is repeated, not opened', () => {
  const { opened: before } = settle([], [outcome('failed', 1)], ids());
  const { opened, repeated } = settle(before, [outcome('failed', 2)], ids());
  assert.deepEqual([opened, repeated.map(one => [one.id, one.count])], [[], [['incident-1', 2]]]);
  assert.equal(before[0]?.count, 1, 'what was given is left as it was');
});

test('another kind, subject or workspace is another incident', () => {
  const others = [
    outcome('failed', 1),
    outcome('lost', 2),
    outcome('late', 3),
    outcome('failed', 4, 'schedule:b'),
    { ...outcome('failed', 5), workspace_id: 'v' },
  ];
  assert.equal(settle([], others, ids()).opened.length, 5);
});

test('when the same goes well, all of its incidents are over, and those of others are not', () => {
  const outcomes = [
    outcome('late', 1),
    outcome('failed', 1),
    outcome('failed', 2, 'schedule:b'),
    outcome('well', 3),
  ];
  const { recovered } = settle([], outcomes, ids());
  assert.deepEqual(
    recovered.map(({ incident, run_id }) => [incident.kind, incident.subject, run_id]),
    [
      ['late', 'schedule:a', 'run-003'],
      ['failed', 'schedule:a', 'run-003'],
    ],
  );
});

test('an old run that somebody repeats says nothing about the one that failed last; the same run does', () => {
  const open = settle([], [outcome('failed', 1), outcome('failed', 2)], ids()).opened;
  assert.deepEqual(settle(open, [outcome('well', 1)], ids()).recovered, []);
  assert.equal(settle(open, [outcome('well', 2)], ids()).recovered.length, 1);
});

test('what fails after it was well is a new incident', () => {
  const { opened, recovered } = settle(
    [],
    [outcome('failed', 1), outcome('well', 2), outcome('failed', 3)],
    ids(),
  );
  assert.deepEqual(
    [opened.map(one => one.id), recovered.map(one => one.incident.id)],
    [['incident-1', 'incident-2'], ['incident-1']],
  );
});

/** What stands in the store after a settlement. */
function apply(
  open: readonly OpenIncident[],
  outcomes: readonly Outcome[],
  newId: () => string,
): OpenIncident[] {
  const { opened, repeated, recovered } = settle(open, outcomes, newId);
  const rows = new Map([...open, ...opened, ...repeated].map(one => [one.id, one]));
  for (const { incident } of recovered) rows.delete(incident.id);
  return [...rows.values()];
}

test('however the events are cut into batches, the same is open in the end', () => {
  const some = fc.record({
    how: fc.constantFrom<Outcome['how']>('failed', 'lost', 'late', 'well'),
    run: fc.nat(20),
    subject: fc.constantFrom('schedule:a', 'schedule:b'),
  });
  fc.assert(
    fc.property(fc.array(some, { maxLength: 30 }), fc.nat(30), (all, cut) => {
      const outcomes = all.map(({ how, run, subject }) => outcome(how, run, subject));
      const once = ids();
      const twice = ids();
      const whole = apply([], outcomes, once);
      const parts = apply(apply([], outcomes.slice(0, cut), twice), outcomes.slice(cut), twice);
      assert.deepEqual(parts, whole);
    }),
  );
});
