import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addPoint, NO_PACE, type Pace, rateOf, toProgress } from './progress.ts';

const AT = '2026-01-01T00:00:00.000000Z';

function paceOf(points: readonly (readonly [at_ms: number, done: number])[]): Pace {
  return points.reduce((pace, [at_ms, done]) => addPoint(pace, at_ms, done), NO_PACE);
}

test('rate and time left come from the last seconds', () => {
  const pace = paceOf([
    [0, 0],
    [1000, 100],
    [2000, 200],
  ]);
  assert.deepEqual(toProgress({ done: 200, total: 1000, unit: 'rows' }, pace, AT), {
    done: 200,
    total: 1000,
    unit: 'rows',
    rate: 100,
    seconds_left: 8,
    message: null,
    at: AT,
  });
});

test('what was long ago does not count any more', () => {
  const slow_then_fast = paceOf([
    [0, 0],
    [60_000, 60],
    [65_000, 5060],
    [71_000, 11_060],
  ]);
  assert.equal(rateOf(slow_then_fast), 1000);
});

test('nothing is said before there is something to say', () => {
  const { rate, seconds_left } = toProgress({ done: 5, total: 10 }, paceOf([[0, 5]]), AT);
  assert.deepEqual([rate, seconds_left], [null, null]);
  const standing = paceOf([
    [0, 5],
    [5000, 5],
  ]);
  assert.deepEqual(
    [rateOf(standing), toProgress({ done: 5, total: 10 }, standing, AT).seconds_left],
    [0, null],
  );
});

test('a count that goes back begins anew', () => {
  const pace = paceOf([
    [0, 500],
    [1000, 1000],
    [2000, 0],
    [3000, 10],
  ]);
  assert.equal(rateOf(pace), 10);
});

test('however often it is told, the points stay few and the rate is what passed', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.nat(1000)), { maxLength: 500 });
  fc.assert(
    fc.property(steps, all => {
      let pace = NO_PACE;
      let [at, done] = [0, 0];
      for (const [ms, more] of all) {
        at += ms;
        done += more;
        pace = addPoint(pace, at, done);
      }
      assert.ok(pace.points.length <= 100);
      const rate = rateOf(pace);
      assert.ok(rate === null || (rate >= 0 && Number.isFinite(rate)));
    }),
  );
});

test('what cannot be stored is left out of what a task says', () => {
  const { unit, message } = toProgress({ done: 1, unit: 'r\0ows', message: 'half \ud83d' }, NO_PACE, '');
  assert.deepEqual([unit, message], ['rows', 'half \ufffd']);
});
