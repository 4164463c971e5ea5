import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layOutGantt } from './gantt.ts';
import type { RunTask } from './use-run-tasks.ts';

const task = (id: string, created: number, started: number | null, ended: number | null): RunTask => ({
  id,
  name: id,
  kind: 'diagnostic',
  state: ended === null ? 'running' : 'succeeded',
  attempt: 1,
  created,
  started,
  ended,
});

test('bars are shares of the whole: waiting first, then working', () => {
  const { bars, length_ms } = layOutGantt(
    [task('a', 1000, 2000, 6000), task('b', 1000, 6000, 11_000)],
    1000,
    50_000,
  );
  assert.equal(length_ms, 10_000);
  assert.deepEqual(bars[0]?.wait, { left: 0, width: 10 });
  assert.deepEqual(bars[0]?.work, { left: 10, width: 40 });
  assert.deepEqual(bars[1]?.work, { left: 50, width: 50 });
  assert.equal(bars[1]?.took, 5000);
});

test('what works goes on until now, and what has not begun comes last with no bar of work', () => {
  const { bars, length_ms } = layOutGantt(
    [task('waits', 0, null, null), task('works', 0, 1000, null)],
    0,
    4000,
  );
  assert.deepEqual(
    bars.map(bar => bar.task.id),
    ['works', 'waits'],
  );
  assert.equal(length_ms, 4000);
  assert.deepEqual(bars[0]?.work, { left: 25, width: 75 });
  assert.equal(bars[1]?.work, null);
  assert.deepEqual(bars[1]?.wait, { left: 0, width: 100 });
});

test('what took no time can be seen, also at the very end', () => {
  const { bars } = layOutGantt([task('a', 0, 0, 100_000), task('b', 0, 100_000, 100_000)], 0, 0);
  const work = bars[1]?.work;
  assert(work && work.width > 0 && work.left + work.width <= 100);
});

test('the axis has a few round steps, whatever the length', () => {
  for (const length of [1, 40, 900, 61_000, 3_600_000, 86_400_000 * 40]) {
    const { ticks } = layOutGantt([task('a', 0, 0, length)], 0, 0);
    assert(ticks.length >= 2 && ticks.length <= 9, `${ticks.length} lines for ${length} ms`);
    assert.equal(ticks[0]?.left, 0);
    assert(ticks.every(tick => tick.left <= 100));
  }
});

test('five thousand tasks are laid out, and a clock of the browser that is behind breaks nothing', () => {
  const many = Array.from({ length: 5000 }, (_, n) => task(`t${n}`, 0, n, n + 10));
  assert.equal(layOutGantt(many, 0, 0).bars.length, 5000);
  const { bars } = layOutGantt([task('a', 1000, 5000, null)], 1000, 0);
  assert(
    bars.every(({ work, wait }) => wait.width >= 0 && (work === null || (work.left >= 0 && work.width > 0))),
  );
});
