import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_PROC } from '../support/process-tree.ts';
import { crash } from './tasks/driver.ts';
import { expectedStates, type PlannedTask } from './tasks/plan.ts';
import { openChance } from './tasks/random.ts';
import { judge, type StoreRows } from './tasks/verdict.ts';

// The driver itself is run by `npm run crash` for as long as one likes; here a hundred kills, and proof that the verdict sees.

const KILLS = Number(process.env.MOULIN_TEST_KILLS ?? 100);

test('a hundred kills of everything: nothing lost, nothing doubled, every state true', {
  skip: NO_PROC,
  timeout: 9 * 60_000,
}, async t => {
  const seed = Math.floor(Math.random() * 1_000_000);
  t.diagnostic(`seed ${seed}`);
  const report = await crash({ kills: KILLS, seed, say: text => t.diagnostic(text) });
  const { lost, doubled, untruthful } = report;
  assert.deepEqual({ seed, lost, doubled, untruthful }, { seed, lost: [], doubled: [], untruthful: [] });
  assert.ok(
    report.kills === KILLS && report.tasks > KILLS / 2,
    `${report.kills} kills, ${report.tasks} tasks`,
  );
});

// ── The verdict ─────────────────────────────────────────────────────────────────────────────────────

const task = (name: string, more: Partial<PlannedTask> = {}): PlannedTask => ({
  name,
  after: [],
  condition: 'all_succeeded',
  stages: 2,
  rows: 1,
  fails: false,
  ...more,
});
const plan = { key: 'k', body: { title: 'k', tasks: [] }, tasks: [task('a')], cancel_after_ms: undefined };
const entry = { plan, run_id: 'r', cancelled: false };
const good: StoreRows = {
  runs: [
    { id: 'r', state: 'succeeded', title: 'k', tasks_total: 1, tasks_open: 0, counts: { succeeded: 1 } },
  ],
  tasks: [{ id: 't', run_id: 'r', name: 'a', state: 'succeeded', stage: 2, attempt: 1 }],
  attempts: [
    { task_id: 't', number: 1, state: 'succeeded', worker_id: 'w', ended_at: '2026-01-01T00:00:00Z' },
  ],
  stages: [
    { task_id: 't', n: 1 },
    { task_id: 't', n: 2 },
  ],
  marks: [
    { task_id: 't', stage: 1, rows: 1 },
    { task_id: 't', stage: 2, rows: 1 },
  ],
};

const faults: Record<string, [keyof ReturnType<typeof judge>, Partial<StoreRows>]> = {
  'a run that is gone': ['lost', { runs: [], tasks: [] }],
  'a task that never ended': ['lost', { tasks: [{ ...good.tasks[0], state: 'running' } as never] }],
  'a stage without its effect': ['lost', { marks: good.marks.slice(1) }],
  'a success without all its stages': [
    'lost',
    {
      tasks: [{ ...good.tasks[0], stage: 1 } as never],
      stages: good.stages.slice(0, 1),
      marks: good.marks.slice(0, 1),
    },
  ],
  'an effect twice': ['doubled', { marks: [{ task_id: 't', stage: 1, rows: 2 }, ...good.marks.slice(1)] }],
  'an effect that was not committed': [
    'doubled',
    { marks: [...good.marks, { task_id: 't', stage: 3, rows: 1 }] },
  ],
  'a run made twice': ['doubled', { runs: [...good.runs, { ...good.runs[0], id: 'other' } as never] }],
  'a failure that should be a success': [
    'untruthful',
    { tasks: [{ ...good.tasks[0], state: 'failed' } as never] },
  ],
  'a run that counts wrongly': [
    'untruthful',
    { runs: [{ ...good.runs[0], counts: { succeeded: 2 } } as never] },
  ],
  'an attempt that goes on for ever': [
    'untruthful',
    { attempts: [{ ...good.attempts[0], state: 'running', ended_at: null } as never] },
  ],
};

test('the verdict on a store that is right', () => {
  assert.deepEqual(judge([entry], good), { lost: [], doubled: [], untruthful: [] });
});

for (const [name, [kind, rows]] of Object.entries(faults))
  test(`the verdict sees ${name}`, () => {
    assert.notEqual(judge([entry], { ...good, ...rows })[kind].length, 0);
  });

test('how a graph must end follows from its plan', () => {
  const states = expectedStates([
    task('bad', { fails: true }),
    task('after', { after: ['bad'] }),
    task('rescue', { after: ['bad'], condition: 'any_failed' }),
    task('no rescue', { after: ['rescue'], condition: 'any_failed' }),
    task('clean', { after: ['bad', 'after'], condition: 'all_done' }),
  ]);
  assert.deepEqual(Object.fromEntries(states), {
    bad: 'failed',
    after: 'skipped',
    rescue: 'succeeded',
    'no rescue': 'skipped',
    clean: 'succeeded',
  });
});

test('the same seed gives the same chances', () => {
  const draw = (seed: number) => Array.from({ length: 50 }, openChance(seed).next);
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});
