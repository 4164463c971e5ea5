import { useTranslation } from 'react-i18next';
import type { Run } from '../../../../src/contract/runs.ts';
import { Duration } from '../../parts/duration.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { RunStatePill } from '../../parts/run-state.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import type { Column } from '../../parts/table/column.ts';
import css from './run-columns.module.css';
import { TaskCounts } from './task-counts.tsx';
import { useErrorText } from './use-error-text.ts';

export function useRunColumns(): Column<Run>[] {
  const { t } = useTranslation(['runs', 'common']);
  const errorText = useErrorText();
  return [
    {
      id: 'title',
      header: t('list.title'),
      value: run => run.title,
      cell: run => <RunTitle run={run} why={whyOf(run, errorText)} />,
      wide: true,
    },
    {
      id: 'state',
      header: t('list.state'),
      value: run => run.state,
      cell: run => (
        <span className={css.states}>
          <RunStatePill state={run.state} />
          {run.late && <StatePill state="warning">{t('late')}</StatePill>}
        </span>
      ),
    },
    {
      id: 'tasks',
      header: t('list.tasks'),
      value: run => run.tasks.total,
      cell: run => <TaskCounts tasks={run.tasks} />,
    },
    {
      id: 'took',
      header: t('list.took'),
      value: run => run.started_at,
      cell: run => <Duration from={run.started_at} to={run.ended_at} />,
      figures: true,
    },
    {
      id: 'trigger',
      header: t('list.trigger'),
      value: run => t(`triggers.${run.trigger}`),
      cell: run => <Trigger run={run} />,
      optional: 'shown',
    },
    { id: 'kind', header: t('list.kind'), value: run => run.kind, mono: true, optional: 'hidden' },
    { id: 'run_as', header: t('list.run_as'), value: run => run.run_as.name, optional: 'hidden' },
    {
      id: 'made',
      header: t('list.made'),
      value: run => run.created_at,
      cell: run => <RelativeTime at={run.created_at} />,
    },
  ];
}

/** The first line of what went wrong, or why it is as it is. */
function whyOf(run: Run, errorText: ReturnType<typeof useErrorText>): string | null {
  if (run.error !== null)
    return `${run.error.task_name}: ${errorText(run.error).message}`.split('\n', 1)[0] ?? null;
  return run.reason;
}

function RunTitle({ run, why }: { run: Run; why: string | null }) {
  return (
    <span className={css.title}>
      <bdi>{run.title}</bdi>
      {why !== null && (
        <bdi className={css.why} data-error={run.error !== null || undefined} title={why}>
          {why}
        </bdi>
      )}
    </span>
  );
}

function Trigger({ run }: { run: Run }) {
  const { t } = useTranslation('runs');
  if (run.schedule !== null) return <bdi title={t(`triggers.${run.trigger}`)}>{run.schedule.name}</bdi>;
  return <>{t(`triggers.${run.trigger}`)}</>;
}
