import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunState } from '../../../src/contract/runs.ts';
import type { TaskState } from '../../../src/contract/task-states.ts';
import { StatePill } from './state-pill.tsx';
import { STATES, type State } from './states.ts';

/** The states of runs and tasks by the eight looks that states have. */
const LOOKS: Record<RunState | TaskState, State> = {
  queued: 'waiting',
  starting: 'running',
  running: 'running',
  retrying: 'waiting',
  succeeded: 'succeeded',
  partial: 'warning',
  failed: 'failed',
  cancelling: 'warning',
  cancelled: 'skipped',
  skipped: 'skipped',
  lost: 'lost',
};

/** ok, run, wait, warn, bad or lost: the name of the colour in `tokens.css`. */
export function toneOf(state: RunState | TaskState): (typeof STATES)[State]['tone'] {
  return STATES[LOOKS[state]].tone;
}

/** `children` stand in the place of the word where there is more to say: "running · 0:41". */
export function RunStatePill({ state, children }: { state: RunState | TaskState; children?: ReactNode }) {
  const { t } = useTranslation();
  return <StatePill state={LOOKS[state]}>{children ?? t(`run_states.${state}`)}</StatePill>;
}
