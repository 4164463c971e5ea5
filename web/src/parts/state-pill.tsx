import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import css from './state-pill.module.css';
import { STATES, type State } from './states.ts';

/** A state is a mark, a word and a soft ground, everywhere the same; the words say more where there is more to say. */
export function StatePill({ state, children }: { state: State; children?: ReactNode }) {
  const { t } = useTranslation();
  const { tone, mark } = STATES[state];
  return (
    <span className={css.pill} data-tone={tone}>
      <i className={css.mark} data-mark={mark} aria-hidden="true" />
      {children ?? t(`states.${state}`)}
    </span>
  );
}
