import type { TaskError } from '../../../contract/runs.ts';

// One attempt, as its worker sees it: what may happen to it, in any order and at the same instant, and what follows. Pure:
// the one who drives it (perform.ts) holds the runner, the timers and the store. However it goes, it is settled exactly once.

/** How it ends, as far as the worker can say; the store may refuse it. */
export type Outcome =
  | { state: 'succeeded'; result: unknown }
  | { state: 'partial'; result: unknown; reason: string }
  | { state: 'failed'; error: TaskError }
  | { state: 'cancelled'; reason: string }
  /** Handed over: another worker goes on from its last committed stage. */
  | { state: 'released' }
  /** Its lease is somebody else's: there is nothing to say. */
  | { state: 'lost' };

export interface AttemptState {
  readonly phase: 'starting' | 'running' | 'ending' | 'settled';
  /** The first that was decided; only a lost lease, and a stage that was not committed, change it. */
  readonly outcome: Outcome | null;
  readonly runner: 'none' | 'working' | 'answered' | 'gone';
  /** Stages that are being committed. */
  readonly stages: number;
  readonly endless: boolean;
  readonly draining: boolean;
  /** How hard it has been pressed to end. */
  readonly pressure: 'none' | 'asked' | 'terminated' | 'killed';
}

export type Answer = Extract<Outcome, { state: 'succeeded' | 'partial' | 'failed' }>;

export type AttemptEvent =
  /** It has a runner. */
  | { type: 'taken' }
  | { type: 'began' }
  | { type: 'answered'; answer: Answer }
  /** It has no process, or none any more, asked or not. */
  | { type: 'gone'; error: TaskError }
  /** It says what no task says at this point. */
  | { type: 'broke'; error: TaskError }
  | { type: 'stage' }
  | { type: 'stage_committed' }
  /** It was not committed, and this is what the attempt ends in. */
  | { type: 'stage_undone'; outcome: Outcome }
  | { type: 'timed_out'; error: TaskError }
  | { type: 'cancel'; reason: string }
  | { type: 'drain' }
  /** The worker ends and waits no longer. */
  | { type: 'hand_over' }
  | { type: 'lost' }
  | { type: 'grace_over' };

/** What is to be done, in order. */
export type Effect =
  | { do: 'say_begun' }
  /** Ends what is being prepared, too. */
  | { do: 'ask_to_end'; reason: string }
  | { do: 'ask_to_drain' }
  | { do: 'terminate' }
  | { do: 'kill' }
  | { do: 'settle'; outcome: Outcome };

export interface Step {
  state: AttemptState;
  effects: readonly Effect[];
}

export function beginAttempt(endless: boolean): AttemptState {
  return {
    phase: 'starting',
    outcome: null,
    runner: 'none',
    stages: 0,
    endless,
    draining: false,
    pressure: 'none',
  };
}

export function advance(state: AttemptState, event: AttemptEvent): Step {
  // A runner that is killed, a timer that fires, a beat that answers late: after the end none of them changes anything.
  if (state.phase === 'settled') return { state, effects: [] };
  switch (event.type) {
    case 'taken':
      return stay({ ...state, runner: 'working' });
    case 'began':
      return begin(state);
    case 'answered':
      return answer(state, event.answer);
    case 'gone':
      return settleIfOver(decide({ ...state, runner: 'gone' }, { state: 'failed', error: event.error }));
    case 'broke':
      return killFor(state, { state: 'failed', error: event.error });
    case 'stage':
      return stay({ ...state, stages: state.stages + 1 });
    case 'stage_committed':
      return settleIfOver({ ...state, stages: state.stages - 1 });
    case 'stage_undone':
      return undoStage({ ...state, stages: state.stages - 1 }, event.outcome);
    case 'timed_out':
      return askFor(state, { state: 'failed', error: event.error }, event.error.message);
    case 'cancel':
      return askFor(state, { state: 'cancelled', reason: event.reason }, event.reason);
    case 'drain':
      return drain(state);
    case 'hand_over':
      return askFor(state, { state: 'released' }, 'the worker ends');
    case 'lost':
      return killFor({ ...state, outcome: { state: 'lost' } }, { state: 'lost' });
    case 'grace_over':
      return pressHarder(state);
    default:
      return event satisfies never;
  }
}

function begin(state: AttemptState): Step {
  if (state.phase !== 'starting') return stay(state);
  return { state: { ...state, phase: 'running' }, effects: [{ do: 'say_begun' }] };
}

function answer(state: AttemptState, given: Answer): Step {
  // An endless task that comes to its end because it was asked to has not ended: somebody else goes on with it.
  const over = given.state !== 'failed' && state.draining && state.endless;
  return settleIfOver(decide({ ...state, runner: 'answered' }, over ? { state: 'released' } : given));
}

function drain(state: AttemptState): Step {
  if (!state.endless || state.draining) return stay(state);
  return { state: { ...state, draining: true }, effects: [{ do: 'ask_to_drain' }] };
}

/** Whatever the task answered meanwhile counts on its stages having been committed. */
function undoStage(state: AttemptState, outcome: Outcome): Step {
  const stands = state.outcome !== null && !isSuccess(state.outcome);
  const decided = stands ? state : { ...state, outcome };
  if (stands || decided.runner !== 'working') return settleIfOver(decided);
  return askFor({ ...decided, outcome: null }, outcome, 'the stage was not committed');
}

/** Ends it with a word first; the grace period and the kill come when it does not listen. */
function askFor(state: AttemptState, outcome: Outcome, reason: string): Step {
  if (state.outcome !== null) return stay(state);
  if (state.runner !== 'working') return settleIfOver(decide(state, outcome));
  const asked = { ...state, phase: 'ending', outcome, pressure: 'asked' } as const;
  return { state: asked, effects: [{ do: 'ask_to_end', reason }] };
}

/** It did not end when it was asked to: SIGTERM for what does not listen to messages, then SIGKILL. */
function pressHarder(state: AttemptState): Step {
  if (state.runner !== 'working') return stay(state);
  return state.pressure === 'asked'
    ? { state: { ...state, pressure: 'terminated' }, effects: [{ do: 'terminate' }] }
    : kill(state);
}

function kill(state: AttemptState): Step {
  if (state.pressure === 'killed') return stay(state);
  return { state: { ...state, phase: 'ending', pressure: 'killed' }, effects: [{ do: 'kill' }] };
}

/** Nothing more is expected of this process, and nobody else gets it. */
function killFor(state: AttemptState, outcome: Outcome): Step {
  const decided = decide(state, outcome);
  return decided.runner === 'working' || decided.runner === 'answered'
    ? kill(decided)
    : settleIfOver(decided);
}

function decide(state: AttemptState, outcome: Outcome): AttemptState {
  return { ...state, phase: 'ending', outcome: state.outcome ?? outcome };
}

/** Over: the outcome is known, the process is free or gone, and no stage of it is still being committed. */
function settleIfOver(state: AttemptState): Step {
  const { outcome, runner, stages } = state;
  if (outcome === null || runner === 'working' || stages > 0) return stay(state);
  return { state: { ...state, phase: 'settled' }, effects: [{ do: 'settle', outcome }] };
}

function isSuccess({ state }: Outcome): boolean {
  return state === 'succeeded' || state === 'partial';
}

function stay(state: AttemptState): Step {
  return { state, effects: [] };
}
