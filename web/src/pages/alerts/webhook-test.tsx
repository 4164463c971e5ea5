import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Delivery } from '../../../../src/contract/alerts.ts';
import type { Problem } from '../../../../src/contract/errors.ts';
import { useApiChange } from '../../api.ts';
import { Card } from '../../parts/card.tsx';
import { ProblemNotice } from '../../parts/problem-notice.tsx';
import { toProblem } from '../../problems.ts';
import css from './alerts.module.css';
import { DeliveryDetail, DeliveryPill } from './delivery.tsx';
import type { Webhook } from './webhook.ts';

/** Sends one now, and shows what came back. */
export function WebhookTest({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation('alerts');
  const test = useApiChange('webhook.test');
  const [problem, setProblem] = useState<Problem>();
  const [answer, setAnswer] = useState<Delivery>();
  const send = () => {
    setProblem(undefined);
    test.mutateAsync({}).then(setAnswer, error => setProblem(toProblem(error)));
  };
  return (
    <Card title={t('test')}>
      <div className={css.stack}>
        <p className="dim">{t('test_text', { url: webhook.shown_url })}</p>
        <Button className={css.start} loading={test.isPending} onClick={send}>
          {t('test_send')}
        </Button>
        {problem !== undefined && <ProblemNotice problem={problem} />}
        <div role="status" className={css.stack}>
          {answer !== undefined && !test.isPending && (
            <>
              <p className={css.line}>
                <DeliveryPill delivery={answer} />
                {answer.status !== null && t('answered', { status: String(answer.status) })}
              </p>
              <DeliveryDetail delivery={answer} />
            </>
          )}
        </div>
      </div>
    </Card>
  );
}
