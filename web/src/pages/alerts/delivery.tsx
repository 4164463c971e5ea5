import { useTranslation } from 'react-i18next';
import type { Delivery } from '../../../../src/contract/alerts.ts';
import { CodeBlock } from '../../parts/code-block.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import type { State } from '../../parts/states.ts';
import css from './alerts.module.css';

const LOOKS: Record<Delivery['state'], State> = {
  waiting: 'waiting',
  delivered: 'succeeded',
  failed: 'failed',
};

export function DeliveryPill({ delivery: { state } }: { delivery: Delivery }) {
  const { t } = useTranslation('alerts');
  return <StatePill state={LOOKS[state]}>{t(`states.${state}`)}</StatePill>;
}

/** What was sent, and what went wrong with it, as the receiver or the network said it. */
export function DeliveryDetail({ delivery: { error, body } }: { delivery: Delivery }) {
  const { t } = useTranslation('alerts');
  return (
    <div className={css.stack}>
      {error !== null && (
        <p className={css.error} lang="en">
          {error}
        </p>
      )}
      <CodeBlock label={t('body')} text={JSON.stringify(body, null, 2)} json />
    </div>
  );
}
