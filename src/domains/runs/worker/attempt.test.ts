import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { taskError } from '../task-error.ts';
import { type AttemptEvent, type AttemptState, advance, beginAttempt, type Outcome } from './attempt.ts';

const crash = taskError('task.crashed', { how: 'SIGSEGV' });
const slow = taskError('task.run_time', { seconds: 1 });
const done: AttemptEvent = { type: 'answered', answer: { state: 'succeeded', result: 1 } };
const taken: AttemptEvent = { type: 'taken' };
const began: AttemptEvent = { type: 'began' };
const gone: AttemptEvent = { type: 'gone', error: crash };

interface Played {
  state: AttemptState;
  did: string[];
  outcomes: Outcome[];
}

function play(events: readonly AttemptEvent[], endless = false): Played {
  const played: Played = { state: beginAttempt(endless), did: [], outcomes: [] };
  for (const event of events) {
    const { state, effects } = advance(played.state, event);
    played.state = state;
    played.did.push(...effects.map(effect => effect.do));
    played.outcomes.push(...effects.flatMap(effect => (effect.do === 'settle' ? [effect.outcome] : [])));
  }
  return played;
}

function outcomeOf(events: readonly AttemptEvent[], endless = false): Outcome | undefined {
  return play(events, endless).outcomes[0];
}

test('a task begins, answers and is settled', () => {
  const { did, outcomes } = play([taken, began, done]);
  assert.deepEqual(did, ['say_begun', 'settle']);
  assert.deepEqual(outcomes, [{ state: 'succeeded', result: 1 }]);
});

test('a process that ends without an answer is what went wrong', () => {
  assert.deepEqual(outcomeOf([taken, began, gone]), { state: 'failed', error: crash });
});

test('what came first counts: a time-out before an answer, an answer before a cancel', () => {
  const late = outcomeOf([taken, began, { type: 'timed_out', error: slow }, done]);
  assert.deepEqual(late, { state: 'failed', error: slow });
  assert.equal(outcomeOf([taken, began, done, { type: 'cancel', reason: '' }])?.state, 'succeeded');
});

test('who does not listen is asked, then terminated, then killed, each once', () => {
  const over: AttemptEvent = { type: 'grace_over' };
  const { did, outcomes } = play([taken, began, { type: 'cancel', reason: 'x' }, over, over, over, gone]);
  assert.deepEqual(did, ['say_begun', 'ask_to_end', 'terminate', 'kill', 'settle']);
  assert.deepEqual(outcomes, [{ state: 'cancelled', reason: 'x' }]);
});

test('cancelled before it has a runner, nothing is left to wait for', () => {
  assert.deepEqual(play([{ type: 'cancel', reason: '' }]).did, ['settle']);
});

test('an answer waits for the stage that is still being committed, and does not outlive it', () => {
  const undone: Outcome = { state: 'failed', error: slow };
  assert.deepEqual(play([taken, began, { type: 'stage' }, done]).outcomes, []);
  assert.equal(
    outcomeOf([taken, began, { type: 'stage' }, done, { type: 'stage_committed' }])?.state,
    'succeeded',
  );
  const both = [taken, began, { type: 'stage' }, done, { type: 'stage_undone', outcome: undone }] as const;
  assert.deepEqual(outcomeOf(both), undone);
});

test('a stage that was not committed does not undo a cancel', () => {
  const undone: AttemptEvent = { type: 'stage_undone', outcome: { state: 'failed', error: slow } };
  const events = [taken, began, { type: 'stage' }, { type: 'cancel', reason: 'x' }, undone, gone] as const;
  assert.deepEqual(outcomeOf(events), { state: 'cancelled', reason: 'x' });
});

test('a lost lease wins over everything: there is nothing to say', () => {
  const { did, outcomes } = play([taken, began, { type: 'cancel', reason: '' }, { type: 'lost' }, gone]);
  assert.deepEqual(did, ['say_begun', 'ask_to_end', 'kill', 'settle']);
  assert.deepEqual(outcomes, [{ state: 'lost' }]);
});

test('an endless task that is drained is handed over; one that ends by itself has ended', () => {
  assert.equal(outcomeOf([taken, began, { type: 'drain' }, done], true)?.state, 'released');
  assert.equal(outcomeOf([taken, began, done], true)?.state, 'succeeded');
  assert.equal(outcomeOf([taken, began, { type: 'drain' }, done], false)?.state, 'succeeded');
});

const anything = fc.constantFrom<AttemptEvent>(
  began,
  done,
  { type: 'answered', answer: { state: 'failed', error: crash } },
  gone,
  { type: 'broke', error: crash },
  { type: 'timed_out', error: slow },
  { type: 'cancel', reason: '' },
  { type: 'drain' },
  { type: 'hand_over' },
  { type: 'lost' },
  { type: 'grace_over' },
);

test('however it goes, it is settled exactly once, and never before its process is free and its stages are over', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.oneof(anything, fc.constant('stage' as const)), { maxLength: 30 }),
      (endless, has_runner, wishes) => {
        let state = beginAttempt(endless);
        let settled = 0;
        const happen = (event: AttemptEvent): void => {
          const step = advance(state, event);
          state = step.state;
          for (const effect of step.effects) {
            if (effect.do !== 'settle') continue;
            settled += 1;
            assert.notEqual(state.runner, 'working');
            assert.equal(state.stages, 0);
          }
        };
        if (has_runner) happen(taken);
        for (const wish of wishes) {
          // A runner hands over a stage only while it works, and answers once.
          if (wish === 'stage') {
            if (state.runner === 'working' && state.stages === 0) happen({ type: 'stage' });
            else if (state.stages > 0) happen({ type: 'stage_committed' });
          } else if (wish.type !== 'answered' || state.runner === 'working') happen(wish);
        }
        // In the end somebody loses patience: the process goes, its stage comes to its end.
        happen({ type: 'cancel', reason: '' });
        for (const _ of [1, 2, 3]) happen({ type: 'grace_over' });
        happen(gone);
        if (state.stages > 0) happen({ type: 'stage_committed' });
        assert.equal(settled, 1);
      },
    ),
    { numRuns: 2000 },
  );
});
