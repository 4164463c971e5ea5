import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPace } from './live-pace.ts';

function paced() {
  const passed: string[][] = [];
  const timers: { work: () => void; cancelled: boolean }[] = [];
  const pace = openPace(
    names => passed.push(names),
    work => {
      const timer = { work, cancelled: false };
      timers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
  );
  const second = () => {
    for (const timer of timers.splice(0)) if (!timer.cancelled) timer.work();
  };
  return { pace, passed, second };
}

test('the first change passes at once, those of the next second together', () => {
  const { pace, passed, second } = paced();
  pace.say(['runs']);
  pace.say(['runs']);
  pace.say(['runs', 'members']);
  assert.deepEqual(passed, [['runs'], ['members']]);
  second();
  assert.deepEqual(passed, [['runs'], ['members'], ['runs']]);
  second();
  assert.equal(passed.length, 3, 'nothing was said meanwhile');
  pace.say(['runs']);
  assert.deepEqual(passed.at(-1), ['runs'], 'after a quiet second at once again');
});

test('what is closed says nothing more', () => {
  const { pace, passed, second } = paced();
  pace.say(['runs']);
  pace.say(['runs']);
  pace.close();
  second();
  assert.equal(passed.length, 1);
});
