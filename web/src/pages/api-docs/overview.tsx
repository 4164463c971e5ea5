import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Trans, useTranslation } from 'react-i18next';
import { Card } from '../../parts/card.tsx';
import { CodeBlock } from '../../parts/code-block.tsx';
import { Columns, Stack } from '../../parts/columns.tsx';
import { type Fact, Facts } from '../../parts/facts.tsx';
import css from './api-docs.module.css';
import type { Api } from './api-model.ts';
import { codeSample } from './code-samples.ts';
import { SPEC_ADDRESS } from './fetch-spec.ts';

const HABITS = ['lists', 'errors', 'versions', 'repeats', 'times', 'numbers'] as const;

/** What holds for every operation, said once. */
export function Overview({ api, unknown }: { api: Api; unknown: string | undefined }) {
  const { t } = useTranslation(['api_docs', 'common']);
  const base = `${location.origin}${api.base}`;
  const first = codeSample('curl', { method: 'GET', url: `${base}/workspace`, headers: {}, body: undefined });
  const habits: Fact[] = HABITS.map(habit => ({
    term: t(`habits.${habit}.term`),
    value: (
      <Trans ns="api_docs" i18nKey={`habits.${habit}.text`} components={{ code: <code translate="no" /> }} />
    ),
  }));
  return (
    <Stack>
      {unknown !== undefined && <p role="status">{t('unknown', { id: unknown })}</p>}
      <Columns>
        <Card title={t('begin.title')}>
          <div className={css.begin}>
            <p>{t('begin.token')}</p>
            <div>
              <Button component={Link} to="/account/tokens" variant="filled">
                {t('begin.make_token')}
              </Button>
            </div>
            <p>{t('begin.first')}</p>
            <CodeBlock label={t('begin.title')} text={first} />
          </div>
        </Card>
        <Card title={t('addresses.title')}>
          <Facts
            facts={[
              { term: t('addresses.base'), value: base, mono: true },
              {
                term: t('addresses.document'),
                value: <a href={SPEC_ADDRESS}>{SPEC_ADDRESS}</a>,
                mono: true,
              },
              { term: t('addresses.version'), value: api.version, mono: true },
            ]}
          />
        </Card>
      </Columns>
      <Card title={t('habits.title')}>
        <Facts facts={habits} />
      </Card>
    </Stack>
  );
}
