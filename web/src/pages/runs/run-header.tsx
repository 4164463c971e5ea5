import { Button } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApiChange } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { RetryIcon, StopIcon } from '../../icons.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Duration } from '../../parts/duration.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { RunStatePill } from '../../parts/run-state.tsx';
import { StateLink } from '../../parts/state-link.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import { toastDone, toastProblem } from '../../parts/toasts.tsx';
import { useMay, useMembership } from '../../session.ts';
import { isOver, type RunDetail } from './run.ts';
import css from './run-page.module.css';
import { useErrorText } from './use-error-text.ts';

export function RunHeader({ run }: { run: RunDetail }) {
  const { t } = useTranslation(['runs', 'common']);
  const slug = useMembership()?.workspace.slug ?? '';
  return (
    <>
      <PageHeader
        title={run.title}
        crumbs={[{ label: t('common:pages.runs'), to: `/w/${slug}/runs` }]}
        state={<States run={run} />}
        facts={<RunFacts run={run} />}
        actions={<RunActions run={run} />}
      />
      <Why run={run} />
    </>
  );
}

function States({ run }: { run: RunDetail }) {
  const { t } = useTranslation(['runs', 'common']);
  return (
    <>
      <span role="status">
        <RunStatePill state={run.state}>
          <span>
            {t(`common:run_states.${run.state}`)}
            {run.started_at !== null && (
              <>
                {' · '}
                <Duration from={run.started_at} to={run.ended_at} />
              </>
            )}
          </span>
        </RunStatePill>
      </span>
      {run.late && <StatePill state="warning">{t('late')}</StatePill>}
    </>
  );
}

/** One line of what matters about it; what is not there is not said. */
function RunFacts({ run }: { run: RunDetail }) {
  const { t } = useTranslation('runs');
  const { number, dateTime } = useFormat();
  const slug = useMembership()?.workspace.slug ?? '';
  const { tasks, schedule, window } = run;
  const facts: { id: string; value: ReactNode }[] = [
    {
      id: 'made',
      value: (
        <>
          {schedule === null ? t(`triggers.${run.trigger}`) : t('facts.scheduled', { name: schedule.name })}{' '}
          <RelativeTime at={run.created_at} />
        </>
      ),
    },
    ...(run.definition_version === null
      ? []
      : [{ id: 'version', value: t('facts.version', { version: run.definition_version }) }]),
    { id: 'as', value: t('facts.run_as', { name: run.run_as.name }) },
    {
      id: 'tasks',
      value: t('facts.tasks', {
        count: tasks.total,
        ended: number(tasks.total - tasks.open),
        total: number(tasks.total),
      }),
    },
    ...(window === null
      ? []
      : [
          {
            id: 'window',
            value: t('facts.window', { from: dateTime(window.start), to: dateTime(window.end) }),
          },
        ]),
    ...(run.parent_id === null
      ? []
      : [{ id: 'parent', value: <Link to={`/w/${slug}/runs/${run.parent_id}`}>{t('facts.parent')}</Link> }]),
    ...(run.held_back ? [{ id: 'held', value: t('facts.held_back') }] : []),
  ];
  return (
    <p className="small">
      {facts.map(({ id, value }, place) => (
        <span key={id}>
          {place > 0 && ' · '}
          {value}
        </span>
      ))}
    </p>
  );
}

/** Why it went wrong: the first task that failed, with what to do about it. */
function Why({ run: { error, reason } }: { run: RunDetail }) {
  const { t } = useTranslation('runs');
  const errorText = useErrorText();
  if (error === null)
    return reason === null ? null : (
      <p className={css.why}>
        <bdi>{reason}</bdi>
      </p>
    );
  const { message, hint } = errorText(error);
  return (
    <div className={css.why}>
      <p>
        <strong>
          <StateLink change={{ task: error.task_id }}>
            <bdi>{error.task_name}</bdi>
          </StateLink>
          {t('colon')} <bdi>{message.split('\n', 1)[0]}</bdi>
        </strong>
      </p>
      <p>{hint}</p>
    </div>
  );
}

function RunActions({ run }: { run: RunDetail }) {
  const { t } = useTranslation(['runs', 'common']);
  const may = useMay();
  const slug = useMembership()?.workspace.slug ?? '';
  const navigate = useNavigate();
  const [cancelling, setCancelling] = useState(false);
  const retry = useApiChange('runs.retry', { also: ['tasks'] });
  if (!may('runs:start')) return null;
  const params = { id: run.id };
  const again = async (what: 'failed' | 'all') => {
    try {
      const next = await retry.mutateAsync({ params, body: { what } });
      if (next.id === run.id) toastDone({ message: t('actions.retried') });
      else await navigate({ to: `/w/${slug}/runs/${next.id}` });
    } catch (error) {
      toastProblem(error);
    }
  };
  if (!isOver(run))
    return (
      <>
        <Button
          leftSection={<StopIcon size={14} />}
          disabled={run.state === 'cancelling'}
          onClick={() => setCancelling(true)}
        >
          {t('actions.cancel')}
        </Button>
        {cancelling && <CancelDialog run={run} onClose={() => setCancelling(false)} />}
      </>
    );
  const { failed, lost, cancelled, skipped } = run.tasks;
  const unwell = failed + lost + cancelled + skipped > 0;
  return (
    <>
      <Button loading={retry.isPending} onClick={() => void again('all')}>
        {t('actions.retry_all')}
      </Button>
      {unwell && (
        <Button
          variant="filled"
          leftSection={<RetryIcon size={14} />}
          loading={retry.isPending}
          onClick={() => void again('failed')}
        >
          {t('actions.retry_failed')}
        </Button>
      )}
    </>
  );
}

function CancelDialog({ run, onClose }: { run: RunDetail; onClose: () => void }) {
  const { t } = useTranslation('runs');
  const cancel = useApiChange('runs.cancel', { also: ['tasks'] });
  return (
    <ConfirmDialog
      title={t('actions.cancel_title', { title: run.title })}
      action={t('actions.cancel')}
      destructive
      run={() => cancel.mutateAsync({ params: { id: run.id }, body: {} })}
      onClose={onClose}
    >
      {t('actions.cancel_text')}
    </ConfirmDialog>
  );
}
