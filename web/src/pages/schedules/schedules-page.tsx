import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Schedule } from '../../../../src/contract/schedules.ts';
import { AddIcon, DeleteIcon, EditIcon, PauseIcon, RunIcon, ScheduleIcon } from '../../icons.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { type RowAction, RowMenu } from '../../parts/row-menu.tsx';
import { DataTable } from '../../parts/table/data-table.tsx';
import { usePagedList } from '../../parts/table/list.ts';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { useMay, useMembership } from '../../session.ts';
import { NextFires } from './next-fires.tsx';
import { useScheduleColumns } from './schedule-columns.tsx';
import { useScheduleActions } from './use-schedule-actions.tsx';

export default function SchedulesPage() {
  const { t } = useTranslation(['schedules', 'common']);
  const slug = useMembership()?.workspace.slug ?? '';
  const may = useMay();
  const view = useTableView({ filters: ['enabled'] });
  const { enabled } = view.view.filters;
  const text = view.view.search === '' ? undefined : view.view.search;
  const list = usePagedList('schedules.list', { query: { text, enabled } }, view);
  const actions = useScheduleActions();
  const make = may('schedules:edit') && (
    <Button
      component={Link}
      to={`/w/${slug}/schedules/new`}
      variant="filled"
      leftSection={<AddIcon size={15} />}
    >
      {t('make')}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t('common:pages.schedules')}
        facts={t('about')}
        actions={
          <>
            <Button component={Link} to={`/w/${slug}/schedules/calendars`}>
              {t('common:pages.calendars')}
            </Button>
            {make}
          </>
        }
      />
      <DataTable
        id="schedules"
        caption={t('common:pages.schedules')}
        columns={useScheduleColumns()}
        list={list}
        rowId={schedule => schedule.id}
        view={view}
        filters={[
          {
            id: 'enabled',
            label: t('list.any_state'),
            kind: 'choice',
            options: [
              { value: 'true', label: t('states.enabled') },
              { value: 'false', label: t('states.paused') },
            ],
          },
        ]}
        search={t('list.search')}
        link={schedule => `/w/${slug}/schedules/${schedule.id}`}
        detail={{
          label: schedule => t('next.of', { name: schedule.name }),
          show: schedule => (
            <NextFires
              next={schedule.next}
              zone={schedule.effective_time_zone}
              label={t('next.of', { name: schedule.name })}
            />
          ),
        }}
        actions={schedule => <ScheduleMenu schedule={schedule} actions={actions} />}
        empty={{
          title: t('empty'),
          text: t('empty_text'),
          icon: <ScheduleIcon size={18} />,
          action: make,
        }}
      />
      {actions.dialog}
    </>
  );
}

interface MenuProps {
  schedule: Schedule;
  actions: ReturnType<typeof useScheduleActions>;
}

function ScheduleMenu({ schedule, actions }: MenuProps) {
  const { t } = useTranslation('schedules');
  const may = useMay();
  const offered: (RowAction | false)[] = [
    may('runs:start') && {
      label: t('run_now'),
      icon: <RunIcon size={15} />,
      run: () => actions.runNow(schedule),
    },
    may('schedules:edit') && {
      label: t(schedule.enabled ? 'pause' : 'resume'),
      icon: schedule.enabled ? <PauseIcon size={15} /> : <RunIcon size={15} />,
      run: () => actions.setEnabled(schedule, !schedule.enabled),
    },
    may('schedules:edit') && {
      label: t('edit'),
      icon: <EditIcon size={15} />,
      run: () => actions.open(schedule),
    },
    may('schedules:edit') && {
      label: t('delete'),
      icon: <DeleteIcon size={15} />,
      destructive: true,
      run: () => actions.askToDelete(schedule),
    },
  ];
  return <RowMenu name={schedule.name} actions={offered.filter(action => action !== false)} />;
}
