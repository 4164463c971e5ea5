import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Schedule } from '../../../../src/contract/schedules.ts';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { RunStatePill } from '../../parts/run-state.tsx';
import type { Column } from '../../parts/table/column.ts';
import { useMembership } from '../../session.ts';
import { TimeZone } from '../../time-zone.ts';
import css from './schedule-columns.module.css';
import { ScheduleStatePill, stateOf } from './schedule-state.tsx';
import { WhenText } from './when-text.tsx';

export function useScheduleColumns(): Column<Schedule>[] {
  const { t } = useTranslation('schedules');
  return [
    { id: 'name', header: t('list.name'), value: schedule => schedule.name, wide: true },
    {
      id: 'state',
      header: t('list.state'),
      value: schedule => t(`states.${stateOf(schedule)}`),
      cell: schedule => <ScheduleStatePill schedule={schedule} />,
    },
    {
      id: 'when',
      header: t('list.when'),
      value: schedule => schedule.cron ?? schedule.every_seconds ?? schedule.once_at,
      cell: schedule => <WhenText schedule={schedule} />,
    },
    {
      id: 'zone',
      header: t('list.zone'),
      value: schedule => schedule.effective_time_zone,
      optional: 'shown',
    },
    {
      id: 'next',
      header: t('list.next'),
      value: schedule => schedule.next[0] ?? null,
      cell: schedule => <NextCell schedule={schedule} />,
    },
    {
      id: 'last',
      header: t('list.last'),
      value: schedule => schedule.last_run?.created_at ?? null,
      cell: ({ last_run }) => <LastRun run={last_run} />,
    },
    {
      id: 'kind',
      header: t('list.kind'),
      value: schedule => [...new Set(schedule.definition.tasks.map(task => task.kind))].join(', '),
      mono: true,
      optional: 'hidden',
    },
  ];
}

function NextCell({ schedule }: { schedule: Schedule }) {
  const [next] = schedule.next;
  if (next === undefined) return <span className="faint">–</span>;
  return (
    <TimeZone value={schedule.effective_time_zone}>
      <RelativeTime at={next} />
    </TimeZone>
  );
}

/** Above the link that is as large as the row: it leads to the run itself. */
export function LastRun({ run }: { run: Schedule['last_run'] }) {
  const { t } = useTranslation('schedules');
  const slug = useMembership()?.workspace.slug ?? '';
  if (run === null) return <span className="faint">{t('list.never_ran')}</span>;
  return (
    <span className={css.last}>
      <Link to={`/w/${slug}/runs/${run.id}`} className={css.run}>
        <RunStatePill state={run.state} />
      </Link>
      <RelativeTime at={run.ended_at ?? run.created_at} />
    </span>
  );
}
