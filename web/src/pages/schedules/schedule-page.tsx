import { Button } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schedule } from '../../../../src/contract/schedules.ts';
import { callApi, useApi, useApiChange } from '../../api.ts';
import { PauseIcon, RunIcon } from '../../icons.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Card } from '../../parts/card.tsx';
import { Stack } from '../../parts/columns.tsx';
import { Facts } from '../../parts/facts.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMay, useMembership } from '../../session.ts';
import { NextFires } from './next-fires.tsx';
import { LastRun } from './schedule-columns.tsx';
import { ScheduleForm } from './schedule-form.tsx';
import css from './schedule-page.module.css';
import { ScheduleStatePill } from './schedule-state.tsx';
import { valuesOf } from './schedule-values.ts';
import { useScheduleActions } from './use-schedule-actions.tsx';
import { WhenText } from './when-text.tsx';

export default function SchedulePage() {
  const { schedule: id = '' }: { schedule?: string } = useParams({ strict: false });
  const [deleting, setDeleting] = useState(false);
  const schedule = useApi('schedules.show', { params: { id } }, { enabled: !deleting });
  return (
    <Awaited query={schedule}>{loaded => <Loaded schedule={loaded} onDeleting={setDeleting} />}</Awaited>
  );
}

interface LoadedProps {
  schedule: Schedule;
  onDeleting: (deleting: boolean) => void;
}

function Loaded({ schedule, onDeleting }: LoadedProps) {
  const { t } = useTranslation(['schedules', 'common']);
  const may = useMay();
  const slug = useMembership()?.workspace.slug ?? '';
  return (
    <>
      <PageHeader
        title={schedule.name}
        crumbs={[{ label: t('common:pages.schedules'), to: `/w/${slug}/schedules` }]}
        state={<ScheduleStatePill schedule={schedule} />}
        facts={
          <>
            <WhenText schedule={schedule} /> · {schedule.effective_time_zone}
          </>
        }
        actions={<Actions schedule={schedule} onDeleting={onDeleting} />}
      />
      <div className={css.columns}>
        <Card title={t('settings')}>
          <EditForm schedule={schedule} locked={!may('schedules:edit')} />
        </Card>
        <Stack>
          <Card title={t('next.title')}>
            <NextFires next={schedule.next} zone={schedule.effective_time_zone} label={t('next.title')} />
          </Card>
          <Card
            title={t('list.last')}
            aside={<Link to={`/w/${slug}/runs?schedule_id=${schedule.id}`}>{t('all_runs')}</Link>}
          >
            <Facts
              facts={[
                { term: t('list.last'), value: <LastRun run={schedule.last_run} /> },
                { term: t('changed'), value: <RelativeTime at={schedule.updated_at} /> },
              ]}
            />
          </Card>
        </Stack>
      </div>
    </>
  );
}

function Actions({ schedule, onDeleting }: LoadedProps) {
  const { t } = useTranslation('schedules');
  const may = useMay();
  const actions = useScheduleActions({ onDeleting });
  const { enabled } = schedule;
  return (
    <>
      {may('schedules:edit') && (
        <>
          <Button variant="subtle" color="bad" onClick={() => actions.askToDelete(schedule)}>
            {t('delete')}
          </Button>
          <Button
            leftSection={enabled ? <PauseIcon size={14} /> : <RunIcon size={14} />}
            disabled={actions.busy}
            onClick={() => actions.setEnabled(schedule, !enabled)}
          >
            {t(enabled ? 'pause' : 'resume')}
          </Button>
        </>
      )}
      {may('runs:start') && (
        <Button
          leftSection={<RunIcon size={14} />}
          disabled={actions.busy}
          onClick={() => actions.runNow(schedule)}
        >
          {t('run_now')}
        </Button>
      )}
      {actions.dialog}
    </>
  );
}

function EditForm({ schedule, locked }: { schedule: Schedule; locked: boolean }) {
  const { t } = useTranslation('schedules');
  const workspace = useMembership()?.workspace.slug;
  const edit = useApiChange('schedules.edit');
  const { id, version } = schedule;
  return (
    <ScheduleForm
      draft={`schedule.${id}`}
      initial={valuesOf(schedule)}
      version={version}
      definition={schedule.definition}
      next={schedule.next}
      submit={t('form.save')}
      locked={locked}
      save={async (body, at) => {
        await edit.mutateAsync({ params: { id }, body, version: at });
        toastDone({ message: t('saved', { name: body.name }) });
      }}
      reload={async () => {
        const now = await callApi('schedules.show', { params: { id } }, { workspace });
        return { values: valuesOf(now), version: now.version };
      }}
    />
  );
}
