import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneAtATime } from './one-at-a-time.ts';

/** Work that goes on when it is told to. */
function gatedWork() {
  const gates: (() => void)[] = [];
  const state = { runs: 0, at_once: 0, most_at_once: 0 };
  const work = async () => {
    state.runs += 1;
    state.at_once += 1;
    state.most_at_once = Math.max(state.most_at_once, state.at_once);
    await new Promise<void>(resolve => gates.push(resolve));
    state.at_once -= 1;
  };
  return { state, work, next: () => gates.shift()?.() };
}

const turn = () => new Promise(resolve => setImmediate(resolve));

test('many calls while it runs are one more run, after it, and all of them wait for that', async () => {
  const { state, work, next } = gatedWork();
  const ask = oneAtATime(work);
  let done = 0;
  const asked = [ask(), ask(), ask()].map(one => one.then(() => (done += 1)));
  assert.equal(state.runs, 1);
  next();
  await turn();
  assert.deepEqual([state.runs, done], [2, 0]);
  next();
  await Promise.all(asked);
  assert.deepEqual(state, { runs: 2, at_once: 0, most_at_once: 1 });
});

test('a call after it has ended is a new run, and idle waits for what runs', async () => {
  const { state, work, next } = gatedWork();
  const ask = oneAtATime(work);
  await ask.idle();
  for (const runs of [1, 2]) {
    void ask();
    let is_idle = false;
    const idle = ask.idle().then(() => {
      is_idle = true;
    });
    await turn();
    assert.equal(is_idle, false);
    next();
    await idle;
    assert.equal(state.runs, runs);
  }
});
