import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/use-format.ts';
import { Card } from '../../parts/card.tsx';
import { CodeBlock } from '../../parts/code-block.tsx';
import { Stack } from '../../parts/columns.tsx';
import { type Fact, Facts } from '../../parts/facts.tsx';
import type { RunDetail } from './run.ts';

/** What the run was made with. What each of its tasks was given and gave is with the task. */
export function InputsOutputs({ run }: { run: RunDetail }) {
  const { t } = useTranslation(['runs', 'common']);
  return (
    <Stack>
      <Card title={t('data.parameters')}>
        {Object.keys(run.parameters).length === 0 ? (
          <p className="dim">{t('data.no_parameters')}</p>
        ) : (
          <CodeBlock label={t('data.parameters')} text={JSON.stringify(run.parameters, null, 2)} json />
        )}
      </Card>
      <Card title={t('data.how')}>
        <Facts facts={useFacts(run)} />
        <p className="small dim">{t('data.per_task')}</p>
      </Card>
    </Stack>
  );
}

function useFacts(run: RunDetail): Fact[] {
  const { t } = useTranslation('runs');
  const { exact, number } = useFormat();
  const facts: (Fact | undefined)[] = [
    { term: t('data.id'), value: run.id, mono: true },
    { term: t('list.kind'), value: run.kind, mono: true },
    { term: t('list.trigger'), value: t(`triggers.${run.trigger}`) },
    run.cause === null ? undefined : { term: t('data.cause'), value: <bdi>{run.cause}</bdi> },
    run.fire_time === null ? undefined : { term: t('data.fire_time'), value: exact(run.fire_time) },
    run.window === null
      ? undefined
      : { term: t('data.window'), value: `${exact(run.window.start)} – ${exact(run.window.end)}` },
    { term: t('data.priority'), value: number(run.priority) },
    run.dedupe_key === null ? undefined : { term: t('data.dedupe_key'), value: run.dedupe_key, mono: true },
    run.overlap_key === null
      ? undefined
      : { term: t('data.overlap_key'), value: run.overlap_key, mono: true },
    run.overlap_key === null ? undefined : { term: t('data.overlap'), value: t(`overlaps.${run.overlap}`) },
    run.late_at === null ? undefined : { term: t('data.late_at'), value: exact(run.late_at) },
    { term: t('data.made_at'), value: exact(run.created_at) },
    run.started_at === null ? undefined : { term: t('data.started_at'), value: exact(run.started_at) },
    run.ended_at === null ? undefined : { term: t('data.ended_at'), value: exact(run.ended_at) },
  ];
  return facts.filter(fact => fact !== undefined);
}
