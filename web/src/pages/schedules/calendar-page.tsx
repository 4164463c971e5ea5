import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { callApi, type Item, useApiChange, useApiList } from '../../api.ts';
import { Card } from '../../parts/card.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { ProblemBlock } from '../../parts/problem-notice.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMay, useMembership } from '../../session.ts';
import { PendingPage } from '../../shell/pending-page.tsx';
import { CalendarForm, calendarValues } from './calendar-form.tsx';
import css from './calendar-page.module.css';
import { useCalendarCrumbs } from './use-calendar-crumbs.ts';

type Calendar = Item<'calendars.list'>;

/** Of the list: a workspace has few calendars, and who opens one has mostly come from there. */
export default function CalendarPage() {
  const { t } = useTranslation(['schedules', 'common']);
  const { calendar: id }: { calendar?: string } = useParams({ strict: false });
  const list = useApiList('calendars.list', {});
  const calendar = list.rows?.find(one => one.id === id);
  if (calendar !== undefined) return <Loaded calendar={calendar} />;
  if (list.error !== null) return <ProblemBlock problem={list.error.problem} retry={list.retry} page />;
  if (list.rows === undefined) return <PendingPage />;
  return <EmptyState heading="h1" title={t('common:not_found.title')} text={t('calendars.gone')} />;
}

function Loaded({ calendar }: { calendar: Calendar }) {
  const { t } = useTranslation('schedules');
  const may = useMay();
  const workspace = useMembership()?.workspace.slug;
  const edit = useApiChange('calendars.edit', { also: ['schedules'] });
  const { id, version } = calendar;
  return (
    <>
      <PageHeader title={calendar.name} crumbs={useCalendarCrumbs()} facts={t('calendars.about')} />
      <div className={css.page}>
        <Card>
          <CalendarForm
            draft={`calendar.${id}`}
            initial={calendarValues(calendar)}
            version={version}
            submit={t('calendars.save')}
            locked={!may('schedules:edit')}
            save={async (body, at) => {
              await edit.mutateAsync({ params: { id }, body, version: at });
              toastDone({ message: t('saved', { name: body.name }) });
            }}
            reload={async () => {
              const { items } = await callApi('calendars.list', { query: { limit: 500 } }, { workspace });
              const now = items.find(one => one.id === id) ?? calendar;
              return { values: calendarValues(now), version: now.version };
            }}
          />
        </Card>
      </div>
    </>
  );
}
