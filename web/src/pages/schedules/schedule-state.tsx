import { useTranslation } from 'react-i18next';
import type { Schedule } from '../../../../src/contract/schedules.ts';
import { StatePill } from '../../parts/state-pill.tsx';
import type { State } from '../../parts/states.ts';

export type ScheduleState = 'enabled' | 'paused' | 'over';

const LOOKS: Record<ScheduleState, State> = { enabled: 'succeeded', paused: 'paused', over: 'skipped' };

/** Over: it is on, and no time of it is left. */
export function stateOf({ enabled, next }: Pick<Schedule, 'enabled' | 'next'>): ScheduleState {
  if (!enabled) return 'paused';
  return next.length === 0 ? 'over' : 'enabled';
}

export function ScheduleStatePill({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation('schedules');
  const state = stateOf(schedule);
  return <StatePill state={LOOKS[state]}>{t(`states.${state}`)}</StatePill>;
}
